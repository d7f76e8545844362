"""The schema for editors says what the reader says."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from quizcli.bank.reading import json_schema
from quizcli.bank.reading.reader import read
from quizcli.packs.pack import builtin
from tests.places import GOOD_BANK

GOOD = GOOD_BANK.read_text(encoding="utf-8")
COMMITTED = Path(json_schema.__file__).parents[1] / "schema.json"
TYPES: dict[str, Any] = {"object": dict, "array": list, "string": str, "boolean": bool}


def test_the_committed_file_is_what_the_command_prints() -> None:
    """When this fails: `quizcli bank schema > quizcli/bank/schema.json`."""
    assert COMMITTED.read_text(encoding="utf-8") == json_schema.as_json()


def is_a(value: Any, name: str) -> bool:
    if name in ("number", "integer"):
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return number and (name == "number" or value == int(value))
    return isinstance(value, TYPES[name])


def faults(value: Any, rule: Any, root: dict[str, Any]) -> Iterator[str]:
    """What a validator of JSON schema finds, for every keyword that the schema of a bank uses."""
    for keyword, wanted in rule.items():
        yield from (f"{keyword}: {fault}" for fault in broken(keyword, wanted, value, rule, root))


def broken(keyword: str, wanted: Any, value: Any, rule: Any, root: dict[str, Any]) -> Iterator[str]:
    def fits(sub: Any) -> bool:
        return not any(faults(value, sub, root))

    match keyword:
        case "$schema" | "title" | "description" | "definitions" | "then" | "else":
            pass  # then and else belong to if
        case "$ref":
            yield from faults(value, root["definitions"][wanted.rpartition("/")[2]], root)
        case "type":
            names = wanted if isinstance(wanted, list) else [wanted]
            yield from [] if any(is_a(value, name) for name in names) else [f"{value!r}"]
        case "enum":
            yield from [] if value in wanted and not isinstance(value, bool) else [f"{value!r}"]
        case "const":
            yield from [] if value == wanted else [f"{value!r}"]
        case "allOf":
            yield from [] if all(map(fits, wanted)) else ["one does not fit"]
        case "not":
            yield from ["fits"] if fits(wanted) else []
        case "anyOf":
            yield from [] if any(map(fits, wanted)) else ["none fits"]
        case "oneOf":
            yield from [] if sum(map(fits, wanted)) == 1 else ["not exactly one fits"]
        case "if":
            branch = "then" if fits(wanted) else "else"
            yield from faults(value, rule.get(branch, {}), root)
        case _ if isinstance(value, dict):
            yield from broken_object(keyword, wanted, value, rule, root)
        case _ if isinstance(value, list):
            yield from broken_array(keyword, wanted, value, root)
        case _:
            yield from broken_scalar(keyword, wanted, value)


def broken_object(keyword: str, wanted: Any, value: dict[Any, Any], rule: Any, root: Any) -> Iterator[str]:
    match keyword:
        case "properties":
            for name in wanted.keys() & value.keys():
                yield from faults(value[name], wanted[name], root)
        case "patternProperties":
            for pattern, sub in wanted.items():
                for name in value:
                    if re.search(pattern, str(name)):
                        yield from faults(value[name], sub, root)
        case "additionalProperties":
            patterns = rule.get("patternProperties", {})
            for name in value.keys() - rule.get("properties", {}).keys():
                if any(re.search(pattern, str(name)) for pattern in patterns):
                    continue
                yield from faults(value[name], wanted, root) if wanted else [f"{name}"]
        case "required":
            yield from (name for name in wanted if name not in value)
        case "minProperties":
            yield from [] if len(value) >= wanted else [f"{len(value)}"]
        case "minLength":
            pass
        case _:
            raise NotImplementedError(keyword)


def broken_array(keyword: str, wanted: Any, value: list[Any], root: dict[str, Any]) -> Iterator[str]:
    match keyword:
        case "items":
            for item in value:
                yield from faults(item, wanted, root)
        case "minItems":
            yield from [] if len(value) >= wanted else [f"{len(value)}"]
        case "uniqueItems":
            yield from ["equal items"] if any(item in value[:n] for n, item in enumerate(value)) else []
        case "contains":
            yield from [] if any(not any(faults(item, wanted, root)) for item in value) else ["none"]
        case (
            "minLength"
            | "properties"
            | "required"
            | "additionalProperties"
            | "minProperties"
            | "patternProperties"
        ):
            pass
        case _:
            raise NotImplementedError(keyword)


def broken_scalar(keyword: str, wanted: Any, value: Any) -> Iterator[str]:
    match keyword:
        case "pattern":
            yield from [] if not isinstance(value, str) or re.search(wanted, value) else [f"{value!r}"]
        case "minLength":
            yield from ["too short"] if isinstance(value, str) and len(value) < wanted else []
        case "minimum":
            yield from [] if not is_a(value, "number") or value >= wanted else [f"{value}"]
        case "maximum":
            yield from [] if not is_a(value, "number") or value <= wanted else [f"{value}"]
        case "exclusiveMinimum":
            yield from [] if not is_a(value, "number") or value > wanted else [f"{value}"]
        case "items" | "minItems" | "uniqueItems" | "contains":
            pass
        case "properties" | "required" | "additionalProperties" | "minProperties" | "patternProperties":
            pass
        case _:
            raise NotImplementedError(keyword)


def editor_says(text: str) -> list[str]:
    made = json_schema.schema()
    return list(faults(yaml.load(text, Loader=yaml.CSafeLoader), made, made))


def test_the_good_bank_fits() -> None:
    assert editor_says(GOOD) == []


@pytest.mark.parametrize("path", sorted(builtin().questions.glob("*.yaml")), ids=lambda path: path.name)
def test_a_builtin_bank_that_reads_well_fits(path: Path) -> None:
    data = path.read_bytes()
    if not read(data, path.name).mistakes:
        assert editor_says(data.decode()) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("topic: dropout\n", ""),
        ("topic: dropout\n", "topic: Dropout\n"),
        ("topic: dropout\n", "topic: dropout\nauthor: x\n"),
        ("topic: dropout\n", "topic: dropout\nlanguages: [fr]\n"),
        ("kind: truth", "kind: recal"),
        ("level: 3", "level: 4"),
        ("level: 3", "level: '3'"),
        ("level: 3\n", "levle: 3\n"),
        ("id: dropout-order", "id: Dropout"),
        ("source: [Arithmetic]", "source: Arithmetic"),
        ("source: [Arithmetic]", "source: []"),
        ("source: [Arithmetic]", "source: [a, a]"),
        ("    source: [Arithmetic]\n", ""),
        ("{en: Complete., zh: 补全。}", "{en: Complete., fr: x}"),
        ("{en: Complete., zh: 补全。}", "[a]"),
        ("{en: Complete., zh: 补全。}", "''"),
        ("    answer: {en: It is the identity there., zh: 此时它是恒等映射。}\n", ""),
        ("correct: true", "why: $x$"),
        ("correct: true", "correct: 'true'"),
        ("correct: true", "correct: false"),
        ("why: {en: That", "correct: true, why: {en: That"),
        ("value: 1.25", "value: many"),
        ("tolerance: 0.01", "tolerance: -1"),
        ("    tolerance: 0.01\n", ""),
        ("      - {en: scale, zh: 缩放}\n", ""),
        ("{p: 0.5,", "{sizes: [1],"),
        ("{run: dropout, ", "{"),
        ("correct: false\n", "correct: false\n    items: [a, b, c]\n"),
        ("    claim: expectation-kept\n", ""),
        ("    claim: expectation-kept\n", "    claim: expectation-kept\n    factor: 2\n"),
        ("    demo: {run: dropout, set: {p: 0.9}}\n", ""),
        ("below: 0.9", "below: low"),
    ],
)
def test_what_the_reader_refuses_an_editor_marks(old: str, new: str) -> None:
    assert old in GOOD
    text = GOOD.replace(old, new, 1)
    assert read(text.encode(), "b").mistakes
    assert editor_says(text)


def test_every_key_is_explained_in_both_languages() -> None:
    made = json_schema.schema()
    places = [made, *(made["definitions"][kind] for kind in ("recall", "choice", "number"))]
    for place in places:
        for name, rule in place["properties"].items():
            if name not in ("kind", "questions"):
                assert re.search("[\u4e00-\u9fff]", rule["description"]), name
                assert re.search("[A-Za-z]", rule["description"]), name

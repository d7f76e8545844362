"""A new bank passes the check, in each language, and tells the editor where the schema is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from quizcli.bank import template as module
from quizcli.bank.checking.content import Outside, check
from quizcli.bank.reading.reader import read
from quizcli.bank.template import SCHEMA, schema_for, starter
from quizcli.bank.types import KINDS
from quizcli.packs.pack import builtin
from quizcli.text import LANGS, Lang, use_language


@pytest.fixture(params=LANGS)
def interface(request: pytest.FixtureRequest) -> Iterator[Lang]:
    use_language(request.param)
    yield request.param
    use_language("en")


@pytest.mark.parametrize("languages", [LANGS, ("en",), ("zh",)])
@pytest.mark.usefixtures("interface")
def test_new_banks_of_one_pack_pass_the_check(languages: tuple[Lang, ...]) -> None:
    readings = {
        name: read(starter(topic, languages, "s").encode(), name)
        for name, topic in {"a.yaml": "dropout", "b.yaml": "law-of-large-numbers", "c.yaml": "2d"}.items()
    }
    banks = [reading.bank for reading in readings.values() if reading.bank is not None]
    assert [mistake for reading in readings.values() for mistake in reading.mistakes] == []
    assert [len(bank.questions) for bank in banks] == [3, 3, 3]
    assert all(bank.languages == languages for bank in banks)
    places = {name: reading.places for name, reading in readings.items()}
    outside = Outside({}, lambda answer, settings: None, lambda latex: None)
    assert check(banks, places, outside) == []


def test_the_comment_for_a_demonstration_is_one_when_uncommented() -> None:
    text = starter("coins", LANGS, "s")
    line = "    # demo: {run: NAME, set: {SETTING: VALUE}, claims: [CLAIM]}"
    assert text.count(line) == 1
    reading = read(text.replace(line, "    demo: {run: coin, claims: [settles]}").encode(), "a.yaml")
    assert reading.bank is not None
    assert reading.bank.questions[0].demo is not None


def test_every_kind_is_named() -> None:
    assert f"# {' '.join(KINDS)}\n" in starter("coins", LANGS, "s")


def test_the_first_line_is_for_the_editor() -> None:
    first = starter("coins", LANGS, "/a/schema.json").splitlines()[0]
    assert first == "# yaml-language-server: $schema=/a/schema.json"


def test_where_the_schema_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert schema_for(tmp_path / "questions" / "a.yaml") == str(SCHEMA)
    assert SCHEMA.is_file()
    ours = builtin().questions
    assert (ours / schema_for(ours / "a.yaml")).resolve() == SCHEMA
    for folder in ("with space", "c#", "50%20"):
        monkeypatch.setattr(module, "SCHEMA", tmp_path / folder / "schema.json")
        uri = schema_for(tmp_path / "a.yaml")
        assert uri.startswith("file:///")
        assert not set(" #") & set(uri)

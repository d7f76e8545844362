"""Every number that a bank asks for is computed anew, and the bank's value is right to its last digit.

The computations of the bank questions/<topic>.yaml stand in tests/questions/numbers/<topic>.py.
"""

import importlib
import re
from collections.abc import Callable, Mapping
from decimal import Decimal

import pytest

from quizcli.bank.reading.reader import read
from quizcli.bank.types import Number
from tests.places import ROOT

NUMBERS = ROOT / "tests" / "questions" / "numbers"
BANKS = ROOT / "questions"
TOPICS = sorted(
    {path.stem for path in BANKS.glob("*.yaml")}
    | {path.stem.replace("_", "-") for path in NUMBERS.glob("*.py")}
)

Numbers = Mapping[str, Callable[[], float]]


def faults(source: bytes, numbers: Numbers) -> list[str]:
    """What is wrong with the numbers of a bank."""
    reading = read(source, "bank.yaml")
    assert reading.bank is not None, reading.mistakes
    assert not reading.mistakes
    lines = source.decode().splitlines()
    found = []
    asked = [question for question in reading.bank.questions if isinstance(question, Number)]
    found += [f"{name}: no such question" for name in numbers.keys() - {question.id for question in asked}]
    for question in asked:
        if question.id not in numbers:
            found.append(f"{question.id}: nothing computes it")
            continue
        line, column = reading.places[f"{question.id}.value"]
        written = re.match(r"value: *([-+.\deE]+)", lines[line - 1][column - 1 :])
        assert written, f"{question.id}: where is its value?"
        exponent = Decimal(written[1]).as_tuple().exponent
        assert isinstance(exponent, int)
        computed = numbers[question.id]()
        away = abs(computed - question.value)
        if not away <= question.tolerance + 1e-9 * max(1.0, abs(question.value)):  # NaN is not
            found.append(f"{question.id}: {computed} is not accepted, the bank says {written[1]}")
        elif away > 0.500001 * 10.0**exponent:
            found.append(f"{question.id}: {computed} is not {written[1]} when rounded")
    return found


@pytest.mark.parametrize("topic", TOPICS)
def test_numbers_are_right(topic: str) -> None:
    source = (BANKS / f"{topic}.yaml").read_bytes()
    module = f"tests.questions.numbers.{topic.replace('-', '_')}"
    numbers: Numbers = {}
    if (NUMBERS / f"{topic.replace('-', '_')}.py").exists():
        numbers = importlib.import_module(module).NUMBERS
    assert faults(source, numbers) == []


BANK = """
topic: t
title: {{en: T, zh: 题}}
questions:
  - id: t-half
    kind: number
    level: 1
    ask: {{en: How much?, zh: 多少？}}
    value: {value}
    tolerance: {tolerance}
    source: [x]
"""


def told(value: str, tolerance: str, numbers: Numbers) -> list[str]:
    return faults(BANK.format(value=value, tolerance=tolerance).encode(), numbers)


@pytest.mark.parametrize(
    ("value", "tolerance"), [("0.5", "0.001"), ("0.50", "0.01"), ("5.0e-1", "0.1"), ("1", "0.6")]
)
def test_a_right_number_passes(value: str, tolerance: str) -> None:
    assert told(value, tolerance, {"t-half": lambda: 0.5}) == []


@pytest.mark.parametrize(
    ("value", "tolerance", "computed", "words"),
    [
        ("0.5", "0.05", 0.6, "not accepted"),
        ("0.5", "0.0001", 0.5002, "not accepted"),
        ("1", "0", 1.0001, "not accepted"),
        ("-0.5", "0.1", 0.5, "not accepted"),
        ("0.5", "1", float("nan"), "not accepted"),
        ("0.5", "1", 0.56, "not 0.5 when rounded"),
        ("0.50", "1", 0.506, "not 0.50 when rounded"),
        ("5", "1", 5.6, "not 5 when rounded"),
    ],
)
def test_a_wrong_number_is_found(value: str, tolerance: str, computed: float, words: str) -> None:
    (fault,) = told(value, tolerance, {"t-half": lambda: computed})
    assert fault.startswith("t-half: ")
    assert words in fault


def test_what_is_missing_on_either_side_is_found() -> None:
    assert told("0.5", "0.1", {}) == ["t-half: nothing computes it"]
    assert told("0.5", "0.1", {"t-half": lambda: 0.5, "t-gone": lambda: 1}) == ["t-gone: no such question"]

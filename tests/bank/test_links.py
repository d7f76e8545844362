"""What a model answer shows: the object that a question names, and all of its module that it calls."""

from pathlib import Path

import pytest

from quizcli.bank.links import solution_source

MODULE = """
import math


def halved(x):
    return x / 2


def _root(x):
    return math.sqrt(halved(x))


class Kept:
    pass


@property
def answer(x):
    return _root(x) + _root(1), Kept


def other(x):
    return answer(x)
"""


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "roots.py").write_text(MODULE)
    return tmp_path


def test_the_functions_that_it_calls_follow_each_once(pack: Path) -> None:
    source = solution_source(pack, "models.roots:answer")
    places = [source.index(part) for part in ("@property", "def answer", "def _root", "def halved")]
    assert places == sorted(places)
    assert source.count("def ") == 3
    assert "other" not in source


def test_what_calls_nothing_stands_alone(pack: Path) -> None:
    assert solution_source(pack, "models.roots:halved") == "def halved(x):\n    return x / 2"


def test_a_name_that_is_not_there_is_told(pack: Path) -> None:
    with pytest.raises(LookupError, match=r"roots\.py"):
        solution_source(pack, "models.roots:nobody")

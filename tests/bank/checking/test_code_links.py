"""What a model answer shows: the object that a question names, and all of its module that it calls."""

import ast
from pathlib import Path

import pytest

from quizcli.bank.checking.code_links import solution_source
from quizcli.bank.types import Code
from quizcli.packs.pack import builtin, load

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


def test_what_other_modules_of_the_pack_give_follows_too(pack: Path) -> None:
    (pack / "models" / "squares.py").write_text(
        "import os\nfrom pathlib import Path\n\nfrom models.roots import halved as half, Kept\n\n\n"
        "def square(x):\n    return half(x) * halved(x) * Path(x), Kept\n\n\ndef halved(x):\n    return x\n"
    )
    source = solution_source(pack, "models.squares:square")
    assert [line for line in source.splitlines() if line.startswith(("def", "class"))] == [
        "def square(x):",
        "def halved(x):",
        "def halved(x):",
    ]
    assert "return x / 2" in source


def test_no_model_answer_calls_what_it_does_not_show() -> None:
    root = builtin().root
    codes = [q for bank in load(builtin(), None).banks for q in bank.questions if isinstance(q, Code)]
    assert codes
    for code in codes:
        source = solution_source(root, code.solution)
        called = {node.func.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)
                  and isinstance(node.func, ast.Name)}  # fmt: skip
        ours = {
            alias.asname or alias.name
            for path in (root / "models").rglob("*.py")
            for node in ast.parse(path.read_text(encoding="utf-8")).body
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("models.")
            for alias in node.names
        }
        functions = {name for name in called & ours if name[0].islower()}
        assert {name for name in functions if f"def {name}(" not in source} == set(), code.id

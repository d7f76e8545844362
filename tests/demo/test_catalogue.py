"""The catalogue reads answers without running them, and names every mistake by its line."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizcli.demo.answer_files import answer_files, file_at, names_in
from quizcli.demo.answer_source import Answer, check_settings
from quizcli.demo.answer_source import read_answer as read_file
from quizcli.demo.catalogue import find_answer, find_answers
from quizcli.demo.parameter import Parameter
from quizcli.errors import ExitStatus, QuizError
from quizcli.text import Text
from tests.places import ROOT

SOURCE = '''"""Dropout, unit by unit.

More of it.
"""
import torch_is_not_imported_here
raise SystemExit("nor is anything run")

TITLE = {"en": "Dropout", "zh": "丢弃法"}
QUICK: dict[str, int] = {"epochs": 1}

def demonstrate(
    p: Annotated[float, Option(min=0, max=0.95, help={"en": "drop rate", "zh": "丢弃率"})] = 0.5,
    epochs: Annotated[int, Option(min=1)] = 3,
    device: Literal["auto", "cpu"] = "auto",
    *,
    show: bool = True,
    word: str = "x",
) -> Iterator[Event]:
    if p > 0:
        yield Claim(id="kept", measured=1)
    yield events.Claim("second")
    yield Claim(id="kept")
'''


def put(folder: Path, source: str, name: str = "small_answer.py") -> Path:
    path = folder / "answers" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(source, encoding="utf-8")
    return path


def read_answer(path: Path) -> Answer | None:
    return read_file(file_at(path, path.parents[1]))


@pytest.fixture
def dropout(tmp_path: Path) -> Answer:
    answer = read_answer(put(tmp_path, SOURCE, "dropout.py"))
    assert answer is not None
    return answer


def test_everything_comes_from_the_source(dropout: Answer) -> None:
    assert (dropout.name, dropout.title, dropout.summary) == (
        "dropout",
        Text("Dropout", "丢弃法"),
        "Dropout, unit by unit.",
    )
    assert dropout.parameters == (
        Parameter(name="p", type="float", default=0.5, min=0, max=0.95, help=Text("drop rate", "丢弃率")),
        Parameter(name="epochs", type="int", default=3, min=1),
        Parameter(name="device", type="choice", default="auto", choices=("auto", "cpu")),
        Parameter(name="show", type="bool", default=True),
        Parameter(name="word", type="str", default="x"),
    )
    assert dropout.quick == {"epochs": 1}
    assert dropout.claims == ("kept", "second")


def test_names_and_files(tmp_path: Path) -> None:
    put(tmp_path, SOURCE, "batchnorm_vs_layernorm.py")
    put(tmp_path, "syntax error", "_private.py")
    put(tmp_path, "syntax error", "not-a-module.py")
    put(tmp_path, "def check_something(): ...", "code_only.py")
    assert list(find_answers(tmp_path)) == ["batchnorm-vs-layernorm"]
    assert find_answer(tmp_path, "batchnorm-vs-layernorm").module == "answers.batchnorm_vs_layernorm"
    with pytest.raises(QuizError) as caught:
        find_answer(tmp_path, "batchnorm-vs-layrnorm")
    assert "batchnorm-vs-layernorm" in caught.value.hint
    with pytest.raises(QuizError, match="code-only"):
        find_answer(tmp_path, "code-only")


def test_topics_are_folders_and_a_demonstration_may_be_one(tmp_path: Path) -> None:
    flat = "TITLE = {'en': '', 'zh': ''}\ndef demonstrate(): ..."
    for name in ("coin", "vae/vae_loss", "vae/posterior_collapse/demo", "kit/demo", "judges/vae"):
        path = tmp_path / "answers" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(flat, encoding="utf-8")
    (tmp_path / "answers" / "vae" / "posterior_collapse" / "scenes.py").write_text("syntax error")
    (tmp_path / "answers" / "vae" / "drawn.py").write_text("def draw(): ...")
    found = {name: (answer.module, answer.topic) for name, answer in find_answers(tmp_path).items()}
    assert found == {
        "coin": ("answers.coin", ""),
        "posterior-collapse": ("answers.vae.posterior_collapse.demo", "vae"),
        "vae-loss": ("answers.vae.vae_loss", "vae"),
    }
    assert all(find_answer(tmp_path, name).root == tmp_path for name in found)
    assert names_in(tmp_path) == {*found, "drawn"}
    assert [file_at(file.path, tmp_path) for file in answer_files(tmp_path)] == answer_files(tmp_path)


@pytest.mark.parametrize("name", ["fair-coin.py", "early-stopping/coin.py", "coins/fair-coin.py"])
def test_a_demonstration_that_no_import_finds_is_told(tmp_path: Path, name: str) -> None:
    path = tmp_path / "answers" / name
    path.parent.mkdir(parents=True)
    path.write_text("TITLE = {'en': '', 'zh': ''}\ndef demonstrate(): ...", encoding="utf-8")
    right = "/".join(path.parts[-2:]).replace("-", "_")
    with pytest.raises(QuizError, match=f"{path.name}: names of modules have no hyphen: {right}"):
        find_answers(tmp_path)
    path.write_text("what is no demonstration is nobody's business", encoding="utf-8")
    assert find_answers(tmp_path) == {}


def test_two_demonstrations_of_one_name_are_told(tmp_path: Path) -> None:
    for topic in ("vae", "gan"):
        path = tmp_path / "answers" / topic / "collapse.py"
        path.parent.mkdir(parents=True)
        path.write_text("TITLE = {'en': '', 'zh': ''}\ndef demonstrate(): ...", encoding="utf-8")
    with pytest.raises(QuizError, match=r"vae/collapse\.py: .*gan/collapse\.py is called collapse too"):
        find_answers(tmp_path)


def test_a_type_may_have_a_name(tmp_path: Path) -> None:
    source = (
        "from quizcli.demo.data import DigitsName as Data\nfrom quizcli.demo.nothing import Lost\n"
        'TITLE = {"en": "", "zh": ""}\nMistake = Literal["none", "swapped"]\n'
    )
    answer = read_answer(
        put(tmp_path, source + 'def demonstrate(mistake: Mistake = "none", data: Data = "mnist"): ...')
    )
    assert answer is not None
    assert [p.choices for p in answer.parameters] == [("none", "swapped"), ("auto", "mnist", "synthetic")]
    assert answer.parameters[1].help.en == "data set"
    with pytest.raises(QuizError, match=r"small_answer\.py:5: lost must be"):
        read_answer(put(tmp_path, source + "def demonstrate(lost: Lost = 1): ..."))


def test_a_name_may_hold_limits_and_help_too(tmp_path: Path) -> None:
    source = "from quizcli.demo.option import Seed\n" + 'TITLE = {"en": "", "zh": ""}\n'
    answer = read_answer(put(tmp_path, source + "def demonstrate(seed: Seed = 3): ..."))
    assert answer is not None
    (seed,) = answer.parameters
    assert (seed.type, seed.default, seed.min, seed.help.zh) == ("int", 3, 0, "随机种子")


def test_a_pack_without_answers(tmp_path: Path) -> None:
    assert find_answers(tmp_path) == {}


@pytest.mark.parametrize(
    ("source", "line", "says"),
    [
        ("def demonstrate(:", 1, "syntax"),
        ("def demonstrate(): ...", 1, "TITLE"),
        ('TITLE = {"en": "only"}\ndef demonstrate(): ...', 1, "TITLE must be"),
        ("TITLE = make()\ndef demonstrate(): ...", 1, "literal"),
        ("T\ndef demonstrate(p: float): ...", 2, "default"),
        ("T\ndef demonstrate(p=1): ...", 2, "Literal"),
        ("T\ndef demonstrate(p: float = 2 * x): ...", 2, "literal"),
        ("T\ndef demonstrate(p: list[int] = 1): ...", 2, "Literal"),
        ("T\ndef demonstrate(p: int = 0.5): ...", 2, "whole number"),
        ("T\ndef demonstrate(p: Annotated[int, Option(min=3)] = 2): ...", 2, "at least 3"),
        ("T\ndef demonstrate(p: Annotated[int, Option(min=low)] = 2): ...", 2, "literal"),
        ("T\ndef demonstrate(p: Annotated[int, 5] = 2): ...", 2, "Option"),
        ('T\ndef demonstrate(p: Literal["a"] = "b"): ...', 2, "one of a"),
        ("T\ndef demonstrate(save: bool = True): ...", 2, "save"),
        ("T\ndef demonstrate(*args): ...", 2, "*"),
        ("T\nQUICK = {'q': 1}\ndef demonstrate(p: int = 1): ...", 2, "--q"),
        ("T\nQUICK = [1]\ndef demonstrate(p: int = 1): ...", 2, "dict"),
        ("T\ndef demonstrate():\n    yield Claim(id=f'{x}')", 3, "literal"),
    ],
)
def test_a_mistake_names_its_line(tmp_path: Path, source: str, line: int, says: str) -> None:
    path = put(tmp_path, source.replace("T\n", 'TITLE = {"en": "a", "zh": "b"}\n'))
    with pytest.raises(QuizError) as caught:
        read_answer(path)
    assert caught.value.message.startswith(f"{path}:{line}: ")
    assert says in caught.value.message


def test_all_mistakes_of_all_files_at_once(tmp_path: Path) -> None:
    put(tmp_path, "def demonstrate(a, b=x): ...", "one.py")
    put(tmp_path, "def demonstrate(:", "two.py")
    put(tmp_path, SOURCE, "healthy.py")
    with pytest.raises(QuizError) as caught:
        find_answers(tmp_path)
    lines = caught.value.message.splitlines()
    assert len(lines) == 5
    assert sum("two.py:1:" in line for line in lines) == 1
    assert not any("healthy" in line for line in lines)


@pytest.mark.parametrize("data", [b"\xff\xfe", b"a\0b"])
def test_a_file_that_is_no_text(tmp_path: Path, data: bytes) -> None:
    path = put(tmp_path, "")
    path.write_bytes(data)
    with pytest.raises(QuizError, match=r"small_answer\.py"):
        read_answer(path)


def test_a_file_that_is_nested_too_deeply(tmp_path: Path) -> None:
    path = put(tmp_path, "", "deep.py")
    path.write_text("x = " + "-" * 100_000 + "1")
    with pytest.raises(QuizError, match=r"deep\.py: nested too deeply"):
        read_answer(path)


def test_settings_are_converted(dropout: Answer) -> None:
    given = {"p": "0.25", "epochs": "2", "device": "cpu", "show": "no", "word": "yes"}
    checked = check_settings(dropout, given)
    assert checked == {"p": 0.25, "epochs": 2, "device": "cpu", "show": False, "word": "yes"}
    from_yaml = check_settings(dropout, {"p": 0, "epochs": 2.0})
    assert from_yaml == {"p": 0.0, "epochs": 2}
    assert [type(value) for value in from_yaml.values()] == [float, int]


def test_hyphens_are_underscores(tmp_path: Path) -> None:
    answer = read_answer(
        put(tmp_path, 'TITLE = {"en": "", "zh": ""}\ndef demonstrate(batch_size: int = 8): ...')
    )
    assert answer is not None
    assert answer.parameters[0].option == "--batch-size"
    assert check_settings(answer, {"batch-size": "4"}) == {"batch_size": 4}


@pytest.mark.parametrize(
    ("given_", "says"),
    [
        ({"p": "1"}, "between 0 and 0.95"),
        ({"p": "nan"}, "must be a number"),
        ({"p": "inf"}, "must be a number"),
        ({"p": True}, "must be a number"),
        ({"epochs": "0"}, "at least 1"),
        ({"epochs": "1.5"}, "whole number"),
        ({"epochs": float("inf")}, "whole number"),
        ({"device": "cuda"}, "one of auto, cpu"),
        ({"show": "maybe"}, "true or false"),
        ({"word": 3}, "text"),
        ({"epoch": 1}, "Did you mean --epochs?"),
        ({"zzz": 1}, "no such setting"),
    ],
)
def test_wrong_settings(dropout: Answer, given_: dict[str, Any], says: str) -> None:
    with pytest.raises(QuizError) as caught:
        check_settings(dropout, given_)
    assert says in caught.value.message
    assert "\n" not in caught.value.message
    assert caught.value.status == ExitStatus.USAGE


def test_all_wrong_settings_at_once(dropout: Answer) -> None:
    with pytest.raises(QuizError) as caught:
        check_settings(dropout, {"p": 2, "epoch": 1, "device": "tpu", "word": "fine"})
    assert len(caught.value.message.splitlines()) == 3


@given(st.dictionaries(st.sampled_from(["p", "epochs", "device", "show", "word", "q"]), st.text(max_size=6)))
def test_any_words_are_converted_or_refused(given_: dict[str, str]) -> None:
    answer = Answer(
        name="a",
        root=Path(),
        path=Path(),
        module="answers.a",
        topic="",
        title=Text("", ""),
        summary="",
        quick={},
        claims=(),
        parameters=(
            Parameter(name="p", type="float", default=0.5, min=0, max=1),
            Parameter(name="epochs", type="int", default=1),
            Parameter(name="device", type="choice", default="cpu", choices=("cpu", 1)),
            Parameter(name="show", type="bool", default=False),
            Parameter(name="word", type="str", default=""),
        ),
    )
    try:
        checked = check_settings(answer, given_)
    except QuizError:
        return  # what it says is tested above
    types = {"p": float, "epochs": int, "device": str | int, "show": bool, "word": str}
    assert all(isinstance(value, types[name]) for name, value in checked.items())
    assert 0 <= checked.get("p", 0) <= 1  # type: ignore[operator]


def test_reading_imports_nothing_heavy(tmp_path: Path) -> None:
    put(tmp_path, SOURCE)
    code = (
        "import sys; from pathlib import Path; from quizcli.demo import catalogue, launcher;"
        "catalogue.find_answers(Path(sys.argv[1]));"
        "print({'torch', 'numpy', 'rich', 'typer', 'asyncio', 'subprocess'} & set(sys.modules))"
    )
    root = ROOT
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.strip() == "set()"

"""`quizcli bank check` and `quizcli bank schema`, as a person runs them."""

import json
import shutil
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from quizcli.cli.commands.bank.command import app
from quizcli.errors import QuizError
from quizcli.screen.latex.layout import unshowable
from tests.places import GOOD_BANK, ROOT

ANSWER = '''"""Dropout, unit by unit."""

from typing import Annotated

from quizcli.demo.events import Claim
from quizcli.demo.option import Option

TITLE = {"en": "Dropout", "zh": "随机失活"}


def demonstrate(
    p: Annotated[float, Option(0, 1)] = 0.5, units: int = 10, shared: bool = False, act: str = "relu"
):
    yield Claim("expectation-kept", text={"en": "kept", "zh": "不变"}, measured=1.0, expected=1.0)
'''


def run(*arguments: str) -> Result:
    root = typer.Typer()
    root.add_typer(app, name="bank")
    return CliRunner().invoke(root, ["bank", *arguments], standalone_mode=False)


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    root = tmp_path / "pack"
    (root / "questions").mkdir(parents=True)
    (root / "answers").mkdir()
    (root / "answers" / "dropout.py").write_text(ANSWER, encoding="utf-8")
    for path, source in {
        "answers/judges": "def check_dropout(): ...",
        "models": "def dropout(x, p): ...",
    }.items():
        (root / path).mkdir()
        (root / path / "dropout.py").write_text(f"{source}\n", encoding="utf-8")
    shutil.copy(GOOD_BANK, root / "questions" / "dropout.yaml")
    return root


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_sound_pack(pack: Path) -> None:
    result = run("check", str(pack))
    assert result.stdout == ""
    assert result.stderr == "1 bank, 8 sound questions: no mistakes\n"
    assert result.return_value == 0


def test_mistakes_go_to_stdout_one_a_line_with_the_path_as_seen_from_here(
    pack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(pack / "questions" / "dropout.yaml", "level: 3", "level: hard")
    change(pack / "questions" / "dropout.yaml", "[expectation-kept]", "[expectation-kep]")
    monkeypatch.chdir(pack.parent)
    for target in ("pack", "pack/questions", "pack/questions/dropout.yaml"):
        result = run("check", target)
        assert result.stdout.splitlines() == [
            "pack/questions/dropout.yaml:23:88: dropout-recall: 'demo.claims.1' names an unknown claim "
            "'expectation-kep'; did you mean 'expectation-kept'?",
            "pack/questions/dropout.yaml:74:5: dropout-order: 'level' must be 1, 2 or 3, not 'hard'",
        ]
        assert result.stderr == "1 bank, 7 sound questions: 2 mistakes\n"
        assert result.return_value == 3


def test_without_a_path_the_pack_of_this_folder_is_checked(
    pack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(pack / "questions" / "dropout.yaml", "level: 3", "level: 9")
    monkeypatch.chdir(pack)
    assert run("check").stdout.startswith("questions/dropout.yaml:74:5: dropout-order: 'level' must be")


def test_one_bank_is_judged_in_its_pack(pack: Path) -> None:
    """Links into its neighbours are known, and their mistakes are not told."""
    neighbour = pack / "questions" / "other.yaml"
    neighbour.write_text(
        GOOD_BANK.read_text(encoding="utf-8").replace("id: dropout-", "id: other-"), encoding="utf-8"
    )
    change(neighbour, "level: 3", "level: 9")
    change(pack / "questions" / "dropout.yaml", "[dropout-truth]", "[other-cloze]")
    result = run("check", str(pack / "questions" / "dropout.yaml"))
    assert (result.stdout, result.stderr) == ("", "1 bank, 8 sound questions: no mistakes\n")


def test_ids_are_unique_in_a_pack(pack: Path) -> None:
    shutil.copy(GOOD_BANK, pack / "questions" / "twin.yaml")
    lines = run("check", str(pack)).stdout.splitlines()
    assert (
        sum(
            "twin.yaml" in line and "this id stands in questions/dropout.yaml already" in line
            for line in lines
        )
        == 8
    )


def test_a_bank_outside_of_a_pack_is_checked_alone(tmp_path: Path) -> None:
    shutil.copy(GOOD_BANK, tmp_path / "alone.yaml")
    change(tmp_path / "alone.yaml", "run: dropout,", "run: nobody-has-it,")  # neither is the program's
    (tmp_path / "neighbour.yaml").write_text("broken: [")
    result = run("check", str(tmp_path / "alone.yaml"))
    where = f"{tmp_path}/alone.yaml:23:12: dropout-recall: "
    first, *others = result.stdout.splitlines()
    assert first == where + "'demo.run' names an unknown demonstration 'nobody-has-it'"
    # Nor is there code beside it; and the program's own demonstration has no such claim.
    assert {other.split(": ")[1] for other in others} == {"dropout-code", "dropout-predict"}


def test_several_paths_are_summed_up(pack: Path, tmp_path: Path) -> None:
    shutil.copytree(pack, tmp_path / "second")
    assert (
        run("check", str(pack), str(tmp_path / "second")).stderr
        == "2 banks, 16 sound questions: no mistakes\n"
    )


def test_json(pack: Path) -> None:
    change(pack / "questions" / "dropout.yaml", "level: 3", "level: 9")
    result = run("check", "--json", str(pack))
    told = json.loads(result.stdout)
    assert (told["banks"], told["questions"], result.return_value) == (1, 7, 3)
    mistake = told["mistakes"][0]
    assert (mistake["line"], mistake["column"], mistake["question"]) == (74, 5, "dropout-order")
    assert mistake["path"].endswith("questions/dropout.yaml")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("nowhere", "there is no such file"),
        (".", "it has no folder `questions`"),
        ("questions/a.txt", "a bank is a file"),
    ],
)
def test_what_cannot_be_checked(
    path: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if path.endswith(".txt"):
        (tmp_path / "questions").mkdir()
        (tmp_path / path).write_text("x")
    result = run("check", path)
    assert isinstance(result.exception, QuizError)
    assert message in result.exception.message


def test_a_formula_that_the_terminal_cannot_show(pack: Path) -> None:
    formula = "\\foo{x}"
    assert unshowable(formula)
    change(pack / "questions" / "dropout.yaml", "with probability $p$", f"with ${formula}$")
    assert "'answer.en' has a formula that cannot be shown: '\\\\foo{x}': " in run("check", str(pack)).stdout


def test_the_schema_is_the_committed_one() -> None:
    result = run("schema")
    committed = ROOT / "quizcli" / "bank" / "schema.json"
    assert result.stdout == committed.read_text(encoding="utf-8")

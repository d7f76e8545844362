"""`quizcli demo` and `quizcli verify`, in this process and in a real terminal, on a pack without torch."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any, NamedTuple

import msgspec
import pexpect
import pytest
import typer
from msgspec.structs import replace

from quizcli.cli.commands import demo, verify
from quizcli.demo.answer_source import Answer
from quizcli.demo.catalogue import find_answer
from quizcli.demo.events import Finished, Setting, Started, from_json
from quizcli.demo.messages import Request
from quizcli.errors import ExitStatus, QuizError
from quizcli.packs import demos, library
from quizcli.packs.demos import make_request
from quizcli.packs.pack import Pack
from quizcli.packs.trust import fingerprint, sources
from quizcli.permit import Permit
from quizcli.settings import Settings, load_settings
from quizcli.text import use_language
from tests.places import ROOT

HEADER = """
from typing import Annotated, Literal
from quizcli.demo.events import *
from quizcli.demo.option import Option
TITLE = {"en": "Title", "zh": "标题"}
"""
SMALL = f'''"""A small answer."""
{HEADER}
QUICK = {{"steps": 1}}

def demonstrate(
    steps: Annotated[int, Option(min=1, max=9, help={{"en": "how many", "zh": "步数"}})] = 3,
    rate: Annotated[float, Option(min=0)] = 0.5,
    loud: bool = True,
    batch_size: int = 8,
    seed: int = 0,
    mode: Literal["plain", "odd"] = "plain",
):
    yield Started(device="cpu")
    for i in range(steps):
        yield Scalars(panel="loss", x=float(i), values={{"train": 1.0 / (i + 1)}})
    yield Claim(id="steps-taken", text=TITLE, measured=float(steps), expected=9.0, relation="<=")
    yield Claim(id="seeded", text=TITLE, measured=float(seed), expected=0.0, relation="==")
'''
BROKEN = f'{HEADER}\ndef demonstrate():\n    yield Started()\n    raise RuntimeError("it broke")\n'
SILENT = f"{HEADER}\ndef demonstrate():\n    yield Started(synthetic=True)\n"
ENDLESS = f"""{HEADER}
import time
def demonstrate():
    yield Started()
    yield Claim(id="early", text=TITLE, measured=1.0, expected=1.0)
    i = 0
    while True:
        yield Scalars(panel="loss", x=float(i), values={{"train": 1.0}})
        i += 1
        time.sleep(0.01)
"""


class Said(NamedTuple):
    """What a command answered."""

    status: int
    out: str
    err: str


Quiz = Callable[..., Said]


def permitted(answer: Answer, chosen: dict[str, Setting], settings: Settings) -> Request:
    """The request for an answer of the pack that stands in for the program's own."""
    asked = make_request(answer, chosen, settings)
    return replace(asked, permit=Permit("test", fingerprint(sources(Path(asked.root)))))


@pytest.fixture
def pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    answers = tmp_path / "pack" / "answers"
    answers.mkdir(parents=True)
    for name, source in {"small": SMALL, "broken": BROKEN, "silent": SILENT, "endless": ENDLESS}.items():
        (answers / f"{name}.py").write_text(source, encoding="utf-8")
    for module in (demos, library):
        monkeypatch.setattr(module, "builtin", lambda: Pack("test", tmp_path / "pack"))
    monkeypatch.setattr(demos, "make_request", permitted)
    monkeypatch.setenv("QUIZCLI_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "pack"


@pytest.fixture
def quiz(pack: Path, capsys: pytest.CaptureFixture[str]) -> Quiz:
    """Run a command line in this process."""

    def _quiz(*words: str, **flags: Any) -> Said:
        app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
        app.command("demo", context_settings=demo.CONTEXT)(demo.command)
        app.command("verify")(verify.command)
        try:
            status = app(list(words), obj=load_settings(lang="en", **flags), standalone_mode=False)
        except QuizError as error:
            return Said(error.status, capsys.readouterr().out, f"{error.message}\n{error.hint}")
        return Said(status, *capsys.readouterr())

    return _quiz


# demo


def test_beats_are_in_the_stream_and_nobody_waits_for_them(quiz: Quiz, pack: Path) -> None:
    source = SMALL.replace("    yield Claim(", "    yield Beat(50)\n    yield Claim(", 1)
    assert source != SMALL
    (pack / "answers" / "slow.py").write_text(source, encoding="utf-8")
    began = time.monotonic()
    lines = quiz("demo", "slow", "--json").out.splitlines()
    assert quiz("verify", "slow").status == ExitStatus.OK
    assert quiz("demo", "slow", "--pace", "1").status == ExitStatus.OK  # no terminal: plain lines
    assert time.monotonic() - began < 15
    assert {"event": "beat", "n": 50.0} in map(json.loads, lines)
    assert "--pace SECONDS" in quiz("demo", "slow", "--help").out


def test_the_list(quiz: Quiz) -> None:
    said = quiz("demo")
    assert said.status == ExitStatus.OK
    names = [line.split()[0] for line in said.out.splitlines() if not line.startswith(" ")]
    assert names == ["broken", "endless", "silent", "small"]
    assert all(line.endswith("  Title") for line in said.out.splitlines())
    (small,) = (answer for answer in json.loads(quiz("demo", "--json").out) if answer["name"] == "small")
    assert small["title"] == {"en": "Title", "zh": "标题"}
    assert small["claims"] == ["steps-taken", "seeded"]


def test_help_lists_the_settings(quiz: Quiz) -> None:
    said = quiz("demo", "small", "--help")
    assert said.status == ExitStatus.OK
    rows = {line.split()[0]: line for line in said.out.splitlines() if line.startswith("  --")}
    assert rows["--steps"].endswith("how many; between 1 and 9 (default 3)")
    assert "at least 0 (default 0.5)" in rows["--rate"]
    assert "--loud / --no-loud" in rows["--loud"]
    assert "plain|odd" in rows["--mode"]
    assert "--batch-size INT" in rows["--batch-size"]
    assert "(--steps 1)" in rows["--quick"]
    assert said == quiz("demo", "-h", "small")
    assert "--replay" in quiz("demo", "-h").out


def test_help_is_chinese_too(quiz: Quiz) -> None:
    use_language("zh")
    try:
        assert "步数；介于 1 与 9 之间（默认 3）" in quiz("demo", "small", "-h").out
    finally:
        use_language("en")


def test_help_comes_before_torch(pack: Path) -> None:
    code = f"""
import sys, time
sys.path.insert(0, {str(ROOT)!r})
import typer
from pathlib import Path
from quizcli.cli.commands import demo
from quizcli.demo.catalogue import find_answer
demo._print_help(find_answer(Path({str(pack)!r}), "small"))
print(sorted({{"torch", "numpy", "matplotlib"}} & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_settings_reach_the_answer(quiz: Quiz) -> None:
    words = "--rate=0.25 --no-loud --batch-size 4 --mode odd --seed 7 --json"
    said = quiz("demo", "small", "--quick", *words.split())
    assert said.status == ExitStatus.OK
    events = [from_json(line.encode()) for line in said.out.splitlines()]
    assert isinstance(events[0], Started)
    assert events[0].settings == {
        "steps": 1,
        "rate": 0.25,
        "loud": False,
        "batch_size": 4,
        "seed": 7,
        "mode": "odd",
    }
    assert isinstance(events[-1], Finished)
    assert said.err == ""


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("smal", ["'smal'", "Did you mean small?"]),
        ("small --step 3", ["--step: no such setting. Did you mean --steps?"]),
        ("small --unknown", ["--unknown: no such setting"]),
        ("small --steps", ["--steps needs a value"]),
        ("small --steps --loud", ["--steps needs a value"]),
        ("small --steps many --rate -1 --mode even", ["whole number", "at least 0", "one of plain, odd"]),
        ("small 3", ["'3' belongs to no setting"]),
        ("small --loud=perhaps", ["true or false"]),
        ("--steps 3 small", ["comes first"]),
    ],
)
def test_a_wrong_command_line(quiz: Quiz, words: str, says: list[str]) -> None:
    said = quiz("demo", *words.split())
    assert said.status == ExitStatus.USAGE
    assert said.out == ""
    assert all(part in said.err for part in says), said.err
    assert said.err.splitlines()[-1]  # a hint


def test_plain_lines_without_a_terminal(quiz: Quiz) -> None:
    said = quiz("demo", "small")
    assert said.status == ExitStatus.OK
    assert "\x1b" not in said.out
    assert [line.split()[1] for line in said.out.splitlines() if line[0] in "✓✗"] == ["steps-taken", "seeded"]


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_failure_is_told_and_exits_1(quiz: Quiz, form: list[str]) -> None:
    said = quiz("demo", "broken", *form)
    assert said.status == ExitStatus.ERROR
    assert "it broke" in (said.err if form else said.out)
    assert "Traceback" not in said.err
    assert ("raise RuntimeError" in quiz("demo", "broken", *form, debug=True).err) is bool(form)


def test_save_and_replay(quiz: Quiz, tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    said = quiz("demo", "small", "--save", str(folder), "--json")
    assert said.status == ExitStatus.OK
    assert str(folder) in said.err
    assert {path.name for path in folder.iterdir()} == {"events.jsonl", "loss.png"}
    again = quiz("demo", "--replay", str(folder), "--json")
    assert (again.status, again.out) == (ExitStatus.OK, said.out)
    assert "✓ steps-taken" in quiz("demo", "--replay", str(folder)).out


def test_save_refuses_a_foreign_folder_before_anything_runs(quiz: Quiz, tmp_path: Path) -> None:
    (tmp_path / "home.txt").write_text("")
    said = quiz("demo", "small", "--save", str(tmp_path), "--json")
    assert (said.status, said.out) == (ExitStatus.USAGE, "")
    assert "holds something else" in said.err


def test_a_decoy_in_the_current_folder(quiz: Quiz, tmp_path: Path) -> None:
    (tmp_path / "answers").mkdir()
    (tmp_path / "answers" / "small.py").write_text("raise SystemExit('decoy')")
    assert quiz("demo", "small", "--json").status == ExitStatus.OK


# verify


def test_verify_judges_every_claim(quiz: Quiz) -> None:
    said = quiz("verify", "small")
    assert said.status == ExitStatus.OK
    head, *rows = said.out.splitlines()
    assert head.split()[:2] == ["demonstration", "claim"]
    assert [row.split()[:3] for row in rows] == [["✓", "small", "steps-taken"], ["✓", "small", "seeded"]]
    assert said.err == "2 of 2 hold, in 1 demonstration\n"


def test_verify_exits_3_where_a_claim_does_not_hold(quiz: Quiz) -> None:
    said = quiz("verify", "small", "--quick", "--seed", "5", "--json")
    assert said.status == ExitStatus.CHECK_FAILED
    first, second = (json.loads(line) for line in said.out.splitlines())
    assert (first["demo"], first["id"], first["measured"], first["holds"]) == (
        "small",
        "steps-taken",
        1.0,
        True,
    )
    assert (second["id"], second["measured"], second["holds"]) == ("seeded", 5.0, False)


def test_verify_counts_what_broke_and_what_claims_nothing(quiz: Quiz) -> None:
    said = quiz("verify", "broken", "silent", "small")
    assert said.status == ExitStatus.CHECK_FAILED
    broken, silent, *fine = said.out.splitlines()[1:]
    assert broken.startswith("✗ broken")
    assert broken.endswith("RuntimeError: it broke")
    assert silent.startswith("✗ silent")
    assert "claims nothing" in silent
    assert len(fine) == 2
    assert said.err == "2 of 4 hold, in 3 demonstrations\n"


def test_verify_runs_what_the_questions_run(quiz: Quiz, pack: Path) -> None:
    (pack / "questions").mkdir()
    question = """
  - id: q{0}
    kind: truth
    level: 1
    ask: {{en: 'Is it {0}?', zh: '是 {0} 吗?'}}
    correct: true
    answer: {{en: It is., zh: 是。}}
    demo: {{run: {1}, set: {2}, claims: [{3}]}}
    source: [none]"""
    links = [
        ("small", "{}", "steps-taken"),
        ("small", "{}", "seeded"),
        ("small", "{steps: 2, loud: false}", "steps-taken"),
        ("small", "{loud: false, steps: 2}", "steps-taken"),
        ("silent", "{}", "spoken"),
    ]
    bank = "".join(question.format(n, *link) for n, link in enumerate(links))
    (pack / "questions" / "t.yaml").write_text(
        f"topic: t\ntitle: {{en: T, zh: 题}}\nquestions:{bank}\n", encoding="utf-8"
    )
    said = quiz("verify", "small", "--questions")
    assert [row.split()[1] for row in said.out.splitlines()[1:]] == ["small"] * 3
    assert "small --steps 2 --no-loud" in said.out
    assert said.err == "3 of 3 hold, in 2 demonstrations\n"
    silent = quiz("verify", "silent", "--questions", "--json")
    assert silent.status == ExitStatus.CHECK_FAILED


PREDICTED = """topic: t
title: {en: T, zh: 题}
questions:
  - id: how-many
    kind: predict
    level: 1
    ask: {en: How many?, zh: 多少?}
    claim: steps-taken
    outcomes: [{text: {en: few, zh: 少}, below: 2}, {text: {en: some, zh: 一些}}]
    answer: {en: Some., zh: 一些。}
    demo: {run: small, set: {steps: 3}}
    source: [none]
  - id: how-large
    kind: predict
    level: 1
    ask: {en: How large?, zh: 多大?}
    claim: seeded
    tolerance: 1
    answer: {en: As the seed., zh: 与种子相同。}
    demo: {run: small, set: {steps: 3}}
    source: [none]
  - id: which-first
    kind: predict
    level: 1
    ask: {en: Which first?, zh: 哪个在前?}
    items:
      - {text: {en: steps, zh: 步数}, claim: steps-taken}
      - {text: {en: seed, zh: 种子}, claim: seeded}
      - {text: {en: halves, zh: 一半}, claim: CLAIM}
    answer: {en: The seed., zh: 种子。}
    demo: {run: small, set: {mode: odd}}
    source: [none]
"""


def test_verify_runs_what_predictions_run(quiz: Quiz, pack: Path) -> None:
    """They need not hold: what counts is that the run settles them."""
    (pack / "questions").mkdir()
    bank = pack / "questions" / "t.yaml"
    small = pack / "answers" / "small.py"
    half = '    yield Claim(id="halves", text=TITLE, measured=steps / 2, expected=9.0)\n'
    small.write_text(SMALL + half, encoding="utf-8")
    bank.write_text(PREDICTED.replace("CLAIM", "halves"), encoding="utf-8")
    said = quiz("verify", "small", "--questions", "--seed", "7")
    assert said.status == ExitStatus.OK
    rows = [row.split(maxsplit=1)[1] for row in said.out.splitlines()[1:]]
    assert [" ".join(row.split()) for row in rows] == [
        "small --steps 3 how-many 3 → 2",
        "small --steps 3 how-large 7",
        "small --mode odd which-first 3 1 2 (1.5 < 3 < 7)",
    ]
    rows = quiz("verify", "small", "--questions", "--seed", "7", "--json").out.splitlines()
    many, large, first = map(json.loads, rows)
    assert (many["question"], many["measured"], many["outcome"]) == ("how-many", {"steps-taken": 3.0}, 2)
    assert (large["holds"], large["measured"]) == (True, {"seeded": 7.0})
    assert first["order"] == [3, 1, 2]


def test_verify_says_what_settles_no_prediction(quiz: Quiz, pack: Path) -> None:
    (pack / "questions").mkdir()
    small = pack / "answers" / "small.py"
    small.write_text(
        SMALL + '    yield Claim(id="twin", text=TITLE, measured=seed, expected=9.0)\n', encoding="utf-8"
    )
    bank = pack / "questions" / "t.yaml"
    bank.write_text(PREDICTED.replace("CLAIM", "twin"), encoding="utf-8")
    said = quiz("verify", "small", "--questions")
    assert said.status == ExitStatus.CHECK_FAILED
    assert "which-first  this run decides nothing" in said.out
    small.write_text(SMALL.replace('id="steps-taken"', 'id="other"'), encoding="utf-8")
    said = quiz("verify", "small", "--questions", "--json")
    assert said.status == ExitStatus.CHECK_FAILED
    assert "this run decides nothing" in json.loads(said.out.splitlines()[0])["error"]


def test_verify_marks_synthetic_data(quiz: Quiz, pack: Path) -> None:
    source = SMALL.replace('device="cpu"', "synthetic=True")
    (pack / "answers" / "stand_in.py").write_text(source, encoding="utf-8")
    assert "(synthetic data)" in quiz("verify", "stand-in").out
    assert json.loads(quiz("verify", "stand-in", "--json").out.splitlines()[0])["synthetic"] is True


def test_a_seed_goes_only_where_it_is_taken(pack: Path) -> None:
    small, silent = (find_answer(pack, name) for name in ("small", "silent"))
    assert verify.settings_of(small, quick=True, seed=3) == {"steps": 1, "seed": 3}
    assert verify.settings_of(silent, quick=True, seed=3) == {}


# As a process


@pytest.fixture
def program(pack: Path, tmp_path: Path) -> list[str]:
    """The command of a process that is quizcli with the pack of these tests."""
    script = tmp_path / "program.py"
    script.write_text(
        dedent(
            f"""
            import sys
            sys.path.insert(0, {str(ROOT)!r})
            import typer
            from pathlib import Path
            from quizcli import __main__ as program
            from quizcli.packs.pack import Pack
            from quizcli.packs import demos, library
            from tests.cli.commands.test_demo import permitted

            def dispatch(words, settings):
                from quizcli.cli.commands import demo, verify
                app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
                app.command("demo", context_settings=demo.CONTEXT)(demo.command)
                app.command("verify")(verify.command)
                return app(words, obj=settings, standalone_mode=False)

            library.builtin = demos.builtin = lambda: Pack("test", Path({str(pack)!r}))
            demos.make_request = permitted
            program._dispatch = dispatch
            program.main()
            """
        )
    )
    return [sys.executable, str(script), "--lang", "en"]


@pytest.mark.skipif(sys.platform == "win32", reason="no folder is deleted there while somebody is in it")
@pytest.mark.parametrize("form", [["demo", "small", "--json"], ["verify", "small"], ["doctor"]])
def test_in_a_folder_that_has_been_deleted(program: list[str], form: list[str], tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    there = {"PWD": str(gone), **os.environ}
    shell = ["sh", "-c", 'cd "$1" && rmdir "$1" && shift && exec "$@"', "sh", str(gone)]
    done = subprocess.run([*shell, *program, *form], capture_output=True, text=True, timeout=120, env=there)
    assert "No such file" not in done.stdout + done.stderr
    assert "FATAL" not in done.stdout + done.stderr
    if form[0] == "demo":
        assert isinstance(from_json(done.stdout.splitlines()[-1].encode()), Finished)


def test_a_reader_that_leaves_early_is_no_error(program: list[str]) -> None:
    process = subprocess.Popen(
        [*program, "demo", "endless", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    assert json.loads(process.stdout.readline())["event"] == "started"
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(20) in (0, 1)  # Typer exits with 1; the shell asks only the last of a pipe


@pytest.mark.parametrize("form", [["demo", "endless", "--json"], ["demo", "endless"], ["verify", "endless"]])
def test_ctrl_c_stops_and_keeps_what_was_measured(program: list[str], form: list[str]) -> None:
    process = subprocess.Popen(
        [*program, *form], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout is not None
    seen = ""
    while "early" not in seen:
        seen += process.stdout.readline()
    os.kill(process.pid, signal.SIGINT)
    rest, complaint = process.communicate(timeout=20)
    assert process.returncode == ExitStatus.INTERRUPTED
    assert complaint == ""
    if form[-1] == "--json":
        last = from_json(rest.splitlines()[-1].encode())
        assert isinstance(last, Finished)
        assert last.stopped


def test_ctrl_c_on_a_terminal(program: list[str]) -> None:
    env = {**os.environ, "TERM": "xterm-256color"}
    child = pexpect.spawn(
        program[0], [*program[1:], "demo", "endless"], env=env, dimensions=(24, 80), timeout=30
    )
    child.expect(rb"\x1b\[\?1049h")
    child.expect("early")
    time.sleep(0.3)
    child.sendintr()
    child.expect(rb"\x1b\[\?1049l")
    child.expect("early")  # the last frame stays, with its claims
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == ExitStatus.INTERRUPTED


def test_s_keeps_what_is_on_the_screen(program: list[str], tmp_path: Path) -> None:
    env = {**os.environ, "TERM": "xterm-256color"}
    for folder in ("endless", "endless-2"):
        child = pexpect.spawn(
            program[0], [*program[1:], "demo", "endless"], env=env, dimensions=(24, 80), timeout=30
        )
        child.expect("loss")  # a frame with the chart
        child.send("s")
        child.expect("kept in")
        child.send("q")
        child.expect(pexpect.EOF)
        child.close()
        assert {path.name for path in (tmp_path / folder).iterdir()} == {"events.jsonl", "loss.png"}
        lines = (tmp_path / folder / "events.jsonl").read_bytes().splitlines()
        kinds = [type(from_json(line)).__struct_config__.tag for line in lines]
        assert kinds[0] == "started"
        assert kinds.count("claim") == 1
        assert "scalars" in kinds
        assert msgspec.json.decode(lines[-1])["event"] == "scalars"

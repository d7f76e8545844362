"""Text of strangers at the door of the terminal, looked at in the raw bytes of stdout and stderr."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rich.text import Text as RichText

from quizcli.bank.reading.reader import read
from quizcli.demo.events import Claim, Event, Failed, Finished, decode, encode
from quizcli.judge.calls.messages import CaseResult, News, Over, Proof, Raised, TensorWindow
from quizcli.screen.cards.answer import answer_lines
from quizcli.screen.cards.code_verdict import news_lines
from quizcli.screen.cards.question import question_lines
from quizcli.screen.cards.question_list import Listed, listing_lines
from quizcli.screen.demo.frame import Frames
from quizcli.screen.demo.plain_log import Log
from quizcli.screen.demo.state import Board
from quizcli.screen.terminal.alternate_screen import Stage
from quizcli.screen.terminal.clean_stream import Door, steer
from quizcli.screen.terminal.theme import make_console
from quizcli.text import Text
from tests.cli.commands.test_pack import BANK
from tests.program import Program
from tests.screen.boards import others, vae

# The clipboard (OSC 52), a cleared screen, blinking; C1, direction, tags, zero width, delete and others.
EVIL = "\x1b]52;c;QUFB\x07\x1b[3J\x1b[5;41m\x9b31m\x90q\x9c"
EVIL += "\u202e\u2066\u200f\U000e0041\u200b\ufeff\x7f\x08\r\x0e"
OURS = re.compile(rb"\x1b\[[?0-9;]*[A-Za-z]|\r")  # what the program itself may send
THEIRS = re.compile(
    rb"\x1b\[3J|\x1b\[5;41m|\x1b[^\[]|[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f]|\xc2[\x80-\x9f]"
    rb"|\xe2\x80[\x8b\x8e\x8f\xa8-\xae]|\xe2\x81[\xa0-\xaf]|\xef\xbb\xbf|\xf3\xa0|\xed[\xa0-\xbf]"
)


def assert_clean(raw: bytes) -> None:
    found = THEIRS.search(raw)
    assert found is None, raw[max(0, found.start() - 60) : found.end() + 60]
    assert not THEIRS.search(OURS.sub(b"", raw))
    assert b"\x1b" not in OURS.sub(b"", raw)
    OURS.sub(b"", raw).decode()


def spoilt(value: Any, tags: tuple[str, ...] = ()) -> Any:
    """A tree of builtins with poison in every text but those that a type prescribes."""
    match value:
        case str():
            return value if value in tags else value + EVIL
        case dict():
            return {
                key if key in KEYS else key + EVIL: spoilt(item, tags if key not in FREE else ())
                for key, item in value.items()
            }
        case list() | tuple():
            return [spoilt(item, tags) for item in value]
    return value


_ALL = (*vae(), *others(), Claim(id="", text={}, measured=0, expected=0), Failed(message=""))
KEYS = {name for event in _ALL for name in event.__struct_fields__}
KEYS |= {"en", "zh", "event", "data", "shape", "dtype", "type"}
FREE = {"title", "text", "panel", "labels", "columns", "rows"}
TAGS: tuple[str, ...] = (
    "uint8",
    "float32",
    "≈",
    "<=",
    "started",
    "progress",
    "scalars",
    "images",
    "heatmap",
    "points",
    "bars",
)
TAGS += ("table", "note", "claim", "finished", "failed", "raised", "case", "speed", "over", "proof")


def poisoned(event: Event) -> Event:
    raw = msgspec.msgpack.decode(encode(event))
    return decode(msgspec.msgpack.encode(spoilt(raw, TAGS)))


def events() -> Iterator[Event]:
    both = {"en": "one", "zh": "一"}
    yield from map(poisoned, [*vae(), *others()])
    yield poisoned(Claim(id="claim", text=both, measured=1.0, expected=1.0, unit="nats"))
    yield poisoned(Failed(message="broken", hint="mend", trace="a trace"))


def terminal() -> tuple[Any, io.BytesIO]:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="utf-8", newline="")
    console = make_console(stream, width=100, height=40)
    console._force_terminal = True
    return console, raw


def test_events_live_and_in_the_end() -> None:
    console, raw = terminal()
    board = Board((EVIL,))
    stage = Stage(console)
    stage.enter()
    drawing = Frames(board, colour=True)
    for event in events():
        board.add(event)
        stage.show(drawing.running(100, 40, 1.0, [("q", EVIL)], EVIL), (100, 40))
    stage.leave()
    for line in drawing.final(100, 40, 1.0, debug=True):
        console.print(*(segment.text for segment in line), soft_wrap=True)
    console.file.flush()
    assert_clean(raw.getvalue())
    assert rb"\x1b]52" in raw.getvalue()  # it is there to be seen


def test_events_as_a_log() -> None:
    console, raw = terminal()
    log = Log()
    for event in (*events(), Finished(seconds=1.0)):
        if text := log(event):
            console.print(text, soft_wrap=True)
    console.file.flush()
    assert_clean(raw.getvalue())


def test_news_of_a_judge() -> None:
    both = {"en": EVIL, "zh": EVIL}
    grid = TensorWindow(EVIL, EVIL, ((EVIL, "1"), ("2", EVIL)), ((0, 0),), EVIL)
    raised = Raised("Error" + EVIL, EVIL, 3, "x = 1" + EVIL)
    told: list[News] = [
        CaseResult(both, True),
        CaseResult(both, False, both, both, (grid, grid), raised),
        Over(False, 1, 0.0, EVIL, EVIL),
        Over(False, 1, 0.0, refused=EVIL, hint=EVIL),
        Proof((EVIL,)),
    ]
    console, raw = terminal()
    for news in told:
        for line in news_lines(news, 80):
            console.print(line, soft_wrap=True)
    console.file.flush()
    assert_clean(raw.getvalue())


def test_a_bank_whose_texts_slipped_through() -> None:
    """The reader refuses them; a compiled cache could still bring them."""
    console, raw = terminal()
    bank = read(BANK.format(topic="own", demo="nosy").encode(), "own.yaml").bank
    assert bank is not None
    for question in bank.questions:
        fields = {name: getattr(question, name) for name in question.__struct_fields__}
        texts = {
            name: Text(value.en + EVIL, value.zh + EVIL)
            for name, value in fields.items()
            if isinstance(value, Text)
        }
        words = {name: value + EVIL for name, value in fields.items() if isinstance(value, str)}
        bad = msgspec.structs.replace(question, **words, **texts, source=(EVIL,), points=(Text(EVIL, EVIL),))
        lines: list[RichText] = [
            *question_lines(bad, 60),
            *answer_lines(bad, 60, EVIL, None),
            *listing_lines([Listed(bad, EVIL)], {bad.topic: EVIL}, 60, [EVIL]),
        ]
        for line in lines:
            console.print(line, no_wrap=True, overflow="ignore", crop=False)
    console.file.flush()
    assert_clean(raw.getvalue())


def test_the_door() -> None:
    raw = io.BytesIO()
    door = Door(io.TextIOWrapper(raw, encoding="utf-8", newline=""))
    print(EVIL, "中文", file=door)
    door.writelines([EVIL, "\n"])
    steer(door, "\r\x1b[2K")  # type: ignore[arg-type]
    door.flush()
    assert_clean(raw.getvalue())
    assert "中文\n" in raw.getvalue().decode()
    assert raw.getvalue().endswith(b"\r\x1b[2K")
    assert door.encoding == "utf-8"


# The whole program, its bytes as the terminal gets them

DEMO = '''"""{evil}"""
from quizcli.demo.events import *
TITLE = {{"en": {evil!r}, "zh": {evil!r}}}
EVIL = {evil!r}
def demonstrate(n: int = 1, name: str = {evil!r}):
    both = {{"en": EVIL, "zh": EVIL}}
    print(EVIL)
    yield Started(device=EVIL, data=EVIL, note=both)
    yield Note(text=both)
    yield Table(panel=EVIL, columns=(EVIL,), rows=((EVIL,),), title=both)
    yield Scalars(panel="s", x=1, values={{EVIL: 1.0}}, title=both)
    yield Claim(id="c", text=both, measured=1.0, expected=1.0, unit=EVIL)
    raise type("Broken" + EVIL.replace("\\0", ""), (Exception,), {{}})(EVIL + "\\udcff")
'''


@pytest.fixture
def evil(program: Program) -> Program:
    root = program.home.parent / "mine"
    for name in ("questions", "answers"):
        (root / name).mkdir(parents=True)
    (root / "questions" / "own.yaml").write_text(BANK.format(topic="own", demo="evil"), encoding="utf-8")
    (root / "answers" / "evil.py").write_text(DEMO.format(evil=EVIL).replace(f'"""{EVIL}"""', '"""Evil."""'))
    assert program.run("pack", "add", "mine").returncode == 0
    assert program.run("pack", "trust", "mine", "--yes").returncode == 0
    return program


@pytest.mark.parametrize("options", [[], ["--debug"], ["--json"], ["--json", "--debug"]])
def test_a_demonstration_in_a_terminal(evil: Program, options: list[str]) -> None:
    with evil.terminal("demo", "mine/evil", *options) as shown:
        assert shown.exit_status() == 1
        assert_clean(shown.raw)
        assert rb"\x1b]52" in shown.raw or rb"\u001b]52" in shown.raw


@pytest.mark.parametrize(
    "words",
    [
        ["demo", "mine/evil"],
        ["demo", "mine/evil", "--json", "--debug"],
        ["demo", "mine/evil", "--help"],
        ["demo"],
        ["demo", "--json"],
        ["verify", "mine/evil"],
        ["verify", "mine/evil", "--json", "--debug"],
        ["bank", "check", "mine"],
        ["bank", "check", EVIL],
        [EVIL],
        ["show", EVIL],
        ["list", "--topic", EVIL],
        ["search", EVIL],
        ["pack", "add", EVIL],
        ["pack", "trust", EVIL],
        ["demo", EVIL],
        ["demo", "coin", f"--{EVIL}", "1"],
        ["demo", "coin", "--throws", EVIL],
        ["demo", "--replay", EVIL],
        ["code", EVIL],
        ["code", "x", "--file", EVIL],
        ["--lang", EVIL],
        ["list", f"--level={EVIL}"],
    ],
)
def test_commands(evil: Program, words: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "quizcli", *words],
        env={**evil.env, "PATH": "", "QUIZCLI_RETENTION": "0.9"},
        cwd=evil.home.parent,
        capture_output=True,
        timeout=60,
    )
    assert_clean(done.stdout)
    assert_clean(done.stderr)
    if "--json" in words and done.stdout:
        for line in done.stdout.splitlines() if words[0] != "bank" else [done.stdout]:
            json.loads(line)


@pytest.mark.parametrize("name", ["QUIZCLI_LANG", "QUIZCLI_MIRROR", "QUIZCLI_RETENTION", "QUIZCLI_HOME"])
def test_settings(program: Program, name: str, tmp_path: Path) -> None:
    value = str(tmp_path / EVIL.replace("/", "")) if name == "QUIZCLI_HOME" else EVIL
    done = subprocess.run(
        [sys.executable, "-m", "quizcli", "list"],
        env={**program.env, name: value},
        cwd=tmp_path,
        capture_output=True,
        timeout=60,
    )
    assert_clean(done.stdout)
    assert_clean(done.stderr)


def test_help_keeps_its_style(program: Program) -> None:
    with program.terminal("pack", "--help") as shown:
        assert shown.exit_status() == 0
        assert b"\x1b[1m" in shown.raw
        assert_clean(shown.raw)

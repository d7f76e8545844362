"""Packs of strangers with everything in them that is no file to be read: told at once, never waited for."""

from __future__ import annotations

import json
import os
import resource
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.commands.test_pack import BANK, NOSY
from tests.program import Program

pytestmark = pytest.mark.slow

MEMORY = 1 << 30  # bytes of address space: no file may be taken in whole

CODE = """  - id: own-code
    kind: code
    level: 1
    ask: {{en: Write it., zh: 写出来。}}
    answer: {{en: So., zh: 这样。}}
    starter: {{en: "def double(x): pass", zh: "def double(x): pass"}}
    entry: double
    check: judges.{name}.check_double
    solution: models.{name}:double
    source: [me]
"""


def pipe(path: Path) -> None:
    os.mkfifo(path)


def listening(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # the name of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path.name)
    finally:
        os.chdir(here)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def folder(path: Path) -> None:
    path.mkdir()


def dangling(path: Path) -> None:
    path.symlink_to(path.with_name("nowhere"))


def loop(path: Path) -> None:
    path.symlink_to(path)


def leaving(path: Path) -> None:
    path.symlink_to("/etc/hostname")


def huge(path: Path) -> None:
    with path.open("wb") as stream:
        stream.truncate(10 << 30)


def undecodable(path: Path) -> None:
    path.write_bytes(b"x = 1\n\xff\xfe\n")


def deep(path: Path) -> None:
    path.write_text("x: " + "[" * 100_000 if path.suffix == ".yaml" else "x = " + "(" * 100_000)


HAZARDS: dict[str, Callable[[Path], None]] = {
    make.__name__: make
    for make in (pipe, listening, device, folder, dangling, loop, leaving, huge, undecodable, deep)
}
FOLDERS = {"questions": "yaml", "answers": "py", "models": "py", "answers/judges": "py"}
# What is text of a wrong sort is no mistake of code that nobody asks for.
HARMLESS = {("models", "undecodable"), ("answers/judges", "undecodable")}
HARMLESS |= {("models", "deep"), ("answers/judges", "deep")}
HARMLESS |= {(place, "folder") for place in FOLDERS if place not in ("questions", "answers")}


@pytest.fixture
def root(program: Program) -> Path:
    """A healthy pack with a bank, a demonstration and a code question."""
    root = program.home.parent / "mine"
    for name in FOLDERS:
        (root / name).mkdir(parents=True, exist_ok=True)
    (root / "questions" / "own.yaml").write_text(BANK.format(topic="own", demo="nosy"), encoding="utf-8")
    (root / "answers" / "nosy.py").write_text(NOSY, encoding="utf-8")
    return root


def run(program: Program, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """The program with little time and little memory."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))

    done = subprocess.run(
        [sys.executable, "-m", "quizcli", *arguments],
        env={**os.environ, **program.env},
        cwd=program.home.parent,
        capture_output=True,
        timeout=30,
        stdin=subprocess.DEVNULL,
        preexec_fn=limit,
    )
    assert b"Traceback" not in done.stderr
    assert b"mistake in quizcli" not in done.stderr
    said = (done.stdout + done.stderr).decode()  # no lone surrogate either
    assert all(char.isprintable() or char == "\n" for char in said)
    return done


def spoil(root: Path, hazards: dict[str, Callable[[Path], None]]) -> None:
    for place, suffix in FOLDERS.items():
        for name, make in hazards.items():
            make(root / place / f"{name}.{suffix}")


def test_all_of_it_at_once(program: Program, root: Path) -> None:
    run(program, "pack", "add", "mine")
    spoil(root, HAZARDS)
    checked = run(program, "bank", "check", "mine")
    assert checked.returncode == 3
    places = [line.partition(":")[0] for line in checked.stdout.decode().splitlines()]
    expected = {
        f"mine/{place}/{name}.{suffix}"
        for place, suffix in FOLDERS.items()
        for name in HAZARDS
        if (place, name) not in HARMLESS
    }
    assert set(places) == expected
    assert len(places) == len(expected)
    assert "2 sound questions" in checked.stderr.decode()
    as_json = json.loads(run(program, "bank", "check", "mine", "--json").stdout)
    assert len(as_json["mistakes"]) == len(expected)
    assert run(program, "bank", "check", "mine", "--run").returncode == 3
    trusting = run(program, "pack", "trust", "mine", "--yes")
    assert trusting.returncode == 1
    for place in ("answers", "models", "answers/judges"):
        assert f"{root}/{place}/" in trusting.stderr.decode()
    listed = run(program, "pack", "list")
    assert listed.returncode == 0
    assert "mine" in listed.stdout.decode()
    assert run(program, "list").stdout.decode().count("mine/") == 2  # the healthy bank goes on
    assert run(program, "show", "mine/a-recall").returncode == 0
    assert "coin" in run(program, "demo").stdout.decode()
    assert run(program, "demo", "mine/nosy").returncode == 1
    assert run(program, "demo", "mine/pipe").returncode == 1


@pytest.mark.parametrize("name", HAZARDS)
def test_what_a_code_question_points_at(program: Program, root: Path, name: str) -> None:
    for place in ("models", "answers/judges"):
        HAZARDS[name](root / place / f"{name}.py")
    bank = root / "questions" / "own.yaml"
    bank.write_text(bank.read_text() + CODE.format(name=name))
    checked = run(program, "bank", "check", "mine")
    assert checked.returncode == 3
    said = checked.stdout.decode()
    assert "'check' cannot be read: " in said
    assert "'solution' cannot be shown: " in said
    run(program, "pack", "add", "mine")
    assert run(program, "show", "mine/own-code").returncode in (0, 1)


@pytest.mark.parametrize("name", ["pipe", "device", "huge", "dangling", "folder"])
def test_a_pack_is_not_added_with_a_bank_that_leaves_it(program: Program, root: Path, name: str) -> None:
    HAZARDS[name](root / "questions" / "bad.yaml")
    assert run(program, "pack", "add", "mine").returncode in (0, 1)
    assert run(program, "list").returncode == 0


NAMES = ["\x1b[2Jred", "two\nlines", "turned\u202egnp", "broken\udcff", "c1\x9b", "\x7f", "x" * 200]


def test_names_that_steer_the_terminal(program: Program, root: Path) -> None:
    for place, suffix in FOLDERS.items():
        for name in NAMES:
            (root / place / f"{name}.{suffix}").write_text("")
    (root / "answers" / "turn\u202e").mkdir()
    (root / "answers" / "turn\u202e" / "a.py").write_text("")
    checked = run(program, "bank", "check", "mine")
    assert checked.returncode == 3
    assert checked.stdout.decode().count("its name cannot be printed") == 4 * (len(NAMES) - 1) + 1
    assert run(program, "pack", "add", "mine").returncode == 0
    assert run(program, "pack", "trust", "mine", "--yes").returncode == 1
    assert run(program, "list").returncode == 0
    assert run(program, "demo").returncode == 0


def test_very_many_files_and_folders(program: Program, root: Path) -> None:
    for number in range(3000):
        for place, suffix in FOLDERS.items():
            (root / place / f"n{number}.{suffix}").touch()
    root.joinpath("models", *["deeper"] * 400).mkdir(parents=True)
    for number in range(2000):
        (root / "models" / f"folder{number}").mkdir()
    checked = run(program, "bank", "check", "mine")
    assert checked.returncode == 3
    said = checked.stdout.decode()
    assert "more than 1000 banks" in said
    assert "more than 1000 answers" in said
    assert "more than 1000 files of code" in said
    run(program, "pack", "add", "mine")
    assert "more than" in run(program, "pack", "trust", "mine", "--yes").stderr.decode()
    assert run(program, "demo").returncode == 0
    assert run(program, "list").returncode == 0

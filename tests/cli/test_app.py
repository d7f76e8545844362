"""The command line around the commands: help, refusals, global flags, exit codes, streams, completion."""

from __future__ import annotations

import gc
import json
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
import typer
from rich.cells import cell_len

import quizcli.__main__ as door
from quizcli import __version__
from quizcli.cli.app import dispatch
from quizcli.cli.usage_errors import refusal
from quizcli.errors import ExitStatus, QuizError
from quizcli.settings import load_settings
from quizcli.text import use_language
from tests.program import Program

COMMANDS = [
    *("review", "quiz", "demo", "code", "show", "list", "search", "suspend", "unsuspend", "stats", "verify"),
    *("backup", "restore", "doctor"),
    *("bank", "bank new", "bank check", "bank schema"),
    *("pack", "pack add", "pack list", "pack trust", "pack remove"),
]


class Said(NamedTuple):
    """What a command line run in this process answered."""

    status: int
    out: str
    err: str


Say = Callable[..., Said]


@pytest.fixture
def say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """Run a command line in this process: quick, but what is translated at import stays as it was."""
    monkeypatch.setenv("QUIZCLI_HOME", str(tmp_path))
    monkeypatch.setenv("QUIZCLI_LANG", "en")

    def _say(*words: str) -> Said:
        try:
            return Said(door.run(words), *capsys.readouterr())
        finally:
            use_language("en")

    return _say


# Help


def test_help_of_a_command(program: Program) -> None:
    assert program.run("list", "-h", env={"COLUMNS": "80"}).stdout == (
        "Usage: quizcli list [OPTIONS]\n"
        "\n"
        "  The questions and how they stand.\n"
        "\n"
        "Options:\n"
        "  -t, --topic TOPIC  Only these topics.\n"
        "  -k, --kind KIND    Only these kinds.\n"
        "  -l, --level N      Only this level. [1 to 3]\n"
        "  --flagged          Only flagged cards.\n"
        "  --suspended        Only suspended cards.\n"
        "  --buried           Only cards buried until tomorrow.\n"
        "  --json             As JSON.\n"
        "  -h, --help         Show this help.\n"
    )


def test_help_of_a_command_in_chinese(program: Program) -> None:
    assert program.run("show", "--help", "--lang", "zh", env={"COLUMNS": "80"}).stdout == (
        "用法：quizcli show [选项] ID\n"
        "\n"
        "  显示一道题及其答案。\n"
        "\n"
        "参数：\n"
        "  ID  题目的 id。\n"
        "\n"
        "选项：\n"
        "  --json      输出 JSON。\n"
        "  -h, --help  显示本帮助。\n"
    )


def test_help_names_every_command(program: Program) -> None:
    said = program.run("--help").stdout
    listed = re.findall(r"^  (\w+)  +\S", said.split("Commands:")[1].split("Options:")[0], re.MULTILINE)
    assert listed == [name for name in COMMANDS if " " not in name]
    for option in ("--version", "--lang", "--no-input", "--debug", "--install-completion"):
        assert option in said


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_no_line_of_a_help_wraps_and_chinese_help_is_chinese(program: Program, command: str) -> None:
    for lang, columns in (("en", 80), ("zh", 80), ("zh", 44)):
        said = program.run(*command.split(), "-h", env={"COLUMNS": str(columns), "QUIZCLI_LANG": lang})
        assert said.returncode == 0, said.stderr
        assert max(map(cell_len, said.stdout.splitlines())) <= columns
        words = set(re.findall(r"[A-Za-z]+", re.sub(r"`[^`]*`|--[a-z-]+", "", said.stdout)))
        assert bool(words & {"Usage", "OPTIONS", "Options", "Commands", "Arguments"}) == (lang == "en")
        if lang == "zh":
            assert not words & {"default", "required", "Show", "exit", "Install", "completion", "the"}


def test_explanations_stand_in_one_column(program: Program) -> None:
    said = program.run("quiz", "-h", "--lang", "zh", env={"COLUMNS": "80"}).stdout
    starts = {
        cell_len(row[1])
        for line in said.split("选项：")[1].splitlines()
        if (row := re.match(r"(  -.*?  +)\S*[\u4e00-\u9fff]", line))
    }
    assert len(starts) == 1


def test_a_terminal_gets_bold_names_and_a_file_gets_none(program: Program) -> None:
    assert "\x1b" not in program.run("-h").stdout
    with program.terminal("-h", columns=80, rows=40) as terminal:
        terminal.wait_for("--help")
        assert terminal.exit_status() == 0
        assert b"\x1b[1mreview\x1b[0m" in terminal.raw


def test_version(program: Program) -> None:
    for flag in ("-V", "--version"):
        assert program.run(flag).stdout == f"quizcli {__version__}\n"


# Refusals. They also pin what Typer says: another wording would come through in English.


@pytest.mark.parametrize(
    ("line", "en", "zh"),
    [
        ("statz", "there is no command 'statz'\n  Did you mean stats? `quizcli -h`", "没有命令 'statz'"),
        (
            "xyzzy",
            "there is no command 'xyzzy'\n  `quizcli -h` shows",
            "没有命令 'xyzzy'\n  `quizcli -h` 查看",
        ),
        (
            "bank chekc",
            "there is no command 'chekc'\n  Did you mean check",
            "没有命令 'chekc'\n  是否想",
        ),
        (
            "list --jsn",
            "there is no option --jsn\n  Did you mean --json? `quizcli list",
            "没有选项 --jsn",
        ),
        (
            "stats -x",
            "there is no option -x\n  `quizcli stats -h` shows",
            "没有选项 -x\n  `quizcli stats",
        ),
        (
            "list --level",
            "--level needs a value\n  `quizcli list -h`",
            "--level 需要一个值\n  `quizcli list",
        ),
        ("list --json=1", "--json takes no value\n  `quizcli list -h`", "--json 不接受取值"),
        ("list more", "one word too many: more", "多余的参数：more"),
        ("bank", "the command is missing\n  `quizcli bank -h`", "缺少命令"),
        ("show", "ID is missing\n  `quizcli show -h`", "缺少 ID"),
        ("search", "WORD... is missing", "缺少 WORD..."),
        ("list -l x", "--level: 'x' is not a whole number", "--level：'x' 不是整数"),
        ("list -l 9", "--level: 9 is not from 1 to 3", "--level：9 不在 1 到 3 之间"),
        ("quiz -n 0", "--number: 0 is less than 1", "--number：0 小于 1"),
        ("--new -1", "--new: -1 is less than 0", "--new：-1 小于 0"),
        ("--new 3 list", "belong to the daily session", "只用于每日学习"),
        ("--flagged --suspended", "are two sessions", "两种学习"),
    ],
)
def test_a_wrong_command_line_is_refused_in_both_languages(say: Say, line: str, en: str, zh: str) -> None:
    for words, expected in ((line.split(), en), (["--lang", "zh", *line.split()], zh)):
        said = say(*words)
        assert said.status == ExitStatus.USAGE
        assert said.out == ""
        assert expected in said.err
        assert said.err.startswith("quizcli: ")
        assert "Traceback" not in said.err


def test_what_typer_may_say_one_day_comes_through() -> None:
    error = refusal(typer.TyperException("Something new."), "quizcli list")
    assert error.message == "Something new."
    assert error.hint == "`quizcli list -h` shows what it takes."
    assert error.status == ExitStatus.USAGE


def test_a_value_refused_for_another_reason_keeps_the_reason() -> None:
    error = typer.BadParameter("no such thing", param_hint="--x")
    assert refusal(error, "quizcli").message == "Invalid value for --x: no such thing"


# Global flags, settings, exit codes


@pytest.mark.parametrize(
    ("words", "rest", "flags"),
    [
        (["--lang", "zh", "list"], ["list"], {"lang": "zh"}),
        (["list", "--lang=zh", "-t", "vae"], ["list", "-t", "vae"], {"lang": "zh"}),
        (["list", "--debug", "--no-input"], ["list"], {"debug": True, "interactive": False}),
        (["search", "--", "--debug", "--lang"], ["search", "--", "--debug", "--lang"], {}),
    ],
)
def test_global_flags_stand_anywhere(words: list[str], rest: list[str], flags: dict[str, object]) -> None:
    assert door.global_flags(words) == (rest, flags)


@pytest.mark.parametrize("line", ["--version", "--lang", "--lang=xx", "list --kind nothing"])
def test_the_collector_rests_while_modules_are_imported_and_no_longer(
    say: Say, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    seen = []
    begun = door._begun

    def watched(argv: Sequence[str]) -> int:
        seen.append(gc.isenabled())
        return begun(argv)

    monkeypatch.setattr(door, "_begun", watched)
    gc.disable()  # as importing the program has it
    say(line)
    assert seen == [False]
    assert gc.isenabled()


def test_a_wrong_language_is_refused(say: Say) -> None:
    for words in (("--lang", "xx"), ("list", "--lang=xx")):
        said = say(*words)
        assert said.status == 2
        assert said.err == "quizcli: --lang: must be en or zh, not 'xx'\n  Set it so, or leave it out.\n"
    told = "quizcli: --lang needs a value: en or zh\n  As in `quizcli --lang zh`.\n"
    assert say("--lang").err == told


def test_the_language_of_the_locale_holds_even_for_broken_settings(program: Program) -> None:
    file = program.home / "config" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text("new_per_day 3", encoding="utf-8")
    said = program.run("list", env={"QUIZCLI_LANG": "", "LC_ALL": "zh_CN.UTF-8"})
    assert said.returncode == 2
    assert said.stderr.startswith(f"quizcli: {file}：无法读取：")
    assert "请修正或删除该文件" in said.stderr
    assert f"{file}: cannot be read" in program.run("list").stderr


def test_flag_before_variable_before_file(program: Program) -> None:
    file = program.home / "config" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text('lang = "zh"', encoding="utf-8")
    assert "没有题目" in program.run("show", "xyzzy", env={"QUIZCLI_LANG": ""}).stderr
    assert "there is no question" in program.run("show", "xyzzy").stderr  # QUIZCLI_LANG=en
    assert "没有题目" in program.run("show", "xyzzy", "--lang", "zh").stderr


@pytest.mark.parametrize(
    ("error", "status", "told"),
    [
        (QuizError("no", "do that", ExitStatus.CHECK_FAILED), 3, "quizcli: no\n  do that\n"),
        (PermissionError(13, "Permission denied", "/x"), 1, "quizcli: /x: Permission denied\n  Check its"),
        (
            OSError(28, "No space left on device", "/x"),
            1,
            "quizcli: /x: No space left on device\n  Free some",
        ),
        (FileNotFoundError(2, "No such file", "/x"), 1, "quizcli: /x: No such file\n  Check how"),
        (OSError(5, "Input/output error"), 1, "quizcli: Input/output error\n"),
        (ValueError("odd"), 1, "quizcli: ValueError: odd\n  This is a mistake in quizcli; --debug shows"),
    ],
)
def test_a_traceback_comes_with_debug_and_never_without(
    say: Say, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, told: str
) -> None:
    def fail(*_: object) -> int:
        raise error

    monkeypatch.setattr(door, "_dispatch", fail)
    said = say("list")
    assert said.status == status
    assert said.err.startswith(told)
    debugged = say("list", "--debug")
    assert debugged.status == status
    assert debugged.err.startswith("Traceback")
    assert told in debugged.err


def test_ctrl_c_is_130_and_says_nothing(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(door, "_dispatch", interrupt)
    said = say()
    assert (said.status, said.out, said.err) == (130, "", "")


TWICE = """
import os, signal
import quizcli.__main__ as door
door._dispatch = lambda arguments, settings: os.kill(os.getpid(), signal.SIGINT)
door.stdio.let_go = lambda: os.kill(os.getpid(), signal.SIGINT)
import atexit
atexit.register(lambda: os.kill(os.getpid(), signal.SIGINT))
door.main()
"""
LOST = """
import os, signal, time, weakref
import quizcli.__main__ as door
class Thing: pass
def interrupt(arguments, settings):
    def told(_):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0)
    thing = Thing()
    watch = weakref.ref(thing, told)
    del thing
    time.sleep(60)
door._dispatch = interrupt
door.main()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
@pytest.mark.parametrize("program", [TWICE, LOST], ids=["twice", "where Python raises nothing"])
def test_ctrl_c_whenever_it_comes_says_nothing(tmp_path: Path, program: str) -> None:
    environ = {**os.environ, "QUIZCLI_HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, env=environ, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (ExitStatus.INTERRUPTED, b"", b"")


# Folders


def test_home_moves_everything_and_looking_makes_no_store(program: Program, tmp_path: Path) -> None:
    person = tmp_path / "person"
    person.mkdir()
    env = {"HOME": str(person), "XDG_CACHE_HOME": "", "XDG_DATA_HOME": "", "XDG_CONFIG_HOME": ""}
    for words in (["list"], ["show", "c-truth"], ["search", "even"], ["stats"], ["stats", "--json"]):
        assert program.run(*words, env=env).returncode == 0
    assert list(person.iterdir()) == []
    assert [path.name for path in program.home.iterdir()] == ["cache"]


def test_a_home_that_cannot_be_there(program: Program, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    env = {"QUIZCLI_HOME": str(tmp_path / "file" / "home")}
    assert "c-truth" in program.run("list", env=env).stdout
    assert "due" in program.run("stats", env=env).stdout
    said = program.run(env=env)
    assert said.returncode == 1
    assert "quizcli.db cannot be opened for writing" in said.stderr
    assert "Traceback" not in said.stderr


# Streams


def shell(program: Program, line: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """A line of bash in which $quizcli is the program."""
    quizcli = shlex.join([sys.executable, "-m", "quizcli"])
    return subprocess.run(
        ["bash", "-c", f"quizcli={shlex.quote(quizcli)}; {line}"],
        env={**os.environ, **program.env, **(env or {})},
        cwd=program.home.parent,
        capture_output=True,
        text=True,
        timeout=60,
    )


needs_bash = pytest.mark.skipif(sys.platform == "win32", reason="speaks to a POSIX shell")


@needs_bash
@pytest.mark.parametrize("words", ["list", "list --json", "-h", "show a-recall", "stats", "search even"])
def test_a_reader_that_leaves_is_no_error(program: Program, words: str) -> None:
    said = shell(program, f"$quizcli {words} | true; echo ${{PIPESTATUS[0]}}")
    assert (said.stdout, said.stderr) == ("0\n", "")


@needs_bash
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is Linux's")
@pytest.mark.parametrize("words", ["list", "stats --json", "-V"])
def test_a_full_disk_is_told(program: Program, words: str) -> None:
    said = shell(program, f"$quizcli {words} > /dev/full")
    assert said.returncode == 1
    assert said.stderr == "quizcli: No space left on device\n  Free some space, then try again.\n"


@needs_bash
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams(program: Program, closed: str) -> None:
    for words, status in (("list", 0), ("stats --json", 0), ("statz", 2), ("-h", 0), ("", 0)):
        said = shell(program, f"$quizcli {words} {closed}")
        assert said.returncode == status, said.stderr
        assert "Traceback" not in said.stderr
    assert said.stderr == ""


@needs_bash
def test_a_store_is_never_opened_in_the_place_of_a_closed_stream(program: Program) -> None:
    shell(program, "$quizcli <&- >&- 2>&-")
    assert (program.home / "data" / "quizcli.db").read_bytes()[:16] == b"SQLite format 3\0"
    assert program.run("stats").returncode == 0


@needs_bash
@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_what_does_not_fit_a_pipe_that_does_not_wait_comes_all_the_same(stream: str) -> None:
    """Node and ssh leave what they share with others so that a write takes what there is room for."""
    inlet, outlet = os.pipe()
    os.set_blocking(outlet, False)
    script = f"import sys; from quizcli.cli import stdio; stdio.mend(); sys.{stream}.write('x' * 10**6)"
    with (
        os.fdopen(inlet, "rb") as pipe,
        subprocess.Popen([sys.executable, "-c", script], **{stream: outlet}) as child,  # type: ignore[call-overload]
    ):
        os.close(outlet)
        time.sleep(1)  # meanwhile it meets a full pipe
        assert len(pipe.read()) == 10**6
    assert child.returncode == 0


@needs_bash
def test_exit_codes_of_children_come_to_who_was_started_without_them() -> None:
    """Whoever ignores SIGCHLD leaves that to what they start, and no exit code is to be had then."""
    script = (
        "import signal, subprocess, sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN)\n"
        "from quizcli.__main__ import run\n"
        "run(['-V']); sys.exit(subprocess.call(['false']) + 10)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 11


@pytest.mark.parametrize(
    "env",
    [
        {"PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"},
        {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C"},
        {"PYTHONUTF8": "0", "PYTHONIOENCODING": "latin-1"},
        {"PYTHONUTF8": "0", "PYTHONIOENCODING": "gbk", "QUIZCLI_LANG": "zh"},
        {"PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii", "QUIZCLI_LANG": "zh"},
    ],
)
def test_streams_that_know_few_signs(program: Program, env: dict[str, str]) -> None:
    encoding = env.get("PYTHONIOENCODING", "ascii")
    for words, status in ((["list"], 0), (["stats"], 0), (["show", "b-choice"], 0), (["-h"], 0), (["x"], 2)):
        said = subprocess.run(
            [sys.executable, "-m", "quizcli", *words],
            env={**os.environ, **program.env, **env},
            cwd=program.home.parent,
            capture_output=True,
            timeout=60,
        )
        assert said.returncode == status
        assert "Traceback" not in said.stderr.decode("utf-8", "replace")
        assert (said.stdout + said.stderr).strip()
        if words != ["-h"]:  # Typer prints it, and takes ASCII for a mistake of the environment
            said.stdout.decode(encoding)
            said.stderr.decode(encoding)


def test_json_is_utf8_on_any_stream(program: Program) -> None:
    said = subprocess.run(
        [sys.executable, "-m", "quizcli", "show", "a-recall", "--json"],
        env={**os.environ, **program.env, "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"},
        cwd=program.home.parent,
        capture_output=True,
        timeout=60,
    )
    assert json.loads(said.stdout)["ask"]["zh"] == "说说问答卡问什么。"


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
@pytest.mark.parametrize("words", [["list"], ["stats"], ["-h"]])
def test_no_colour_where_none_is_wanted(program: Program, env: dict[str, str], words: list[str]) -> None:
    with program.terminal(*words, rows=40, env=env) as terminal:
        assert terminal.exit_status() == 0
        assert terminal.raw.strip()
        coloured = re.findall(rb"\x1b\[[0-9;]*[34][0-9][0-9;]*m", terminal.raw)
        assert not coloured
        if "TERM" in env:
            assert b"\x1b" not in terminal.raw


def test_a_file_gets_no_escape_codes_whatever_the_terminal(program: Program) -> None:
    for words in (["list"], ["stats"], ["show", "a-recall"], ["search", "even"]):
        said = program.run(*words, env={"TERM": "xterm-256color", "COLORTERM": "truecolor"})
        assert "\x1b" not in said.stdout


# Completion


def completed(program: Program, line: str) -> list[str]:
    """What bash would offer after `line`."""
    words = line.split(" ")
    env = {
        "_QUIZCLI_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
    }
    said = program.run(env=env)
    assert (said.returncode, said.stderr) == (0, "")
    return said.stdout.split()


@pytest.mark.parametrize(
    "env",
    [{}, {"COMP_WORDS": "quizcli st"}, *({"COMP_WORDS": "quizcli st", "COMP_CWORD": number}
     for number in ("zz", "", "-1", "1.5", "9" * 5000))],
)  # fmt: skip
def test_what_is_no_shell_asks_for_completions(program: Program, env: dict[str, str]) -> None:
    said = program.run(env={"_QUIZCLI_COMPLETE": "complete_bash", **env})
    assert said.returncode == 2
    assert "do not say what to complete" in said.stderr
    assert "mistake in quizcli" not in said.stderr


@pytest.mark.parametrize(
    ("words", "number"), [("", "0"), ("quizcli 'st", "1"), ("quizcli", "7"), ("\\", "1")]
)
def test_a_line_that_bash_could_not_have_is_completed_too(program: Program, words: str, number: str) -> None:
    env = {"_QUIZCLI_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": number}
    said = program.run(env=env)
    assert (said.returncode, said.stderr) == (0, "")


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("quizcli st", ["stats"]),
        ("quizcli bank c", ["check"]),
        ("quizcli list --js", ["--json"]),
        ("quizcli show b", ["b-choice"]),
        ("quizcli show zzz", []),
        ("quizcli list --topic k", ["kinds"]),
        ("quizcli quiz -t k", ["kinds"]),
        ("quizcli review --topic k", ["kinds"]),
        ("quizcli --topic k", ["kinds"]),
        ("quizcli list --kind tr", ["truth"]),
        ("quizcli demo c", ["coin"]),
        ("quizcli verify c", ["coin"]),
        ("quizcli --lang zh demo c", ["coin"]),
        ("quizcli demo coin --t", ["--throws"]),
        ("quizcli demo coin --bias 0.5 --b", []),
        ("quizcli demo nothing --b", []),
        ("quizcli unsuspend ", []),
        ("quizcli restore ", []),
    ],
)
def test_a_shell_completes_names(program: Program, line: str, offered: list[str]) -> None:
    assert completed(program, line) == offered


def test_completion_begins_no_session(program: Program) -> None:
    assert "review" in completed(program, "quizcli ")
    assert not (program.home / "data").exists()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_script_of_a_shell(program: Program, shell: str) -> None:
    env = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    said = program.run("--show-completion", shell, env=env)
    assert said.returncode == 0
    assert "_QUIZCLI_COMPLETE=complete_" in said.stdout


@needs_bash
def test_completion_can_be_installed(program: Program, tmp_path: Path) -> None:
    env = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1", "HOME": str(tmp_path)}
    said = program.run("--install-completion", "bash", env=env)
    assert said.returncode == 0, said.stderr
    assert "quizcli" in (tmp_path / ".bashrc").read_text(encoding="utf-8")


def test_completion_beside_no_shell_that_it_knows(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("typer._completion_shared._get_shell_name", lambda: None)
    monkeypatch.setenv("HOME", str(tmp_path))
    settings = load_settings({"QUIZCLI_HOME": str(tmp_path)})
    with pytest.raises(QuizError, match="no shell was found that can complete commands"):
        dispatch(["--install-completion"], settings)

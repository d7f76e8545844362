"""`e`: the question in the person's own editor, at its line. The session goes on with a sound bank only."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path

from rich.text import Text as Line

from quizcli.errors import QuizError
from quizcli.screen import theme
from quizcli.screen.card import footer
from quizcli.screen.keys import Keyboard
from quizcli.screen.page import Page
from quizcli.text import tr

_TAKES_PLUS_LINE = {"vi", "vim", "nvim", "nano", "emacs", "emacsclient", "micro", "kak", "joe", "ne", "mg"}


def edited(path: Path, question_id: str, page: Page, keys: Keyboard) -> bool:
    """Let the person edit a bank until it is sound or they leave it. Says whether the file has changed.

    What was there before stays beside it as `….yaml~`, as with any editor.
    """
    try:
        before = path.read_bytes()
        while True:
            with keys.suspended():
                open_editor(path, question_id)
            after = path.read_bytes()
            mistakes = mistakes_in(path, after)
            if not mistakes:
                break
            page.turn(
                [Line(), *(Line(f" {mistake}", style=theme.BAD) for mistake in mistakes[: page.height - 4])]
            )
            page.footer(
                footer(
                    [
                        ("e", tr("edit again", "继续编辑")),
                        (tr("any other key", "其他键"), tr("leave it so", "就这样")),
                    ],
                    page.width,
                )
            )
            if keys.read() != "e":
                break
    except (QuizError, OSError) as error:
        message = error.message if isinstance(error, QuizError) else f"{path}: {error.strerror}"
        page.turn([Line(), Line(f" {message}", style=theme.BAD)])
        page.footer(footer([(tr("any key", "任意键"), tr("back to the question", "回到题目"))], page.width))
        keys.read()
        return False
    if after != before:
        path.with_name(f"{path.name}~").write_bytes(before)
    return after != before


def mistakes_in(path: Path, data: bytes) -> list[str]:
    """The mistakes of a bank, each as one line."""
    from quizcli.bank.reader import read

    return [str(mistake) for mistake in read(data, path.name).mistakes]


def open_editor(path: Path, question_id: str) -> None:
    """Run the editor on the bank and wait until it ends. The terminal must be the editor's meanwhile."""
    if not os.access(path, os.W_OK):
        raise QuizError(tr(f"{path} cannot be written", f"{path} 不可写"))
    editor = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
    place = [f"+{line_of(path, question_id)}"] if Path(editor[0]).name in _TAKES_PLUS_LINE else []
    try:
        status = subprocess.run([*editor, *place, str(path)], check=False).returncode
    except OSError as error:
        raise QuizError(
            tr(
                f"the editor {editor[0]!r} cannot be started ({error.strerror}); set EDITOR",
                f"无法启动编辑器 {editor[0]!r}（{error.strerror}）；请设置 EDITOR",
            )
        ) from error
    if status != 0:
        raise QuizError(tr(f"{editor[0]} ended with status {status}", f"{editor[0]} 以状态 {status} 退出"))


def line_of(path: Path, question_id: str) -> int:
    """The line on which a question's id stands, counted from 1; the first line where it cannot be found."""
    wanted = re.compile(rf"^\s*(-\s+)?id:\s*['\"]?{re.escape(question_id)}['\"]?\s*(#.*)?$")
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if wanted.match(line):
            return number
    return 1

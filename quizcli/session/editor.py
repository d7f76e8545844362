"""The person's own editor, on one file."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from quizcli.errors import QuizError
from quizcli.processes.spawn import signal_name
from quizcli.screen.terminal.clean_stream import steer
from quizcli.text import tr

_SIGNALLED = 128  # to which a shell adds the number of the signal that ended what it ran
_LEAVE_SCREEN = "\x1b[?1049l"  # the alternate one, which an editor has no time to leave where it is killed
# How an editor is told the line: +7 before the file, or file:7, after -g where it is asked for.
_PLUS_LINE = {
    "vi",
    "vim",
    "nvim",
    "gvim",
    "nano",
    "emacs",
    "emacsclient",
    "micro",
    "hx",
    "helix",
    "kak",
    "joe",
}
_PLUS_LINE |= {"ne", "mg", "gedit", "view"}
_COLON_LINE = {"code": "-g", "code-insiders": "-g", "codium": "-g", "vscodium": "-g", "cursor": "-g"}
_COLON_LINE |= {"subl": "", "zed": ""}


def at_line(editor: str, path: Path, line: int) -> list[str]:
    """The arguments that open a file in an editor of this name, at a line where it can do that."""
    name = editor.lower().removesuffix(".exe").removesuffix(".cmd")
    if name in _PLUS_LINE:
        return [f"+{line}", str(path)]
    if name in _COLON_LINE:
        return [*filter(None, [_COLON_LINE[name]]), f"{path}:{line}"]
    return [str(path)]


def named_editor(environ: Mapping[str, str]) -> tuple[str, str]:
    """The variable that names the editor, and what it holds; ("", "") where none does. Blanks name none."""
    for variable in ("VISUAL", "EDITOR"):
        if environ.get(variable, "").strip():
            return variable, environ[variable]
    return "", ""


def editor_command(environ: Mapping[str, str], *, windows: bool = sys.platform == "win32") -> list[str]:
    """The editor and its arguments; vi where no variable names one. QuizError where it cannot be read."""
    variable, wanted = named_editor(environ)
    try:
        # A backslash quotes in a POSIX shell and separates folders on Windows, where quotation marks stay.
        words = shlex.split(wanted, posix=not windows)
    except ValueError as error:  # a quotation mark without its other half
        raise QuizError(
            tr(
                f"{variable} is no command: {wanted!r}: {error}",
                f"{variable} 不是可执行的命令：{wanted!r}：{error}",
            ),
            tr(f"Set {variable} to one, such as `vi`.", f"请把 {variable} 设为编辑器命令，例如 `vi`。"),
        ) from error
    if windows:
        words = [word[1:-1] if word[:1] in "\"'" and word[-1:] == word[:1] else word for word in words]
    return words or ["vi"]


def open_editor(path: Path, line: int) -> None:
    """Run the editor on a file, at a line where it can do that, and wait until it ends.

    The terminal must be the editor's meanwhile. QuizError where it cannot be started, or ends with an error.
    """
    editor = editor_command(os.environ)
    # Where stdout is a file, for --json, the person and the editor are still at the terminal.
    screen = sys.stderr if sys.stderr.isatty() and not sys.stdout.isatty() else None
    command = [*editor, *at_line(Path(editor[0]).name, path, line)]
    try:
        status = subprocess.run(command, check=False, stdout=screen).returncode
    except OSError as error:
        raise QuizError(
            tr(
                f"the editor {editor[0]!r} cannot be started ({error.strerror})",
                f"无法启动编辑器 {editor[0]!r}（{error.strerror}）",
            ),
            tr("Set VISUAL or EDITOR to the one you use.", "请把 VISUAL 或 EDITOR 设为你用的编辑器。"),
        ) from error
    if status != 0:
        if (status < 0 or status > _SIGNALLED) and sys.stdout.isatty() and os.environ.get("TERM") != "dumb":
            steer(sys.stdout, _LEAVE_SCREEN)
        how_en, how_zh = f"ended with status {status}", f"以状态 {status} 退出"
        if status < 0:
            how_en, how_zh = f"was ended by {signal_name(status)}", f"被 {signal_name(status)} 终止"
        raise QuizError(
            tr(f"{editor[0]} {how_en}", f"{editor[0]} {how_zh}"),
            tr("What was saved is kept; `e` opens it again.", "已保存的内容仍在；按 `e` 可再次打开。"),
        )

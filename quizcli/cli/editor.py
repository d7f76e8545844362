"""The person's own editor, on one file."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

from quizcli.demo.process import signal_name
from quizcli.errors import QuizError
from quizcli.screen.door import steer
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


def named_editor() -> str:
    """The editor that the person has named, as a command; "" where there is none."""
    return (os.environ.get("VISUAL") or os.environ.get("EDITOR") or "").strip()


def at_line(editor: str, path: Path, line: int) -> list[str]:
    """The arguments that open a file in an editor of this name, at a line where it can do that."""
    name = editor.lower().removesuffix(".exe").removesuffix(".cmd")
    if name in _PLUS_LINE:
        return [f"+{line}", str(path)]
    if name in _COLON_LINE:
        return [*filter(None, [_COLON_LINE[name]]), f"{path}:{line}"]
    return [str(path)]


def open_editor(path: Path, line: int) -> None:
    """Run the editor on a file, at a line where it can do that, and wait until it ends.

    The terminal must be the editor's meanwhile. QuizError where it cannot be started, or ends with an error.
    """
    wanted = named_editor()
    try:
        editor = shlex.split(wanted) or ["vi"]
    except ValueError as error:  # a quotation mark without its other half
        raise QuizError(
            tr(f"EDITOR is no command: {wanted!r}: {error}", f"EDITOR 不是可执行的命令：{wanted!r}：{error}"),
            tr("Set it to one, such as `vi`.", "请设为编辑器命令，例如 `vi`。"),
        ) from error
    try:
        status = subprocess.run([*editor, *at_line(Path(editor[0]).name, path, line)], check=False).returncode
    except OSError as error:
        raise QuizError(
            tr(
                f"the editor {editor[0]!r} cannot be started ({error.strerror})",
                f"无法启动编辑器 {editor[0]!r}（{error.strerror}）",
            ),
            tr("Set EDITOR to the one you use.", "请把 EDITOR 设为您用的编辑器。"),
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

"""What a person reads before the code of a pack may run: files, code, what has changed; a question."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence

from rich.text import Text as RichText

from quizcli.errors import ExitStatus, QuizError
from quizcli.packs.registry import Added
from quizcli.packs.trust import CodeFile
from quizcli.packs.trusted_copies import copy_of, text_of
from quizcli.screen.terminal import theme
from quizcli.screen.terminal.theme import make_console
from quizcli.settings import Settings
from quizcli.text import tr

_DIGITS = 12  # of a SHA-256, as a person compares them
_SHORT = 60  # lines: so much is shown at once, without being asked for
_YES = ("y", "yes", "是")


class CodeReading:
    """The code of a pack in front of a person. `differ` says how each path differs from what was trusted."""

    def __init__(
        self, one: Added, found: Sequence[CodeFile], differ: Mapping[str, str], settings: Settings
    ) -> None:
        self._one = one
        self._found = found
        self._differ = differ
        self._settings = settings
        unread = [number for number, source in enumerate(found, 1) if source.path in differ]
        self._unread = unread or list(range(1, len(found) + 1))

    def print_files(self) -> None:
        """Every file that could run, numbered, with its length, its hash, and what is new since last time."""
        said = {"new": tr("new", "新增"), "changed": tr("changed", "有改动"), "gone": tr("gone", "已删除")}
        marked = self._differ if self._one.trusted else {}
        print(f"{self._one.name}  {self._one.root}")
        width = max(len(path) for path in [*(source.path for source in self._found), *marked])
        digits = len(str(len(self._found)))
        for number, source in enumerate(self._found, 1):
            mark = f"  {said[marked[source.path]]}" if source.path in marked else ""
            lines = tr("line " if source.lines == 1 else "lines", "行")
            hashed = f"{source.lines:>6,} {lines}  {source.digest[:_DIGITS]}"
            print(f"  {number:>{digits}}  {source.path:<{width}}  {hashed}{mark}")
        for path in sorted(path for path, how in marked.items() if how == "gone"):
            print(f"  {'':>{digits}}  {path:<{width}}  {said['gone']}")

    def show_everything(self) -> None:
        """Print the code of every file that is not trusted yet; of a changed one, what has changed."""
        while self._unread:
            self.show(self._unread[0])

    def show(self, number: int) -> None:
        """Print the code of the file of that number, or what has changed in it since it was trusted."""
        self._unread = [other for other in self._unread if other != number]
        source = self._found[number - 1]
        console = make_console()
        console.print(RichText.assemble("\n", (source.path, theme.STRONG)))
        for line in self._lines(source):
            console.print(line, soft_wrap=True)

    def _lines(self, source: CodeFile) -> Iterator[RichText]:
        text = text_of(self._one.pack.root, source)
        before = None
        if self._differ.get(source.path) == "changed":
            before = copy_of(self._one.trusted[source.path], self._settings)
        if before is not None:
            yield from _changes(before, text)
            return
        lines = text.split("\n")
        width = len(str(len(lines)))
        for number, line in enumerate(lines[:-1] if not lines[-1] else lines, 1):
            yield RichText.assemble((f"  {number:>{width}}  ", theme.QUIET), line)

    def agrees(self) -> bool:
        """Ask on the terminal; anything but a clear yes is a no. QuizError where nobody can be asked."""
        if not (self._settings.interactive and sys.stdin.isatty() and sys.stderr.isatty()):
            raise QuizError(
                tr("nobody is here to be asked", "当前无法询问"),
                tr(
                    "--show prints the code, --yes trusts without asking.",
                    "加 --show 可显示代码，加 --yes 可直接信任，不再询问。",
                ),
                ExitStatus.USAGE,
            )
        if sum(self._found[number - 1].lines for number in self._unread) <= _SHORT:
            self.show_everything()
            print()
        _tell(
            tr(
                "This code will run on this machine, with all that you may do yourself.",
                "这些代码将在本机以你的全部权限运行。",
            ),
            tr(f"It can be read in {self._one.root} too.", f"也可在 {self._one.root} 中阅读。"),
            tr(
                "s shows the next file, a number that file, a all of them.",
                "s 显示下一个文件，数字显示该文件，a 显示全部。",
            ),
        )
        return self._answer()

    def _answer(self) -> bool:
        while True:
            sys.stdout.flush()
            print(tr("Trust it? [y/N] ", "是否信任？[y/N] "), end="", file=sys.stderr, flush=True)
            word = sys.stdin.readline().strip().lower()
            if word == "a":
                self._unread = self._unread or list(range(1, len(self._found) + 1))
                self.show_everything()
            elif word == "s":
                if self._unread:
                    self.show(self._unread[0])
                else:
                    _tell(tr("That was all of it.", "已全部显示。"))
            elif word.isdecimal() and 1 <= int(word) <= len(self._found):
                self.show(int(word))
            else:
                return word in _YES


def _tell(*lines: str) -> None:
    for line in lines:
        print(line, file=sys.stderr)


def _changes(before: str, after: str) -> Iterator[RichText]:
    """The lines that have come and gone, with three around them."""
    from difflib import unified_diff

    styles = {"+": theme.GOOD, "-": theme.BAD, "@": theme.QUIET}
    for line in list(unified_diff(before.split("\n"), after.split("\n"), lineterm=""))[2:]:
        yield RichText("  " + line, styles.get(line[:1], theme.PLAIN))

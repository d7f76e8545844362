"""The code that a person writes: a draft for each question, and every attempt that was judged."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from quizcli.bank.code_rules import code_rules
from quizcli.bank.types import Code
from quizcli.file_reading import read_regular
from quizcli.file_writing import replace_file

LONGEST = 4 << 20  # bytes of a draft that are read: nobody writes as much
KEPT = 50  # attempts for each question; older ones make room


class Drafts:
    """The drafts in a folder. A draft is a file of its own, so that any editor can hold it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, question: Code) -> Path:
        """Where the draft of a question is, whether it exists or not."""
        return self._folder / f"{_file_name(question.id)}.py"

    def open(self, question: Code) -> Path:
        """The draft; begun with the starter where there is none, or where what stands there has passed.

        Whoever writes it again weeks later shall not find it written. Raises OSError.
        """
        path = self.path(question)
        if path.exists() and self._has_passed(question, path):
            path.unlink()
        if not path.exists():
            replace_file(path, starter(question).encode())
        return path

    def begin_again(self, question: Code) -> bool:
        """Put the draft, if there is one, among the attempts, and begin with the starter.

        Returns whether there was one.
        """
        path = self.path(question)
        kept = path.exists()
        if kept:
            self.keep(question, read_regular(path, LONGEST).decode(errors="replace"), "left")
            path.unlink()
        self.open(question)
        return kept

    def keep(self, question: Code, text: str, what: str) -> None:
        """Keep what was judged; `what` came of it: "passed", "failed", "left"."""
        folder = self._folder / "attempts" / _file_name(question.id)
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H%M%S.%f")
        replace_file(folder / f"{now}-{what}.py", text.encode())
        for old in sorted(folder.glob("*.py"))[:-KEPT]:
            old.unlink()

    def _has_passed(self, question: Code, path: Path) -> bool:
        kept = list(self.attempts(question))
        passed = bool(kept) and kept[-1].stem.endswith("-passed")
        return passed and read_regular(kept[-1], LONGEST) == read_regular(path, LONGEST)

    def attempts(self, question: Code) -> Iterator[Path]:
        """The kept attempts, oldest first."""
        yield from sorted((self._folder / "attempts" / _file_name(question.id)).glob("*.py"))


def starter(question: Code) -> str:
    """What a draft begins with, in the language in use: the rules that the card tells, then the code."""
    rules = "".join(f"# {rule}\n" for rule in code_rules(question))
    return f"{rules}{question.starter}\n"


def _file_name(question_id: str) -> str:
    """The question's id as a file name; that of an added pack holds a slash."""
    return re.sub(r"[^a-z0-9-]", "_", question_id)

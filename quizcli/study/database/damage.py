"""A file of the store that is not what quizcli wrote, told as that: what is wrong, and how to get it back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from quizcli.errors import QuizError
from quizcli.text import tr


class DamagedError(QuizError):
    """The store can be read in part at best. Nothing has been changed."""

    def __init__(self, path: str, reason: object) -> None:
        self.reason = str(reason)
        super().__init__(
            tr(f"{path} is damaged: {reason}.", f"{path} 已损坏：{reason}。"),
            tr(
                "`quizcli restore` lists the backups and brings one back; the damaged file is kept. "
                "Copies are in the folder `backups` beside it.",
                "`quizcli restore` 可列出备份并恢复其中之一，损坏的文件会保留。备份位于旁边的 backups 目录。",
            ),
        )


class ForeignError(QuizError):
    """What is in the place of the store is no store, or its first bytes are not those of one any more."""


@contextmanager
def decoding(path: str) -> Iterator[None]:
    """What is in a row, or in the JSON of one, and cannot be: a DamagedError.

    Only what turns values of the store into records belongs inside: mistakes of ours must look like ours.
    """
    try:
        yield
    except (msgspec.MsgspecError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise DamagedError(path, tr(f"a row cannot be: {error}", f"含有不可能的数据：{error}")) from error

"""The store of a person, opened by a command: to write, with the day's backup, or only to read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from quizcli.errors import QuizError
from quizcli.file_writing import refuse_dangling
from quizcli.notices import tell
from quizcli.settings import Settings
from quizcli.text import tr

if TYPE_CHECKING:
    from quizcli.study.schedule.card import Card
    from quizcli.study.store.store import Store


def card_states(settings: Settings) -> dict[str, Card]:
    """The cards by id; empty before the first answer."""
    with store_to_read(settings) as store:
        return {card.id: card for card in store.cards()}


@contextmanager
def store_to_write(settings: Settings) -> Iterator[Store]:
    """The store for a command that writes: the day's backup is made, and trouble is told at the end."""
    from quizcli.study.backups.daily import Daily
    from quizcli.study.store.store import Store

    new = not settings.store_file.exists()
    with Store.open(settings.store_file) as store:
        daily = Daily(settings)
        store.after_first_write = daily.begin
        if new and (lost := _lost_one(settings)):
            store.notices.append(lost)
        try:
            yield store
        finally:
            daily.finish()
            store.close()  # now, so that what became of the file is told too
            for line in store.notices:
                tell(line)
            if daily.trouble is not None:
                tell(_no_backup(daily.trouble))


def _lost_one(settings: Settings) -> str:
    """What to say where there was a store before the one that begins now; nothing where there was none."""
    from quizcli.study.backups.kept_backups import backups

    with suppress(OSError):
        if count := len(backups(settings.store_file)):
            where = settings.store_file
            return tr(
                f"{where} was gone, and a new one has begun. There {'are' if count > 1 else 'is'} {count} "
                f"backup{'s' * (count > 1)}: `quizcli restore`",
                f"{where} 已不存在，因此新建了一个；另有 {count} 份备份：`quizcli restore`",
            )
    return ""


def _no_backup(error: QuizError | OSError) -> str:
    reason = error.message if isinstance(error, QuizError) else f"{error.filename}: {error.strerror}"
    return tr(f"today's backup could not be made: {reason}", f"今天的备份未能完成：{reason}")


@contextmanager
def store_to_read(settings: Settings) -> Iterator[Store]:
    """The store; before the first answer an empty one that leaves nothing behind: to look is no beginning."""
    from tempfile import TemporaryDirectory

    from quizcli.study.store.read_only import readable_store

    with ExitStack() as stack:
        path = settings.store_file
        refuse_dangling(path)
        if not path.exists():
            path = Path(stack.enter_context(TemporaryDirectory(prefix="quizcli-"))) / path.name
        yield stack.enter_context(readable_store(path))

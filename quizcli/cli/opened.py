"""What a command opens before it begins: the banks, and where there is one already, the store."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from quizcli.bank.packs import Loaded, Pack, builtin, load
from quizcli.bank.types import AnyQuestion
from quizcli.bank.unread import ById
from quizcli.errors import QuizError
from quizcli.private import refuse_dangling
from quizcli.reading import is_there
from quizcli.settings import Settings
from quizcli.text import tr

if TYPE_CHECKING:
    from quizcli.study.card import Card
    from quizcli.study.store import Store


def pack() -> Pack:
    """The pack that comes with the program."""
    return builtin()


def every_bank(settings: Settings, tell: Callable[[str], None]) -> Loaded:
    """The healthy banks of all packs; `tell` is told in a line what was left out."""
    loaded = in_own_words(pack(), settings.edits_dir, settings)
    if count := len(loaded.mistakes):
        tell(
            tr(
                f"{count} mistake{'s' * (count != 1)} in the banks; questions are left out "
                "(`quizcli bank check`)",
                f"题库中有 {count} 处错误，相关题目已略过（用 `quizcli bank check` 查看）",
            )
        )
    if is_there(settings.packs_file):
        from quizcli.cli.joined import joined

        loaded = joined(loaded, settings, tell)
    return loaded


def load_banks(settings: Settings) -> Loaded:
    """The healthy banks; lines on stderr say what was left out. QuizError where nothing is left."""
    loaded = every_bank(settings, tell)
    if not any(bank.questions for bank in loaded.banks):
        raise QuizError(
            tr(f"{pack().questions}: no questions here", f"{pack().questions}：没有题目"),
            tr("`quizcli doctor` looks at the installation.", "`quizcli doctor` 可检查安装情况。"),
        )
    return loaded


def tell(line: str) -> None:
    """Say on stderr what does not stop the command."""
    print(tr("quizcli: ", "quizcli：") + line, file=sys.stderr)


def in_own_words(pack: Pack, edits: Path, settings: Settings) -> Loaded:
    """The healthy banks of a pack, its questions as the person has reworded them in the folder `edits`."""
    loaded = load(pack, settings.cache_dir)
    if edits.is_dir():
        from quizcli.bank.edits import edits_at, merged

        loaded = merged(loaded, load(edits_at(edits), settings.cache_dir))
    return loaded


def with_figures(question: AnyQuestion, settings: Settings) -> AnyQuestion:
    """The question with the numbers of its pack's record in its prose.

    Without a record that can be read they are shown as …; `quizcli bank check` says what is wrong with it.
    """
    if not question.measured:
        return question
    from quizcli.bank.figures import quoted
    from quizcli.bank.recorded import recorded

    try:
        record = recorded(origin(question.id, settings).pack.root)
    except QuizError:
        record = {}
    return quoted(question, record)


def as_asked(question: AnyQuestion, settings: Settings) -> AnyQuestion:
    """The question as it is shown before it is answered: only few quote a number there."""
    if not question.measured:
        return question
    from quizcli.bank.figures import asks_with_figures

    return with_figures(question, settings) if asks_with_figures(question) else question


class Origin(Struct, frozen=True):
    """Where a question comes from: its pack, its id there, and where the person's wording of it is kept."""

    pack: Pack
    id: str
    edits: Path


def origin(question_id: str, settings: Settings) -> Origin:
    """Where the question of this (full) id comes from. QuizError where its pack has been removed."""
    if "/" not in question_id:
        return Origin(pack(), question_id, settings.edits_dir)
    from quizcli.bank.namespace import parted
    from quizcli.bank.registry import added_as
    from quizcli.cli.joined import edits_of

    owner, bare = parted(question_id)
    return Origin(added_as(owner, settings).pack, bare, edits_of(owner, settings))


def follow_ups(question: AnyQuestion, questions: Mapping[str, AnyQuestion]) -> list[AnyQuestion]:
    """What an interviewer asks next, as far as the banks hold it."""
    return [questions[name] for name in question.follow if name in questions]


def all_questions(loaded: Loaded) -> ById:
    """Every question by its id, in the order of the banks."""
    return ById(loaded.banks)


def titles_of(loaded: Loaded) -> dict[str, str]:
    """The title of each topic; the program's own where an added pack has a topic of the same name."""
    return {bank.topic: str(bank.title) for bank in reversed(loaded.banks)}


def card_states(settings: Settings) -> dict[str, Card]:
    """The cards by id; empty before the first answer."""
    with store_to_read(settings) as store:
        return {card.id: card for card in store.cards()}


@contextmanager
def store_to_write(settings: Settings) -> Iterator[Store]:
    """The store for a command that writes: the day's backup is made, and trouble is told at the end."""
    from quizcli.study.daily import Daily
    from quizcli.study.store import Store

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
    from quizcli.study.backups import backups

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

    from quizcli.study import to_read

    with ExitStack() as stack:
        path = settings.store_file
        refuse_dangling(path)
        if not path.exists():
            path = Path(stack.enter_context(TemporaryDirectory(prefix="quizcli-"))) / path.name
        yield stack.enter_context(to_read.store_to_read(path))

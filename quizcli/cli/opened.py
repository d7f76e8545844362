"""What a command opens before it begins: the banks, and where there is one already, the store."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from quizcli.bank.packs import Loaded, Pack, builtin, load
from quizcli.bank.types import AnyQuestion
from quizcli.errors import QuizError
from quizcli.settings import Settings
from quizcli.text import tr

if TYPE_CHECKING:
    from quizcli.study.card import Card
    from quizcli.study.store import Store


def pack() -> Pack:
    """The pack that is studied."""
    return builtin()


def load_banks(settings: Settings) -> Loaded:
    """The healthy banks; a line on stderr says if others were left out. QuizError where nothing is left."""
    loaded = load(pack(), settings.cache_dir)
    if settings.edits_dir.is_dir():
        from quizcli.bank.edits import edits_at, merged

        loaded = merged(loaded, load(edits_at(settings.edits_dir), settings.cache_dir))
    if count := len(loaded.mistakes):
        print(
            tr(
                f"quizcli: {count} mistake{'s' * (count != 1)} in the banks; questions are left out "
                "(`quizcli bank check`)",
                f"quizcli：题库中有 {count} 处错误，相关题目已略过（用 `quizcli bank check` 查看）",
            ),
            file=sys.stderr,
        )
    if not any(bank.questions for bank in loaded.banks):
        raise QuizError(
            tr(f"{pack().questions}: no questions here", f"{pack().questions}：没有题目"),
            tr("`quizcli doctor` looks at the installation.", "`quizcli doctor` 可检查安装情况。"),
        )
    return loaded


def follow_ups(question: AnyQuestion, questions: Mapping[str, AnyQuestion]) -> list[AnyQuestion]:
    """What an interviewer asks next, as far as the banks hold it."""
    return [questions[name] for name in question.follow if name in questions]


def all_questions(loaded: Loaded) -> dict[str, AnyQuestion]:
    """Every question by its id, in the order of the banks."""
    return {question.id: question for bank in loaded.banks for question in bank.questions}


def card_states(settings: Settings) -> dict[str, Card]:
    """The cards by id; empty before the first answer."""
    with store_to_read(settings) as store:
        return {card.id: card for card in store.cards()}


@contextmanager
def store_to_read(settings: Settings) -> Iterator[Store]:
    """The store; before the first answer an empty one that leaves nothing behind: to look is no beginning."""
    from tempfile import TemporaryDirectory

    from quizcli.study.store import Store

    with ExitStack() as stack:
        path = settings.store_file
        if not path.exists():
            path = Path(stack.enter_context(TemporaryDirectory(prefix="quizcli-"))) / path.name
        yield stack.enter_context(Store.open(path))

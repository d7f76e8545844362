"""A list of questions as commands print it: a line for each, or JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

import msgspec
import typer

from quizcli.bank.types import AnyQuestion
from quizcli.json_output import print_json
from quizcli.packs.library import as_asked, titles_of
from quizcli.packs.pack import Loaded
from quizcli.session.card_state import describe_state
from quizcli.settings import Settings
from quizcli.study.schedule.card import Card
from quizcli.study.schedule.study_days import Days, now_ms
from quizcli.study.store.opening import card_states
from quizcli.text import tr

AsJson = Annotated[bool, typer.Option("--json", help=tr("As JSON.", "输出 JSON。"))]


def print_questions(
    settings: Settings,
    loaded: Loaded,
    questions: list[AnyQuestion],
    as_json: bool,
    marked: Sequence[str] = (),
) -> None:
    """One line for each, topic by topic; `marked` words stand out. Or all of them as JSON."""
    questions = [as_asked(question, settings) for question in questions]
    states = card_states(settings)
    if as_json:
        rows = [
            {
                "id": q.id,
                "topic": q.topic,
                "kind": q.kind,
                "level": q.level,
                "ask": q.ask,
                "state": as_words(states.get(q.id)),
            }
            for q in questions
        ]
        print_json(rows)
        return
    from quizcli.screen.cards.question_list import Listed, listing_lines
    from quizcli.screen.terminal.theme import make_console

    console = make_console()
    titles = titles_of(loaded)
    is_buried = buried_today(settings)
    cards = [states.get(question.id) for question in questions]
    listed = [
        Listed(question, describe_state(card, buried=card is not None and is_buried(card)))
        for question, card in zip(questions, cards, strict=True)
    ]
    width = console.width if console.is_terminal else None
    for line in listing_lines(listed, titles, width, marked):
        console.print(line, soft_wrap=True)


def as_words(card: Card | None) -> dict[str, object] | None:
    """A card with the names of its columns, for JSON; None before the first answer."""
    return None if card is None else msgspec.structs.asdict(card)


def buried_today(settings: Settings) -> Callable[[Card], bool]:
    """Whether a card is put aside for the rest of today."""
    now = now_ms()
    day = Days(settings.rollover_hour).number(now)
    return lambda card: card.is_buried(day, now)

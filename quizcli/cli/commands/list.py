"""`quizcli list`: the questions and how they stand, without a session."""

from __future__ import annotations

from typing import Annotated

import typer

from quizcli.bank.named_questions import chosen_questions, topics_named
from quizcli.cli import completion
from quizcli.cli.question_listing import AsJson, buried_today, print_questions
from quizcli.errors import ExitStatus, QuizError
from quizcli.packs.library import all_questions, load_banks
from quizcli.study.store.opening import card_states
from quizcli.text import tr


def command(
    ctx: typer.Context,
    topic: Annotated[
        list[str] | None,
        typer.Option(
            "--topic", "-t", autocompletion=completion.topics, help=tr("Only these topics.", "只列这些主题。")
        ),
    ] = None,
    kind: Annotated[
        list[str] | None,
        typer.Option(
            "--kind", "-k", autocompletion=completion.kinds, help=tr("Only these kinds.", "只列这些题型。")
        ),
    ] = None,
    level: Annotated[
        int | None, typer.Option("--level", "-l", min=1, max=3, help=tr("Only this level.", "只列这个难度。"))
    ] = None,
    flagged: Annotated[
        bool, typer.Option("--flagged", help=tr("Only flagged cards.", "只列加旗标的卡片。"))
    ] = False,
    suspended: Annotated[
        bool, typer.Option("--suspended", help=tr("Only suspended cards.", "只列已暂停的卡片。"))
    ] = False,
    buried: Annotated[
        bool, typer.Option("--buried", help=tr("Only cards buried until tomorrow.", "只列推到明天的卡片。"))
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Print one line for every question: id, kind, level, how it stands; exit 1 if there is none."""
    loaded = load_banks(ctx.obj)
    topics = topics_named(topic or [], loaded.banks)
    chosen = chosen_questions(all_questions(loaded).values(), topics, kind or [], level)
    none_marked = ""
    if flagged or suspended or buried:
        states, is_buried = card_states(ctx.obj), buried_today(ctx.obj)
        cards = {q.id: card for q in chosen if (card := states.get(q.id)) is not None}
        wanted = {
            card.id
            for card in cards.values()
            if (card.flagged or not flagged)
            and (card.suspended or not suspended)
            and (is_buried(card) or not buried)
        }
        chosen = [q for q in chosen if q.id in wanted]
        cards_there = list(states.values())
        if suspended and not any(card.suspended for card in cards_there):
            none_marked = tr("no card is suspended", "没有暂停的卡片")
        elif flagged and not any(card.flagged for card in cards_there):
            none_marked = tr("no card is flagged", "没有加旗标的卡片")
        elif buried and not any(map(is_buried, cards_there)):
            none_marked = tr("no card is buried until tomorrow", "没有推到明天的卡片")
    if none_marked and not as_json:
        raise QuizError(
            none_marked,
            tr(
                "In a session f flags a card, s suspends it, b buries it.",
                "学习时按 f 加旗标，按 s 暂停，按 b 推到明天。",
            ),
        )
    if not chosen and not as_json:
        raise QuizError(
            tr("no question is all of that", "没有同时满足这些条件的题目"),
            tr(
                "Ask for less at once; `quizcli list` lists them all.",
                "请减少条件；`quizcli list` 列出全部题目。",
            ),
        )
    print_questions(ctx.obj, loaded, chosen, as_json)
    return ExitStatus.OK if chosen else ExitStatus.ERROR

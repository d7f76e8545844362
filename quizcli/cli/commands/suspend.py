"""`quizcli suspend` and `unsuspend`: cards put aside and brought back, without waiting for them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import Annotated

import typer

from quizcli.bank.named_questions import question_named
from quizcli.bank.types import AnyQuestion
from quizcli.cli import completion
from quizcli.cli.question_listing import print_questions
from quizcli.errors import ExitStatus, QuizError
from quizcli.packs.library import all_questions, load_banks
from quizcli.settings import Settings
from quizcli.study.schedule.card import Act
from quizcli.study.schedule.study_days import Days, now_ms
from quizcli.study.store.opening import card_states, store_to_write
from quizcli.text import tr


def suspend(
    ctx: typer.Context,
    ids: Annotated[
        list[str],
        typer.Argument(
            metavar="ID...", autocompletion=completion.questions, help=tr("Questions' ids.", "题目的 id。")
        ),
    ],
) -> int:
    """Suspend these cards; a word on each."""
    questions = all_questions(load_banks(ctx.obj))
    suspended = _suspended(ctx.obj)
    chosen = [_known(card_id, questions, suspended) for card_id in ids]
    _act(ctx.obj, [card_id for card_id in chosen if card_id not in suspended], "suspend")
    for card_id in chosen:
        if card_id in suspended:
            print(tr(f"{card_id}: suspended already", f"{card_id}：此前已暂停"))
        else:
            print(tr(f"{card_id}: suspended", f"{card_id}：已暂停"))
    back = f"`quizcli unsuspend {' '.join(chosen)}`"
    print(tr(f"{back} takes that back.", f"{back} 可恢复。"), file=sys.stderr)
    return ExitStatus.OK


def unsuspend(
    ctx: typer.Context,
    ids: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[ID]...",
            autocompletion=completion.suspended_ids,
            help=tr(
                "Questions' ids; without any, the suspended cards are listed.",
                "题目的 id；省略则列出已暂停的卡片。",
            ),
        ),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help=tr("All suspended cards.", "全部已暂停的卡片。"))
    ] = False,
) -> int:
    """Bring suspended cards back, as they were; without a name, list them."""
    if ids and every:
        raise QuizError(
            tr("--all takes no id", "--all 不与题目 id 同用"),
            tr("Name the cards, or all of them.", "请指定卡片，或只用 --all。"),
            ExitStatus.USAGE,
        )
    suspended = _suspended(ctx.obj)
    if not ids and not every:
        return _list(ctx.obj, suspended)
    questions = all_questions(load_banks(ctx.obj))
    chosen = [_known(card_id, questions, suspended) for card_id in ids or sorted(suspended)]
    _act(ctx.obj, [card_id for card_id in chosen if card_id in suspended], "resume")
    for card_id in chosen:
        if card_id in suspended:
            print(tr(f"{card_id}: no longer suspended", f"{card_id}：已恢复"))
        else:
            print(tr(f"{card_id}: was not suspended", f"{card_id}：并未暂停"))
    if not chosen:
        _say_none()
    return ExitStatus.OK


def _list(settings: Settings, suspended: Iterable[str]) -> int:
    """The suspended cards as `quizcli list` prints them, and how to bring them back."""
    loaded = load_banks(settings)
    questions = all_questions(loaded)
    chosen = [question for name, question in questions.items() if name in suspended]
    if not chosen:
        _say_none()
        return ExitStatus.OK
    print_questions(settings, loaded, chosen, as_json=False)
    how = tr(
        "`quizcli unsuspend ID` brings one back, `quizcli unsuspend --all` all of them.",
        "`quizcli unsuspend ID` 恢复一张，`quizcli unsuspend --all` 全部恢复。",
    )
    print(how, file=sys.stderr)
    return ExitStatus.OK


def _say_none() -> None:
    print(tr("no card is suspended", "没有暂停的卡片"), file=sys.stderr)


def _suspended(settings: Settings) -> set[str]:
    """The ids of suspended cards, also of questions that no bank holds at present."""
    return {card.id for card in card_states(settings).values() if card.suspended}


def _known(card_id: str, questions: Mapping[str, AnyQuestion], suspended: set[str]) -> str:
    """The same id. QuizError where neither a question nor a suspended card has it."""
    return card_id if card_id in suspended else question_named(card_id, questions).id


def _act(settings: Settings, card_ids: list[str], act: Act) -> None:
    """Write the act into the review log, once for each card; `u` in a session takes it back."""
    if not card_ids:
        return
    now = now_ms()
    with store_to_write(settings) as store:
        for card_id in dict.fromkeys(card_ids):
            store.act(card_id, act, now, Days(settings.rollover_hour).number(now))

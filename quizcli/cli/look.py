"""`quizcli show` and `list`: the questions without a session."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Annotated

import msgspec
import typer

from quizcli.bank.topic_names import topics_named
from quizcli.bank.types import AnyQuestion, Code
from quizcli.cli import completing
from quizcli.did_you_mean import did_you_mean, in_a_row, nearest
from quizcli.errors import ExitStatus, QuizError
from quizcli.file_writing import refuse_dangling
from quizcli.json_output import print_json
from quizcli.packs.library import all_questions, as_asked, follow_ups, load_banks, titles_of, with_figures
from quizcli.packs.pack import Loaded
from quizcli.screen.cards.answer import TickedClaim
from quizcli.screen.cards.prediction import NOTHING, Findings
from quizcli.session.card_state import standing
from quizcli.session.measured_claims import findings, ticked
from quizcli.settings import Settings
from quizcli.study.schedule.card import Card
from quizcli.study.schedule.study_days import Days, now_ms
from quizcli.study.store.opening import card_states
from quizcli.text import tr

_WHOLE = 10_000  # columns of code that goes into a file: somebody will run it
AsJson = Annotated[bool, typer.Option("--json", help=tr("As JSON.", "输出 JSON。"))]


def show(
    ctx: typer.Context,
    question_id: Annotated[
        str,
        typer.Argument(
            metavar="ID", autocompletion=completing.questions, help=tr("A question's id.", "题目的 id。")
        ),
    ],
    as_json: AsJson = False,
) -> int:
    """Print one question with its answer."""
    settings: Settings = ctx.obj
    questions = all_questions(load_banks(settings))
    question = with_figures(named(question_id, questions), settings)
    if as_json:
        from quizcli.session.model_answer import with_source

        print_json(with_source(question, settings))
        return ExitStatus.OK
    from quizcli.screen.cards.answer import answer_lines
    from quizcli.screen.cards.question import question_lines
    from quizcli.screen.terminal.theme import make_console

    console = make_console()
    width = min(console.width, 120)
    claims, measured = _measured(settings, question)
    lines = question_lines(question, width)
    lines += answer_lines(
        question,
        width,
        claims=claims,
        follow=[as_asked(coming, settings) for coming in follow_ups(question, questions)],
        findings=measured,
    )
    if isinstance(question, Code):
        from quizcli.session.model_answer import model_answer

        lines += model_answer(question, settings, width if console.is_terminal else _WHOLE)
    for line in lines:
        console.print(line, no_wrap=True, overflow="ignore", crop=False)
    return ExitStatus.OK


def named(question_id: str, questions: Mapping[str, AnyQuestion]) -> AnyQuestion:
    """The question of that id. QuizError where there is none, with the nearest ids."""
    question = questions.get(question_id)
    if question is None:
        hint = did_you_mean(nearest(question_id, questions)) or tr(
            "`quizcli list` names them all.", "`quizcli list` 可列出全部题目。"
        )
        raise QuizError(
            tr(f"there is no question {question_id!r}", f"没有题目 {question_id!r}"), hint, ExitStatus.USAGE
        )
    return question


def _measured(settings: Settings, question: AnyQuestion) -> tuple[Sequence[TickedClaim], Findings]:
    """What runs of its demonstration have found: its claims, and what decides a prediction."""
    refuse_dangling(settings.store_file)
    if not settings.store_file.exists():
        return (), NOTHING
    from quizcli.study.store.read_only import readable_store

    with readable_store(settings.store_file) as store:
        return ticked(store, question), findings(store, question)


def list_questions(
    ctx: typer.Context,
    topic: Annotated[
        list[str] | None,
        typer.Option(
            "--topic", "-t", autocompletion=completing.topics, help=tr("Only these topics.", "只列这些主题。")
        ),
    ] = None,
    kind: Annotated[
        list[str] | None,
        typer.Option(
            "--kind", "-k", autocompletion=completing.kinds, help=tr("Only these kinds.", "只列这些题型。")
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
        states, is_buried = card_states(ctx.obj), _buried(ctx.obj)
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


def chosen_questions(
    questions: Collection[AnyQuestion], topics: list[str], kinds: list[str], level: int | None
) -> list[AnyQuestion]:
    """Those of these topics and kinds and this level; a QuizError for a kind that is none."""
    _known(kinds, {q.kind for q in questions}, tr("kind", "题型"))
    return [
        q
        for q in questions
        if (not topics or q.topic in topics) and (not kinds or q.kind in kinds) and level in (None, q.level)
    ]


def _known(words: Iterable[str], known: set[str], what: str) -> None:
    for word in words:
        if word not in known:
            listed = ", ".join(sorted(known))
            raise QuizError(
                tr(f"there is no {what} {word!r}", f"没有{what} {word!r}"),
                in_a_row(
                    did_you_mean(nearest(word, known, 1)), tr(f"There are: {listed}", f"现有：{listed}")
                ),
                ExitStatus.USAGE,
            )


def _buried(settings: Settings) -> Callable[[Card], bool]:
    """Whether a card is put aside for the rest of today."""
    now = now_ms()
    day = Days(settings.rollover_hour).number(now)
    return lambda card: card.is_buried(day, now)


def as_words(card: Card | None) -> dict[str, object] | None:
    """A card with the names of its columns, for JSON; None before the first answer."""
    return None if card is None else msgspec.structs.asdict(card)


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
    from quizcli.screen.cards.question_list import Row, listing_lines
    from quizcli.screen.terminal.theme import make_console

    console = make_console()
    titles = titles_of(loaded)
    is_buried = _buried(settings)
    cards = [states.get(question.id) for question in questions]
    listed = [
        Row(question, standing(card, buried=card is not None and is_buried(card)))
        for question, card in zip(questions, cards, strict=True)
    ]
    width = console.width if console.is_terminal else None
    for line in listing_lines(listed, titles, width, marked):
        console.print(line, soft_wrap=True)

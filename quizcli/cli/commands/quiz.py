"""`quizcli quiz`: a scored round. The schedule stays as it is; what was missed can be made due at the end."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping, Sequence
from typing import Annotated

import typer
from rich.text import Text as RichText

from quizcli.bank.named_questions import chosen_questions, topics_named
from quizcli.bank.types import AnyQuestion
from quizcli.cli import completion
from quizcli.errors import ExitStatus, QuizError
from quizcli.json_output import print_json
from quizcli.packs.library import all_questions, follow_ups, load_banks, titles_of
from quizcli.screen.cards.question import CardHeader, as_question
from quizcli.screen.terminal import theme
from quizcli.screen.terminal.keyboard import Keyboard
from quizcli.screen.terminal.page import Page
from quizcli.screen.terminal.theme import make_console
from quizcli.session.card import CardAtWork
from quizcli.session.demo_runner import Bench
from quizcli.session.measured_claims import tick_claims
from quizcli.session.occasion import Occasion, shuffle_options
from quizcli.session.waiting import next_key
from quizcli.settings import Settings
from quizcli.study.day_cards import marked
from quizcli.study.quiz_round import Result, Round, choose, new_seed
from quizcli.study.store.opening import store_to_write
from quizcli.study.store.store import Store
from quizcli.text import tr

Topics = Annotated[
    list[str] | None,
    typer.Option(
        "--topic", "-t", autocompletion=completion.topics, help=tr("Only these topics.", "只考这些主题。")
    ),
]
Kinds = Annotated[
    list[str] | None,
    typer.Option(
        "--kind", "-k", autocompletion=completion.kinds, help=tr("Only these kinds.", "只考这些题型。")
    ),
]
Level = Annotated[
    int | None, typer.Option("--level", "-l", min=1, max=3, help=tr("Only this level.", "只考这个难度。"))
]
Number = Annotated[int, typer.Option("--number", "-n", min=1, help=tr("How many questions.", "题目数量。"))]
Seed = Annotated[
    int | None, typer.Option("--seed", help=tr("The same seed, the same round.", "相同种子得到相同的一轮。"))
]
Flagged = Annotated[bool, typer.Option("--flagged", help=tr("Only flagged cards.", "只考加旗标的卡片。"))]
Suspended = Annotated[
    bool, typer.Option("--suspended", help=tr("Only suspended cards.", "只考已暂停的卡片。"))
]
AsJson = Annotated[
    bool, typer.Option("--json", help=tr("The score, at the end.", "结束时以 JSON 输出成绩。"))
]
Fresh = Annotated[
    bool,
    typer.Option("--fresh", help=tr("Leave an unfinished round behind.", "放弃未完成的一轮，重新开始。")),
]


def command(
    ctx: typer.Context,
    topic: Topics = None,
    kind: Kinds = None,
    level: Level = None,
    number: Number = 10,
    seed: Seed = None,
    flagged: Flagged = False,
    suspended: Suspended = False,
    fresh: Fresh = False,
    as_json: AsJson = False,
) -> int:
    """Ask some questions, once each, and score them. An unfinished round of today goes on where it was."""
    settings: Settings = ctx.obj
    loaded = load_banks(settings)
    questions = all_questions(loaded)
    titles = titles_of(loaded)
    topics = topics_named(topic or [], loaded.banks)
    chosen = chosen_questions(questions.values(), topics, kind or [], level)
    narrowed = bool(topic or kind or level or flagged or suspended or seed is not None)
    console = make_console(sys.stderr if as_json else sys.stdout)
    with Page(console) as page, store_to_write(settings) as store, Keyboard() as keys:
        if flagged:
            chosen = _only(chosen, marked(store, "flagged"), tr("flagged", "加旗标"))
        if suspended:
            chosen = _only(chosen, marked(store, "suspended"), tr("suspended", "暂停"))
        left = None if fresh else Round.unfinished(store, questions.values(), settings)
        round_ = None if narrowed else left
        if round_ is not None:
            said = [_goes_on(round_.result, number)]
        else:
            some = choose(chosen, number, new_seed() if seed is None else seed)
            said = [_left_behind(left), _fewer(len(some), number)]
            round_ = Round.start(store, some, settings)
        with Bench(page.console, keys, store, settings) as bench:
            message = tr("; ", "；").join(filter(None, said))
            status = _ask(round_, questions, titles, page, keys, bench, store, message)
        result = round_.result
    if as_json:
        print_json(result)
    return status


def _only(chosen: Sequence[AnyQuestion], names: Collection[str], mark: str) -> list[AnyQuestion]:
    """Those of the questions whose cards are marked; QuizError where none is."""
    some = [question for question in chosen if question.id in names]
    if not some:
        raise QuizError(
            tr(f"no question of these is {mark}", f"所选题目中没有{mark}的"),
            tr("In a session f flags a card, s suspends it.", "学习时按 f 加旗标，按 s 暂停。"),
            ExitStatus.USAGE,
        )
    return some


def _goes_on(result: Result, wanted: int) -> str:
    """What is said of an unfinished round that is not as long as was asked for."""
    if result.total == wanted:
        return ""
    return tr(
        f"the unfinished round of {result.total} goes on; --fresh begins another",
        f"继续未完成的一轮（共 {result.total} 题）；加 --fresh 另开一轮",
    )


def _fewer(count: int, wanted: int) -> str:
    """What is said of a round that is shorter than was asked for."""
    if not count or count >= wanted:
        return ""
    only = "only 1 question fits" if count == 1 else f"only {count} questions fit"
    return tr(
        f"{only}, of {wanted} asked for",
        f"只有 {count} 题符合条件，不足 {wanted} 题",
    )


def _left_behind(left: Round[AnyQuestion] | None) -> str:
    """What is said of a round that a new one takes the place of."""
    if left is None or not left.result.answers:
        return ""
    score = left.result
    return tr(
        f"a new round; the one before was left at {score.answers}/{score.total}, {score.right} right",
        f"新的一轮；上一轮停在 {score.answers}/{score.total}，答对 {score.right} 题",
    )


def _ask(
    round_: Round[AnyQuestion],
    questions: Mapping[str, AnyQuestion],
    titles: dict[str, str],
    page: Page,
    keys: Keyboard,
    bench: Bench,
    store: Store,
    message: str,
) -> int:
    while (question := round_.current) is not None:
        occasion = _occasion(round_.result, question, questions, titles[question.topic], store, message)
        message = ""
        decision = CardAtWork(page, keys, bench, occasion).decide()
        match decision.verb:
            case "grade":
                round_.answer(decision.right, decision.milliseconds)
            case "undo":
                round_.undo()
            case "quit":
                page.turn(
                    [
                        RichText(),
                        RichText(
                            "  "
                            + tr("`quizcli quiz` goes on with this round.", "`quizcli quiz` 可继续这一轮。")
                        ),
                    ]
                )
                return ExitStatus.INTERRUPTED if decision.interrupted else ExitStatus.OK
    missed = [questions[name] for name in round_.result.missed if name in questions]
    score = result_lines(round_.result, {question.id: bench.asked(question) for question in missed})
    page.turn(score)
    if round_.result.missed and keys.interactive:
        offer = [
            ("m", tr("make the missed due today", "把没答对的设为今天到期")),
            (tr("any other key", "其他键"), tr("leave it so", "保持不变")),
        ]
        if next_key(page, keys, offer, lambda: score) == "m":
            count = round_.requeue_missed()
            page.add(
                [
                    RichText(),
                    RichText(
                        "  " + tr(f"{count} due today: `quizcli`.", f"{count} 张卡片今天到期：`quizcli`。")
                    ),
                ]
            )
    return ExitStatus.OK


def _occasion(
    result: Result,
    question: AnyQuestion,
    questions: Mapping[str, AnyQuestion],
    title: str,
    store: Store,
    message: str,
) -> Occasion:
    return Occasion(
        question=question,
        header=CardHeader(
            topic=title,
            status=tr("quiz", "测验"),
            place=f"{result.answers + 1}/{result.total}",
            right=result.right,
            wrong=result.answers - result.right,
            minutes=result.minutes,
        ),
        permutation=shuffle_options(question, result.answers),
        claims=lambda: tick_claims(store, question),
        follow=follow_ups(question, questions),
        undoable=result.answers > 0,
        message=message,
        warm=question.demo is not None,
    )


def result_lines(result: Result, questions: Mapping[str, AnyQuestion]) -> Sequence[RichText]:
    """The score, topic by topic, and the questions that were missed."""
    share = round(100 * result.right / max(1, result.answers))
    lines = [
        RichText(),
        RichText.assemble("  ", (f"{result.right} / {result.answers}", theme.STRONG), f"   {share} %   ",
                      (tr(f"{result.minutes:.0f} min", f"{result.minutes:.0f} 分钟"), theme.QUIET)),
        RichText(),
    ]  # fmt: skip
    width = max((len(score.topic) for score in result.topics), default=0)
    for score in result.topics:
        bar = "█" * score.right + "░" * (score.answers - score.right)
        lines.append(RichText(f"  {score.topic:<{width}}  {score.right}/{score.answers}  {bar}"))
    if result.missed:
        lines += [RichText(), RichText("  " + tr("missed", "没答对"), style=theme.QUIET)]
        for name in result.missed:
            ask = " ".join(as_question(questions[name]).split()) if name in questions else ""
            line = RichText.assemble("  ", (theme.WRONG, theme.BAD), f" {name}  ", (ask, theme.QUIET))
            line.truncate(78, overflow="ellipsis")
            lines.append(line)
    return lines

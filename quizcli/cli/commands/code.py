"""`quizcli code`: write the answer yourself, and have it judged."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from quizcli.bank.types import AnyQuestion, Code
from quizcli.cli import completion
from quizcli.cli.question_listing import print_questions
from quizcli.errors import ExitStatus, QuizError
from quizcli.json_output import print_json_line
from quizcli.packs.library import all_questions, load_banks, origin
from quizcli.settings import Settings
from quizcli.text import tr


def command(
    ctx: typer.Context,
    question_id: Annotated[
        str | None,
        typer.Argument(
            metavar="[ID]",
            autocompletion=completion.code_questions,
            help=tr("A code question.", "代码题的 id。"),
        ),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", "-f", help=tr("Judge this file, and end.", "评判此文件后退出。")),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            "--seed", min=0, help=tr("Draws the inputs; with --file.", "输入的随机种子，配合 --file。")
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help=tr("As JSON.", "输出 JSON。"))] = False,
) -> int:
    """Write one, list them all, or judge a file; exit 3 where it fails."""
    settings: Settings = ctx.obj
    loaded = load_banks(settings)
    questions = all_questions(loaded)
    if question_id is None:
        if file is not None:
            message = tr("--file needs the id of a question", "--file 需要同时给出题目 id")
            raise QuizError(
                message, tr("`quizcli code` lists them.", "`quizcli code` 列出全部代码题。"), ExitStatus.USAGE
            )
        codes: list[AnyQuestion] = [q for q in questions.values() if isinstance(q, Code)]
        print_questions(settings, loaded, codes, as_json)
        return ExitStatus.OK
    question = _question(questions, question_id)
    if file is not None:
        return _judge(question, file, seed, as_json, settings)
    from quizcli.session.practice import practise

    return practise(question, loaded, settings)


def _question(questions: Mapping[str, AnyQuestion], question_id: str) -> Code:
    from quizcli.did_you_mean import did_you_mean, in_a_row, nearest

    codes = {name: question for name, question in questions.items() if isinstance(question, Code)}
    if question_id in codes:
        return codes[question_id]
    if question_id in questions:
        kind = questions[question_id].kind
        message = tr(f"{question_id} is no code question: {kind}", f"{question_id} 不是代码题，而是 {kind}")
        raise QuizError(message, f"`quizcli show {question_id}`", ExitStatus.USAGE)
    raise QuizError(
        tr(f"there is no code question {question_id!r}", f"没有代码题 {question_id!r}"),
        in_a_row(
            did_you_mean(nearest(question_id, codes)),
            tr("`quizcli code` lists them.", "`quizcli code` 列出全部代码题。"),
        ),
        ExitStatus.USAGE,
    )


def _judge(question: Code, file: Path, seed: int | None, as_json: bool, settings: Settings) -> int:
    """Judge one file and print what there is to say."""
    from quizcli.demo.launcher import environment
    from quizcli.judge.calls.messages import Over
    from quizcli.judge.referee.launcher import Referee, unless_refused
    from quizcli.judge.request import judgement_of
    from quizcli.judge.source import read_source
    from quizcli.packs.trust import require_trust
    from quizcli.screen.cards.code_verdict import news_lines
    from quizcli.screen.terminal.theme import make_console

    text = read_source(file)
    pack = origin(question.id, settings).pack
    permit = require_trust(pack, settings)
    console = make_console()
    passed = False
    with Referee(environment(settings)) as referee:
        for news in unless_refused(
            referee.judge(judgement_of(question, pack.root, text, file.name, permit, seed))
        ):
            if as_json:
                print_json_line(news)
            else:
                for line in news_lines(news, min(console.width, 120)):
                    console.print(line, soft_wrap=True)
            if isinstance(news, Over):
                passed = news.passed
                if news.broken:
                    return ExitStatus.ERROR
    return ExitStatus.OK if passed else ExitStatus.CHECK_FAILED

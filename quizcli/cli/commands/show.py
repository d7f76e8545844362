"""`quizcli show`: one question with its answer, without a session."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from quizcli.bank.named_questions import question_named
from quizcli.bank.types import AnyQuestion, Code
from quizcli.cli import completion
from quizcli.cli.question_listing import AsJson
from quizcli.errors import ExitStatus
from quizcli.file_writing import refuse_dangling
from quizcli.json_output import print_json
from quizcli.packs.library import all_questions, as_asked, follow_ups, load_banks, with_figures
from quizcli.screen.cards.answer import TickedClaim
from quizcli.screen.cards.prediction import NOTHING, Findings
from quizcli.session.measured_claims import findings, tick_claims
from quizcli.settings import Settings
from quizcli.text import tr

_WHOLE = 10_000  # columns of code that goes into a file: somebody will run it


def command(
    ctx: typer.Context,
    question_id: Annotated[
        str,
        typer.Argument(
            metavar="ID", autocompletion=completion.questions, help=tr("A question's id.", "题目的 id。")
        ),
    ],
    as_json: AsJson = False,
) -> int:
    """Print one question with its answer."""
    settings: Settings = ctx.obj
    questions = all_questions(load_banks(settings))
    question = with_figures(question_named(question_id, questions), settings)
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


def _measured(settings: Settings, question: AnyQuestion) -> tuple[Sequence[TickedClaim], Findings]:
    """What runs of its demonstration have found: its claims, and what decides a prediction."""
    refuse_dangling(settings.store_file)
    if not settings.store_file.exists():
        return (), NOTHING
    from quizcli.study.store.read_only import readable_store

    with readable_store(settings.store_file) as store:
        return tick_claims(store, question), findings(store, question)

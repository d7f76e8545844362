"""`quizcli stats`: what is due, how much stays, how the weeks were and what the next ones bring."""

from typing import Annotated

import typer

from quizcli.cli.opened import all_questions, load_banks, store_to_read
from quizcli.cli.output import print_json
from quizcli.errors import ExitStatus
from quizcli.settings import Settings
from quizcli.text import tr


def command(
    ctx: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help=tr("As JSON.", "输出 JSON。"))] = False,
) -> int:
    """Print the statistics of all questions that the banks hold now."""
    from quizcli.study.statistics import statistics

    settings: Settings = ctx.obj
    questions = all_questions(load_banks(settings))
    with store_to_read(settings) as store:
        summed = statistics(store, questions.values(), settings)
    if as_json:
        print_json(summed)
        return ExitStatus.OK
    from quizcli.screen.overview import overview_lines
    from quizcli.screen.theme import make_console

    console = make_console()
    for line in overview_lines(summed, min(console.width, 120)):
        console.print(line, no_wrap=True, overflow="ignore", crop=False)
    return ExitStatus.OK

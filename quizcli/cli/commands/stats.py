"""`quizcli stats`: what is due, how much stays, how the weeks were and what the next ones bring."""

from typing import Annotated

import typer

from quizcli.bank.needs import in_teaching_order
from quizcli.errors import ExitStatus
from quizcli.json_output import print_json
from quizcli.packs.library import load_banks, titles_of
from quizcli.settings import Settings
from quizcli.study.store.opening import store_to_read
from quizcli.text import tr


def command(
    ctx: typer.Context,
    every: Annotated[
        bool,
        typer.Option(
            "--all", help=tr("All topics, also where they need more rows.", "列出全部主题，超出屏幕也照列。")
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help=tr("As JSON.", "输出 JSON。"))] = False,
) -> int:
    """Print the statistics of all questions that the banks hold now."""
    from quizcli.study.statistics import statistics

    settings: Settings = ctx.obj
    loaded = load_banks(settings)
    in_order = [question for bank in in_teaching_order(loaded.banks) for question in bank.questions]
    with store_to_read(settings) as store:
        summed = statistics(store, in_order, settings)
    if as_json:
        print_json(summed)
        return ExitStatus.OK
    from quizcli.screen.cards.statistics import overview_lines
    from quizcli.screen.terminal.theme import make_console

    console = make_console()
    rows = None if every or not console.is_terminal else console.height - 1  # one is the prompt's
    for line in overview_lines(summed, min(console.width, 120), titles_of(loaded), rows):
        console.print(line, no_wrap=True, overflow="ignore", crop=False)
    return ExitStatus.OK

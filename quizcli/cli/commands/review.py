"""`quizcli review`: what is due, and nothing new."""

from typing import Annotated

import typer

from quizcli.cli import completion
from quizcli.session.daily import study
from quizcli.text import tr


def command(
    ctx: typer.Context,
    topic: Annotated[
        list[str] | None,
        typer.Option(
            "--topic",
            "-t",
            autocompletion=completion.topics,
            help=tr("Only these topics.", "只复习这些主题。"),
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help=tr("The counts, at the end.", "结束时以 JSON 输出计数。"))
    ] = False,
) -> int:
    """Study what is due and nothing new."""
    return study(ctx.obj, topics=topic or (), mode="review", as_json=as_json)

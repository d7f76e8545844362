"""`quizcli review`: what is due, and nothing new."""

from typing import Annotated

import typer

from quizcli.cli import completing
from quizcli.cli.today import study
from quizcli.text import tr


def command(
    ctx: typer.Context,
    topic: Annotated[
        list[str] | None,
        typer.Option(
            "--topic",
            "-t",
            autocompletion=completing.topics,
            help=tr("Only these topics.", "只复习这些主题。"),
        ),
    ] = None,
) -> int:
    """Study what is due and nothing new."""
    return study(ctx.obj, topics=topic or (), mode="review")

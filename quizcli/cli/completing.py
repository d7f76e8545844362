"""What a shell completes besides commands and options: names out of the banks and the answers.

Every command names these functions, and few command lines complete anything: what they need is imported when
a shell asks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from quizcli.bank.packs import Loaded
    from quizcli.settings import Settings


def _banks(settings: Settings) -> Loaded:
    from quizcli.cli.opened import every_bank

    return every_bank(settings, _say_nothing)


def _say_nothing(line: str) -> None:
    """Mistakes are not told: nobody asked for the banks."""


def topics(ctx: typer.Context) -> list[str]:
    """The topics of all banks."""
    return list(dict.fromkeys(bank.topic for bank in _banks(ctx.obj).banks))


def kinds() -> list[str]:
    """The kinds of questions."""
    from quizcli.bank.types import KINDS

    return list(KINDS)


def questions(ctx: typer.Context) -> list[str]:
    """The ids of all questions."""
    from quizcli.cli.opened import all_questions

    return list(all_questions(_banks(ctx.obj)))


def demonstrations(ctx: typer.Context) -> list[str]:
    """The names of all demonstrations."""
    from quizcli.cli.demonstrations import every

    return list(every(ctx.obj, _say_nothing))


def packs(ctx: typer.Context) -> list[str]:
    """The names of the packs that the person has added."""
    from quizcli.bank.registry import added

    return [one.name for one in added(ctx.obj)]

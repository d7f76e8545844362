"""What a shell completes besides commands and options: names out of the banks and the answers."""

import typer

from quizcli.bank.packs import Loaded
from quizcli.cli.opened import all_questions, every_bank
from quizcli.settings import Settings


def _banks(settings: Settings) -> Loaded:
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
    return list(all_questions(_banks(ctx.obj)))


def demonstrations(ctx: typer.Context) -> list[str]:
    """The names of all demonstrations."""
    from quizcli.cli.demonstrations import every

    return list(every(ctx.obj, _say_nothing))


def packs(ctx: typer.Context) -> list[str]:
    """The names of the packs that the person has added."""
    from quizcli.bank.registry import added

    return [one.name for one in added(ctx.obj)]

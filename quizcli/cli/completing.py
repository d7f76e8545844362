"""What a shell completes besides commands and options: names out of the banks and the answers."""

import typer

from quizcli.bank.packs import Loaded, load
from quizcli.cli.opened import all_questions, pack
from quizcli.settings import Settings


def _banks(settings: Settings) -> Loaded:
    return load(pack(), settings.cache_dir)  # without a word about mistakes: nobody asked for the banks


def topics(ctx: typer.Context) -> list[str]:
    """The topics of all banks."""
    return [bank.topic for bank in _banks(ctx.obj).banks]


def kinds() -> list[str]:
    """The kinds of questions."""
    from quizcli.bank.types import KINDS

    return list(KINDS)


def questions(ctx: typer.Context) -> list[str]:
    """The ids of all questions."""
    return list(all_questions(_banks(ctx.obj)))


def demonstrations() -> list[str]:
    """The names of all demonstrations."""
    from quizcli.demo.catalogue import find_answers

    return list(find_answers(pack().root))

"""What a shell completes besides commands and options: names out of the banks and the answers.

Every command names these functions, and few command lines complete anything: what they need is imported when
a shell asks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from quizcli.packs.pack import Loaded
    from quizcli.settings import Settings


def _banks(settings: Settings) -> Loaded:
    from quizcli.packs.library import every_bank

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
    from quizcli.packs.library import all_questions

    return list(all_questions(_banks(ctx.obj)))


def code_questions(ctx: typer.Context) -> list[str]:
    """The ids of the questions that `quizcli code` takes."""
    from quizcli.bank.types import Code
    from quizcli.packs.library import all_questions

    return [name for name, q in all_questions(_banks(ctx.obj)).items() if isinstance(q, Code)]


def suspended_ids(ctx: typer.Context) -> list[str]:
    """The ids of suspended cards."""
    from quizcli.study.store.opening import card_states

    return [card.id for card in card_states(ctx.obj).values() if card.suspended]


def demonstrations(ctx: typer.Context) -> list[str]:
    """The names of all demonstrations."""
    from quizcli.packs.demos import all_demonstrations

    return list(all_demonstrations(ctx.obj, _say_nothing))


def settings_to_type(name: str, settings: Settings) -> list[tuple[str, str]]:
    """The settings of a demonstration as options, each with its help; none where there is no such one."""
    from quizcli.errors import QuizError
    from quizcli.packs.demos import find_demonstration

    try:
        parameters = find_demonstration(name, settings).parameters
    except QuizError:  # while somebody types a name, it is none yet
        return []
    options = [(parameter.option, str(parameter.help)) for parameter in parameters]
    off = [(f"--no-{one.option[2:]}", str(one.help)) for one in parameters if one.type == "bool"]
    return options + off


def backups(ctx: typer.Context) -> list[str]:
    """The names of the backups that there are."""
    from quizcli.study.backups.kept_backups import backups as there

    return [each.name for each in there(ctx.obj.store_file)]


def packs(ctx: typer.Context) -> list[str]:
    """The names of the packs that the person has added."""
    from quizcli.packs.registry import added_packs

    return [one.name for one in added_packs(ctx.obj)]

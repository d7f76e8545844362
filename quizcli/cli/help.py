"""The help of every command: in the language in use, and measured in cells, so that Chinese aligns too.

Typer writes its own words in English and counts characters; here its parsing stays and its page is replaced.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand, TyperGroup

from quizcli.text import Text, tr

if TYPE_CHECKING:
    from quizcli.screen.markup.wrap import Row, Styled

WIDEST = 100  # columns: longer lines are hard to read
_ROOM = 24  # columns: an explanation that had less would stand below what it explains

# What Typer says of its own options. What it may say in another release stays in English.
_OF_TYPER = {
    "Show this message and exit.": Text("Show this help.", "显示本帮助。"),
    "Install completion for the current shell.": Text(
        "Install completion for this shell.", "为当前 shell 安装自动补全。"
    ),
    "Show completion for the current shell, to copy it or customize the installation.": Text(
        "Print the completion script of this shell.", "输出当前 shell 的补全脚本。"
    ),
    "Install completion for the specified shell.": Text(
        "Install completion for a shell.", "为指定的 shell 安装自动补全。"
    ),
    "Show completion for the specified shell, to copy it or customize the installation.": Text(
        "Print the completion script of a shell.", "输出指定 shell 的补全脚本。"
    ),
}


class Command(TyperCommand):
    """A command whose help is ours."""

    def get_help(self, ctx: Any) -> str:
        """Print the whole page and end the command: what is styled does not pass the door as a text."""
        print_page(ctx)
        raise typer.Exit


class Group(TyperGroup):
    """A group of commands whose help is ours."""

    def get_help(self, ctx: Any) -> str:
        """Print the whole page and end the command: what is styled does not pass the door as a text."""
        print_page(ctx)
        raise typer.Exit


def print_page(ctx: Any) -> None:
    """Print the help of the command of this context, coloured where stdout is a terminal that wants it."""
    from quizcli.screen.markup.plain_page import columns, print_rows

    print_rows(_lines(ctx, min(columns(), WIDEST)))


def _lines(ctx: Any, width: int) -> list[Row]:
    from quizcli.screen.markup.wrap import Styled, wrap_rows
    from quizcli.screen.terminal.theme import KEY

    command = ctx.command
    shown = [parameter for parameter in command.get_params(ctx) if not parameter.hidden]
    arguments = [parameter for parameter in shown if parameter.param_type_name == "argument"]
    options = [parameter for parameter in shown if parameter.param_type_name == "option"]
    commands = [one for one in getattr(command, "commands", {}).values() if not one.hidden]
    usage = [tr("[OPTIONS]", "[选项]"), *(_argument(argument) for argument in arguments)]
    if commands:
        usage.append(tr("COMMAND ...", "命令 ..."))
    start = [Styled(tr("Usage: ", "用法：")), Styled(f"{ctx.command_path} ", KEY)]
    return [
        *wrap_rows([Styled(word + " ", solid=" " not in word) for word in usage], width, start),
        *_section("", [("", [Styled(command.help or "")])], width),
        *_section(tr("Arguments:", "参数："), [(_argument(a), _explained(a)) for a in arguments], width),
        *_section(tr("Commands:", "命令："), [(c.name, [Styled(c.help or "")]) for c in commands], width),
        *_section(tr("Options:", "选项："), [(_option(o), _explained(o)) for o in options], width),
    ]


def _section(title: str, rows: Sequence[tuple[str, list[Styled]]], width: int) -> list[Row]:
    """Two columns under a title, an empty line before it; nothing at all where there is no row."""
    from rich.cells import cell_len

    from quizcli.screen.markup.wrap import Styled, wrap_rows
    from quizcli.screen.terminal.theme import KEY, STRONG

    lines: list[Row] = [[], *([[(title, STRONG)]] if title else [])] if rows else []
    column = max((cell_len(left) + 2 * bool(left) for left, _ in rows), default=0)
    beside = 2 + column + _ROOM <= width
    for left, right in rows:
        pad = " " * (column - cell_len(left))
        mark = [Styled("  "), Styled(left, KEY), Styled(pad)]
        if not beside:
            lines.append([("  ", ""), (left, KEY)])
            mark = [Styled("      ")]
        lines += wrap_rows(right, width, mark)
    return lines


def _argument(argument: Any) -> str:
    name: str = argument.metavar or argument.name.upper() + ("..." if argument.nargs != 1 else "")
    return name if argument.required or name.startswith("[") else f"[{name}]"


def _option(option: Any) -> str:
    """The names of an option, the short one first, and what stands for its value."""
    names = ", ".join(sorted(option.opts, key=len))
    if option.secondary_opts:
        names += " / " + ", ".join(option.secondary_opts)
    if option.is_flag:
        return names
    number = option.type.name.startswith(("int", "float"))
    return f"{names} {option.metavar or ('N' if number else option.name.upper())}"


def _explained(parameter: Any) -> list[Styled]:
    """The help of an argument or option, its limits and its default."""
    from quizcli.screen.markup.wrap import Styled
    from quizcli.screen.terminal.theme import QUIET

    told = str(_OF_TYPER.get(parameter.help or "", parameter.help or ""))
    low, high = getattr(parameter.type, "min", None), getattr(parameter.type, "max", None)
    notes = []
    if low is not None and high is not None:
        notes.append(tr(f"{low} to {high}", f"{low} 到 {high}"))
    if parameter.default and not getattr(parameter, "is_flag", False):
        notes.append(tr(f"default {parameter.default}", f"默认 {parameter.default}"))
    return [Styled(told), *([Styled(f" [{'; '.join(notes)}]", QUIET)] if notes else [])]

"""Every command by name, in the order in which `quizcli --help` prints them; imported when they are called.

`quizcli --help` needs the name and one sentence of each; the modules behind them take three times as long to
import as Typer itself.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, NamedTuple

import typer
from typer.core import TyperCommand

from quizcli.cli.help import Command, Group
from quizcli.text import tr


class CommandEntry(NamedTuple):
    """A command: where it lives, and what the list of commands says of it."""

    name: str
    module: str  # in quizcli.cli.commands
    attribute: str  # a function, or the Typer application of a group of commands
    told: str


class Deferred(TyperCommand):
    """A command of which only the name and the help are known, until `command` imports it."""

    def __init__(self, entry: CommandEntry) -> None:
        super().__init__(entry.name, help=entry.told)
        self._entry = entry

    def command(self) -> Any:
        """The command itself."""
        entry = self._entry
        module = import_module(f"quizcli.cli.commands.{entry.module}")
        found = getattr(module, entry.attribute)
        app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
        if isinstance(found, typer.Typer):
            app.add_typer(found, cls=Group, name=entry.name, help=entry.told)
        else:
            settings = getattr(module, "CONTEXT", None)
            cls = getattr(module, "CLASS", Command)
            app.command(entry.name, cls=cls, help=entry.told, context_settings=settings)(found)
        return typer.main.get_group(app).commands[entry.name]


class Program(Group):
    """The program: a group whose commands are deferred."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that the first word names, imported now; what else Typer wants to know of it."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, command.command() if isinstance(command, Deferred) else command, rest


def entries() -> list[CommandEntry]:
    """All commands, told of in the language in use."""
    return [
        CommandEntry(
            "review",
            "review",
            "command",
            tr("Only what is due; no new cards.", "只复习到期的卡片，不学新卡。"),
        ),
        CommandEntry(
            "quiz",
            "quiz",
            "command",
            tr("A scored round; the schedule stays as it is.", "一轮计分测验，不影响复习计划。"),
        ),
        CommandEntry(
            "demo",
            "demo",
            "command",
            tr("Run a demonstration, or list them.", "运行演示；不带名称则列出全部。"),
        ),
        CommandEntry(
            "code",
            "code",
            "command",
            tr("Write an answer yourself, judged at every save.", "手写代码，每次保存即评判。"),
        ),
        CommandEntry("show", "show", "command", tr("One question with its answer.", "显示一道题及其答案。")),
        CommandEntry(
            "list",
            "list",
            "command",
            tr("The questions and how they stand.", "列出题目及其学习状态。"),
        ),
        CommandEntry("search", "search", "command", tr("Find questions by words.", "按关键词查找题目。")),
        CommandEntry(
            "suspend",
            "suspend",
            "suspend",
            tr("Put cards aside until you want them back.", "暂停卡片，直到你恢复它们。"),
        ),
        CommandEntry(
            "unsuspend", "suspend", "unsuspend", tr("Bring suspended cards back.", "恢复已暂停的卡片。")
        ),
        CommandEntry(
            "stats",
            "stats",
            "command",
            tr("Due, retention, heat map, forecast.", "到期、记忆保持率、热力图与预测。"),
        ),
        CommandEntry(
            "verify",
            "verify",
            "command",
            tr("Run demonstrations and check their claims.", "无界面运行演示并核对其结论。"),
        ),
        CommandEntry(
            "backup", "backup", "command", tr("A copy of all you have made, now.", "立即备份你的全部内容。")
        ),
        CommandEntry(
            "restore",
            "restore",
            "command",
            tr("Backups: list, preview, bring one back.", "列出、预览并恢复备份。"),
        ),
        CommandEntry(
            "doctor", "doctor.command", "command", tr("What this machine can do.", "检查本机环境与可用功能。")
        ),
        CommandEntry(
            "bank", "bank.command", "app", tr("Begin and check question banks.", "新建与检查题库。")
        ),
        CommandEntry(
            "pack",
            "pack.command",
            "app",
            tr("Packs of your own: add, trust, remove.", "自己的题库包：添加、信任、移除。"),
        ),
    ]

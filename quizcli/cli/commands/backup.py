"""`quizcli backup`: a copy of all that the person has made, now."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from quizcli.errors import ExitStatus, QuizError
from quizcli.file_reading import is_there
from quizcli.file_writing import refuse_dangling
from quizcli.settings import Settings
from quizcli.text import tr

if TYPE_CHECKING:
    from quizcli.study.backups.archive import Made


def command(
    ctx: typer.Context,
    path: Annotated[
        Path | None,
        typer.Argument(
            metavar="[PATH]",
            help=tr("Where to; else beside the store.", "备份到哪里；默认放在学习记录旁边。"),
        ),
    ] = None,
    listed: Annotated[
        bool, typer.Option("--list", help=tr("List the backups there are.", "列出现有备份。"))
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help=tr("As JSON.", "输出 JSON。"))] = False,
) -> int:
    """Make a backup and print its path, or list those that there are."""
    from quizcli.cli.commands.restore import print_list
    from quizcli.json_output import print_json
    from quizcli.screen.terminal.alternate_screen import ending_cleanly

    settings: Settings = ctx.obj
    if listed:
        if path is not None:
            raise QuizError(
                tr("--list takes no path", "--list 不接受路径"),
                tr("`quizcli backup PATH` makes one there.", "`quizcli backup 路径` 可备份到该处。"),
                ExitStatus.USAGE,
            )
        return print_list(settings, as_json)
    with ending_cleanly():
        made = _made(settings, path)
    if as_json:
        print_json({"path": str(made.path), "about": made.about})
    else:
        print(made.path)
    for left in made.about.left_out:
        print(tr(f"quizcli: left out: {left}", f"quizcli：未备份：{left}"), file=sys.stderr)
    return ExitStatus.OK


def _made(settings: Settings, path: Path | None) -> Made:
    from quizcli.study.backups.archive import own_files, write
    from quizcli.study.store.read_only import readable_store

    refuse_dangling(settings.store_file)
    stored = is_there(settings.store_file)
    if not stored and not own_files(settings)[0]:
        raise QuizError(
            tr("there is nothing to back up yet", "还没有可备份的内容"),
            tr("The store begins with your first answer.", "第一次作答时才会创建学习记录。"),
        )
    try:
        if not stored:
            return write(settings, goal=path, with_store=False)
        with readable_store(settings.store_file) as store:  # what is no store makes no backup
            return write(settings, goal=path, store=store.path)
    except FileExistsError as error:
        raise QuizError(
            tr(f"{path}: there already; nothing is overwritten", f"{path}：已存在，不会覆盖"),
            tr("Name a file that is not there yet, or a folder.", "请指定尚不存在的文件，或一个文件夹。"),
            ExitStatus.USAGE,
        ) from error

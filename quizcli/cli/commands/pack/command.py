"""`quizcli pack add|list|trust|remove`: packs of the person's own, and whether their code may run."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from msgspec import Struct

from quizcli.cli import completion
from quizcli.cli.help import Command
from quizcli.errors import ExitStatus, QuizError
from quizcli.settings import Settings
from quizcli.text import tr

if TYPE_CHECKING:
    from quizcli.packs.registry import Added

app = typer.Typer()

Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME", autocompletion=completion.packs, help=tr("A pack's name.", "题库包名称。")
    ),
]


class PackReport(Struct, frozen=True):
    """How a pack stands. `trust` is "none" where there is no code; `trouble` says why it cannot be read."""

    name: str
    root: str
    banks: int = 0
    questions: int = 0
    mistakes: int = 0
    demonstrations: tuple[str, ...] = ()
    trust: Literal["none", "trusted", "untrusted", "changed"] = "none"
    trouble: str = ""


@app.command(
    cls=Command,
    help=tr(
        "Study the questions in a folder of yours; it stays where it is.",
        "把自己的文件夹加入学习；文件夹留在原处，不会复制。",
    ),
)
def add(
    ctx: typer.Context,
    path: Annotated[
        Path,
        typer.Argument(
            metavar="PATH",
            help=tr(
                "A folder with `questions/`, and if wanted `answers/` and `models/`.",
                "含有 `questions/` 的文件夹，可另有 `answers/` 与 `models/`。",
            ),
        ),
    ],
    name: Annotated[
        str, typer.Option("--name", help=tr("Else the folder's name.", "题库包名称，默认取文件夹名。"))
    ] = "",
) -> int:
    """Register a pack and say what is in it."""
    from quizcli.packs import registry

    settings: Settings = ctx.obj
    entry, before = registry.add(path, name, settings)
    report = _report(entry, settings)
    print(_came(entry, before) + _content(report))
    for line in _next_steps(report):
        print(f"  {line}")
    return ExitStatus.OK


@app.command(
    "list",
    cls=Command,
    help=tr("The packs you have added, and how they stand.", "列出已添加的题库包及其状态。"),
)
def list_packs(
    ctx: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help=tr("As JSON.", "输出 JSON。"))] = False,
) -> int:
    """Print what is known of each pack; one that cannot be read hides no other."""
    from quizcli.packs.registry import added_packs

    reports = [_report(entry, ctx.obj) for entry in added_packs(ctx.obj)]
    if as_json:
        from quizcli.json_output import print_json

        print_json(reports)
        return ExitStatus.OK
    if not reports:
        hint = tr("no packs yet; `quizcli pack add PATH`", "还没有题库包；用 `quizcli pack add 路径` 添加")
        print(hint, file=sys.stderr)
    for report in reports:
        print(f"{report.name}  {report.root}{_content(report)}")
        for line in _next_steps(report):
            print(f"  {line}")
    return ExitStatus.OK


@app.command(
    cls=Command,
    help=tr(
        "Read the code of a pack that would run, or what has changed in it, and allow it.",
        "阅读题库包中将要运行的代码或其改动之处，并允许其运行。",
    ),
)
def trust(
    ctx: typer.Context,
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", "-y", help=tr("Do not ask.", "不再询问。"))] = False,
    show: Annotated[
        bool,
        typer.Option(
            "--show",
            help=tr("Print the code, or what has changed, and end.", "显示代码或改动之处，然后退出。"),
        ),
    ] = False,
) -> int:
    """Show what would run, ask, remember; exit 1 where the person does not want it."""
    from quizcli.cli.commands.pack.trust import CodeReading
    from quizcli.packs.library import require_present
    from quizcli.packs.registry import find_added
    from quizcli.packs.trust import differences, fingerprint, sources
    from quizcli.packs.trust import trust as remember
    from quizcli.packs.trusted_copies import keep_copies

    settings: Settings = ctx.obj
    entry = require_present(find_added(name, settings))
    found = sources(entry.pack.root)
    if not found:
        print(tr(f"{name}: no code here; there is nothing to trust", f"{name}：没有代码，无需信任"))
        return ExitStatus.OK
    differ = differences(entry.trusted, fingerprint(found))
    reading = CodeReading(entry, found, differ, settings)
    reading.print_files()
    if show:
        reading.show_everything()
        return ExitStatus.OK
    if not differ:
        print(tr(f"{name}: trusted already; nothing has changed", f"{name}：已信任，代码没有变化"))
        return ExitStatus.OK
    if not (yes or reading.agrees()):
        print(tr("not trusted; none of it runs", "未信任，这些代码不会运行"), file=sys.stderr)
        return ExitStatus.ERROR
    remember(entry, found, settings)
    keep_copies(entry.pack.root, found, settings)
    print(
        tr(
            f"{name}: trusted, until one of these files changes or a file joins them",
            f"{name}：已信任；文件一旦改动或增减，会再次询问",
        )
    )
    return ExitStatus.OK


@app.command(
    cls=Command,
    help=tr(
        "Leave a pack out again. Its folder and your progress stay.",
        "移除题库包；文件夹与学习进度都会保留。",
    ),
)
def remove(ctx: typer.Context, name: Name) -> int:
    """Forget a pack."""
    from quizcli.packs import registry

    registry.find_added(name, ctx.obj)
    _back_up(ctx.obj)
    gone = registry.remove(name, ctx.obj)
    print(
        tr(
            f"{name}: removed; {gone.root} and your progress stay. `quizcli pack add` brings it back.",
            f"{name}：已移除；{gone.root} 与学习进度均保留，可用 `quizcli pack add` 重新添加。",
        )
    )
    return ExitStatus.OK


def _back_up(settings: Settings) -> None:
    """Keep what is trusted now; where nothing was ever answered there is no backup yet."""
    if settings.store_file.exists():
        from quizcli.study.backups.archive import write
        from quizcli.study.backups.kept_backups import thin_out

        write(settings, "before-pack-removal")
        thin_out(settings.store_file)


def _report(entry: Added, settings: Settings) -> PackReport:
    """What is in a pack, as far as it can be read."""
    from msgspec.structs import replace

    from quizcli.demo.catalogue import find_answers
    from quizcli.packs.library import require_present
    from quizcli.packs.pack import load
    from quizcli.packs.trust import fingerprint, sources

    report = PackReport(entry.name, entry.root)
    try:
        pack = require_present(entry).pack
        loaded = load(pack, settings.cache_dir)
        questions = sum(len(bank.questions) for bank in loaded.banks)
        report = PackReport(entry.name, entry.root, len(loaded.banks), questions, len(loaded.mistakes))
        report = replace(report, trust=_standing(entry.trusted, fingerprint(sources(pack.root))))
        return replace(report, demonstrations=tuple(find_answers(pack.root)))
    except QuizError as error:
        return replace(report, trouble=error.message)


def _standing(
    before: Mapping[str, str], now: Mapping[str, str]
) -> Literal["none", "trusted", "untrusted", "changed"]:
    if not now:
        return "none"
    if before == now:
        return "trusted"
    return "changed" if before else "untrusted"


def _came(entry: Added, before: Added | None) -> str:
    """What adding the pack has done."""
    if before is None:
        return tr(f"added {entry.name}", f"已添加 {entry.name}")
    if before.root == entry.root:
        return tr(f"added already, as {entry.name}", f"此前已添加，名为 {entry.name}")
    return tr(
        f"{entry.name} was in {before.root} and goes on here", f"{entry.name} 原在 {before.root}，现改用此处"
    )


def _content(report: PackReport) -> str:
    demos = len(report.demonstrations)
    if report.trouble:
        return ""
    en = f": {_count(report.banks, 'bank')}, {_count(report.questions, 'question')}"
    zh = f"：{report.banks} 个题库，{report.questions} 题"
    if demos:
        en, zh = f"{en}, {_count(demos, 'demonstration')}", f"{zh}，{demos} 个演示"
    return tr(en, zh) + (tr(", trusted", "，代码已信任") if report.trust == "trusted" else "")


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def _next_steps(report: PackReport) -> list[str]:
    """What stands in the way, each with the command to type."""
    lines = [report.trouble] if report.trouble else []
    if count := report.mistakes:
        command = f"`quizcli bank check {report.root}`"
        lines.append(tr(f"{_count(count, 'mistake')}: {command}", f"{count} 处错误，用 {command} 查看"))
    command = f"`quizcli pack trust {report.name}`"
    if report.trust == "untrusted":
        lines.append(
            tr(f"its code runs once you trust it: {command}", f"信任后才会运行其中的代码：{command}")
        )
    if report.trust == "changed":
        lines.append(
            tr(f"its code has changed since you trusted it: {command}", f"代码在信任之后有改动：{command}")
        )
    return lines

"""`quizcli bank check` and `quizcli bank schema`: for people who write questions."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from quizcli.cli.help import Command
from quizcli.errors import ExitStatus
from quizcli.text import tr

if TYPE_CHECKING:
    from quizcli.bank.checker import Outside
    from quizcli.bank.examine import Examined, Target

app = typer.Typer()


@app.command(
    cls=Command,
    help=tr(
        "Check banks: the form, both languages, sources, formulas, and every link to a demonstration.",
        "检查题库：格式、双语、出处、公式，以及指向演示的每个链接。",
    ),
)
def check(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[PATH]...",
            help=tr(
                "A bank, a folder `questions`, or a pack; else the pack here, or the built-in one.",
                "题库文件、`questions` 文件夹或题库包；默认为当前目录的题库包或内置题库包。",
            ),
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help=tr("As JSON.", "输出 JSON。"))] = False,
) -> int:
    """Print every mistake, one a line; exit 3 if there is one."""
    from quizcli.bank.examine import Examined, examine

    reports: list[Examined] = []
    for target in _targets(paths or []):
        report = examine(target, _outside)
        root = target.pack.root
        moved = [msgspec.structs.replace(m, path=_seen_from_here(root, m.path)) for m in report.mistakes]
        reports.append(Examined(report.banks, report.questions, tuple(moved)))
    whole = Examined(
        sum(report.banks for report in reports),
        sum(report.questions for report in reports),
        tuple(mistake for report in reports for mistake in report.mistakes),
    )
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(whole), indent=2).decode())
    else:
        for mistake in whole.mistakes:
            print(mistake)
    print(_summary(whole), file=sys.stderr)
    return ExitStatus.CHECK_FAILED if whole.mistakes else ExitStatus.OK


@app.command(
    cls=Command,
    help=tr("Print the JSON schema of a bank, for editors.", "输出题库的 JSON Schema，供编辑器使用。"),
)
def schema() -> int:
    """Print the schema that `quizcli/bank/schema.json` holds."""
    from quizcli.bank.schema import as_json

    print(as_json(), end="")
    return ExitStatus.OK


def _targets(paths: list[Path]) -> list[Target]:
    from quizcli.bank.examine import Target, target_at
    from quizcli.bank.packs import builtin

    if not paths:
        here = Path()
        paths = [here] if (here / "questions").is_dir() else []
    return [target_at(path) for path in paths] or [Target(builtin())]


def _outside(root: Path) -> Outside:
    """What the banks of a pack point at. A bank knows neither demonstrations nor the screen."""
    from quizcli.bank.checker import Outside
    from quizcli.demo.catalogue import check_settings, find_answers
    from quizcli.screen.maths import unshowable

    return Outside(find_answers(root), check_settings, unshowable)


def _seen_from_here(root: Path, name: str) -> str:
    """The path of a bank as a person in this folder would write it."""
    path = root / name
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)


def _summary(whole: Examined) -> str:
    en = f"{_count(whole.banks, 'bank')}, {_count(whole.questions, 'sound question')}: "
    zh = f"{whole.banks} 个题库，{whole.questions} 道合格题目："
    if not whole.mistakes:
        return tr(en + "no mistakes", zh + "没有错误")
    return tr(en + _count(len(whole.mistakes), "mistake"), zh + f"{len(whole.mistakes)} 处错误")


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"

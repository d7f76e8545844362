"""`quizcli restore`: the backups, what each would bring and cost, and the way back to one."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import Struct

from quizcli.cli import completion
from quizcli.errors import ExitStatus, QuizError
from quizcli.file_writing import refuse_dangling
from quizcli.settings import Settings
from quizcli.text import tr

if TYPE_CHECKING:
    from quizcli.study.backups.archive import Made
    from quizcli.study.backups.kept_backups import Backup
    from quizcli.study.restore.preview import Preview

_FILES_SHOWN = 5


class Listed(Struct, frozen=True):
    """A backup as `--json` says it."""

    name: str
    path: str
    made: str  # UTC
    why: str
    bytes: int
    schema: int = 0
    cards: int = 0
    reviews: int = 0
    trouble: str = ""


def command(
    ctx: typer.Context,
    name: Annotated[
        str,
        typer.Argument(
            metavar="[NAME]",
            autocompletion=completion.backups,
            help=tr(
                "A backup that is listed without it, or the path of one.",
                "备份的名称（不带参数时列出），或备份文件的路径。",
            ),
        ),
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help=tr("Do not ask.", "不再询问。"))] = False,
    as_json: Annotated[bool, typer.Option("--json", help=tr("As JSON.", "输出 JSON。"))] = False,
) -> int:
    """List the backups; or show what one would change, ask, and put it back."""
    settings: Settings = ctx.obj
    if not name:
        return print_list(settings, as_json)
    from quizcli.screen.terminal.alternate_screen import ending_cleanly
    from quizcli.study.restore.candidate import candidate
    from quizcli.study.restore.preview import preview
    from quizcli.study.restore.put_back import restore

    with ending_cleanly(), candidate(_path(name, settings), settings) as found:
        seen = preview(found, settings)
        if as_json and not yes:
            _print_json(seen, None, restored=False)
        elif not as_json:
            print("\n".join(_told(seen)))
        if not seen.changes:
            print(tr("Nothing would change.", "没有需要恢复的内容。"), file=sys.stderr)
            return ExitStatus.OK
        if not (yes or _agrees(settings, as_json)):
            print(tr("Nothing was restored.", "没有恢复任何内容。"), file=sys.stderr)
            return ExitStatus.ERROR
        kept = restore(found, settings)
    _bring_up_to_date(settings)
    if as_json:
        _print_json(seen, kept, restored=True)
    print("\n".join(_after(kept)), file=sys.stderr if as_json else sys.stdout)
    return ExitStatus.OK


def print_list(settings: Settings, as_json: bool) -> int:
    """Print all backups, the newest last; one that cannot be read hides no other."""
    from quizcli.study.backups.kept_backups import backups

    refuse_dangling(settings.store_file)
    found = backups(settings.store_file)
    rows = [_listed(each) for each in found]
    if as_json:
        from quizcli.json_output import print_json

        print_json(rows)
        return ExitStatus.OK
    if not rows:
        hint = tr("no backups yet; `quizcli backup` makes one", "还没有备份；用 `quizcli backup` 创建")
        print(hint, file=sys.stderr)
    width = max((len(row.name) for row in rows), default=0)
    for row, each in zip(rows, found, strict=True):
        held = row.trouble or _held(row.reviews, row.cards)
        print(f"{row.name:<{width}}  {_moment(each.made)}  {_size(row.bytes):>8}  {held}  {_why(row.why)}")
    if rows and sys.stdout.isatty():
        print(
            tr(
                "`quizcli restore NAME` shows what one would change, and asks.",
                "`quizcli restore 名称` 会先显示将有哪些变化，再询问。",
            ),
            file=sys.stderr,
        )
    return ExitStatus.OK


def _listed(each: Backup) -> Listed:
    from quizcli.study.backups.archive import about

    made = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(each.made))
    try:
        found = about(each.path)
    except QuizError as error:
        return Listed(each.name, str(each.path), made, each.why, each.size, trouble=error.message)
    return Listed(
        each.name, str(each.path), made, each.why, each.size, found.schema, found.cards, found.reviews
    )


def _path(name: str, settings: Settings) -> Path:
    """The backup that a person names. QuizError (USAGE) where there is none; a pipe is never opened."""
    from quizcli.study.backups.kept_backups import backups

    there = {each.name: each.path for each in backups(settings.store_file)}
    if name in there:
        return there[name]
    beginning = [path for full, path in there.items() if full.startswith(name)]
    if len(beginning) == 1:
        return beginning[0]
    try:
        if Path(name).is_file():
            return Path(name)
        there_too = Path(name).exists()
    except (OSError, ValueError):  # no name that a file can have
        there_too = False
    from quizcli.did_you_mean import did_you_mean, in_a_row, nearest

    raise QuizError(
        tr(f"{name!r} is there, but it is no regular file", f"{name!r} 存在，但不是普通文件")
        if there_too
        else tr(f"there is no backup {name!r}", f"没有备份 {name!r}"),
        in_a_row(
            did_you_mean(nearest(name, there)),
            tr("`quizcli restore` lists them.", "`quizcli restore` 可列出备份。"),
        ),
        ExitStatus.USAGE,
    )


def _told(seen: Preview) -> list[str]:
    """What restoring would do, as lines."""
    lines = [*([seen.notice] if seen.notice else []), seen.backup]
    if seen.then is None:
        lines.append(
            tr("  It holds no reviews; those that there are stay.", "  其中没有复习记录；现有记录不变。")
        )
    else:
        now = _held(seen.now.reviews, seen.now.cards) if seen.now else seen.trouble or tr("nothing", "无")
        lines += [
            tr(f"  now:   {now}", f"  现在：  {now}"),
            tr(
                f"  after: {_held(seen.then.reviews, seen.then.cards)}",
                f"  恢复后：{_held(seen.then.reviews, seen.then.cards)}",
            ),
            tr(
                f"  {_count(seen.lost, 'review')} would be lost, {seen.won:,} would come back.",
                f"  将失去 {seen.lost:,} 次复习，找回 {seen.won:,} 次。",
            ),
        ]
    for names, en, zh in (
        (seen.files_changed, "change", "将改变"),
        (seen.files_lost, "go", "将移除"),
        (seen.files_won, "come back", "将找回"),
    ):
        if names:
            some = ", ".join(names[:_FILES_SHOWN]) + (" …" if len(names) > _FILES_SHOWN else "")
            lines.append(
                tr(
                    f"  {_count(len(names), 'file')} would {en}: {some}",
                    f"  {zh} {len(names)} 个文件：{some}",
                )
            )
    if seen.config_left_out:
        lines.append(
            tr(
                f"  Its settings are left out, the present ones stay: {seen.config_left_out}",
                f"  不恢复其中的设置，现有设置不变：{seen.config_left_out}",
            )
        )
    if seen.untrusted:
        lines.append(
            tr(
                "  From elsewhere: trust in the code of packs is not taken over (`quizcli pack trust`).",
                "  来自别处：不会沿用对题库包代码的信任（见 `quizcli pack trust`）。",
            )
        )
    return lines


def _after(kept: Made | None) -> list[str]:
    if kept is None:
        return [tr("Restored.", "已恢复。")]
    return [
        tr("Restored. What was there before:", "已恢复。恢复前的状态保存为："),
        f"  {kept.path.name}",
        tr(f"To undo: `quizcli restore {kept.path.name}`", f"如需撤销：`quizcli restore {kept.path.name}`"),
    ]


def _bring_up_to_date(settings: Settings) -> None:
    """A backup of an older quizcli goes through the steps since, each with a backup before it."""
    from quizcli.study.store.store import Store

    if settings.store_file.exists():
        Store.open(settings.store_file).close()


def _print_json(seen: Preview, kept: Made | None, *, restored: bool) -> None:
    from quizcli.json_output import print_json

    print_json({"preview": seen, "restored": restored, "before": str(kept.path) if kept else None})


def _agrees(settings: Settings, as_json: bool) -> bool:
    """Ask on the terminal; anything but a clear yes is a no. QuizError where nobody can be asked."""
    if as_json or not (settings.interactive and sys.stdin.isatty() and sys.stderr.isatty()):
        raise QuizError(
            tr("nothing was restored: nobody is here to be asked", "没有恢复：当前无法询问"),
            tr("--yes restores without asking.", "加 --yes 可直接恢复，不再询问。"),
            ExitStatus.USAGE,
        )
    sys.stdout.flush()
    print(
        tr(
            "A backup of the present state is made first. Restore it? [y/N] ",
            "会先备份当前状态。是否恢复？[y/N] ",
        ),
        end="",
        file=sys.stderr,
        flush=True,
    )
    return sys.stdin.readline().strip().lower() in ("y", "yes", "是")


def _held(reviews: int, cards: int) -> str:
    return tr(
        f"{_count(reviews, 'review')}, {_count(cards, 'card')}", f"{reviews:,} 次复习，{cards:,} 张卡片"
    )


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def _moment(seconds: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))


def _size(number: int) -> str:
    return f"{number / 1e6:.1f} MB" if number >= 100_000 else f"{number / 1e3:.0f} kB"


def _why(why: str) -> str:
    """Why a backup was made, for a person."""
    said = {
        "daily": tr("the day's", "每日备份"),
        "by-hand": tr("by hand", "手动备份"),
        "before-restore": tr("before a restore", "恢复之前"),
        "before-pack-removal": tr("before a pack was removed", "移除题库包之前"),
    }
    if why in said:
        return said[why]
    if why.startswith("rescued"):
        return tr("rescued", "紧急保存")
    step = why.removeprefix("before-")
    return tr(f"before the step {step} of an upgrade", f"升级步骤 {step} 之前")

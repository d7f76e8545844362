"""`quizcli doctor`: what this machine can do, and what to do about what is missing."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import typer

from quizcli import __version__
from quizcli.cli.commands.doctor.engine import torch_found, worker_found
from quizcli.cli.commands.doctor.finding import Check
from quizcli.errors import ExitStatus, QuizError
from quizcli.file_reading import is_there
from quizcli.file_writing import refuse_dangling
from quizcli.json_output import print_json
from quizcli.packs.pack import builtin
from quizcli.settings import SETTABLE, Settings
from quizcli.text import Text, tr

_NAMES = {
    "quizcli": Text("quizcli", "quizcli"),
    "torch": Text("torch", "torch"),
    "device": Text("device", "计算设备"),
    "worker": Text("worker", "工作进程"),
    "terminal": Text("terminal", "终端"),
    "signs": Text("signs", "字符"),
    "banks": Text("banks", "题库"),
    "data": Text("data", "数据"),
    "cache": Text("cache", "缓存"),
    "store": Text("store", "学习记录"),
    "backups": Text("backups", "备份"),
    "editor": Text("editor", "编辑器"),
    "settings": Text("settings", "设置"),
}


def command(
    ctx: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help=tr("As JSON.", "输出 JSON。"))] = False,
) -> int:
    """Print the report; exit 1 if something needed is missing."""
    findings = []
    show = (lambda finding: None) if as_json else _printer()
    for finding in examine(ctx.obj):
        show(finding)
        findings.append(finding)
    if as_json:
        print_json(findings)
    return ExitStatus.ERROR if any(f.state == "missing" for f in findings) else ExitStatus.OK


def examine(settings: Settings) -> Iterator[Check]:
    """Look at everything that quizcli needs, in the order in which it needs it."""
    yield Check("quizcli", "ok", f"{__version__}, Python {sys.version.split()[0]}")
    torch = torch_found()
    yield from torch
    if torch[0].state == "ok" and not settings.left_aside:  # with a wrong config file no worker starts
        yield worker_found(settings)
    yield _terminal()
    yield _signs()
    yield _banks(settings)
    yield _data(settings)
    yield _cache(settings.cache_dir)
    yield _store(settings)
    yield backups_found(settings)
    yield _editor()
    yield _settings(settings)


def _terminal() -> Check:
    from quizcli.screen.terminal.theme import make_console

    console = make_console()
    if not console.is_terminal:
        return Check(
            "terminal",
            "note",
            tr("the output is no terminal", "输出不是终端"),
            tr(
                "Live pictures need one; plain lines are printed instead.",
                "实时画面需要终端；此时改为逐行输出。",
            ),
        )
    size, colours = (
        f"{console.width}×{console.height}",
        _colours(None if console.no_color else console.color_system),
    )
    term = os.environ.get("TERM", "")
    detail = f"{size}, {colours}" + (f", TERM={term}" if term else "")
    if console.is_dumb_terminal:
        advice = tr(
            "A dumb terminal draws nothing live; set TERM to what it is.",
            "哑终端无法显示实时画面；请把 TERM 设为实际类型。",
        )
        return Check("terminal", "note", detail, advice)
    if console.width < 80 or console.height < 24:
        advice = tr("80×24 or more shows everything.", "80×24 以上才能显示全部内容。")
        return Check("terminal", "note", detail, advice)
    advice = tr(
        "Pictures are finer with COLORTERM=truecolor, if your terminal can do it.",
        "若终端支持，设置 COLORTERM=truecolor 画面更细腻。",
    )
    coarse = not console.no_color and console.color_system not in ("truecolor", None)
    return Check("terminal", "ok", detail, advice if coarse else "")


def _colours(system: str | None) -> str:
    match system:
        case None:
            return tr("no colours", "无彩色")
        case "truecolor":
            return tr("16 million colours", "真彩色")
        case "256":
            return tr("256 colours", "256 色")
    return tr("16 colours", "16 色")


def _signs() -> Check:
    encoding = sys.stdout.encoding or "?"
    if encoding.lower().replace("-", "") != "utf8":
        advice = tr(
            "Set a UTF-8 locale (LANG=en_US.UTF-8) to see charts and formulas.",
            "请使用 UTF-8 区域设置（LANG=zh_CN.UTF-8）以显示图表与公式。",
        )
        return Check("signs", "note", encoding, advice)
    advice = tr(
        "If you see boxes here, choose a font with braille and block signs.",
        "若此处有方框，请换用含盲文点阵与方块字符的字体。",
    )
    return Check("signs", "ok", "✓✗ ⡇⠑⠤⣀ ▀▄█ ▁▃▅▇ √∑∇ 变分", advice)


def _banks(settings: Settings) -> Check:
    from quizcli.packs.pack import load

    loaded = load(builtin(), settings.cache_dir)
    banks, count = len(loaded.banks), sum(len(bank.questions) for bank in loaded.banks)
    detail = tr(
        f"{count} question{'s' * (count != 1)} in {banks} bank{'s' * (banks != 1)}",
        f"{banks} 个题库，共 {count} 题",
    )
    if not loaded.mistakes:
        return Check("banks", "ok" if count else "missing", detail)
    advice = tr("`quizcli bank check` lists the mistakes.", "`quizcli bank check` 可列出错误。")
    return Check("banks", "missing", detail, advice)


def _data(settings: Settings) -> Check:
    """Where MNIST is, or where it would come from."""
    from quizcli.demo.datasets.mnist import MIRRORS

    folder, cache = settings.data_sets, settings.cache_dir
    if folder is not None and _lacking(folder):
        return Check(
            "data",
            "missing",
            tr(
                f"QUIZCLI_DATA={folder}: no {_lacking(folder)}",
                f"QUIZCLI_DATA={folder}：缺少 {_lacking(folder)}",
            ),
            tr(
                "Name a folder that holds MNIST/raw, or unset it.",
                "请指向包含 MNIST/raw 的目录，或取消该变量。",
            ),
        )
    if folder is not None:
        return Check("data", "ok", f"MNIST · {folder}")
    if any(cache.glob("mnist-*.pt")) or not _lacking(cache):
        return Check("data", "ok", f"MNIST · {cache}")
    if settings.offline:
        return Check(
            "data",
            "note",
            tr("no MNIST here, and downloads are off", "本机没有 MNIST，且已关闭下载"),
            tr("Demonstrations use synthetic digits and say so.", "演示将使用合成数字，并明确标注。"),
        )
    source = tr(", else ", "，其次 ").join([*filter(None, [settings.mirror]), *MIRRORS])
    return Check(
        "data",
        "note",
        tr(f"MNIST comes from {source}", f"MNIST 将取自 {source}"),
        tr(
            "Fetched once, by the first demonstration that wants it (11 MB). Where that fails, synthetic "
            "digits stand in. QUIZCLI_MIRROR names another address, QUIZCLI_DATA a folder that has it.",
            "首次用到时自动下载（11 MB），只此一次；下载不了则用合成数字代替。"
            "可用 QUIZCLI_MIRROR 指定其他地址，或用 QUIZCLI_DATA 指定已有数据的目录。",
        ),
    )


def _lacking(folder: Path) -> str:
    """The first file of MNIST that the folder does not hold, packed or unpacked; empty if all are there."""
    from quizcli.demo.datasets.mnist import FILES

    raw = Path("MNIST") / "raw"
    missing = (
        str(raw / file.name)
        for file in FILES
        if not any((folder / raw / name).is_file() for name in (file.name, f"{file.name}.gz"))
    )
    return next(missing, "")


def _cache(folder: Path) -> Check:
    """Whether what saves time can be kept."""
    there = next(place for place in (folder, *folder.parents) if place.exists())
    if there.is_dir() and os.access(there, os.W_OK | os.X_OK):
        return Check("cache", "ok", str(folder))
    detail = tr(f"{there}: nothing can be written there", f"{there}：无法写入")
    advice = tr(
        "Everything runs, but each start reads the banks anew and what was fetched is not kept.",
        "功能不受影响，但每次启动都要重新读取题库，下载的数据也无法保留。",
    )
    return Check("cache", "note", detail, advice)


def _store(settings: Settings) -> Check:
    from quizcli.study.store.store import Store

    path = settings.store_file
    try:
        refuse_dangling(path)
        there = is_there(path)
    except QuizError as error:
        return Check("store", "missing", error.message, error.hint)
    except OSError as error:
        detail = f"{path}: {error.strerror}"
        advice = tr("Check the permissions of its folder.", "请检查所在目录的权限。")
        return Check("store", "missing", detail, advice)
    if not there:
        detail = tr(f"{path}: begins with your first answer", f"{path}：第一次学习时创建")
        return Check("store", "ok", detail)
    try:
        with Store.open(path) as store:
            trouble = store.check()
    except QuizError as error:
        return Check("store", "missing", error.message, error.hint)
    if trouble:
        advice = tr("`quizcli restore` lists the backups.", "`quizcli restore` 可列出备份。")
        return Check("store", "missing", f"{path}: {trouble}", advice)
    return Check("store", "ok", f"{path}, {path.stat().st_size / 1e6:.1f} MB")


def backups_found(settings: Settings) -> Check:
    """How many backups there are, and of when the last one is."""
    from quizcli.study.backups.kept_backups import backups

    try:
        found = backups(settings.store_file)
    except OSError as error:
        return Check("backups", "missing", f"{error.filename}: {error.strerror}")
    advice = tr("`quizcli restore` lists them.", "`quizcli restore` 可列出备份。")
    if found:
        last = time.strftime("%Y-%m-%d %H:%M", time.localtime(found[-1].made))
        detail = tr(f"{len(found)}, the last one of {last}", f"共 {len(found)} 份，最近一份：{last}")
        return Check("backups", "ok", detail, advice)
    if not settings.store_file.exists():
        return Check("backups", "ok", tr("none yet; made daily", "暂无；每天自动备份"))
    advice = tr(
        "Made with the day's first answer, or by `quizcli backup`.",
        "每天首次作答时自动备份，也可用 `quizcli backup`。",
    )
    return Check("backups", "note", tr("none yet", "暂无"), advice)


def _editor() -> Check:
    from shutil import which

    from quizcli.session.editor import editor_command, named_editor

    variable, wanted = named_editor(os.environ)
    if variable:
        try:
            program = editor_command(os.environ)[0]
        except QuizError as error:
            return Check("editor", "note", error.message, error.hint)
        if which(program) is None:
            advice = tr(f"Set {variable} to the one you use.", f"请把 {variable} 设为你用的编辑器。")
            told = tr(f"{wanted}: cannot be found", f"{wanted}：找不到")
            return Check("editor", "note", told, advice)
        return Check("editor", "ok", wanted)
    return Check(
        "editor",
        "note",
        tr("$EDITOR is not set", "未设置 $EDITOR"),
        tr("`e` opens vi; set EDITOR for another.", "`e` 将打开 vi；可用 EDITOR 指定其他编辑器。"),
    )


def _settings(settings: Settings) -> Check:
    path = settings.config_file
    if settings.left_aside:
        advice = tr(
            "Mend the file or delete it; `quizcli restore` may have an older one.",
            "请修正或删除该文件；`quizcli restore` 中或许有较早的版本。",
        )
        return Check("settings", "missing", settings.left_aside, advice)
    set_ = {name: getattr(settings, name) for name in SETTABLE}
    if settings.parameters:
        set_["parameters"] = ",".join(f"{number:g}" for number in settings.parameters)
    values = " ".join(f"{name}={value}" for name, value in set_.items() if value not in ("", ()))
    if path.exists():
        return Check("settings", "ok", values, str(path))
    advice = tr(f"Defaults; {path} may change them.", f"均为默认值；可在 {path} 中修改。")
    return Check("settings", "ok", values, advice)


def _printer() -> Callable[[Check], None]:
    """Prints findings as they come, in three columns: a sign, a name, what was found and the advice below."""
    from rich.cells import cell_len, set_cell_size

    from quizcli.screen.markup.wrap import Styled, wrap
    from quizcli.screen.terminal.theme import BAD, GOOD, NOTE, QUIET, RIGHT, STRONG, WRONG, make_console

    console = make_console()
    column = max(cell_len(str(name)) for name in _NAMES.values()) + 2
    signs = {
        "ok": Styled(RIGHT, GOOD),
        "note": Styled(NOTE, STRONG),
        "missing": Styled(WRONG, BAD),
    }

    def show(finding: Check) -> None:
        name = set_cell_size(str(_NAMES[finding.name]), column)
        lines = wrap(
            [Styled(finding.detail)],
            console.width,
            [Styled(" "), signs[finding.state], Styled(f" {name}")],
        )
        if finding.advice:
            lines += wrap([Styled(finding.advice, QUIET)], console.width, [Styled(" " * (column + 3))])
        for line in lines:
            console.print(line, soft_wrap=True)

    return show

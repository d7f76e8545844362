"""`quizcli doctor`: what this machine can do, and what to do about what is missing."""

import json
import os
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import typer

from quizcli import __version__
from quizcli.errors import ExitStatus, QuizError
from quizcli.settings import Settings
from quizcli.text import tr

# Run in a child, since this process must not import torch. Says what a demonstration would find.
_ASK_TORCH = """
import json, torch
cuda = torch.cuda.is_available()
mps = torch.backends.mps.is_available()
name = torch.cuda.get_device_name(0) if cuda else ("Apple MPS" if mps else "CPU")
print(json.dumps({"version": torch.__version__, "device": "cuda" if cuda else "mps" if mps else "cpu",
                  "name": name, "threads": torch.get_num_threads()}))
import torchvision
"""


class Finding(msgspec.Struct, frozen=True):
    """One line of the report. A "missing" finding makes the command fail; a "note" does not."""

    name: str
    state: Literal["ok", "note", "missing"]
    detail: str
    advice: str = ""


def command(
    ctx: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help=tr("As JSON.", "输出 JSON。"))] = False,
) -> int:
    """Print the report; exit 1 if something needed is missing."""
    settings: Settings = ctx.obj
    findings = examine(settings)
    if as_json:
        print(msgspec.json.encode(findings).decode())
    else:
        _print(findings)
    return ExitStatus.ERROR if any(f.state == "missing" for f in findings) else ExitStatus.OK


def examine(settings: Settings) -> list[Finding]:
    """Look at everything that quizcli needs, in the order in which it needs it."""
    return [
        _python(),
        *_torch(),
        _terminal(),
        _fonts(),
        _banks(settings),
        _data(settings),
        _store(settings),
        _editor(),
        _settings(settings),
    ]


def _python() -> Finding:
    return Finding("quizcli", "ok", f"{__version__}, Python {sys.version.split()[0]}")


def _torch() -> list[Finding]:
    name = "torch"
    try:
        installed = f"torch {version('torch')}, torchvision {version('torchvision')}"
    except PackageNotFoundError as error:
        return [
            Finding(
                name,
                "missing",
                tr(f"{error.name} is not installed", f"未安装 {error.name}"),
                tr("pip install torch torchvision", "请执行 pip install torch torchvision"),
            )
        ]
    try:
        child = subprocess.run(
            [sys.executable, "-c", _ASK_TORCH], capture_output=True, text=True, timeout=120
        )
    except subprocess.TimeoutExpired:
        return [
            Finding(
                name,
                "missing",
                tr(f"{installed}: the import took over 2 minutes", f"{installed}:导入超过 2 分钟"),
                tr("Try again; if it stays so, install both anew.", "请重试;若仍如此,请重新安装二者。"),
            )
        ]
    answer = child.stdout.strip().splitlines()
    if child.returncode != 0:
        last = (child.stderr.strip().splitlines() or ["?"])[-1]
        return [
            Finding(
                name,
                "missing",
                f"{installed}: {last}",
                tr(
                    "torch and torchvision must be of one build: install them together, from one source.",
                    "torch 与 torchvision 必须是同一构建:请从同一来源一起安装。",
                ),
            )
        ]
    found: dict[str, Any] = json.loads(answer[-1])
    device = Finding("device", "ok", f"{found['device']} · {found['name']}")
    if found["device"] == "cpu":
        device = Finding(
            "device",
            "ok",
            tr(f"CPU, {found['threads']} threads", f"CPU,{found['threads']} 线程"),
            tr(
                "No GPU found; every demonstration runs on the CPU too.",
                "没有发现 GPU;所有演示都能在 CPU 上运行。",
            ),
        )
    return [Finding(name, "ok", installed), device]


def _terminal() -> Finding:
    from quizcli.screen.theme import make_console

    console = make_console()
    if not console.is_terminal:
        return Finding(
            tr("terminal", "终端"),
            "note",
            tr("the output is no terminal", "输出不是终端"),
            tr(
                "Live pictures need one; plain lines are printed instead.",
                "实时画面需要终端;此时改为逐行输出。",
            ),
        )
    colours = {"truecolor": "16 M", "256": "256", "standard": "16", "windows": "16"}.get(
        console.color_system or "", "0"
    )
    detail = tr(
        f"{console.width}×{console.height}, {colours} colours",
        f"{console.width}×{console.height},{colours} 色",
    )
    if console.width < 80 or console.height < 24:
        return Finding(
            tr("terminal", "终端"),
            "note",
            detail,
            tr("80×24 or more shows everything.", "80×24 以上才能显示全部内容。"),
        )
    advice = (
        ""
        if console.color_system == "truecolor"
        else tr(
            "Pictures are finer with COLORTERM=truecolor, if your terminal can do it.",
            "若终端支持,设置 COLORTERM=truecolor 画面更细腻。",
        )
    )
    return Finding(tr("terminal", "终端"), "ok", detail, advice)


def _fonts() -> Finding:
    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    if encoding != "utf8":
        return Finding(
            tr("signs", "字符"),
            "note",
            encoding or "?",
            tr(
                "Set a UTF-8 locale (LANG=en_US.UTF-8) to see charts and formulas.",
                "请使用 UTF-8 区域设置(LANG=zh_CN.UTF-8)以显示图表与公式。",
            ),
        )
    return Finding(
        tr("signs", "字符"),
        "ok",
        "✓✗ ⡇⠑⠤⣀ ▀▄█ ▁▃▅▇ √∑∇ 变分",
        tr(
            "If you see boxes here, choose a font with braille and block signs.",
            "若此处有方框,请换用含盲文点阵与方块字符的字体。",
        ),
    )


def _banks(settings: Settings) -> Finding:
    from quizcli.bank.packs import builtin, load

    loaded = load(builtin(), settings.cache_dir)
    count = sum(len(bank.questions) for bank in loaded.banks)
    detail = tr(
        f"{count} questions in {len(loaded.banks)} banks", f"{len(loaded.banks)} 个题库,共 {count} 题"
    )
    if loaded.mistakes:
        return Finding(
            tr("banks", "题库"),
            "missing",
            detail,
            tr("`quizcli bank check` lists the mistakes.", "`quizcli bank check` 列出错误。"),
        )
    return Finding(tr("banks", "题库"), "ok", detail)


def _data(settings: Settings) -> Finding:
    prepared = sorted(path.name for path in (settings.cache_dir / "data").glob("*.pt"))
    folder = settings.data_sets
    if folder is not None and not folder.is_dir():
        return Finding(
            tr("data", "数据"),
            "missing",
            f"QUIZCLI_DATA={folder}: " + tr("no such folder", "目录不存在"),
            tr(
                "Name a folder that holds MNIST/raw, or unset it.",
                "请指向包含 MNIST/raw 的目录,或取消该变量。",
            ),
        )
    if folder is not None and (folder / "MNIST" / "raw").is_dir():
        return Finding(tr("data", "数据"), "ok", f"MNIST · {folder}")
    if any(name.startswith("mnist") for name in prepared):
        return Finding(tr("data", "数据"), "ok", f"MNIST · {settings.cache_dir / 'data'}")
    if settings.offline:
        return Finding(
            tr("data", "数据"),
            "note",
            tr("no MNIST here, and downloads are off", "本机没有 MNIST,且已关闭下载"),
            tr("Demonstrations use synthetic digits and say so.", "演示将使用合成数字,并明确标注。"),
        )
    return Finding(
        tr("data", "数据"),
        "note",
        tr("MNIST is not here yet", "本机尚无 MNIST"),
        tr(
            "The first demonstration fetches it (11 MB); where that fails, synthetic digits stand in.",
            "首次演示时自动下载(11 MB);下载不了则用合成数字代替。",
        ),
    )


def _store(settings: Settings) -> Finding:
    from quizcli.study.store import Store

    path = settings.store_file
    if not path.exists():
        return Finding(
            tr("store", "学习记录"),
            "ok",
            tr(f"{path}: begins with your first answer", f"{path}:第一次作答时创建"),
        )
    try:
        with Store.open(path) as store:
            trouble = store.check()
    except QuizError as error:
        return Finding(tr("store", "学习记录"), "missing", error.message, error.hint)
    if trouble:
        return Finding(
            tr("store", "学习记录"),
            "missing",
            f"{path}: {trouble}",
            tr("Keep a copy of the file before anything else.", "请先备份该文件再做其他操作。"),
        )
    return Finding(tr("store", "学习记录"), "ok", f"{path}, {path.stat().st_size / 1e6:.1f} MB")


def _editor() -> Finding:
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if editor:
        return Finding(tr("editor", "编辑器"), "ok", editor)
    return Finding(
        tr("editor", "编辑器"),
        "note",
        tr("$EDITOR is not set", "未设置 $EDITOR"),
        tr("`e` opens vi; set EDITOR for another.", "`e` 将打开 vi;可用 EDITOR 指定其他编辑器。"),
    )


def _settings(settings: Settings) -> Finding:
    path: Path = settings.config_file
    values = " ".join(
        f"{name}={getattr(settings, name)}"
        for name in ("lang", "retention", "new_per_day", "rollover_hour", "offline")
    )
    where = (
        str(path) if path.exists() else tr(f"defaults; {path} may change them", f"默认值;可在 {path} 中修改")
    )
    return Finding(tr("settings", "设置"), "ok", values, where)


def _print(findings: list[Finding]) -> None:
    from rich.cells import cell_len

    from quizcli.screen.theme import RIGHT, WRONG, make_console

    console = make_console()
    width = max(cell_len(finding.name) for finding in findings)
    for finding in findings:
        mark = {"ok": RIGHT, "note": "!", "missing": WRONG}[finding.state]
        pad = " " * (width - cell_len(finding.name))
        console.print(f" {mark} {finding.name}{pad}  {finding.detail}", soft_wrap=True)
        if finding.advice:
            console.print(f"   {' ' * width}  {finding.advice}", style="dim", soft_wrap=True)

"""Installs quizcli with all that it needs into the environment whose Python runs this, in words of our own.

    .venv/bin/python .ci/install.py STAMP [EXTRA]

What pip says goes into a file beside STAMP, whose end is shown where it fails. STAMP is written as soon as
all is there: whoever stops it afterwards, or stops `make`, need not wait again. Only Python itself is needed.
"""

from __future__ import annotations

import locale
import os
import queue
import re
import subprocess
import sys
import threading
import time
import tomllib
from collections import deque
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TextIO

ROOT = Path(__file__).resolve().parent.parent
PIP = (sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "off")
_LAST_SHOWN = 15  # lines of pip's, where it fails
_BIG = re.compile(r"Downloading (\S+?)-(\S+?)-\S* \(([\d.]+ [MG]B)\)")


def tr(en: str, zh: str) -> str:
    """The rendering in the language of the locale: quizcli's own needs what is not installed yet."""
    words = (os.environ.get(name) for name in ("QUIZCLI_LANG", "LC_ALL", "LC_MESSAGES", "LANG"))
    chosen = next((word for word in words if word), locale.getlocale()[0] or "")
    return zh if chosen.startswith("zh") else en


def is_complete(root: Path, extras: Sequence[str]) -> bool:
    """Whether this environment holds the program in `root` and what it asks for, in the tested versions."""
    from pip._vendor.packaging.requirements import Requirement

    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"]]
    for extra in extras:
        wanted += project["optional-dependencies"][extra]
    pinned = dict(line.split("==") for line in (root / "constraints.txt").read_text(encoding="utf-8").split())
    try:
        own = distribution(project["name"]).read_text("direct_url.json") or ""
        for text in wanted:
            requirement = Requirement(text)
            if requirement.marker is not None and not requirement.marker.evaluate():
                continue
            version = distribution(requirement.name).version
            if version != pinned.get(requirement.name, version) or version not in requirement.specifier:
                return False
    except PackageNotFoundError:
        return False
    return root.as_uri() in own and '"editable": true' in own


def told(line: str) -> str:
    """What a line of pip's means to the person who waits; "" where nothing new."""
    if found := _BIG.search(line):
        return tr(
            f"fetching {found[1]} {found[2]}, {found[3]}", f"正在下载 {found[1]} {found[2]}，{found[3]}"
        )
    if line.startswith("Collecting "):
        return tr("looking up what is needed", "正在确认需要安装的内容")
    if line.lstrip().startswith("Preparing editable metadata"):
        return tr("reading quizcli itself", "正在读取 quizcli")
    if line.startswith("Installing collected packages: "):
        count = line.count(",") + 1
        return tr(f"unpacking {count} packages", f"正在解压 {count} 个软件包")
    return ""


def follow(command: Sequence[str], log: Path, out: TextIO) -> int:
    """Run it, its output in `log`; say on `out` what it does, with a clock on a terminal. Its exit status."""
    begin, shown, live = time.monotonic(), "", out.isatty()
    with (
        log.open("w", encoding="utf-8") as kept,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", cwd=ROOT
        ) as child,
    ):
        for line in _lines(child):
            kept.write(line)
            said = told(line)
            if said and said != shown:
                shown = said
                if not live:
                    out.write(f"  {shown}\n")
            if live:
                minutes, seconds = divmod(int(time.monotonic() - begin), 60)
                out.write(f"\r\x1b[2K  {minutes}:{seconds:02}  {shown}")
            out.flush()
    if live:
        out.write("\r\x1b[2K")
    return child.returncode


def _lines(child: subprocess.Popen[str]) -> Iterator[str]:
    """The lines of a child as they come; an empty one each second without any, so that a clock goes on."""
    arrived: queue.Queue[str | None] = queue.Queue()

    def read() -> None:
        for line in child.stdout or ():
            arrived.put(line)
        arrived.put(None)

    threading.Thread(target=read, daemon=True).start()
    while True:
        try:
            line = arrived.get(timeout=1)
        except queue.Empty:
            line = ""
        if line is None:
            return
        yield line


def main(stamp: Path, extras: Sequence[str], pip: Sequence[str] = PIP) -> int:
    """Install, unless all is there. Prints what a person needs to know; the exit status."""
    out, log = sys.stdout, stamp.with_name("install.log")
    if not is_complete(ROOT, extras):
        print(
            tr(
                f"Setting up {stamp.parent}: about 6 GB, mostly PyTorch; a few minutes, once.",
                f"正在设置 {stamp.parent}：约 6 GB，主要是 PyTorch；只需一次，几分钟即可。",
            ),
            flush=True,
        )
        what = f".[{','.join(extras)}]" if extras else "."
        status = follow([*pip, "-c", "constraints.txt", "-e", what], log, out)
        if status != 0:
            with log.open(encoding="utf-8") as lines:
                end = "".join(deque(lines, _LAST_SHOWN))
            failed = tr(f"That failed. The end of {log}:", f"安装失败。{log} 的末尾：")
            print(f"{failed}\n{end}", file=sys.stderr)
            return 1
        print(tr("  all is there", "  安装完成"), flush=True)
    stamp.touch()
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
    except KeyboardInterrupt:
        print(tr("\nStopped. The same command goes on from here.", "\n已中断。重新执行同一命令即可继续。"))
        sys.exit(130)

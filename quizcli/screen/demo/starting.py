"""What is shown while a worker starts: that it lives, what is coming, and how long that took before."""

from __future__ import annotations

from msgspec import Struct
from rich.style import Style

from quizcli.screen.demo.status import wrap_plain
from quizcli.screen.terminal.numbers import duration
from quizcli.screen.terminal.palette import ACCENT, PLAIN, QUIET, STRONG
from quizcli.screen.terminal.segments import Line, cut, line
from quizcli.text import tr

TURNS = 5  # of the sign of life, a second
_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_BAR = 30  # cells


class Coming(Struct, frozen=True):
    """What is known of a demonstration before it has started. Times are those of its last run, in seconds."""

    title: str
    about: str = ""  # what it shows
    settings: str = ""  # as `quizcli demo` takes them
    claims: tuple[str, ...] = ()  # what it will measure
    start: float | None = None
    whole: float | None = None


def opening_lines(coming: Coming, waited: float, width: int, height: int) -> list[Line]:
    """At most `height` lines: the sign of life first, then the title, then the rest."""
    inner = max(2, width - 2)
    spinner = _SPINNER[int(waited * TURNS) % len(_SPINNER)]
    doing = tr("a process of its own is loading PyTorch", "独立进程正在加载 PyTorch")
    lines: list[Line] = [line(" ", (spinner, ACCENT), " ", (f"{doing} {duration(waited)}", PLAIN))]
    if coming.start is not None:
        lines.append(_expected(coming.start, waited))
    lines += [[], *_told(coming.title, inner, STRONG), *_told(coming.about, inner)]
    lines += [[], *_told(coming.settings, inner)] if coming.settings else []
    if coming.claims:
        lines += [[], *_told(tr("It will measure: ", "将会实测：") + ", ".join(coming.claims), inner)]
    if coming.whole is not None:
        took = duration(coming.whole)
        lines += [[], *_told(tr(f"Its last run here took {took}.", f"上次在本机运行用时 {took}。"), inner)]
    return [cut(row, width) for row in lines[: max(1, height)]]


def opening_text(coming: Coming) -> str:
    """The same in one line, for where nothing can be drawn in place."""
    start = coming.start
    about = "" if start is None else tr(f", usually {duration(start)}", f"，通常需 {duration(start)}")
    return tr(f"starting {coming.title}{about} …", f"正在启动：{coming.title}{about} …")


def _expected(start: float, waited: float) -> Line:
    """A bar over the usual time; what takes longer says so instead of standing still."""
    start = max(1.0, start)
    usual = tr(f"usually {duration(start)} on this machine", f"在本机通常需 {duration(start)}")
    if waited > start:
        return line("   ", (tr(f"longer than usual: {usual}", f"比平时久：{usual}"), QUIET))
    full = int(_BAR * waited / start)
    return line("   ", ("━" * full, ACCENT), ("─" * (_BAR - full), QUIET), "  ", (usual, QUIET))


def _told(text: str, width: int, style: Style = QUIET) -> list[Line]:
    rows = wrap_plain(text, width) if text else []
    return [line(" ", (row, style)) for row in rows]

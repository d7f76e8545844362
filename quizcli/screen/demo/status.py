"""The lines around the panels of a demonstration: header, progress, claims, notes, keys."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.cells import cell_len

from quizcli.demo.events import Changed, Claim, Failed, Progress, Started
from quizcli.demo.plain_text import plain_words
from quizcli.demo.spoken_settings import spoken_option, spoken_setting
from quizcli.screen.demo.state import Board
from quizcli.screen.markup.wrap import Styled, wrap
from quizcli.screen.terminal import theme
from quizcli.screen.terminal.numbers import duration, number
from quizcli.screen.terminal.palette import ACCENT, BAD, GOOD, KEY, PLAIN, QUIET, STRONG
from quizcli.screen.terminal.segments import Line, cut, fit, justified, line, width_of
from quizcli.text import tr

_DONE, _TO_DO = "━", "─"  # the two parts of a progress bar
_BAR = 40  # cells at most
_SENTENCE = 36  # cells: narrower columns are no pleasure to read
_ACTIVITY = 28  # cells kept for what is being done, so that the name does not change with it
_SYNTHETIC = ("synthetic", "合成")
_RELATIONS = {"<=": "≤", ">=": "≥", "==": "="}


def name_of(started: Started) -> str:
    """What the demonstration is called."""
    return plain_words(started.title) or started.name


def data_of(started: Started) -> str:
    """The data set's label; a stand-in for real data always says so."""
    data = plain_words(started.data)
    if started.synthetic and not any(word in data for word in _SYNTHETIC):
        return f"{data} ({stand_in(started)})" if data else stand_in(started)
    return data


def stand_in(started: Started | None) -> str:
    """What a stand-in for real data is called, "synthetic digits"; "" where the data are real."""
    if started is None or not started.synthetic:
        return ""
    label = plain_words(started.data).replace("，", ",").split(",")[0].strip()
    return label if any(word in label for word in _SYNTHETIC) else tr("synthetic data", "合成数据")


def header(board: Board, seconds: float, width: int) -> Line:
    """Name · data · device, and at the other end what is being done and for how long.

    A long title gives way to the short name, what is being done to the data: these must be seen.
    """
    started = board.started
    clock = line((duration(seconds), QUIET), " ")
    if started is None:
        return justified(line(" ", (tr("starting …", "正在启动 …"), QUIET)), clock, width)
    right = line(_doing(board), "   ") + clock
    left = _identity(started, name_of(started))
    if width_of(left) + max(width_of(right), _ACTIVITY) + 2 > width:
        left = _identity(started, started.name or name_of(started))
    fits = width_of(left) + width_of(right) + 2 <= width
    return justified(left, right if fits or board.last is not None else clock, width)


def _identity(started: Started, name: str) -> Line:
    parts = line(" ", (name, STRONG))
    for text, style in ((data_of(started), ACCENT if started.synthetic else PLAIN), (started.device, PLAIN)):
        parts += line(" · ", (text, style)) if text else []
    return parts


def _doing(board: Board) -> str:
    match board.last:
        case Failed():
            return tr("failed", "失败")
        case None:
            return plain_words(board.progress.text) if board.progress else ""
        case finished:
            return tr("stopped", "已停止") if finished.stopped else tr("done", "完成")


def progress_line(progress: Progress, width: int, *, paused: bool = False) -> Line:
    """A bar, the share that is done, and the speed."""
    share = min(1.0, max(0.0, progress.done / progress.total)) if progress.total > 0 else 0.0
    percent = f" {int(share * 100):>3} %"
    speed = "" if progress.rate is None else f"   {number(progress.rate, 3)} {plain_words(progress.unit)}/s"
    state = "   " + tr("paused", "已暂停") if paused else ""
    cells = min(_BAR, width - 2 - cell_len(percent + state))
    if cells < 4:
        return cut(line(percent, (state, STRONG)), width)
    if cells + cell_len(percent + speed + state) + 2 > width:
        speed = ""
    full = round(share * cells)
    bar = line(" ", (_DONE * full, ACCENT), (_TO_DO * (cells - full), QUIET))
    return bar + line(percent, speed, (state, STRONG))


def claim_figures(claim: Claim) -> str:
    """What was measured and what was expected: "105.9 ≤ 106.5 nats"; digits enough to tell the two apart.

    What is not whole is not shown as whole either: "1 ≈ 1" would look like no measurement at all. Where there
    is no number, there is nothing to compare.
    """
    if math.isnan(claim.measured):
        return tr("not measurable", "无法测得")
    digits = 4
    alike = {number(claim.expected, 8)}
    if math.isfinite(claim.measured):
        alike.add(number(round(claim.measured), 8))
    while digits < 8 and number(claim.measured, 8) not in alike and number(claim.measured, digits) in alike:
        digits += 1
    relation = _RELATIONS.get(claim.relation, claim.relation)
    margin = f" ± {number(claim.tolerance, 2)}" if claim.relation == "≈" and claim.tolerance else ""
    unit = f" {claim.unit}" if claim.unit else ""
    return f"{number(claim.measured, digits)} {relation} {number(claim.expected, digits)}{margin}{unit}"


def claim_text(claim: Claim) -> str:
    """What is claimed, or why it could not be measured."""
    text = plain_words(claim.text)
    if not math.isnan(claim.measured):
        return text
    why = plain_words(claim.why) or tr("the run came to no number", "这次运行没有得出数值")
    return tr(f"because {why}; claimed was: {text}", f"因为{why}；原结论：{text}")


def claim_lines(board: Board, width: int, height: int) -> list[Line]:
    """At most `height` lines of claims: a sign, the id, the measurement, and the text where all of it fits.

    Without room for all, those that do not hold come first, then the latest, then those still to come.
    """
    claims = list(board.claims.values())
    by_weight = sorted(claims, key=lambda claim: (claim.holds or claim.by_hand, -claims.index(claim)))
    kept = by_weight[: max(0, height)]
    waiting = [cut(_waiting(board, id_), width) for id_ in board.outstanding][: max(0, height - len(kept))]
    spare = height - len(kept) - len(waiting)
    blocks: dict[str, list[Line]] = {}
    for claim in kept:
        head = _head(board, claim)
        block = _in_full(head, claim, width)
        if len(block) - 1 > spare:
            block = [cut(head, width)]
        spare -= len(block) - 1
        blocks[claim.id] = block
    return [row for claim in claims if claim.id in blocks for row in blocks[claim.id]] + waiting


def claims_in_full(board: Board, width: int) -> list[Line]:
    """The claims with their whole texts."""
    lines = [row for claim in board.claims.values() for row in _in_full(_head(board, claim), claim, width)]
    return lines + [cut(_waiting(board, id_), width) for id_ in board.outstanding]


def _in_full(head: Line, claim: Claim, width: int) -> list[Line]:
    """A claim with its whole text, beside the measurement if a sentence has room there, else below."""
    text = claim_text(claim)
    room = width - 1 - width_of(head) - 2
    if room >= min(_SENTENCE, cell_len(text)):
        first, *more = wrap_plain(text, room)
        lines = [head + line((f"  {first}", QUIET))]
        indent = width_of(head) + 2
    else:
        lines = [cut(head, width)]
        more, indent = wrap_plain(text, width - 4), 3
    return lines + [cut(line((" " * indent + part, QUIET)), width) for part in more]


def _head(board: Board, claim: Claim) -> Line:
    """Sign, id and measurement, aligned with those of the other claims; a stand-in for real data is named."""
    sign = (theme.RIGHT, GOOD) if claim.holds else (theme.WRONG, BAD)
    sign = (theme.BY_HAND, ACCENT) if claim.by_hand else sign
    widest = max(cell_len(claim_figures(other)) for other in board.claims.values())
    figures = claim_figures(claim)
    synthetic = stand_in(board.started)
    return line(
        " ",
        sign,
        f" {claim.id:<{_id_width(board)}}  {figures}",
        " " * (widest - cell_len(figures)),
        f"  ({synthetic})" if synthetic else "",
        f"  ({by_hand()})" if claim.by_hand else "",
    )


def by_hand() -> str:
    """What is said of a claim that was measured after the person had changed a setting."""
    return tr("by your hand", "手动调节后")


def change_text(change: Changed) -> str:
    """What the person has changed, and when: "beta 1 → 4 at step 120"."""
    turned = (
        f"{spoken_option(change.option)} {spoken_setting(change.before)} → {spoken_setting(change.after)}"
    )
    return tr(f"{turned} at {number(change.step)}", f"{turned}（在 {number(change.step)} 处）")


def change_lines(board: Board, width: int) -> list[Line]:
    """What was changed by hand, in one paragraph."""
    if not board.changes:
        return []
    said = tr(", ", "，").join(map(change_text, board.changes))
    return [
        cut(line((" " + part, QUIET)), width)
        for part in wrap_plain(by_hand() + tr(": ", "：") + said, width - 2)
    ]


def _waiting(board: Board, id_: str) -> Line:
    text = tr("not measured yet", "尚未测得")
    return line((f" {theme.WAITING} {id_:<{_id_width(board)}}  {text}", QUIET))


def _id_width(board: Board) -> int:
    return max(map(len, (*board.claims, *board.outstanding)))


def note_lines(text: str, width: int, height: int) -> list[Line]:
    """A note, wrapped; what is too long ends with an ellipsis."""
    parts = wrap_plain(text, width - 2)
    if len(parts) > height:
        parts = [*parts[: height - 1], fit(" ".join(parts[height - 1 :]), width - 2)] if height > 0 else []
    return [cut(line(" ", part), width) for part in parts]


def failure_lines(failed: Failed, width: int, debug: bool) -> list[Line]:
    """What went wrong and what to do next; the trace, whose lines are not cut, only for who asked for it."""
    first, *more = wrap_plain(failed.message, width - 4)
    lines = [
        line(" ", (theme.WRONG, BAD), " ", (first, STRONG)),
        *(line("   ", (part, STRONG)) for part in more),
    ]
    lines += [line("   ", part) for part in wrap_plain(failed.hint, width - 4) if part]
    trace = failed.trace.splitlines() if debug else []
    return [cut(row, width) for row in lines] + [line(("   " + row, QUIET)) for row in trace]


def footer(keys: Sequence[tuple[str, str]], message: str, width: int) -> Line:
    """The keys that do something now, and a message at the other end. The last key stays longest."""
    items = [line((key, KEY), " " + label) for key, label in keys]
    while len(items) > 1 and sum(map(width_of, items)) + 3 * (len(items) - 1) + 1 > width:
        del items[-2]
    parts: Line = []
    for item in items:
        parts += [*line("   " if parts else " "), *item]
    return justified(parts, line(message, " "), width) if message else cut(parts, width)


def wrap_plain(text: str, width: int) -> list[str]:
    """Prose in lines of at most `width` cells (2 at least); one empty line for no text."""
    return [row.plain for row in wrap([Styled(text)], width)]

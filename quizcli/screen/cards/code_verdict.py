"""What a judge found out about a person's code, as lines: cases, tables with the difference marked, speed."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.text import Text as RichText

from quizcli.judge.calls.messages import CaseResult, News, Over, Proof, Raised, Speed, TensorWindow
from quizcli.judge.judging.tensor_window import EXPECTED, GOT, THEN
from quizcli.screen.markup.highlight import highlighted
from quizcli.screen.markup.wrap import Styled, wrap
from quizcli.screen.terminal import theme
from quizcli.text import tr, words
from quizcli.visible_text import clean_line

_MARGIN = "  "
_PRINTED = 6  # lines of what was printed
_GAP = 3  # cells between two tables


def news_lines(news: News, width: int, room: int = 1000) -> list[RichText]:
    """Lines for one piece of news, at most `width` cells wide. Tables that pass the `room` are only named."""
    match news:
        case CaseResult():
            return _case(news, width, room)
        case Speed():
            return [RichText(), *_wrapped([Styled(_speed(news), theme.QUIET)], width)]
        case Over():
            return _over(news, width)
        case Proof():
            return [line for fault in news.faults for line in _wrapped([Styled(fault)], width)]


def _case(result: CaseResult, width: int, room: int) -> list[RichText]:
    sign = Styled(theme.RIGHT, theme.GOOD) if result.passed else Styled(theme.WRONG, theme.BAD)
    lines = _wrapped([sign, Styled(" "), Styled(words(result.name))], width)
    if result.passed:
        return lines
    if result.trap:
        lines += _wrapped([Styled(words(result.trap), theme.STRONG)], width, indent=2)
    if result.why:
        lines += _wrapped([Styled(words(result.why))], width, indent=2)
    if result.raised is not None:
        lines += _raised(result.raised, width)
    return lines + _tables(result.grids, width, room - len(lines))


def _raised(raised: Raised, width: int) -> list[RichText]:
    """What was raised, and the person's own line."""
    message = next(iter(raised.message.splitlines()), "")
    if "can't allocate memory" in raised.message:
        message = tr("out of memory: a judged run has 2 GiB", "内存不足：评判时最多可用 2 GiB")
    lines = _wrapped([Styled(f"{raised.sort}: {message}")], width, indent=2)
    if raised.line:
        code = highlighted(clean_line(raised.text), "python")
        code.truncate(max(1, width - 14), overflow="ellipsis")
        at = tr(f"line {raised.line}", f"第 {raised.line} 行")
        lines.append(RichText.assemble(_MARGIN * 2, (f"{at}  ", theme.QUIET), code))
    return lines


def _tables(grids: Sequence[TensorWindow], width: int, room: int) -> list[RichText]:
    """Small tables side by side, as many as fit, below one another; expected and got come first."""
    lines: list[RichText] = []
    left_out: list[str] = []
    for row in _rows(sorted(grids, key=lambda grid: grid.label not in (EXPECTED, GOT)), width):
        tall = 1 + max(len(block) for _, block in row)
        if left_out or len(lines) + tall > max(room - 1, 6):
            left_out += [f"{grid.label} {grid.about}" for grid, _ in row]
        else:
            lines += _beside([block for _, block in row])
    if left_out:
        listed = f"{theme.WAITING} {', '.join(left_out)}"
        lines += [RichText(), *_wrapped([Styled(listed, theme.QUIET)], width, indent=2)]
    return lines


def _rows(grids: Sequence[TensorWindow], width: int) -> list[list[tuple[TensorWindow, list[RichText]]]]:
    """Which tables stand side by side."""
    rows: list[list[tuple[TensorWindow, list[RichText]]]] = []
    used = width
    for grid in grids:
        block = _table(grid, got=grid.label == GOT)
        size = max(map(_cells, block)) + _GAP
        if used + size > width - 2:
            rows.append([])
            used = 0
        rows[-1].append((grid, block))
        used += size
    return rows


def _cells(line: RichText) -> int:
    return cell_len(line.plain)


def _beside(blocks: list[list[RichText]]) -> list[RichText]:
    lines = [RichText()] if blocks else []
    for number in range(max(map(len, blocks), default=0)):
        line = RichText(_MARGIN * 2)
        for place, block in enumerate(blocks):
            part = block[number] if number < len(block) else RichText()
            line.append(" " * (_GAP * bool(place))).append_text(part)
            line.append(" " * (max(map(_cells, block)) - _cells(part)))
        line.rstrip()
        lines.append(line)
    return lines


def _table(grid: TensorWindow, got: bool) -> list[RichText]:
    """Label and shape, then the numbers; those that differ are bold, what was got has ✗ before them too."""
    label = {EXPECTED: tr("expected", "应为"), GOT: tr("got", "实为"), THEN: tr("then", "然后")}.get(
        grid.label, clean_line(grid.label)
    )
    head = RichText.assemble((label, theme.STRONG), (clean_line(f"{grid.place} {grid.about}"), theme.QUIET))
    rows = [[clean_line(value) for value in row] for row in grid.rows]
    size = max((len(value) for row in rows for value in row), default=0) + 1
    return [head, *(_aligned(row, r, grid, got, size) for r, row in enumerate(rows))]


def _aligned(row: Sequence[str], r: int, grid: TensorWindow, got: bool, size: int) -> RichText:
    line = RichText()
    for c, value in enumerate(row):
        wrong = (r, c) in grid.marked
        text = (theme.WRONG if wrong and got else " ") + value
        style = (theme.BAD if got else theme.GOOD) if wrong else ""
        line.append(" " * (size - len(value) - 1 + bool(c)))
        line.append(text, style)
    return line


def _speed(speed: Speed) -> str:
    parts = [tr(f"yours {_time(speed.theirs)}", f"你的 {_time(speed.theirs)}")]
    parts.append(tr(f"ours {_time(speed.ours)}", f"参考答案 {_time(speed.ours)}"))
    if speed.torchs:
        parts.append(f"PyTorch {_time(speed.torchs)}")
    return tr("one call of the last case: ", "最后一例单次用时：") + f" {theme.DOT} ".join(parts)


def _time(seconds: float) -> str:
    if seconds >= 1:
        return f"{seconds:.2g} s"
    return f"{seconds * 1e3:.3g} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.3g} µs"


def _over(over: Over, width: int) -> list[RichText]:
    lines: list[RichText] = []
    if over.printed.strip():
        printed = over.printed.strip().splitlines()
        lines += [RichText(), RichText(_MARGIN + tr("it printed", "打印内容"), theme.QUIET)]
        for told in printed[:_PRINTED]:
            line = RichText(_MARGIN * 2 + clean_line(told))
            line.truncate(width, overflow="ellipsis")
            lines.append(line)
        if len(printed) > _PRINTED:
            lines.append(RichText(_MARGIN * 2 + theme.WAITING, theme.QUIET))
    if over.refused:
        told = f"{over.refused}. {over.hint}" if over.hint else over.refused
        return [*lines, RichText(), *_wrapped([Styled(told, theme.BAD)], width)]
    if over.broken:
        told = tr(f"the judge itself is broken: {over.broken}", f"评判程序自身有误：{over.broken}")
        lines += [RichText(), *_wrapped([Styled(told, theme.BAD)], width)]
    if over.passed:
        told = tr("all cases pass", "全部通过")
        lines += [
            RichText(),
            *_wrapped([Styled(theme.RIGHT, theme.GOOD), Styled(" "), Styled(told, theme.STRONG)], width),
        ]
    seconds = f"{over.seconds:.2f} s"
    said = tr(f"judged in {seconds}, seed {over.seed}", f"评判用时 {seconds}，随机种子 {over.seed}")
    return [*lines, RichText(), *_wrapped([Styled(said, theme.QUIET)], width)]


def _wrapped(spans: Sequence[Styled], width: int, indent: int = 0) -> list[RichText]:
    return wrap(spans, width - 2, [Styled(_MARGIN + " " * indent)])

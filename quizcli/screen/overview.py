"""The statistics as lines: sums, a heat map of twelve weeks beside the forecast, a table of topics."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import zip_longest

from rich.cells import cell_len
from rich.text import Text

from quizcli.screen import theme
from quizcli.study.statistics import DayCount, Statistics, TopicStatistics
from quizcli.text import tr

_SHADES = "·░▒▓█"  # none, and four quarters of the busiest day
_EIGHTHS = " ▁▂▃▄▅▆▇█"
_ROWS = 7  # days of a week; the forecast is drawn as high


def overview_lines(statistics: Statistics, width: int) -> list[Text]:
    """Everything that `quizcli stats` prints."""
    lines = [*_sums(statistics), Text()]
    heat, forecast = _heat(statistics.heat), _forecast(statistics.forecast)
    gap = 4
    beside = max(line.cell_len for line in heat)
    if beside + gap + max(line.cell_len for line in forecast) <= width:
        for left, right in zip_longest(heat, forecast, fillvalue=Text()):
            lines.append(left + Text(" " * (beside + gap - left.cell_len)) + right)
    else:
        lines += [*heat, Text(), *forecast]
    return [*lines, Text(), *_topics(statistics.topics, width)]


def _sums(s: Statistics) -> list[Text]:
    kept = tr("nothing to measure yet", "暂无数据")
    if s.retention is not None:
        kept = tr(
            f"{s.retention:.0%} of {s.retention_answers} reviews in 30 days",
            f"{s.retention:.0%}(近 30 天 {s.retention_answers} 次复习)",
        )
    rows = [
        (
            tr("due", "到期"),
            tr(
                f"{s.due_now} now, {s.due_today} today; {s.new_today} new",
                f"现在 {s.due_now} 张,今天共 {s.due_today} 张;新卡 {s.new_today} 张",
            ),
        ),
        (tr("retention", "记忆保持率"), kept),
        (
            tr("work", "学习量"),
            tr(
                f"answers today {s.answers_today}, {s.minutes_today:.0f} min; "
                f"{s.minutes_month:.0f} min in 30 days; streak {s.streak} d",
                f"今天 {s.answers_today} 次,{s.minutes_today:.0f} 分钟;"
                f"近 30 天 {s.minutes_month:.0f} 分钟;连续 {s.streak} 天",
            ),
        ),
        (tr("cards", "卡片"), tr(f"{s.seen} of {s.questions} seen", f"已学 {s.seen} / {s.questions}")),
    ]
    if s.suspended:
        rows.append((tr("suspended", "已暂停"), str(s.suspended)))
    column = max(cell_len(name) for name, _ in rows)
    return [
        Text.assemble(" ", (name, theme.QUIET), " " * (column - cell_len(name) + 2), text)
        for name, text in rows
    ]


def _heat(days: Sequence[DayCount]) -> list[Text]:
    """One column a week, Monday first; the shade says how many answers, a quarter of the busiest day each."""
    names = tr("Mon,Tue,Wed,Thu,Fri,Sat,Sun", "一,二,三,四,五,六,日").split(",")
    most = max((day.count for day in days), default=0)
    grid = [Text.assemble(" ", (f"{name} ", theme.QUIET)) for name in names]
    for day in days:
        shade = _SHADES[-(-day.count * 4 // most)] if most else _SHADES[0]
        grid[date.fromisoformat(day.date).weekday()].append(
            f"{shade} " if shade == _SHADES[0] else shade * 2,
            theme.QUIET if shade == _SHADES[0] else theme.GOOD,
        )
    head = tr(f"last 12 weeks, at most {most} a day", f"近 12 周,最多 {most} 次/天")
    return [Text(f" {head}", theme.QUIET), *grid]


def _forecast(days: Sequence[DayCount]) -> list[Text]:
    """One column a day, as high as the cards it will bring."""
    most = max((day.count for day in days), default=0)
    lines = [Text(tr("due in the next 14 days", "未来 14 天到期"), theme.QUIET)]
    for row in range(_ROWS - 1, 0, -1):
        line = Text()
        for day in days:
            eighths = round(day.count * 8 * (_ROWS - 1) / most) if most else 0
            line.append(_EIGHTHS[min(8, max(0, eighths - 8 * (row - 1)))] * 2 + " ", theme.ACCENT)
        lines.append(line.append(f" {most}" if row == _ROWS - 1 and most else "", theme.QUIET))
    labels = Text(style=theme.QUIET)
    for day in days:
        labels.append(f"{date.fromisoformat(day.date).day:>2} ")
    return [*lines, labels]


def _topics(topics: Sequence[TopicStatistics], width: int) -> list[Text]:
    column = max([cell_len(t.topic) for t in topics] + [8])
    heads = [tr("seen", "已学"), tr("mature", "成熟"), tr("retention", "保持率")]
    lines = [
        Text(
            " " + " " * column + "  " + "  ".join(f"{h:>{10 - cell_len(h) + len(h)}}" for h in heads),
            theme.QUIET,
        )
    ]
    for t in topics:
        kept = "–" if t.retention is None else f"{t.retention:.0%}"
        numbers = f"{f'{t.seen}/{t.questions}':>10}  {t.mature:>10}  {kept:>10}"
        line = Text(f" {t.topic:<{column}}  {numbers}")
        line.truncate(width)
        lines.append(line)
    return lines

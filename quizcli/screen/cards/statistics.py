"""The statistics as lines: sums, a heat map of twelve weeks beside the forecast, a bar for each topic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import zip_longest

from rich.cells import cell_len, set_cell_size
from rich.text import Text as RichText

from quizcli.screen.terminal import theme
from quizcli.screen.terminal.segments import fit
from quizcli.study.statistics import DayCount, Statistics, TopicStatistics
from quizcli.text import tr

_SHADES = "·░▒▓█"  # none, and four quarters of the busiest day
_EIGHTHS = " ▁▂▃▄▅▆▇█"
_ROWS = 7  # days of a week; the forecast is drawn as high
_MATURE, _SEEN, _UNSEEN = "━", "─", "·"
_GAP = 2
_LEAST_BAR, _LONGEST_BAR = 8, 40  # cells
_LONGEST_NAME = 26  # cells


def overview_lines(
    statistics: Statistics, width: int, titles: Mapping[str, str] | None = None, rows: int | None = None
) -> list[RichText]:
    """Everything that `quizcli stats` prints, in lines of at most `width` cells from 50 on.

    Topics are called by their `titles`. Where `rows` are not enough for all, the last line counts those that
    are left out: what is remembered best, or not begun.
    """
    heat, forecast = _heat(statistics.heat), _forecast(statistics.forecast)
    lines = [*_sums(statistics), RichText(), *_beside(heat, forecast, width), RichText()]
    room = None if rows is None else max(0, rows - len(lines) - 2)  # a head, and what is left out
    if room is None or len(statistics.topics) <= room + 1:
        lines += _topics(statistics.topics, width, titles or {})
    else:
        chosen = sorted(statistics.topics, key=_urgency)[:room]
        lines += _topics(chosen, width, titles or {}) if chosen else []
        lines.append(_left_out(len(statistics.topics) - len(chosen)))
    for line in lines:
        line.rstrip()
    return lines


def _beside(left: Sequence[RichText], right: Sequence[RichText], width: int) -> list[RichText]:
    """Two blocks side by side where they fit, else one below the other."""
    column = max(line.cell_len for line in left) + _GAP + 1
    if column + max(line.cell_len for line in right) > width:
        return [*left, RichText(), *right]
    pairs = zip_longest(left, right, fillvalue=RichText())
    return [RichText.assemble(one, " " * (column - one.cell_len), other) for one, other in pairs]


def _sums(s: Statistics) -> list[RichText]:
    mature = sum(topic.mature for topic in s.topics)
    rows = [
        (tr("due", "到期"), _due(s)),
        (tr("retention", "记忆保持率"), _retention(s)),
        (tr("today", "今天"), _today(s)),
        (
            tr("30 days", "近 30 天"),
            tr(
                f"{s.minutes_month:.0f} min; {_count(s.streak, 'day')} in a row",
                f"用时 {s.minutes_month:.0f} 分钟；连续学习 {s.streak} 天",
            ),
        ),
        (
            tr("cards", "卡片"),
            tr(
                f"{s.seen} of {s.questions} seen, {mature} mature",
                f"共 {s.questions} 张，已学 {s.seen} 张，成熟 {mature} 张",
            )
            + (tr(f", {s.suspended} suspended", f"，暂停 {s.suspended} 张") if s.suspended else ""),
        ),
    ]
    column = max(cell_len(name) for name, _ in rows) + _GAP
    return [
        RichText.assemble(" ", (name, theme.QUIET), " " * (column - cell_len(name)), text)
        for name, text in rows
    ]


def _due(s: Statistics) -> str:
    later = s.held_back and tr(f" ({s.held_back} more wait)", f"（另有 {s.held_back} 张顺延）")
    return tr(
        f"{s.due_now} now, {s.due_today} today{later or ''}; {s.new_today} new",
        f"现在 {s.due_now} 张，今天共 {s.due_today} 张{later or ''}；新卡 {s.new_today} 张",
    )


def _today(s: Statistics) -> str:
    if not s.answers_today:
        return tr("no answer yet", "尚未作答")
    return tr(
        f"{_count(s.answers_today, 'answer')} in {s.minutes_today:.0f} min",
        f"作答 {s.answers_today} 次，用时 {s.minutes_today:.0f} 分钟",
    )


def _retention(s: Statistics) -> str:
    if s.retention is None:
        return tr("measured once cards come back", "有卡片到期复习后开始统计")
    return tr(
        f"{_percent(s.retention)} of {_count(s.retention_answers, 'review')} in 30 days",
        f"{_percent(s.retention)}（近 30 天 {s.retention_answers} 次复习）",
    )


def _heat(days: Sequence[DayCount]) -> list[RichText]:
    """One column a week, Monday first; the shade says how many answers, a quarter of the busiest day each."""
    names = tr("Mon,Tue,Wed,Thu,Fri,Sat,Sun", "一,二,三,四,五,六,日").split(",")
    most = max((day.count for day in days), default=0)
    grid = [RichText.assemble(" ", (f"{name} ", theme.QUIET)) for name in names]
    for day in days:
        shade = _SHADES[-(-day.count * 4 // most)] if most else _SHADES[0]
        row = grid[date.fromisoformat(day.date).weekday()]
        row.append(*((f"{shade} ", theme.QUIET) if shade == _SHADES[0] else (shade * 2, theme.GOOD)))
    head = tr("last 12 weeks", "近 12 周")
    if most:
        head += tr(f", up to {most:,} a day", f"，最多一天 {most} 次")
    return [RichText(f" {head}", theme.QUIET), *grid]


def _forecast(days: Sequence[DayCount]) -> list[RichText]:
    """One column a day, as high as the cards it will bring."""
    most = max((day.count for day in days), default=0)
    head = tr("due in the next 14 days", "未来 14 天到期")
    if most:
        head += tr(f", up to {most:,} a day", f"，最多一天 {most} 张")
    lines = [RichText(f" {head}", theme.QUIET)]
    for row in range(_ROWS - 1, 0, -1):
        line = RichText(" ")
        for day in days:
            # A day with any card at all shows an eighth.
            eighths = max(round(day.count * 8 * (_ROWS - 1) / most), day.count > 0) if most else 0
            line.append(_EIGHTHS[min(8, max(0, eighths - 8 * (row - 1)))] * 2 + " ", theme.ACCENT)
        lines.append(line)
    numbers = " ".join(f"{date.fromisoformat(day.date).day:>2}" for day in days)
    return [*lines, RichText(f" {numbers}", theme.QUIET)]


def _urgency(topic: TopicStatistics) -> tuple[float, bool, bool]:
    """What is forgotten most comes first, then what has been begun and not seen to the end."""
    kept = 1.0 if topic.retention is None else topic.retention
    return kept, topic.seen == 0, topic.seen == topic.questions


def _left_out(count: int) -> RichText:
    more = tr(
        f"{count} more topic{'s' * (count != 1)}: `quizcli stats --all`",
        f"另有 {count} 个主题：`quizcli stats --all`",
    )
    return RichText(f" {more}", theme.QUIET)


def _topics(topics: Sequence[TopicStatistics], width: int, titles: Mapping[str, str]) -> list[RichText]:
    """A line for each topic: how much of it is mature and seen, as a bar and in numbers."""
    called = [fit(titles.get(topic.topic, topic.topic), _LONGEST_NAME) for topic in topics]
    heads = [tr("seen", "已学"), tr("mature", "成熟"), tr("retention", "保持率")]
    rows = [_numbers(topic) for topic in topics]
    columns = [max(map(cell_len, column)) for column in zip(heads, *rows, strict=True)]
    names = max(map(cell_len, called), default=0)
    room = width - 1 - names - sum(columns) - (len(columns) + 1) * _GAP
    bar = min(_LONGEST_BAR, room) if room >= _LEAST_BAR else 0
    legend = f"{_MATURE} {heads[1]}  {_SEEN} {heads[0]}"
    legend = set_cell_size(legend if cell_len(legend) <= bar else "", bar)
    lines = [RichText(" " * (1 + names + _GAP) + legend + _right(heads, columns), theme.QUIET)]
    for topic, name, row in zip(topics, called, rows, strict=True):
        line = RichText(" " + set_cell_size(name, names + _GAP)).append_text(_bar(topic, bar))
        lines.append(line.append(_right(row, columns)))
    return lines


def _numbers(topic: TopicStatistics) -> list[str]:
    kept = "–" if topic.retention is None else _percent(topic.retention)
    return [f"{topic.seen}/{topic.questions}", str(topic.mature), kept]


def _right(words: Sequence[str], columns: Sequence[int]) -> str:
    """Words flush right in their columns, a gap before each."""
    cells = zip(words, columns, strict=True)
    return "".join(" " * (_GAP + column - cell_len(word)) + word for word, column in cells)


def _bar(topic: TopicStatistics, cells: int) -> RichText:
    """Mature and merely seen cards as parts of all; neither vanishes while there is one."""
    mature = _share(topic.mature, topic.questions, cells)
    seen = max(_share(topic.seen, topic.questions, cells), mature + (topic.seen > topic.mature))
    seen = min(seen, cells)
    return RichText.assemble(
        (_MATURE * mature, theme.GOOD),
        (_SEEN * (seen - mature), theme.GOOD),
        (_UNSEEN * (cells - seen), theme.QUIET),
    )


def _share(part: int, whole: int, cells: int) -> int:
    return max(part * cells // whole, min(part, 1, cells)) if whole else 0


def _percent(share: float) -> str:
    return tr(f"{share * 100:.0f} %", f"{share:.0%}")


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}" + "s" * (number != 1)

"""What `quizcli stats` draws, in both languages and at any width."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from rich.cells import cell_len

from quizcli.screen.cards.statistics import overview_lines
from quizcli.study.statistics import DayCount, Statistics, TopicStatistics
from quizcli.text import Lang, use_language

MONDAY = date(2025, 3, 31)
EMPTY = Statistics(
    date=MONDAY.isoformat(),
    due_now=0,
    due_today=0,
    new_today=10,
    questions=25,
    seen=0,
    suspended=0,
    retention=None,
    retention_answers=0,
    answers_today=0,
    minutes_today=0.0,
    minutes_month=0.0,
    streak=0,
    topics=(
        TopicStatistics("batch-normalization", 12, 0, 0, 0, None),
        TopicStatistics("vae", 13, 0, 0, 0, None),
    ),
    heat=tuple(DayCount((MONDAY + timedelta(day)).isoformat(), 0) for day in range(-77, 1)),
    forecast=tuple(DayCount((MONDAY + timedelta(day)).isoformat(), 0) for day in range(14)),
)


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    yield
    use_language("en")


def drawn(width: int = 80, lang: Lang = "en", **changes: Any) -> list[str]:
    use_language(lang)
    return [line.plain for line in overview_lines(msgspec.structs.replace(EMPTY, **changes), width)]


def counts(days: tuple[DayCount, ...], **given: int) -> tuple[DayCount, ...]:
    return tuple(DayCount(day.date, given.get("d" + day.date.replace("-", ""), 0)) for day in days)


def test_before_the_first_answer_nothing_is_counted_in_words() -> None:
    lines = drawn()
    assert lines[:5] == [
        " due        0 now, 0 today; 10 new",
        " retention  measured once cards come back",
        " today      no answer yet",
        " 30 days    0 min; 0 days in a row",
        " cards      0 of 25 seen, 0 mature",
    ]
    assert " last 12 weeks" in lines[6]
    assert "up to" not in lines[6]


def test_one_of_a_thing_is_singular() -> None:
    lines = drawn(
        retention=1.0, retention_answers=1, answers_today=1, minutes_today=0.6, streak=1, suspended=1
    )
    assert lines[1:5] == [
        " retention  100 % of 1 review in 30 days",
        " today      1 answer in 1 min",
        " 30 days    0 min; 1 day in a row",
        " cards      0 of 25 seen, 0 mature, 1 suspended",
    ]


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("width", [50, 60, 79, 80, 100, 120])
def test_no_line_is_wider_than_the_window_nor_ends_in_spaces(width: int, lang: Lang) -> None:
    lines = drawn(
        width,
        lang,
        heat=counts(EMPTY.heat, d20250331=1234),
        forecast=counts(EMPTY.forecast, d20250413=1234),
        topics=(TopicStatistics("batch-normalization", 120, 110, 90, 400, 1.0),),
    )
    assert all(cell_len(line) <= width for line in lines)
    assert all(line == line.rstrip() for line in lines)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_at_80_columns_the_heat_map_stands_beside_the_forecast(lang: Lang) -> None:
    most = counts(EMPTY.heat, d20250331=1234), counts(EMPTY.forecast, d20250413=1234)
    head = drawn(80, lang, heat=most[0], forecast=most[1])[6]
    assert "12" in head
    assert "14" in head
    assert len(drawn(50, lang)) == len(drawn(80, lang)) + 9  # below each other, with a line between


def test_the_heat_map_is_a_calendar() -> None:
    lines = drawn(heat=counts(EMPTY.heat, d20250113=1, d20250119=2, d20250324=3, d20250331=4))
    assert lines[6].startswith(" last 12 weeks, up to 4 a day ")
    assert lines[7][:29] == " Mon ░░· · · · · · · · · ▓▓██"
    assert lines[13][:27] == " Sun ▒▒· · · · · · · · · · "


def test_the_forecast_is_as_high_as_the_cards_it_brings() -> None:
    lines = drawn(forecast=counts(EMPTY.forecast, d20250331=12, d20250401=6, d20250413=1))
    at = lines[6].index("due in the next 14 days, up to 12 a day")
    columns = [line[at:] for line in lines[7:14]]
    assert columns[-1] == "31  1  2  3  4  5  6  7  8  9 10 11 12 13"
    assert [column[:2].strip() for column in columns[:6]] == ["██"] * 6
    assert [column[3:5].strip() for column in columns[:6]] == [""] * 3 + ["██"] * 3
    assert columns[5].endswith("▄▄")
    assert not any(column[6:39].strip() for column in columns[:6])


def test_a_day_with_a_single_card_beside_a_mountain_does_not_vanish() -> None:
    lines = drawn(forecast=counts(EMPTY.forecast, d20250331=1000, d20250413=1))
    assert lines[12].endswith("▁▁")


def test_a_topic_shows_what_is_mature_and_seen() -> None:
    half = TopicStatistics("vae", 12, 9, 3, 40, 0.875)
    head, line = drawn(80, topics=(half,))[-2:]
    assert head.split() == ["━", "mature", "─", "seen", "seen", "mature", "retention"]
    assert line.split() == ["vae", "━" * 10 + "─" * 20 + "·" * 10, "9/12", "3", "88", "%"]
    assert [head.index(word) + len(word) for word in ("retention",)] == [len(line)]


def test_columns_of_chinese_words_align() -> None:
    head, line = drawn(80, "zh", topics=(TopicStatistics("vae", 12, 9, 3, 40, 0.5),))[-2:]
    assert cell_len(head) == cell_len(line)
    assert cell_len(head[: head.index("保持率")]) + 6 == cell_len(line)


@pytest.mark.parametrize(("seen", "mature"), [(1, 0), (1, 1), (400, 1), (400, 399), (400, 400), (0, 0)])
def test_neither_part_of_a_bar_vanishes_while_there_is_a_card(seen: int, mature: int) -> None:
    (line,) = drawn(80, topics=(TopicStatistics("vae", 400, seen, mature, 0, None),))[-1:]
    assert ("━" in line) == (mature > 0)
    assert ("─" in line) == (seen > mature)
    assert ("·" in line) == (seen < 400)


def test_a_narrow_window_leaves_the_bar_out() -> None:
    head, line = drawn(44, topics=(TopicStatistics("batch-normalization", 12, 9, 3, 40, 0.5),))[-2:]
    assert "━" not in head + line
    assert line.split() == ["batch-normalization", "9/12", "3", "50", "%"]


MANY = tuple(TopicStatistics(f"topic-{n}", 10, n % 3, 0, n, 0.9 if n == 17 else None) for n in range(21))


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("rows", [8, 16, 17, 18, 23, 30, 38])
def test_a_window_that_is_too_low_for_all_topics_shows_the_urgent_ones(rows: int, lang: Lang) -> None:
    use_language(lang)
    given = msgspec.structs.replace(EMPTY, topics=MANY)
    lines = [line.plain for line in overview_lines(given, 80, {}, rows)]
    assert len(lines) <= max(rows, 16)
    if rows >= 18 and rows < 37:
        assert "topic-17" in lines[16]  # of which something was forgotten
        left = 21 - sum("topic-" in line for line in lines)
        assert f" {left} " in lines[-1]
        assert "`quizcli stats --all`" in lines[-1]
    if rows >= 37:
        assert sum("topic-" in line for line in lines) == 21


def test_topics_have_titles_in_the_language_in_use() -> None:
    titles = {"vae": "变分自编码器", "batch-normalization": "一个非常长的标题，长得没有哪一行放得下它"}
    use_language("zh")
    lines = [line.plain for line in overview_lines(EMPTY, 80, titles)]
    assert any(line.startswith(" 变分自编码器 ") for line in lines)
    assert any("一个非常长的标题" in line and "…" in line for line in lines)
    assert not any("vae" in line for line in lines)
    assert len({cell_len(line) for line in lines[-2:]}) == 1

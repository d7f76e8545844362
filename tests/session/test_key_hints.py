"""The keys that a card offers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizcli.bank.types import DemoLink, Recall
from quizcli.screen.cards.question import footer
from quizcli.session.key_hints import grades
from quizcli.study.schedule.schedule import Interval
from quizcli.study.schedule.study_days import MINUTE
from quizcli.text import LANGS, Lang, Text, use_language

CARD = Recall(
    id="a", topic="t", level=1, ask=Text("a", "a"), answer=Text("b", "b"), demo=DemoLink("coin")
)  # fmt: skip
INTERVALS = st.one_of(
    st.integers(1, 600).map(lambda minutes: Interval(0, minutes * MINUTE, 0)),
    st.integers(1, 36_500).map(lambda days: Interval(0, 0, days)),
)


@given(
    intervals=st.tuples(*[INTERVALS] * 4),
    width=st.integers(54, 120),
    lang=st.sampled_from(LANGS),
    proposed=st.sampled_from((1, 2, 3)),
)
def test_no_grade_is_left_out_for_want_of_room(
    intervals: tuple[Interval, ...], width: int, lang: Lang, proposed: int
) -> None:
    use_language(lang)
    try:
        said = {n: str(interval) for n, interval in enumerate(intervals, 1)}
        key = "空格" if lang == "zh" else "space"
        bar = footer(grades(CARD, proposed, said, width, key), width).plain
    finally:
        use_language("en")
    for interval in said.values():
        assert interval in bar
    assert "…" not in bar


@pytest.mark.parametrize(("wait", "days", "said"), [(10, 0, "10分钟"), (0, 6, "6天"), (0, 61, "2.0个月")])
def test_an_interval_in_chinese_is_no_score(wait: int, days: int, said: str) -> None:
    use_language("zh")
    try:
        assert str(Interval(0, wait * MINUTE, days)) == said
    finally:
        use_language("en")

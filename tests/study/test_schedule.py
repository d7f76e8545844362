from datetime import UTC, datetime

import fsrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizcli.errors import ExitStatus, QuizError
from quizcli.study.card import Card, Rating, State
from quizcli.study.days import DAY, Days
from quizcli.study.schedule import Schedule, fuzz_range, fuzzed
from tests.study.desk import BERLIN, HOUR, MINUTE, at

DAYS = Days(4, BERLIN)
SCHEDULE = Schedule(DAYS)
NOW = at(2025, 6, 2, 9, zone=BERLIN)

ratings = st.sampled_from(Rating)


def learnt(now: int = NOW) -> Card:
    """A card that has passed its learning steps."""
    card = SCHEDULE.grade(Card("q"), Rating.GOOD, now)
    return SCHEDULE.grade(card, Rating.GOOD, now + 10 * MINUTE)


def test_learning_steps_are_one_and_ten_minutes() -> None:
    again, good = (SCHEDULE.grade(Card("q"), rating, NOW) for rating in (Rating.AGAIN, Rating.GOOD))
    assert (again.due, again.interval, again.state) == (NOW + MINUTE, 0, State.LEARNING)
    assert (good.due, good.interval, good.state) == (NOW + 10 * MINUTE, 0, State.LEARNING)
    assert learnt().state == State.REVIEW


def test_a_lapse_comes_back_in_ten_minutes() -> None:
    card = learnt()
    assert card.due is not None
    lapsed = SCHEDULE.grade(card, Rating.AGAIN, card.due)
    assert (lapsed.due, lapsed.state, lapsed.lapses) == (card.due + 10 * MINUTE, State.RELEARNING, 1)


def test_days_are_due_when_their_study_day_begins() -> None:
    card = learnt()
    assert card.due == DAYS.start(DAYS.number(NOW) + card.interval)
    assert card.interval >= 1


def test_days_are_counted_across_daylight_saving() -> None:
    evening = at(2025, 3, 29, 23, zone=BERLIN)
    card = learnt(evening)
    assert (card.interval, card.due) == (2, at(2025, 3, 31, 4, zone=BERLIN))


def test_tomorrow_never_comes_sooner_than_ten_minutes() -> None:
    night = at(2025, 6, 3, 3, 55, zone=BERLIN)
    dues = [interval.due for interval in SCHEDULE.preview(learnt(night - 10 * MINUTE), night).values()]
    assert dues == sorted(dues)
    assert min(dues) >= night + 10 * MINUTE


def test_an_evening_and_the_next_morning_are_one_day_apart() -> None:
    """FSRS treats answers of one day as repetition; nine hours overnight are none."""
    evening, morning = at(2025, 6, 2, 23, zone=BERLIN), at(2025, 6, 3, 8, zone=BERLIN)
    card = learnt(evening)
    same_day = SCHEDULE.grade(card, Rating.GOOD, evening + HOUR)
    next_day = SCHEDULE.grade(card, Rating.GOOD, morning)
    whole_day = SCHEDULE.grade(card, Rating.GOOD, evening + DAY)
    assert next_day.stability == whole_day.stability != same_day.stability


def test_memory_is_that_of_py_fsrs() -> None:
    theirs, ours = fsrs.Card(card_id=1), Card("q")
    scheduler = fsrs.Scheduler(enable_fuzzing=False)
    now = datetime(2025, 1, 1, 12, tzinfo=UTC)
    for rating in (3, 3, 3, 2, 1, 3, 4, 3):
        theirs, _ = scheduler.review_card(theirs, fsrs.Rating(rating), now)
        ours, _ = SCHEDULE.remember(ours, Rating(rating), now.toordinal())
        assert (ours.stability, ours.difficulty) == (theirs.stability, theirs.difficulty)
        assert (int(ours.state), ours.step) == (int(theirs.state), theirs.step)
        now = max(now, theirs.due)


@given(
    st.lists(st.tuples(ratings, st.integers(0, 60 * DAY)), max_size=12),
    st.text("abc-", min_size=1),
    st.integers(0, DAY),
)
def test_a_preview_is_kept_and_grades_never_invert(
    history: list[tuple[Rating, int]], name: str, start: int
) -> None:
    card, now = Card(name), NOW + start
    for rating, pause in history:
        card = SCHEDULE.grade(card, rating, now)
        now += pause
    preview = SCHEDULE.preview(card, now)
    for rating, interval in preview.items():
        graded = SCHEDULE.grade(card, rating, now)
        assert (graded.due, graded.interval) == (interval.due, interval.days)
        assert interval.wait == interval.due - now > 0
    dues = [preview[rating].due for rating in Rating]
    assert dues == sorted(dues)
    days = [preview[rating].days for rating in (Rating.HARD, Rating.GOOD, Rating.EASY)]
    assert days == sorted(days)


@pytest.mark.parametrize(
    ("days", "low", "high"),
    # by hand, as in py-fsrs: 1 day, 15 % of what is over 2.5, 10 % of what is over 7, 5 % of what is over 20
    [(1, 1, 1), (2, 2, 2), (3, 2, 4), (7, 5, 9), (10, 8, 12), (20, 17, 23), (100, 93, 107)],
)
def test_fuzz_ranges(days: int, low: int, high: int) -> None:
    assert fuzz_range(days) == (low, high)
    assert {fuzzed(days, Card(f"q{n}")) for n in range(3000)} == set(range(low, high + 1))


@given(st.integers(1, 40_000), st.integers(1, 36_500), st.text(), st.integers(0, 1000))
def test_fuzz_stays_within_its_range(days: int, maximum: int, name: str, reviews: int) -> None:
    days = min(days, maximum)
    interval = fuzzed(days, Card(name, reviews=reviews), maximum)
    low, high = fuzz_range(days, maximum)
    assert 1 <= low <= interval <= high <= maximum
    assert interval == fuzzed(days, Card(name, reviews=reviews), maximum)
    assert interval <= fuzzed(min(days + 1, maximum), Card(name, reviews=reviews), maximum)


def test_intervals_stop_at_the_maximum() -> None:
    schedule, card, now = Schedule(DAYS, maximum_interval=5), Card("q"), NOW
    for _ in range(8):
        card = schedule.grade(card, Rating.EASY, now)
        assert 1 <= card.interval <= 5
        now = card.due or 0


def test_a_higher_retention_brings_cards_back_sooner() -> None:
    card = learnt()
    due = card.due or 0
    eager, easy_going = (
        Schedule(DAYS, retention).grade(card, Rating.GOOD, due) for retention in (0.97, 0.70)
    )
    assert eager.interval < easy_going.interval
    assert eager.stability == easy_going.stability


@pytest.mark.parametrize("retention", [0.69, 0.98, 1.5, float("nan")])
def test_a_wrong_retention_is_refused(retention: float) -> None:
    with pytest.raises(QuizError, match=r"retention must lie between 0\.70 and 0\.97") as caught:
        Schedule(DAYS, retention)
    assert caught.value.status == ExitStatus.USAGE


def test_wrong_parameters_are_refused() -> None:
    with pytest.raises(QuizError, match="no parameters of FSRS-6"):
        Schedule(DAYS, parameters=(1.0, 2.0)).grade(Card("q"), Rating.GOOD, NOW)


def test_terms_are_kept_to_the_last_bit() -> None:
    odd = Schedule(DAYS, 0.85, [*fsrs.scheduler.DEFAULT_PARAMETERS[:20], 0.1 + 0.2 / 3])
    again = Schedule.from_terms(odd.terms)
    assert again.terms == odd.terms
    card = learnt()
    assert again.remember(card, Rating.GOOD, 739_100) == odd.remember(card, Rating.GOOD, 739_100)


def test_intervals_are_said_briefly() -> None:
    preview = SCHEDULE.preview(Card("q"), NOW)
    assert [str(preview[rating]) for rating in (Rating.AGAIN, Rating.HARD, Rating.GOOD)] == [
        "1m",
        "6m",
        "10m",
    ]
    assert str(preview[Rating.EASY]) == f"{preview[Rating.EASY].days}d"

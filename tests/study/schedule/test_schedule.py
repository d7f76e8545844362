from datetime import UTC, datetime
from itertools import pairwise

import fsrs
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizcli.errors import ExitStatus, QuizError
from quizcli.study.schedule.card import Card, Rating, State
from quizcli.study.schedule.fuzz import fuzzed
from quizcli.study.schedule.schedule import Schedule
from quizcli.study.schedule.seeded_random import chance
from quizcli.study.schedule.study_days import DAY, Days
from tests.study.desk import BERLIN, HOUR, MINUTE, at
from tests.test_fsrs_parameters import FIVE, FOUR_AND_A_HALF

DAYS = Days(4, BERLIN)
SCHEDULE = Schedule(DAYS)
NOW = at(2025, 6, 2, 9, zone=BERLIN)

ratings = st.sampled_from(Rating)


def learnt(now: int = NOW) -> Card:
    """A card that has passed its learning steps."""
    card = SCHEDULE.grade(Card("q"), Rating.GOOD, now)
    return SCHEDULE.grade(card, Rating.GOOD, now + 10 * MINUTE)


def test_learning_steps_are_one_and_ten_minutes_and_up_to_a_quarter() -> None:
    waits: dict[Rating, list[int]] = {Rating.AGAIN: [], Rating.GOOD: []}
    for name in map(str, range(300)):
        for rating, found in waits.items():
            card = SCHEDULE.grade(Card(name), rating, NOW)
            assert (card.interval, card.state) == (0, State.LEARNING)
            found.append((card.due or 0) - NOW)
    for rating, step in ((Rating.AGAIN, MINUTE), (Rating.GOOD, 10 * MINUTE)):
        assert step <= min(waits[rating]) < 1.01 * step
        assert 1.24 * step < max(waits[rating]) <= 1.25 * step
    assert learnt().state == State.REVIEW


def test_a_lapse_comes_back_in_ten_minutes_or_a_quarter_more() -> None:
    card = learnt()
    assert card.due is not None
    lapsed = SCHEDULE.grade(card, Rating.AGAIN, card.due)
    assert (lapsed.state, lapsed.lapses) == (State.RELEARNING, 1)
    assert 10 * MINUTE <= (lapsed.due or 0) - card.due <= 12.5 * MINUTE


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


@pytest.mark.parametrize(
    ("parameters", "intervals", "stability", "difficulty"),
    # ts-fsrs, FSRS-6.test.ts and FSRS-5.test.ts: `ivl_history` and `memory state`
    [
        ((), (0, 2, 11, 46, 163, 498, 0, 0, 2, 4, 7, 12, 21), 53.62691, 6.3574867),
        (FIVE, (0, 4, 14, 44, 125, 328, 0, 0, 7, 16, 34, 71, 142), 48.26549438, 7.10441712),
    ],
)
def test_intervals_and_memory_are_those_of_ts_fsrs(
    parameters: tuple[float, ...], intervals: tuple[int, ...], stability: float, difficulty: float
) -> None:
    schedule, card, day, found = Schedule(DAYS, parameters=parameters), Card("q"), 739_000, []
    for rating in (3, 3, 3, 3, 3, 3, 1, 1, 3, 3, 3, 3, 3):
        card, _ = schedule.remember(card, Rating(rating), day)
        unfuzzed = round(schedule.unrounded(card.stability or 0)) if card.state == State.REVIEW else 0
        found.append(unfuzzed)
        day += unfuzzed
    assert tuple(found) == intervals
    card, day = Card("q"), 739_000
    for rating, away in zip((1, 3, 3, 3, 3, 3), (0, 0, 1, 3, 8, 21), strict=True):
        day += away
        card, _ = schedule.remember(card, Rating(rating), day)
    assert (card.stability, card.difficulty) == pytest.approx((stability, difficulty), abs=5e-5)


def reviewed(stability: float, name: str = "q", last_day: int = 739_000) -> Card:
    return Card(name, State.REVIEW, None, stability, 5.0, 0, 10, last_day, last_day, 4)


def test_a_better_grade_is_a_day_more() -> None:
    """FSRS's own intervals coincide where a card is hardly known."""
    schedule, together = Schedule(DAYS, 0.97), 0
    for hundredths in range(10, 3000, 10):
        card = reviewed(hundredths / 100)
        for away in (0, 1, 5):
            hard, good, easy = (
                schedule.remember(card, rating, 739_000 + away)[0].interval
                for rating in (Rating.HARD, Rating.GOOD, Rating.EASY)
            )
            together += good == hard + 1
            assert hard < good < easy
    assert together > 0
    longest = Schedule(DAYS, maximum_interval=5)
    most = [longest.remember(reviewed(90.0), rating, 739_030)[0] for rating in (Rating.GOOD, Rating.EASY)]
    assert [card.interval for card in most] == [5, 5]


def test_fuzz_does_not_bring_an_interval_down_to_the_last_one() -> None:
    schedule, kept = Schedule(DAYS, 0.95), 0
    for name in map(str, range(40)):
        for stability in (3.0, 8.0, 20.0, 40.0, 60.0):
            for away in range(1, 60, 2):
                card, _ = schedule.remember(reviewed(stability, name), Rating.HARD, 739_000 + away)
                unfuzzed = round(schedule.unrounded(card.stability or 0))
                if unfuzzed > away:
                    assert card.interval > away
                    kept += fuzzed(unfuzzed, chance(name, 4), 1, 36_500) <= away
    assert kept > 10  # else it would have been brought down


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
    assert all(better > worse or worse == better == 0 for worse, better in pairwise(days))


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
    with pytest.raises(QuizError, match=r"no parameters of FSRS-6.*17, 19 or 21 parameters, not 2"):
        Schedule(DAYS, parameters=(1.0, 2.0))


@pytest.mark.parametrize("parameters", [FOUR_AND_A_HALF, FIVE])
def test_the_terms_name_the_parameters_that_were_used(parameters: tuple[float, ...]) -> None:
    schedule = Schedule(DAYS, parameters=parameters)
    raw = msgspec.json.decode(schedule.terms)
    assert (len(raw["parameters"]), raw["parameters"][0], raw["fuzz"]) == (21, parameters[0], 2)
    again = Schedule.from_terms(schedule.terms)
    assert again.terms == schedule.terms
    assert again.remember(learnt(), Rating.EASY, 739_100) == schedule.remember(learnt(), Rating.EASY, 739_100)


def version_1() -> str:
    raw = msgspec.json.decode(SCHEDULE.terms) | {"fuzz": 1}
    return msgspec.json.encode(raw).decode()


@pytest.mark.parametrize(
    ("name", "stability", "away", "days"),
    # what the first version said: it rounded before, and no grade minded another
    [
        ("a", 8.0, 5, [14, 19, 30]),
        ("b", 8.0, 5, [19, 24, 36]),
        ("f", 8.0, 5, [13, 18, 29]),
        ("a", 1.2, 1, [2, 3, 6]),
        ("b", 1.2, 1, [4, 5, 9]),
        ("b", 0.6, 1, [2, 5, 8]),
    ],
)
def test_an_answer_of_the_first_version_is_replayed_as_it_was_given(
    name: str, stability: float, away: int, days: list[int]
) -> None:
    old = Schedule.from_terms(version_1())
    assert old.terms == version_1()
    card = reviewed(stability, name)
    found = [old.remember(card, Rating(rating), 739_000 + away)[0].interval for rating in (2, 3, 4)]
    assert found == days


def test_a_version_to_come_is_named() -> None:
    raw = msgspec.json.decode(SCHEDULE.terms) | {"fuzz": 3}
    with pytest.raises(QuizError, match=r"newer quizcli chose .fuzz 3"):
        Schedule.from_terms(msgspec.json.encode(raw).decode())


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

import re
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from quizcli.errors import ExitStatus, QuizError
from quizcli.session.daily import describe_backlog
from quizcli.settings import Settings
from quizcli.study.schedule.card import Rating, State
from quizcli.study.schedule.study_days import DAY
from quizcli.study.session import Counts, Session
from quizcli.study.store.store import Store
from quizcli.text import use_language
from tests.study.desk import BERLIN, MINUTE, Wall, at
from tests.study.many import Asked, questions
from tests.test_fsrs_parameters import FIVE

ASKED = questions(30, topics=3)


def begin(
    store: Store, settings: Settings, wall: Wall, asked: list[Asked] = ASKED, **options: object
) -> Session[Asked]:
    return Session.open(store, asked, settings, wall, zone=BERLIN, **options)  # type: ignore[arg-type]


def shown(session: Session[Asked]) -> str:
    assert session.current is not None
    return session.current.id


def learn(session: Session[Asked], wall: Wall, rating: Rating = Rating.EASY) -> list[str]:
    """Answer until nothing is left; returns the ids in the order in which they came."""
    seen = []
    while session.current is not None:
        seen.append(session.current.id)
        session.answer(rating, 1000)
        wall.pass_by(5_000)
    return seen


def test_new_cards_stop_at_the_daily_limit(store: Store, settings: Settings, wall: Wall) -> None:
    first = learn(begin(store, settings, wall), wall)
    assert len(first) == len(set(first)) == settings.new_per_day
    again = begin(store, settings, wall)
    assert again.current is None
    assert again.next_due == at(2025, 6, 3, 4, zone=BERLIN)
    wall.now = again.next_due
    tomorrow = learn(begin(store, settings, wall), wall)
    assert len(set(tomorrow) - set(first)) == settings.new_per_day


def test_turning_to_a_card_loses_no_other(store: Store, settings: Settings, wall: Wall) -> None:
    session = begin(store, settings, wall)
    waiting = [question.id for question in session.coming(10)]
    session.turn_to(waiting[4])
    assert [shown(session), session.counts.remaining] == [waiting[4], 10]
    session.answer(Rating.EASY, 1000)
    session.undo()  # it comes first now, and must come yet when another is turned to
    session.turn_to(waiting[2])
    assert shown(session) == waiting[2]
    session.turn_to("no-such-card")
    assert set(learn(session, wall)) == set(waiting)


def test_most_overdue_first_where_more_is_due_than_a_day_holds_and_no_new_cards(
    store: Store, settings: Settings, wall: Wall
) -> None:
    settings = msgspec.structs.replace(settings, new_per_day=30, reviews_per_day=12)
    for rating in (Rating.EASY, Rating.GOOD):
        learn(begin(store, settings, wall), wall, rating)
        wall.pass_by(DAY)
    wall.pass_by(21 * DAY)
    more = [*ASKED, Asked("fresh", "topic-00", 1)]
    session = begin(store, settings, wall, more)
    due = {card.id: card for card in store.cards()}
    counts = session.counts
    assert (counts.remaining, counts.held_back) == (12, len(due) - 12)
    assert counts.days_away >= 21
    order = learn(session, wall)
    days = session._days
    overdue = {
        name: (days.number(wall.now) - days.number(card.due or 0)) / card.interval
        for name, card in due.items()
    }
    assert [overdue[name] for name in order] == sorted((overdue[name] for name in order), reverse=True)
    assert min(overdue[name] for name in order) >= max(overdue[name] for name in due.keys() - set(order))
    assert session.current is None
    assert session.counts.held_back == len(due) - 12, "new cards wait, today as well"
    assert session.next_due == days.end(wall.now)
    assert begin(store, settings, wall, more).current is None
    wall.pass_by(DAY)
    tomorrow = learn(begin(store, settings, wall, more), wall)
    assert not set(tomorrow) & set(order)
    wall.pass_by(DAY)
    assert "fresh" in learn(begin(store, settings, wall, more), wall)


def test_what_is_asked_for_by_its_topic_comes_beyond_the_limits(
    store: Store, settings: Settings, wall: Wall
) -> None:
    settings = msgspec.structs.replace(settings, new_per_day=4)
    learn(begin(store, settings, wall), wall)
    assert begin(store, settings, wall).current is None
    more = learn(begin(store, settings, wall, topics=["topic-02"]), wall)
    assert len(more) == 4
    assert set(more) <= {each.id for each in ASKED if each.topic == "topic-02"}
    assert len(learn(begin(store, settings, wall, topics=["topic-02"]), wall)) == 4
    settings = msgspec.structs.replace(settings, reviews_per_day=1)
    wall.pass_by(100 * DAY)
    due = {card.id for card in store.cards()} & {each.id for each in ASKED if each.topic == "topic-02"}
    assert due <= set(learn(begin(store, settings, wall, topics=["topic-02"]), wall))


def test_marked_cards_come_whether_they_are_due_or_not(store: Store, settings: Settings, wall: Wall) -> None:
    session = begin(store, settings, wall)
    flagged, suspended = session.card.id, session.coming(4)[3].id
    session.flag()
    session.turn_to(suspended)
    session.suspend()
    learn(session, wall)
    assert begin(store, settings, wall, mark="flagged").current is None, "it was answered today"
    wall.pass_by(DAY)
    again = begin(store, settings, wall, mark="flagged")
    assert [shown(again), again.counts.remaining] == [flagged, 1]
    before = store.card(flagged)
    again.answer(Rating.GOOD, 1000)
    after = store.card(flagged)
    assert before is not None
    assert after is not None
    assert after.reviews == before.reviews + 1
    aside = begin(store, settings, wall, mark="suspended")
    assert shown(aside) == suspended
    aside.answer(Rating.EASY, 1000)
    assert store.card(suspended).suspended  # type: ignore[union-attr]
    wall.pass_by(DAY)
    aside = begin(store, settings, wall, mark="suspended")
    aside.suspend()
    assert not store.card(suspended).suspended  # type: ignore[union-attr]
    aside.undo()
    assert store.card(suspended).suspended  # type: ignore[union-attr]


def test_whoever_puts_a_card_aside_sees_another_topic_next(
    store: Store, settings: Settings, wall: Wall
) -> None:
    for put_aside in (Session.bury, Session.suspend):
        session = begin(store, settings, wall)
        assert session.current is not None
        topic = session.current.topic
        put_aside(session)
        assert session.current.topic != topic


def test_the_counter_only_counts_down(store: Store, settings: Settings, wall: Wall) -> None:
    learn(begin(store, settings, wall), wall, Rating.GOOD)
    wall.pass_by(3 * DAY)
    session = begin(store, settings, wall)
    left = [session.counts.remaining]
    ratings = [Rating.GOOD, Rating.AGAIN, Rating.GOOD, Rating.EASY, Rating.HARD]
    for n in range(200):
        if session.current is None:
            break
        session.answer(ratings[n % 5], 1000)
        wall.pass_by(20_000)
        left.append(session.counts.remaining)
    assert session.current is None
    assert left == sorted(left, reverse=True)
    assert left[-1] == 0


def test_reviews_come_before_new_cards_and_in_another_order_each_day(
    store: Store, settings: Settings, wall: Wall
) -> None:
    settings = msgspec.structs.replace(settings, new_per_day=30)
    learn(begin(store, settings, wall), wall, Rating.GOOD)
    more = [*ASKED, Asked("fresh", "topic-00", 1)]
    wall.pass_by(20 * DAY)
    order = learn(begin(store, settings, wall, more), wall)
    assert len(order) == 31
    assert order[-1] == "fresh"
    wall.pass_by(100 * DAY)
    assert learn(begin(store, settings, wall), wall) != order[:-1]


YEAR = 365 * DAY


@pytest.mark.parametrize("years", [-50, -20, -1, 1, 20, 60, 200])
def test_a_clock_that_is_set_wrong_loses_nothing(
    store: Store, settings: Settings, wall: Wall, years: int
) -> None:
    first = learn(begin(store, settings, wall), wall, Rating.GOOD)
    true = wall.now
    wall.pass_by(years * YEAR)
    during = learn(begin(store, settings, wall), wall, Rating.GOOD)
    wall.now = true + 30 * DAY
    after = learn(begin(store, settings, wall), wall, Rating.GOOD)
    assert [entry.card for entry in store.log()] == [*first, *during, *after]
    assert store.check() == ""
    seen = {*first, *during}
    assert {card.id for card in store.cards()} == {*seen, *after}
    if years < 0:
        assert seen <= set(after)  # nothing has been put off beyond the day that it is in truth


def test_learning_cards_return_when_due(store: Store, settings: Settings, wall: Wall) -> None:
    session = begin(store, settings, wall)
    failed = shown(session)
    session.answer(Rating.AGAIN, 1000)
    assert shown(session) != failed
    wall.pass_by(2 * MINUTE)
    session.answer(Rating.EASY, 1000)
    assert shown(session) == failed


def test_learning_cards_come_early_when_nothing_else_is_left(
    store: Store, settings: Settings, wall: Wall
) -> None:
    session = begin(store, settings, wall, ASKED[:1])
    session.answer(Rating.GOOD, 1000)
    assert session.card.state == State.LEARNING
    assert 10 * MINUTE <= (session.card.due or 0) - wall.now <= 12.5 * MINUTE
    session.answer(Rating.GOOD, 1000)
    assert session.current is None


def test_the_parameters_that_were_set_are_used_and_named(
    store: Store, settings: Settings, wall: Wall
) -> None:
    settings = msgspec.structs.replace(settings, parameters=FIVE)
    session = begin(store, settings, wall)
    easy = session.preview()[Rating.EASY].days
    card = session.answer(Rating.EASY, 1000)
    assert card is not None
    assert (card.stability, card.interval) == (FIVE[3], easy)
    (terms,) = store.schedulers().values()
    assert msgspec.json.decode(terms)["parameters"] == [*FIVE, 0.0, 0.5]


def test_review_mode_shows_nothing_new(store: Store, settings: Settings, wall: Wall) -> None:
    assert begin(store, settings, wall, mode="review").current is None
    assert begin(store, settings, wall, mode="review").next_due is None
    learnt = learn(begin(store, settings, wall), wall)
    wall.pass_by(30 * DAY)
    assert sorted(learn(begin(store, settings, wall, mode="review"), wall)) == sorted(learnt)


def test_topics_narrow_a_session_down(store: Store, settings: Settings, wall: Wall) -> None:
    session = begin(store, settings, wall, topics=["topic-01"])
    assert set(learn(session, wall)) == {each.id for each in ASKED if each.topic == "topic-01"}
    assert begin(store, settings, wall).current is None  # the limit counts every topic
    with pytest.raises(QuizError, match="no topic 'topic-1'") as caught:
        begin(store, settings, wall, topics=["topic-1"])
    assert "topic-00, topic-01, topic-02" in caught.value.hint
    assert caught.value.status == ExitStatus.USAGE


def test_questions_that_left_the_banks_are_skipped(store: Store, settings: Settings, wall: Wall) -> None:
    order = learn(begin(store, settings, wall), wall)
    wall.pass_by(30 * DAY)
    rest = [each for each in ASKED if each.id != order[0]]
    assert sorted(learn(begin(store, settings, wall, rest, mode="review"), wall)) == sorted(order[1:])
    assert order[0] in {entry.card for entry in store.log()}
    assert shown(begin(store, settings, wall, mode="review")) == order[0]


def test_suspended_and_buried_cards_stay_away(store: Store, settings: Settings, wall: Wall) -> None:
    session = begin(store, settings, wall)
    suspended = shown(session)
    session.suspend()
    buried = shown(session)
    session.bury()
    assert session.counts.remaining == settings.new_per_day  # others have taken their places
    seen = learn(session, wall)
    assert len(seen) == settings.new_per_day
    assert not {suspended, buried} & set(seen)
    wall.now = at(2025, 6, 3, 4, zone=BERLIN)
    tomorrow = learn(begin(store, settings, wall), wall)
    assert buried in tomorrow
    assert suspended not in tomorrow


def test_a_flag_is_set_and_removed(store: Store, settings: Settings, wall: Wall) -> None:
    session = begin(store, settings, wall)
    name = shown(session)
    assert session.flag() is True
    assert (shown(session), session.card.flagged) == (name, True)
    assert session.flag() is False
    session.flag()
    session.answer(Rating.GOOD, 1000)
    card = store.card(name)
    assert card is not None
    assert card.flagged


def test_counts(store: Store, settings: Settings, wall: Wall) -> None:
    session = begin(store, settings, wall)
    session.answer(Rating.EASY, 30_000)
    session.answer(Rating.AGAIN, 60 * MINUTE)  # who is away for an hour has studied five minutes of it
    assert session.counts == begin(store, settings, wall).counts
    counts = session.counts
    assert (counts.done, counts.right, counts.wrong, counts.remaining) == (2, 1, 1, 9)
    assert counts.minutes == 5.5
    session.undo()
    assert (session.counts.done, session.counts.wrong, session.counts.remaining) == (1, 0, 9)


def test_undo_shows_the_card_again_also_tomorrow(store: Store, settings: Settings, wall: Wall) -> None:
    session = begin(store, settings, wall)
    first, card = shown(session), session.card
    session.answer(Rating.EASY, 1000)
    second = shown(session)
    session.answer(Rating.AGAIN, 1000)
    wall.pass_by(DAY)
    session = begin(store, settings, wall)
    undone = [session.undo(), session.undo()]
    assert [entry.card for entry in undone if entry is not None] == [second, first]
    assert (shown(session), session.card) == (first, card)
    assert session.undo() is None


@pytest.mark.parametrize("days", [0, 1, 21])
def test_whatever_is_undone_is_shown(store: Store, settings: Settings, wall: Wall, days: int) -> None:
    """Also where others would be the new cards of that day."""
    settings = replace(settings, new_per_day=1)
    session = begin(store, settings, wall)
    answered: list[str] = []
    while len(answered) < 7:
        answered += learn(session, wall)
        wall.pass_by(DAY)
        session = begin(store, replace(settings, new_per_day=3), wall)
    wall.pass_by(days * DAY)
    session = begin(store, settings, wall)
    while answered:
        session.undo()
        assert shown(session) == answered.pop()


@pytest.mark.parametrize("rating", [Rating.AGAIN, Rating.HARD, Rating.GOOD])
def test_at_the_tail_no_card_comes_twice_running_while_another_may(
    store: Store, settings: Settings, wall: Wall, rating: Rating
) -> None:
    session = begin(store, replace(settings, new_per_day=3), wall)
    seen = []
    for _ in range(3):
        seen.append(shown(session))
        session.answer(Rating.GOOD, 1000)
        wall.pass_by(2000)
    for _ in range(9):
        seen.append(shown(session))
        session.answer(Rating.AGAIN if len(seen) % 3 else rating, 1000)
        wall.pass_by(2000)
    assert all(before != after for before, after in pairwise(seen))


def test_undo_of_a_burial_shows_the_card_again(store: Store, settings: Settings, wall: Wall) -> None:
    session = begin(store, settings, wall)
    name = shown(session)
    session.bury()
    session.undo()
    assert shown(session) == name == shown(begin(store, settings, wall))


def test_requeue_makes_a_card_due_and_leaves_its_memory(store: Store, settings: Settings, wall: Wall) -> None:
    session = begin(store, settings, wall)
    name = learn(session, wall)[0]
    before = store.card(name)
    session.requeue([name])
    assert before is not None
    assert shown(session) == name
    assert session.card == msgspec.structs.replace(before, due=wall.now, due_day=before.last_day)


def test_a_requeued_new_card_comes_beyond_the_limit_and_counts(
    store: Store, settings: Settings, wall: Wall
) -> None:
    settings = msgspec.structs.replace(settings, new_per_day=2)
    session = begin(store, settings, wall)
    last = ASKED[-1].id
    session.requeue([last])
    assert shown(session) == last
    session.answer(Rating.EASY, 1000)
    assert session.counts.remaining == begin(store, settings, wall).counts.remaining == 1


def test_the_agenda_is_drawn_up_anew_at_the_rollover(store: Store, settings: Settings, wall: Wall) -> None:
    session = begin(store, settings, wall)
    while session.counts.remaining > 1:
        session.answer(Rating.EASY, 1000)
    wall.now = at(2025, 6, 3, 4, zone=BERLIN)
    session.answer(Rating.EASY, 1000)
    assert session.counts.done == 1
    assert session.counts.remaining == settings.new_per_day - 1


def test_a_card_answered_in_another_window_does_not_come_again(
    tmp_path: Path, store: Store, settings: Settings, wall: Wall
) -> None:
    ours = begin(store, settings, wall)
    with Store.open(settings.store_file) as other:
        theirs = begin(other, settings, wall)
        first = shown(theirs)
        theirs.answer(Rating.EASY, 1000)
        second = shown(theirs)
        theirs.answer(Rating.EASY, 1000)
    assert shown(ours) == first
    ours.answer(Rating.EASY, 1000)
    assert shown(ours) not in (first, second)


def test_without_a_card_there_is_nothing_to_answer(store: Store, settings: Settings, wall: Wall) -> None:
    session = begin(store, settings, wall, [])
    assert session.current is None
    assert session.next_due is None
    for act in (session.suspend, session.bury, session.flag, session.preview, lambda: session.answer(3, 1)):
        with pytest.raises(LookupError):
            act()
    assert list(store.log()) == []


def test_a_wrong_rating_is_refused_and_nothing_is_written(
    store: Store, settings: Settings, wall: Wall
) -> None:
    session = begin(store, settings, wall)
    with pytest.raises(ValueError, match="5 is not a valid Rating"):
        session.answer(5, 1000)
    assert list(store.log()) == []


def test_opening_searches_and_does_not_scan(store: Store, settings: Settings, wall: Wall) -> None:
    asked: list[str] = []
    with store.writing() as db:
        pass
    db.set_trace_callback(asked.append)
    begin(store, settings, wall)
    db.set_trace_callback(None)
    steps = [(sql, row[3]) for sql in asked for row in store.rows(f"EXPLAIN QUERY PLAN {sql}")]
    assert any("SEARCH log USING INDEX log_answer" in step for _, step in steps)
    scans = [sql for sql, step in steps if step.startswith("SCAN")]
    # These begin at the end of the log and stop after a few rows.
    ends = {re.search(r"ORDER BY seq DESC LIMIT \d+", sql)[0] for sql in scans}  # type: ignore[index]
    assert ends == {"ORDER BY seq DESC LIMIT 1", "ORDER BY seq DESC LIMIT 200"}


def test_steps_left_on_an_earlier_day_count_as_reviews(store: Store, settings: Settings, wall: Wall) -> None:
    session = begin(store, replace(settings, new_per_day=8), wall)
    for _ in range(8):
        session.answer(Rating.AGAIN, 1000)
        wall.pass_by(1000)
    wall.pass_by(21 * DAY)
    session = begin(store, replace(settings, reviews_per_day=5), wall)
    assert (session.counts.remaining, session.counts.held_back) == (5, 3)
    session.answer(Rating.EASY, 1000)
    session = begin(store, replace(settings, reviews_per_day=5), wall)
    assert (session.counts.remaining, session.counts.held_back) == (4, 3)
    session.answer(Rating.AGAIN, 1000)
    wall.pass_by(2 * MINUTE)
    session = begin(store, replace(settings, reviews_per_day=5), wall)
    assert session.counts.remaining == 4, "it comes back within minutes, whatever the limit"


def test_what_is_said_after_a_holiday() -> None:
    assert describe_backlog(Counts(0, 0, 0, 12, 0.0)) == ""
    told = describe_backlog(Counts(0, 0, 0, 80, 0.0, held_back=67, days_away=21))
    assert told == "147 are due after 21 days away: 80 today, most overdue first, nothing new"
    assert "away" not in describe_backlog(Counts(0, 0, 0, 80, 0.0, held_back=1, days_away=1))
    use_language("zh")
    assert describe_backlog(Counts(0, 0, 0, 80, 0.0, held_back=67, days_away=21)).startswith(
        "147 张到期（21 天没学）"
    )
    use_language("en")

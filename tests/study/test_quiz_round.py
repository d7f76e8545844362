import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from quizcli.errors import ExitStatus, QuizError
from quizcli.settings import Settings
from quizcli.study.quiz_round import Result, Round, TopicScore, choose, new_seed
from quizcli.study.session import Session
from quizcli.study.store.store import Store
from tests.study.desk import BERLIN, HOUR, MINUTE, Wall


class Asked(Struct, frozen=True):
    id: str
    topic: str
    kind: str
    level: int
    needs: tuple[str, ...] = ()
    demo: object | None = None


KINDS = ("recall", "choice", "truth", "cloze")
ASKED = [Asked(f"{'ab'[n % 2]}{n}", "ab"[n % 2], KINDS[n % 4], 1 + n % 3) for n in range(24)]


def start(store: Store, settings: Settings, wall: Wall, number: int = 4) -> Round[Asked]:
    return Round.start(store, choose(ASKED, number, seed=7), settings, wall, zone=BERLIN)


def left(store: Store, settings: Settings, wall: Wall, asked: list[Asked] = ASKED) -> Round[Asked] | None:
    return Round.unfinished(store, asked, settings, wall, zone=BERLIN)


def current(round_: Round[Asked]) -> Asked:
    assert round_.current is not None
    return round_.current


def test_choosing_by_topic_kind_and_level() -> None:
    chosen = choose(ASKED, 99, 1, topics=["a"], kinds=["recall", "truth"], levels=[1, 2])
    assert {(each.topic, each.kind, each.level) for each in chosen} == {
        ("a", "recall", 1), ("a", "recall", 2), ("a", "truth", 1), ("a", "truth", 2)
    }  # fmt: skip
    assert len(chosen) == len({each.id for each in chosen}) == 8


@given(st.integers(1, 30), st.integers())
def test_a_seed_brings_the_same_round(number: int, seed: int) -> None:
    chosen = choose(ASKED, number, seed)
    assert chosen == choose(reversed(ASKED), number, seed)
    assert len(chosen) == min(number, len(ASKED))
    assert chosen == choose(ASKED, 30, seed)[:number]


def test_another_seed_brings_another_round() -> None:
    assert len({tuple(each.id for each in choose(ASKED, 5, seed)) for seed in range(50)}) == 50
    assert len({new_seed() for _ in range(20)}) > 15


@pytest.mark.parametrize("number", [0, 5])
def test_nothing_to_choose_from(number: int) -> None:
    with pytest.raises(QuizError, match="No question is left") as caught:
        choose(ASKED, number, 1, kinds=["order"] if number else [])
    assert caught.value.status == ExitStatus.USAGE


def test_a_round_and_its_result(store: Store, settings: Settings, wall: Wall) -> None:
    round_ = start(store, settings, wall)
    asked = []
    for right in (True, False, True, False):
        asked.append(current(round_))
        round_.answer(right, 30_000)
    assert asked == choose(ASKED, 4, seed=7)
    assert round_.current is None
    topics = sorted({each.topic for each in asked})
    assert round_.result == Result(
        right=2,
        answers=4,
        total=4,
        minutes=2.0,
        topics=tuple(
            TopicScore(
                topic,
                sum(each.topic == topic for each in asked[::2]),
                sum(each.topic == topic for each in asked),
            )
            for topic in topics
        ),
        missed=(asked[1].id, asked[3].id),
    )
    with pytest.raises(LookupError):
        round_.answer(True, 1)


def test_a_round_leaves_the_schedule_alone(store: Store, settings: Settings, wall: Wall) -> None:
    round_ = start(store, settings, wall)
    while round_.current is not None:
        round_.answer(False, 1000)
    assert list(store.log()) == []
    assert list(store.cards()) == []


def test_missed_questions_can_be_made_due_today(store: Store, settings: Settings, wall: Wall) -> None:
    round_ = start(store, settings, wall)
    for right in (True, False, False, True):
        round_.answer(right, 1000)
    assert round_.requeue_missed() == 2
    session = Session.open(store, ASKED, settings, wall, mode="review", zone=BERLIN)
    assert session.counts.remaining == 2
    assert session.current is not None
    assert session.current.id in round_.result.missed


def test_an_unfinished_round_goes_on_where_it_stopped(store: Store, settings: Settings, wall: Wall) -> None:
    assert left(store, settings, wall) is None
    round_ = start(store, settings, wall)
    round_.answer(True, 1000)
    wall.pass_by(HOUR)
    resumed = left(store, settings, wall)
    assert resumed is not None
    assert (resumed.current, resumed.result) == (round_.current, round_.result)
    for _ in range(3):
        resumed.answer(False, 1000)
    assert resumed.result.right == 1
    assert left(store, settings, wall) is None


def test_yesterdays_round_is_over(store: Store, settings: Settings, wall: Wall) -> None:
    start(store, settings, wall)
    wall.pass_by(24 * HOUR)
    assert left(store, settings, wall) is None


def test_an_older_unfinished_round_is_not_offered_again(store: Store, settings: Settings, wall: Wall) -> None:
    start(store, settings, wall)
    newer = start(store, settings, wall, 1)
    newer.answer(True, 1000)
    assert left(store, settings, wall) is None


def test_questions_that_left_the_banks_are_left_out(store: Store, settings: Settings, wall: Wall) -> None:
    round_ = start(store, settings, wall)
    first = current(round_)
    round_.answer(True, 1000)
    gone = current(round_)
    remaining = [each for each in ASKED if each not in (first, gone)]
    resumed = left(store, settings, wall, remaining)
    assert resumed is not None
    assert (resumed.result.total, resumed.result.answers) == (3, 1)
    assert current(resumed) not in (first, gone)
    assert left(store, settings, wall, []) is None


def test_undo_asks_again(store: Store, settings: Settings, wall: Wall) -> None:
    round_ = start(store, settings, wall, 2)
    first = current(round_)
    assert not round_.undo()
    round_.answer(False, 10 * MINUTE)
    round_.answer(True, 1000)
    assert round_.undo()
    assert round_.undo()
    assert (current(round_), round_.result.answers) == (first, 0)
    resumed = left(store, settings, wall)
    assert resumed is not None
    assert current(resumed) == first


def test_in_two_windows_the_first_answer_counts(store: Store, settings: Settings, wall: Wall) -> None:
    ours = start(store, settings, wall, 3)
    theirs = left(store, settings, wall)
    assert theirs is not None
    ours.answer(True, 1000)
    theirs.answer(False, 1000)
    assert ours.result == theirs.result
    assert ours.result.right == ours.result.answers == 1
    assert theirs.current == ours.current

"""Knobs: turned between two events, followed by the answer at once, told in the stream, and kept with it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizcli.demo.catalogue import find_answer
from quizcli.demo.events import Beat, Changed, Claim, Event, Finished, Scalars, from_json, to_json
from quizcli.demo.knob_steps import stepped
from quizcli.demo.launcher import Run
from quizcli.demo.parameter import Parameter, convert_setting
from quizcli.demo.recordings.record import Recorder, rerun
from tests.demo.conftest import Begin, Write

TURNED = """
    import time
    from quizcli.demo.knobs import Knob
    k, v = Knob("k", k), 0.0
    for i in range(2_000):
        v = v / 2 + k()
        time.sleep(0.001)  # so that there is time to turn it
        yield Scalars(panel="p", x=i, values={"v": v})
    yield Claim(id="c", text=TITLE, measured=v, expected=1.0)
"""
LIVE = 'k: Annotated[float, Option(0, 8, "k", "k", live=True)] = 1.0, other: int = 2'


def turned(run: Run, *values: float) -> list[Event]:
    """All events of a run whose knob is turned to one value after the other."""
    events: list[Event] = []
    for value in values:
        while not events or isinstance(events[-1], Changed):
            assert not run.over
            run.wait(1)
            events += run.poll()
        run.turn("k", value)
        while not any(isinstance(event, Changed) and event.after == value for event in events):
            assert not run.over
            run.wait(1)
            events += run.poll()
    return events + list(run)


def test_the_answer_follows_from_the_next_step_on_bit_by_bit(write: Write, begin: Begin) -> None:
    k, v, step, changes = 1.0, 0.0, 0, []
    for event in turned(begin(write(TURNED, LIVE)), 4.0, 0.1):
        match event:
            case Scalars():
                v = v / 2 + k
                assert (event.x, event.values) == (step, {"v": v})
                step += 1
            case Changed():
                assert (event.option, event.before, event.step) == ("k", k, step - 1)
                assert isinstance(event.after, float)
                k = event.after
                changes.append(k)
            case Claim():
                assert event.by_hand
                assert event.measured == v
    assert changes == [4.0, 0.1]
    assert step == 2_000


def test_without_a_turn_nothing_is_by_hand(write: Write, begin: Begin) -> None:
    events = list(begin(write(TURNED.replace("2_000", "20"), LIVE), k=3.0))
    assert [event.by_hand for event in events if isinstance(event, Claim)] == [False]
    assert not any(isinstance(event, Changed) for event in events)


def test_a_turn_to_where_it_stands_is_no_change(write: Write, begin: Begin) -> None:
    run = begin(write(TURNED, LIVE))
    run.turn("k", 1.0)
    events = list(run)
    assert isinstance(events[-1], Finished)
    assert not any(isinstance(event, Changed) for event in events)


def test_a_turn_while_paused_is_taken_when_it_goes_on(write: Write, begin: Begin) -> None:
    run = begin(write(TURNED, LIVE))
    run.pause()
    for value in (2.0, 3.0, 5.0):  # a key that is held down
        run.turn("k", value)
    run.resume()
    changes = [event for event in run if isinstance(event, Changed)]
    assert changes[-1].after == 5.0
    assert changes[0].before == 1.0


def test_what_was_changed_is_kept_and_shown_again(write: Write, begin: Begin, tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "kept")
    run = begin(write(TURNED, LIVE))
    run.tap = recorder.add
    seen = turned(run, 2.0)
    recorder.finish()
    recorder.close()
    again = list(rerun(tmp_path / "kept", timed=False))
    assert again == seen
    assert any(isinstance(event, Changed) for event in again)


def test_the_json_says_from_and_to() -> None:
    changed = Changed(option="beta", before=1.0, after=4.0, step=120)
    assert to_json(changed) == b'{"event":"changed","option":"beta","from":1.0,"to":4.0,"step":120}'
    assert from_json(to_json(changed)) == changed


def test_the_source_says_which_options_are_live(write: Write) -> None:
    answer = find_answer(write("yield Progress(done=1, total=1)", LIVE), "small")
    assert [(parameter.name, parameter.live) for parameter in answer.parameters] == [
        ("k", True),
        ("other", False),
    ]


NUMBERS = st.floats(-1e6, 1e6).filter(lambda x: x == 0 or abs(x) > 1e-6)


@given(NUMBERS, NUMBERS, NUMBERS, st.sampled_from(["int", "float"]))
def test_a_knob_stays_within_its_limits_and_comes_to_both_ends(
    one: float, two: float, three: float, kind: str
) -> None:
    low, default, high = sorted(round(x) if kind == "int" else x for x in (one, two, three))
    knob = Parameter(name="k", type=kind, default=default, min=low, max=high)  # type: ignore[arg-type]
    for up, end in ((True, high), (False, low)):
        value, turns = knob.default, 0
        while (after := stepped(knob, value, up)) != value:
            assert isinstance(after, int | float)
            assert isinstance(value, int | float)
            assert (after > value) == up
            assert convert_setting(knob, after) == after
            value, turns = after, turns + 1
            assert turns < 200
        assert value == end


@pytest.mark.parametrize(
    ("knob", "up", "down"),
    [
        (Parameter(name="beta", type="float", default=1.0, min=0, max=100), [2, 5, 10], [0.5, 0.2, 0.1]),
        (Parameter(name="p", type="float", default=0.5, min=0, max=0.95), [0.55, 0.6], [0.45, 0.4]),
        (Parameter(name="lr", type="float", default=0.01, min=1e-6, max=0.1), [0.02, 0.05, 0.1], [0.005]),
        (Parameter(name="k", type="int", default=3, min=1, max=9), [4, 5], [2, 1]),
        (Parameter(name="on", type="bool", default=False), [True], [False]),
        (Parameter(name="f", type="choice", default="b", choices=("a", "b", "c")), ["c", "c"], ["a", "a"]),
    ],
)
def test_it_turns_through_round_numbers(knob: Parameter, up: list[object], down: list[object]) -> None:
    for wanted, way in ((up, True), (down, False)):
        value = knob.default
        for each in wanted:
            value = stepped(knob, value, way)
            assert value == each


BEATS = """
    from quizcli.demo.knobs import Knob
    k = Knob("k", k)
    for i in range(5):
        yield Scalars(panel="p", x=i, values={"v": k()})
        yield Beat(1)
"""


def values(events: list[Event]) -> list[float]:
    return [event.values["v"] for event in events if isinstance(event, Scalars)]


def test_in_lockstep_an_answer_waits_until_its_beat_has_been_seen(write: Write, begin: Begin) -> None:
    run = begin(write(BEATS, LIVE), lockstep=True)
    run.led = True
    events: list[Event] = []
    for beats in (1, 2, 3):
        while sum(isinstance(event, Beat) for event in events) < beats:
            run.wait(1)
            events += run.poll()
        assert not run.wait(0.2)  # nothing more comes by itself
        if beats == 2:
            run.turn("k", 7.0)
        run.go()
    events += run.poll()
    for _ in range(3):
        run.go()
    events += list(run)
    assert values(events) == [1.0, 1.0, 7.0, 7.0, 7.0]
    assert isinstance(events[-1], Finished)


def test_who_does_not_look_at_beats_is_not_kept_waiting_by_them(write: Write, begin: Begin) -> None:
    events = list(begin(write(BEATS, LIVE), lockstep=True))
    assert values(events) == [1.0] * 5


def test_in_lockstep_it_stops_when_it_is_told_to(write: Write, begin: Begin) -> None:
    run = begin(write(BEATS, LIVE), lockstep=True)
    run.led = True
    while not any(isinstance(event, Beat) for event in run.poll()):
        run.wait(1)
    run.stop()
    last = list(run)[-1]
    assert isinstance(last, Finished)
    assert last.stopped

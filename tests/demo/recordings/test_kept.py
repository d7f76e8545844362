"""Runs that are kept to be shown again: found for the same run only, whole ones only, and bounded."""

import os
from pathlib import Path

import pytest

from quizcli.demo.events import Claim, Event, Finished, Scalars, Started
from quizcli.demo.recordings import kept
from quizcli.demo.recordings.kept import Kept
from quizcli.demo.timings import Timing, Timings

RUN: list[Event] = [
    Started(name="coin"),
    Scalars(panel="mean", x=1, values={"mean": 0.5}),
    Claim(id="half", text={"en": "half", "zh": "一半"}, measured=0.5, expected=0.5),
    Finished(seconds=12),
]


CODE = "one"


def keep(shelf: Kept, events: list[Event] = RUN, throws: int = 4) -> None:
    keeping = shelf.keeping("coin", {"throws": throws}, CODE)
    for event in events:
        keeping.add(event)
    keeping.close()


def test_a_run_comes_again_event_by_event(tmp_path: Path) -> None:
    shelf = Kept(tmp_path / "runs")
    keep(shelf)
    earlier = shelf.find("coin", {"throws": 4}, CODE)
    assert earlier is not None
    with earlier.again(timed=False) as run:
        assert list(run) == RUN


def test_it_is_found_for_this_run_alone(tmp_path: Path) -> None:
    shelf = Kept(tmp_path / "runs")
    keep(shelf)
    assert shelf.find("coin", {"throws": 5}, CODE) is None
    assert shelf.find("other", {"throws": 4}, CODE) is None
    assert shelf.find("coin", {"throws": 4}, "two") is None


@pytest.mark.parametrize("last", [[], [Finished(seconds=3, stopped=True)]])
def test_half_a_run_is_not_kept(tmp_path: Path, last: list[Event]) -> None:
    shelf = Kept(tmp_path / "runs")
    keep(shelf, [*RUN[:-1], *last])
    assert shelf.find("coin", {"throws": 4}, CODE) is None
    assert list((tmp_path / "runs").iterdir()) == []


def test_half_a_run_takes_no_whole_one_away(tmp_path: Path) -> None:
    shelf = Kept(tmp_path / "runs")
    keep(shelf)
    keep(shelf, RUN[:2])
    assert shelf.find("coin", {"throws": 4}, CODE) is not None


def test_the_oldest_make_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = Kept(tmp_path / "runs")
    keep(shelf, throws=1)
    (one,) = (tmp_path / "runs").glob("*/events.jsonl")
    os.utime(one, (1, 1))
    monkeypatch.setattr(kept, "ROOM", 2.5 * one.stat().st_size)
    for throws in (2, 3):
        keep(shelf, throws=throws)
    assert [shelf.find("coin", {"throws": n}, CODE) is not None for n in (1, 2, 3)] == [False, True, True]


def test_a_huge_run_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "LONGEST", 10)
    keep(Kept(tmp_path / "runs"))
    assert list((tmp_path / "runs").iterdir()) == []


def test_where_nothing_can_be_written_the_run_goes_on(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("no folder")
    shelf = Kept(tmp_path / "runs")
    keep(shelf)
    assert shelf.find("coin", {"throws": 4}, CODE) is None


def test_times_are_remembered_for_each_run(tmp_path: Path) -> None:
    timings = Timings(tmp_path / "runs" / "timings.json")
    assert timings.start() is None
    timings.note("coin", {"throws": 4}, Timing(5.0, 12.0))
    timings.note("coin", {"throws": 5}, Timing(6.0, 20.0))
    assert timings.of("coin", {"throws": 4}) == Timing(5.0, 12.0)
    assert timings.of("coin", {}) is None
    assert timings.start() == 6.0
    (tmp_path / "runs" / "timings.json").write_text("no JSON")
    assert timings.of("coin", {"throws": 4}) is None

"""One bar for a run of several acts: what each of them says of its own progress fills its share."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from itertools import accumulate
from typing import Any

from msgspec.structs import replace

from quizcli.demo.events import Bars, Event, Heatmap, Images, Points, Progress, Scalars, Table, Words

_PANELS = Scalars | Images | Heatmap | Points | Bars | Table
_LOOKS = 12  # pictures after which an act that does not count its steps has two thirds of its share


class Acts:
    """The acts of a run, one after the other; `weights` are about the seconds that each of them takes."""

    def __init__(self, *weights: float) -> None:
        whole = sum(weights)
        self._ends: Sequence[float] = [0.0, *(sum_ / whole for sum_ in accumulate(weights))]
        self._next = 0

    def play(self, events: Iterator[Event], en: str = "", zh: str = "") -> Generator[Event, None, Any]:
        """The events of the next act, and what it returns: `found = yield from acts.play(…)`.

        Each thing that it shows moves the bar: nobody knows how many are to come, so that it nears the end
        ever more slowly. Its own Progress, once it comes, is put into what is left of its share.
        """
        low, high = self._ends[self._next : self._next + 2]
        self._next += 1
        text: Words = {"en": en, "zh": zh} if en else {}
        done, counted = 0.0, -1.0  # of this act; how much was done when it began to count its steps itself
        yield Progress(done=low, total=1, text=text)
        with closing(_generator(events)) as act:
            while True:
                try:
                    event = next(act)
                except StopIteration as end:
                    yield Progress(done=high, total=1, text=text)
                    return end.value
                if isinstance(event, Progress):
                    counted = done if counted < 0 else counted
                    done = max(done, counted + (1 - counted) * event.done / event.total)
                    yield replace(event, done=low + (high - low) * done, total=1, text=event.text or text)
                    continue
                yield event
                if isinstance(event, _PANELS) and counted < 0:
                    done += (1 - done) / _LOOKS
                    yield Progress(done=low + (high - low) * done, total=1, text=text)


def _generator(events: Iterator[Event]) -> Generator[Event, None, Any]:
    """The same events from something that can be closed, and returns what they return."""
    return (yield from events)

"""Events handed on while Ctrl-C comes at any moment."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from quizcli.demo.events import Event, Finished, Note
from quizcli.demo.following import follow

EVENTS: list[Event] = [
    *(Note(text={"en": str(number), "zh": str(number)}) for number in range(3)),
    Finished(seconds=1.0),
]


class Interrupted:
    """A run in which Ctrl-C comes at its `at`th touch, whatever is touched."""

    def __init__(self, at: int) -> None:
        self.left = at
        self.coming: list[Event] = list(EVENTS)

    def touch(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt

    @property
    def over(self) -> bool:
        self.touch()
        return not self.coming

    @over.setter
    def over(self, value: bool) -> None: ...

    def poll(self) -> Sequence[Event]:
        self.touch()
        return [self.coming.pop(0)]

    def wait(self, timeout: float | None = None) -> bool:
        self.touch()
        return True


@pytest.mark.parametrize("at", range(1, 20))
def test_wherever_ctrl_c_comes_nothing_is_lost_and_the_order_stays(at: int) -> None:
    run, taken, interrupts = Interrupted(at), list[Event](), list[int]()

    def take(event: Event) -> None:
        taken.append(event)
        run.touch()

    def interrupted() -> bool:
        interrupts.append(len(taken))
        return False

    follow(run, take, interrupted)
    assert [event for i, event in enumerate(taken) if event not in taken[:i]] == EVENTS
    assert len(taken) <= len(EVENTS) + 1  # the one during which it came is given again
    assert len(interrupts) == (run.left <= 0)


def test_who_asks_to_leave_leaves() -> None:
    taken: list[Event] = []
    follow(Interrupted(4), taken.append, lambda: True)
    assert taken == EVENTS[:1]

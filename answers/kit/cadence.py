"""How often something is shown: a picture now and then costs the training little."""

import time
from collections.abc import Callable


def every(*, seconds: float = 0.0, steps: int = 0) -> Callable[[], bool]:
    """Whether it is time again: `look = every(seconds=FRAME)`, then `if look():` at each step.

    With `seconds` so many have gone by since the last time it was, or since the beginning; with `steps` it is
    asked for the n-th, 2n-th … time.
    """
    if steps:
        return _every_so_many(steps)
    shown, showing = time.perf_counter(), False

    def due() -> bool:
        nonlocal shown, showing
        if showing:  # it has taken its time; the next one is due so long after its end
            shown, showing = time.perf_counter(), False
        showing = time.perf_counter() - shown > seconds
        return showing

    return due


def _every_so_many(steps: int) -> Callable[[], bool]:
    asked = 0

    def due() -> bool:
        nonlocal asked
        asked += 1
        return asked % steps == 0

    return due

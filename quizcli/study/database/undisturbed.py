"""A stretch in which no signal ends the program: what is done with the only copy of something is done."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_ENDING = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


@contextmanager
def undisturbed() -> Iterator[None]:
    """Signals that come meanwhile act at the end. Not masked: they would be heard by another thread."""
    if threading.current_thread() is not threading.main_thread():  # where no signal is acted upon
        yield
        return
    came: list[int] = []
    before = {number: signal.signal(number, lambda heard, _: came.append(heard)) for number in _ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)
        for number in dict.fromkeys(came):
            signal.raise_signal(number)

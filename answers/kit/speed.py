"""How far a run over images is, and how many of them it sees in a second."""

import time
from collections.abc import Callable

from answers.kit.labels import IMAGES
from quizcli.demo.events import Progress, Words


def progress_of(steps: int, batch: int) -> Callable[[int, Words], Progress]:
    """Begin to measure: `progress = progress_of(steps, batch)`, then `yield progress(step, {})`."""
    began = time.perf_counter()

    def progress(step: int, text: Words) -> Progress:
        rate = step * batch / (time.perf_counter() - began)
        return Progress(done=step, total=steps, text=text, rate=rate, unit=IMAGES)

    return progress

"""A coin without torch, so that the tests start it in a blink."""

from collections.abc import Iterator
from typing import Annotated

from quizcli.demo.events import Claim, Event, Note, Progress, Scalars, Started
from quizcli.demo.option import Option

TITLE = {"en": "A coin", "zh": "掷硬币"}
QUICK = {"throws": 4}


def demonstrate(
    throws: Annotated[int, Option(min=1, max=10_000, help={"en": "how many", "zh": "投掷次数"})] = 8,
    bias: Annotated[float, Option(min=0, max=1, help={"en": "chance of heads", "zh": "正面概率"})] = 0.5,
    wait: Annotated[float, Option(min=0, max=60, help={"en": "seconds a throw", "zh": "每次用时"})] = 0.0,
) -> Iterator[Event]:
    """Throw alternately heads and tails."""
    import time

    yield Started(layout=(("mean",),))
    heads = 0.0
    for n in range(1, throws + 1):
        heads += bias * 2 * (n % 2)
        yield Scalars(panel="mean", x=n, values={"mean": heads / n})
        yield Progress(done=n, total=throws)
        time.sleep(wait)
    yield Claim(
        id="mean-is-half",
        text={"en": "half of the throws are heads", "zh": "一半是正面"},
        measured=heads / throws,
        expected=0.5,
        tolerance=0.01,
    )
    yield Note(text={"en": "Half of them are heads.", "zh": "一半是正面。"})

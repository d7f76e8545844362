"""The one bar of a run of several acts."""

from collections.abc import Iterator

import pytest
import torch

from answers.kit.acts import Acts
from quizcli.demo.events import Event, Heatmap, Progress, array


def picture() -> Heatmap:
    return Heatmap(panel="p", values=array(torch.zeros(2, 2)))


def act(pictures: int, steps: int) -> Iterator[Event]:
    for _ in range(pictures):
        yield picture()
    for step in range(steps + 1):
        yield Progress(done=step, total=max(1, steps))


@pytest.mark.parametrize(("pictures", "steps"), [(0, 20), (1, 20), (3, 20), (12, 20), (12, 0)])
def test_the_bar_stands_still_nowhere(pictures: int, steps: int) -> None:
    """An act that shows something before it begins to count its steps goes on from there."""
    acts = Acts(1, 1)
    events = [event for _ in range(2) for event in acts.play(act(pictures, steps))]
    seen = [event.done / event.total for event in events if isinstance(event, Progress)]
    assert seen == sorted(seen)
    assert seen[0] == 0
    assert seen[-1] == 1
    longest = max(sum(place == other for other in seen) for place in set(seen))
    assert longest <= 4  # where one act ends and the next begins

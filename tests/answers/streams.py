"""The events of a demonstration, as tests look at them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from quizcli.demo.events import (
    BEAT,
    Array,
    Bars,
    Beat,
    Claim,
    Event,
    Heatmap,
    Images,
    Label,
    Note,
    Points,
    Progress,
    Scalars,
    Started,
    Table,
    Words,
    decode,
    encode,
)

PANELS = Scalars | Images | Heatmap | Points | Bars | Table
# Names and notation that Chinese texts leave as they are
ALIKE = {"nats", "sigmoid", "softmax", "eval", "autograd", "proximal", "valid", "sample", "rsample"}


MARKDOWN = re.compile(r"`|\*\*|\$[^$]+\$")


def claims(events: list[Event]) -> dict[str, Claim]:
    return {event.id: event for event in events if isinstance(event, Claim)}


def seconds(events: list[Event]) -> float:
    """How long a person watches because of the beats alone."""
    return BEAT * sum(event.n for event in events if isinstance(event, Beat))


def fallen(events: list[Event]) -> set[str]:
    return {id_ for id_, claim in claims(events).items() if not claim.holds}


def of_panel(events: list[Event], panel: str) -> list[Any]:
    return [event for event in events if getattr(event, "panel", None) == panel]


def numbers(values: Array) -> Tensor:
    """The array as a tensor of its shape."""
    return torch.frombuffer(bytearray(values.data), dtype=getattr(torch, values.dtype)).view(values.shape)


def layout_of(events: list[Event]) -> set[str]:
    """The panels that the run announced."""
    layouts = [event.layout for event in events if isinstance(event, Started)]
    return {panel for layout in layouts for row in layout for panel in row}


def filled(events: list[Event]) -> set[str]:
    """The panels that the run showed something in."""
    return {event.panel for event in events if isinstance(event, PANELS)}


def check_whole(events: list[Event]) -> None:
    """What every stream keeps, with any settings: a beginning, an end, panels, progress, both languages."""
    assert isinstance(events[0], Started)
    assert isinstance(events[-1], Note)
    assert filled(events) <= layout_of(events)
    claimed = [event.id for event in events if isinstance(event, Claim)]
    assert len(set(claimed)) == len(claimed)
    assert all(event.done <= event.total for event in events if isinstance(event, Progress))
    assert all(event.why for event in events if isinstance(event, Claim) and math.isnan(event.measured))
    curves: dict[str, dict[str, Words]] = {}  # by panel: a curve's name need not be repeated
    for event in events:
        if isinstance(event, Scalars):
            curves.setdefault(event.panel, {}).update(event.names)
        received = decode(encode(event))
        assert received == event or repr(received) == repr(event)  # NaN equals nothing
        for words in _words_of(event):
            assert words.keys() == {"en", "zh"}
            assert all(words.values())
            assert "{" not in "".join(words.values())  # an f that was forgotten
            assert not MARKDOWN.search("".join(words.values())), words  # an event's text is plain
        for label in _labels_of(event, curves.get(getattr(event, "panel", ""), {})):
            words = {"en": label, "zh": label} if isinstance(label, str) else label
            assert words.keys() == {"en", "zh"}
            assert not MARKDOWN.search("".join(words.values())), label
            if not re.search("[\u4e00-\u9fff]", words["zh"]):
                assert set(re.findall(r"\b[a-z]{4,}", words["zh"])) <= ALIKE, label


def _words_of(event: Event) -> Iterator[dict[str, str]]:
    """Every bilingual text of an event that says something."""
    for name in ("text", "title", "caption", "note", "why", "x_label", "y_label"):
        words = getattr(event, name, None)
        if isinstance(words, dict) and words:
            yield words


def _labels_of(event: Event, curves: dict[str, Words]) -> Iterator[Label]:
    """What stands beside curves, bars, points and cells."""
    match event:
        case Scalars():
            yield from (event.x_label, event.unit, *(curves.get(key, key) for key in event.values))
        case Progress():
            yield event.unit
        case Bars():
            yield from (event.unit, *event.labels, *event.parts)
        case Points():
            yield from event.group_names
        case Heatmap():
            yield from event.x_ticks + event.y_ticks
        case Table():
            yield from (*event.columns, *(row[0] for row in event.rows))


def check_repeats(run: Callable[..., list[Event]], **settings: Any) -> None:
    """A seed fixes every event, another seed changes some, and the global generator is left alone."""
    before = torch.random.get_rng_state()
    first = [encode(event) for event in run(**settings)]
    assert [encode(event) for event in run(**settings)] == first
    assert [encode(event) for event in run(**settings | {"seed": 91})] != first
    assert torch.equal(torch.random.get_rng_state(), before)

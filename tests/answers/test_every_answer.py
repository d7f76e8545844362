"""What every demonstration promises, whatever it shows: a whole stream, in both languages, easily found."""

from __future__ import annotations

import gc
import importlib
import time
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
import torch

from quizcli.demo.answer_source import Answer
from quizcli.demo.catalogue import find_answers
from quizcli.demo.events import Claim, Event, Progress, Started
from quizcli.packs.pack import builtin, load
from tests.answers.streams import PANELS, check_whole, claims

pytestmark = pytest.mark.usefixtures("few")

PACK = builtin()
ANSWERS = find_answers(PACK.root)


def run(answer: Answer, **settings: Any) -> list[Event]:
    """The quick form, on the CPU and on synthetic digits where there is a choice."""
    return list(stream(answer, **settings))


def stream(answer: Answer, **settings: Any) -> Iterator[Event]:
    """The same, event by event."""
    fixed = {"device": "cpu", "data": "synthetic"}
    known = {parameter.name for parameter in answer.parameters}
    chosen = {name: value for name, value in fixed.items() if name in known}
    module = importlib.import_module(answer.module)
    yield from module.demonstrate(**{**answer.quick, **chosen, **settings})


@pytest.mark.parametrize("name", ANSWERS)
def test_the_stream_is_whole(name: str) -> None:
    answer = ANSWERS[name]
    events = run(answer)
    check_whole(events)
    assert len(answer.claims) >= 3
    assert claims(events).keys() <= set(answer.claims)
    first = next(number for number, event in enumerate(events) if isinstance(event, PANELS))
    assert not any(isinstance(event, Claim) for event in events[:first])  # something is shown at once


@pytest.fixture
def no_garbage() -> Iterator[None]:
    """What other tests have left takes seconds to look through, which are none of a demonstration's."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_garbage")
@pytest.mark.parametrize("name", ANSWERS)
def test_the_bar_grows_to_its_end(name: str) -> None:
    """No act without a larger Progress for longer than two seconds or a fifth of the run.

    The seconds are those of the processor, which does not care who else uses it.
    """
    _first_step()
    began = time.process_time()
    moments = [(-1.0, began)]  # how far the bar was, and since when
    for event in stream(ANSWERS[name]):
        now = time.process_time()
        if isinstance(event, Started):  # the data are there: from here on it is the run's own bar
            began, moments = now, [(-1.0, now)]
        elif isinstance(event, Progress):
            share = event.done / event.total
            assert share >= moments[-1][0], (event, moments[-1])  # it never goes back
            moments += [(share, now)] if share > moments[-1][0] else []
    ended = time.process_time()
    assert moments[-1][0] > 0.8
    waits = [(after - before, at) for (at, before), (_, after) in pairwise([*moments, (1.0, ended)])]
    assert max(waits)[0] <= max(2.0, (ended - began) / 5), (max(waits), ended - began)


def _first_step() -> None:
    """The first step of an optimizer imports for seconds, as in a worker that is not warm."""
    weight = torch.zeros(1, requires_grad=True)
    weight.grad = torch.ones(1)
    torch.optim.Adam([weight]).step()


@pytest.mark.parametrize("name", ANSWERS)
def test_questions_lead_to_it(name: str) -> None:
    leading = [
        question.id
        for bank in load(PACK, None).banks
        for question in bank.questions
        if question.demo is not None and question.demo.run == name
    ]
    assert len(leading) >= 2, leading


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize(
    "name", [name for name, answer in ANSWERS.items() if any(p.name == "device" for p in answer.parameters)]
)
def test_the_gpu_measures_the_same_claims(name: str) -> None:
    answer = ANSWERS[name]
    assert claims(run(answer, device="cuda")).keys() == claims(run(answer)).keys()


def test_every_demonstration_lies_in_the_folder_of_a_topic() -> None:
    topics = {bank.topic for bank in load(PACK, None).banks}
    assert {answer.topic for answer in ANSWERS.values()} <= topics
    assert len(ANSWERS) >= 19

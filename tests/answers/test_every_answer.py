"""What every demonstration promises, whatever it shows: a whole stream, in both languages, easily found."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
import torch

from quizcli.bank.packs import builtin, load
from quizcli.demo.catalogue import Answer, find_answers, module_of
from quizcli.demo.events import Claim, Event
from tests.answers.streams import PANELS, check_whole, claims

pytestmark = pytest.mark.usefixtures("few")

PACK = builtin()
ANSWERS = find_answers(PACK.root)


def run(answer: Answer, **settings: Any) -> list[Event]:
    """The quick form, on the CPU and on synthetic digits where there is a choice."""
    fixed = {"device": "cpu", "data": "synthetic"}
    known = {parameter.name for parameter in answer.parameters}
    chosen = {name: value for name, value in fixed.items() if name in known}
    module = importlib.import_module(module_of(answer.name))
    return list(module.demonstrate(**{**answer.quick, **chosen, **settings}))


@pytest.mark.parametrize("name", ANSWERS)
def test_the_stream_is_whole(name: str) -> None:
    answer = ANSWERS[name]
    events = run(answer)
    check_whole(events)
    assert len(answer.claims) >= 3
    assert claims(events).keys() <= set(answer.claims)
    first = next(number for number, event in enumerate(events) if isinstance(event, PANELS))
    assert not any(isinstance(event, Claim) for event in events[:first])  # something is shown at once


@pytest.mark.parametrize("name", ANSWERS)
def test_three_questions_lead_to_it(name: str) -> None:
    leading = [
        question.id
        for bank in load(PACK, None).banks
        for question in bank.questions
        if question.demo is not None and question.demo.run == name
    ]
    assert len(leading) >= 3, leading


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize(
    "name", [name for name, answer in ANSWERS.items() if any(p.name == "device" for p in answer.parameters)]
)
def test_the_gpu_measures_the_same_claims(name: str) -> None:
    answer = ANSWERS[name]
    assert claims(run(answer, device="cuda")).keys() == claims(run(answer)).keys()


def test_every_concept_is_there() -> None:
    assert ANSWERS.keys() >= {
        "attention",
        "attention-scaling",
        "augmentation",
        "autoencoder",
        "batchnorm-vs-layernorm",
        "dropout",
        "dropout-as-augmentation",
        "early-stopping",
        "gan",
        "gan-loss",
        "l1-vs-l2",
        "norm-and-depth",
        "overfitting",
        "reparameterization",
        "transformer",
        "unet",
        "unet-vs-vae",
        "vae",
        "vae-loss",
    }

"""What every demonstration promises, whatever it shows: a whole stream, in both languages, easily found."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from quizcli.bank.packs import builtin, load
from quizcli.demo import data
from quizcli.demo.catalogue import Answer, find_answers, module_of
from quizcli.demo.events import (
    Bars,
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
    decode,
    encode,
)
from quizcli.demo.synthetic import synthetic_digits

PACK = builtin()
ANSWERS = find_answers(PACK.root)
PANELS = Scalars | Images | Heatmap | Points | Bars | Table


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(autouse=True)
def few(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two thousand synthetic digits, drawn once for this module."""
    monkeypatch.setenv("QUIZCLI_HOME", str(cache))
    monkeypatch.delenv("QUIZCLI_DATA", raising=False)
    monkeypatch.setenv("QUIZCLI_OFFLINE", "1")
    monkeypatch.setattr(data, "synthetic_digits", partial(synthetic_digits, train=2000, test=1000))


def run(answer: Answer, **settings: Any) -> list[Event]:
    """The quick form, on the CPU and on synthetic digits where there is a choice."""
    fixed = {"device": "cpu", "data": "synthetic"}
    known = {parameter.name for parameter in answer.parameters}
    chosen = {name: value for name, value in fixed.items() if name in known}
    module = importlib.import_module(module_of(answer.name))
    return list(module.demonstrate(**{**answer.quick, **chosen, **settings}))


def words_of(event: Event) -> Iterator[dict[str, str]]:
    """Every bilingual text of an event that says something."""
    for name in ("text", "title", "caption", "note", "x_label", "y_label"):
        words = getattr(event, name, None)
        if isinstance(words, dict) and words:
            yield words


def labels_of(event: Event) -> Iterator[Label]:
    """What stands beside curves, bars, points and cells."""
    match event:
        case Scalars():
            yield from (event.x_label, event.unit, *(event.names.get(key, key) for key in event.values))
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


# Names and notation that Chinese texts leave as they are
ALIKE = {"nats", "sigmoid", "softmax", "eval", "autograd", "proximal", "valid", "sample", "rsample"}


@pytest.mark.parametrize("name", ANSWERS)
def test_the_stream_is_whole(name: str) -> None:
    answer = ANSWERS[name]
    before = torch.random.get_rng_state()
    try:
        events = run(answer)
    finally:
        torch.random.set_rng_state(before)
    assert isinstance(events[0], Started)
    layouts = [event.layout for event in events if isinstance(event, Started)]
    panels = {event.panel for event in events if isinstance(event, PANELS)}
    assert panels <= {panel for layout in layouts for row in layout for panel in row}
    assert isinstance(events[-1], Note)
    claimed = [event.id for event in events if isinstance(event, Claim)]
    assert len(answer.claims) >= 3
    assert len(set(claimed)) == len(claimed)
    assert set(claimed) <= set(answer.claims)
    for event in events:
        assert type(decode(encode(event))) is type(event)
        for words in words_of(event):
            assert words.keys() == {"en", "zh"}
            assert all(words.values())
        for label in labels_of(event):
            words = {"en": label, "zh": label} if isinstance(label, str) else label
            assert words.keys() == {"en", "zh"}
            if not re.search("[\u4e00-\u9fff]", words["zh"]):
                assert set(re.findall(r"\b[a-z]{4,}", words["zh"])) <= ALIKE, label
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
    here = {event.id for event in run(answer) if isinstance(event, Claim)}
    there = {event.id: event for event in run(answer, device="cuda") if isinstance(event, Claim)}
    assert there.keys() == here


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

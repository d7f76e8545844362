"""Every prediction of the banks comes out as its answer says, on synthetic digits, with its settings."""

from __future__ import annotations

import importlib
from typing import Any

import pytest

from quizcli.bank.prediction import decides, is_near, outcome_of, ranking
from quizcli.bank.types import Predict
from quizcli.demo.catalogue import find_answer
from quizcli.packs.pack import builtin, load
from tests.answers.streams import claims

FEW = 60_000, 4_000
PACK = builtin()
PREDICTIONS = {
    question.id: question
    for bank in load(PACK, None).banks
    for question in bank.questions
    if isinstance(question, Predict)
}
# A number that is right; the outcome that comes, counted from 1; or the items in their order, counted from 1.
RIGHT: dict[str, float | int | list[int]] = {
    "attention-predict-divided-by-d": 3,
    "attention-predict-late-mask": 3,
    "attention-predict-unscaled-entropy": 0.58,
    "augmentation-predict-any-angle": 3,
    "augmentation-predict-ratios": [3, 2, 1],
    "autoencoder-predict-code-size": 3,
    "autoencoder-predict-vae-without-kl": 2,
    "dropout-predict-no-scaling": 0.2,
    "dropout-predict-noise": 9.0,
    "dropout-predict-wide-layer": 1,
    "early-stopping-predict-training-loss": 2,
    "gan-predict-narrow-discriminator": 3,
    "gan-predict-saturating-ring": 3,
    "norm-predict-half-init": [1, 3, 2],
    "norm-predict-sigmoid": 1,
    "norm-predict-skips-alone": 3,
    "overfitting-predict-random-labels": 0.3,
    "overfitting-predict-ratios": [3, 1, 2],
    "regularization-predict-adam-noise": 3,
    "regularization-predict-ridge": 0.5,
    "transformer-predict-unshifted": 1,
    "unet-predict-noise-without-skips": 1,
    "unet-predict-swapped-code": 3,
    "unet-predict-thin-lines": 3,
    "vae-predict-averaged-pixels": 1,
    "vae-predict-far-mean": 247.5,
    "vae-predict-kl-without-kl-term": 300.0,
    "vae-predict-wave": 1,
}
Runs = dict[str, dict[str, float]]


@pytest.fixture(scope="module")
def runs(few: None) -> Runs:
    """What has been measured in this module, so that questions about the same run share it."""
    return {}


def measured(question: Predict, runs: Runs) -> dict[str, float]:
    """The claims of a run just as the question asks for it, without its pauses."""
    assert question.demo is not None
    name, settings = question.demo.run, question.demo.set
    key = f"{name} {settings}"
    if key not in runs:
        fixed: dict[str, Any] = {"pace": 0.0, "device": "cpu", "data": "synthetic"}
        answer = find_answer(PACK.root, name)
        known = {parameter.name for parameter in answer.parameters}
        chosen = {setting: value for setting, value in fixed.items() if setting in known}
        events = importlib.import_module(answer.module).demonstrate(**{**chosen, **settings})
        runs[key] = {id_: claim.measured for id_, claim in claims(list(events)).items()}
    return runs[key]


def test_every_prediction_is_known_here() -> None:
    assert sorted(RIGHT) == sorted(PREDICTIONS)


@pytest.mark.slow
@pytest.mark.parametrize("name", RIGHT)
def test_it_comes_out_as_its_answer_says(name: str, runs: Runs) -> None:
    question = PREDICTIONS[name]
    values = measured(question, runs)
    assert decides(question, values)
    right = RIGHT[name]
    if question.items:
        assert [place + 1 for place in ranking(question, values)] == right
        return
    value = values[question.claim]
    if question.outcomes:
        assert outcome_of(question, value) + 1 == right, value
    else:
        assert isinstance(right, float)
        assert is_near(question, right, value), value


def test_the_outcomes_are_not_given_away() -> None:
    """Neither the last outcome nor the longest is the right one nearly always."""
    places = [(RIGHT[name], len(q.outcomes)) for name, q in PREDICTIONS.items() if q.outcomes]
    for edge in ("first", "last"):
        hits = sum(right == (1 if edge == "first" else count) for right, count in places)
        assert 3 * hits <= 2 * len(places), edge
    for lang in ("en", "zh"):
        longest = 0
        for name, question in PREDICTIONS.items():
            lengths = [len(outcome.text["zh" if lang == "zh" else "en"]) for outcome in question.outcomes]
            right = RIGHT[name]
            if lengths and isinstance(right, int):
                longest += lengths[right - 1] == max(lengths) and lengths.count(max(lengths)) == 1
        assert 2 * longest <= len(places), lang

"""The Transformer learns: its claims hold for any seed, and each falls when its cause is taken away."""

from typing import Any

import pytest
import torch
from torch import Tensor

from answers.kit.threads import one_thread
from answers.transformer import transformer as answer
from models.transformer.transformer import Transformer
from quizcli.demo.events import (
    BEAT,
    Beat,
    Claim,
    Event,
    Heatmap,
    Progress,
    Scalars,
    Started,
    Table,
)
from quizcli.text import use_language
from tests.answers import streams
from tests.answers.seeds import seeds
from tests.answers.streams import check_repeats, check_whole, numbers

OF_ANY = ["decoder-sees-no-future", "cache-changes-nothing"]
REVERSED = ["reverses-unseen-sequences", "cross-attention-is-the-anti-diagonal", *OF_ANY]
BRIEF: dict[str, Any] = {"steps": 20, "text_steps": 0}
QUICK: dict[str, Any] = answer.QUICK | {"text_steps": 0}


def run(**chosen: Any) -> list[Event]:
    return list(answer.demonstrate(**BRIEF | chosen))


def claims(**chosen: Any) -> dict[str, Claim]:
    return streams.claims(run(**chosen))


def fallen(**chosen: Any) -> set[str]:
    return streams.fallen(run(**chosen))


@pytest.mark.parametrize("seed", seeds(0, 1))
def test_every_claim_holds(seed: int) -> None:
    measured = claims(**answer.QUICK, seed=seed)
    assert list(measured) == [*REVERSED, "text-loss-falls"]
    assert all(claim.holds for claim in measured.values()), measured


def test_normalizing_afterwards_learns_too() -> None:
    assert fallen(**QUICK, norm_first=False) == set()


def test_what_one_can_break_on_purpose() -> None:
    assert fallen(**QUICK, mistake="no-shift") == set(REVERSED[:2])
    broken = fallen(**QUICK, mistake="no-causal-mask")
    assert {"reverses-unseen-sequences", "decoder-sees-no-future"} <= broken


@pytest.mark.parametrize("mistake", ["no-shift", "no-causal-mask"])
def test_training_flatters_who_makes_a_mistake(monkeypatch: pytest.MonkeyPatch, mistake: Any) -> None:
    assert claims(**QUICK, mistake=mistake)["right-in-training-wrong-in-writing"].holds
    monkeypatch.setattr(answer, "fed", lambda tgt, mistake: answer.shifted(tgt))
    monkeypatch.setattr(
        Transformer, "causal", property(lambda self: True, lambda self, _: None), raising=False
    )
    assert not claims(**QUICK, mistake=mistake)["right-in-training-wrong-in-writing"].holds


def test_without_positions_nothing_can_be_reversed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(claims(positions="none")) == OF_ANY  # not promised there
    encode_ = Transformer.encode
    monkeypatch.setattr(Transformer, "encode", lambda self, src: encode_(self, src.sort(1).values))
    assert set(REVERSED[:2]) <= fallen(**QUICK)  # nor where the order of the source is lost


def test_too_little_is_not_claimed() -> None:
    assert list(claims(steps=199, length=2)) == OF_ANY
    assert "text-loss-falls" not in claims(text_steps=59)


def test_a_cache_that_forgets_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    generate = Transformer.generate

    def forgetful(self: Transformer, src: Tensor, n: int, start: int, use_cache: bool = True) -> Tensor:
        return generate(self, src.flip(0) if use_cache else src, n, start, use_cache=use_cache)

    monkeypatch.setattr(Transformer, "generate", forgetful)
    assert "cache-changes-nothing" in fallen(steps=60)


def test_a_text_that_is_not_learnt_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.optim, "Adam", torch.optim.SGD)
    monkeypatch.setattr(torch.optim.SGD, "__init__", _idle(torch.optim.SGD.__init__))
    assert "text-loss-falls" in fallen(text_steps=60)


def _idle(init: Any) -> Any:
    def of(self: Any, parameters: Any, lr: float, **_: Any) -> None:
        init(self, [p.detach().clone() for p in parameters], lr=lr)  # trains copies

    return of


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_text_is_written_in_the_language_of_the_program(lang: Any) -> None:
    try:
        use_language(lang)
        events = run(text_steps=60)
    finally:
        use_language("en")
    written = [event.rows for event in events if isinstance(event, Table)]
    assert len(written) > 5
    assert len(written[-1]) == 6
    for step, nats, text in written[-1]:
        assert int(str(step)) <= 60
        assert float(str(nats)) < 10
        assert len(text) == answer.WRITTEN
        assert set(str(text)) <= set(answer.TEXTS[lang])
    assert float(str(written[-1][-1][1])) < float(str(written[-1][0][1]))


@pytest.mark.parametrize("mistake", ["none", "no-shift", "no-causal-mask"])
def test_the_stream_is_complete(mistake: Any) -> None:
    events = run(mistake=mistake, text_steps=10)
    started = events[0]
    assert isinstance(started, Started)
    first = next(event for event in events[1:] if not isinstance(event, Progress))
    assert isinstance(first, Heatmap)  # before the first step
    panels = {panel for row in started.layout for panel in row}
    assert {event.panel for event in events if isinstance(event, Heatmap | Scalars | Table)} == panels
    check_whole(events)
    assert any(isinstance(event, Progress) for event in events)
    assert events[-1] == answer._what_you_saw("sinusoidal", mistake)


@pytest.mark.parametrize("length", [2, 8, 12])
def test_the_map_has_a_row_for_each_letter_written(length: int) -> None:
    last = [event for event in run(length=length) if isinstance(event, Heatmap)][-1]
    values = numbers(last.values)
    assert values.shape == (length, length)
    torch.testing.assert_close(values.sum(1), torch.ones(length))
    assert len(last.x_ticks) == len(last.y_ticks) == length


def test_the_target_moves_one_place_to_the_right() -> None:
    assert answer.shifted(torch.tensor([[3, 4, 5]])).tolist() == [[answer.START, 3, 4]]


def test_a_run_repeats_itself_and_leaves_everything_as_it_was() -> None:
    threads = torch.get_num_threads()
    check_repeats(run)
    assert torch.get_num_threads() == threads
    with one_thread():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == threads


def test_it_waits_only_so_that_a_person_can_watch() -> None:
    beats = [event.n for event in run(text_steps=10) if isinstance(event, Beat)]
    look, reading = beats[0], beats[-1]
    assert set(beats) == {look, reading}
    assert 0 < BEAT * (answer.LOOKS * look + (answer.READINGS + 5) * reading) < 7

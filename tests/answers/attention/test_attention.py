"""Attention, step by step: the claims hold for any seed, and each falls when its cause is taken away."""

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from answers.attention.attention import demo as answer
from answers.attention.attention import heads, other_weights
from answers.attention.attention.sentences import LANGUAGES, Sentences
from models.attention.module import MultiHeadAttention
from models.attention.scaled_dot_product import scaled_dot_product_attention
from quizcli.demo.events import (
    Claim,
    Event,
    Heatmap,
    Progress,
    Started,
)
from quizcli.text import use_language
from tests.answers import streams
from tests.answers.seeds import seeds
from tests.answers.streams import check_repeats, check_whole, filled, layout_of, numbers, seconds

CLAIMS = [
    "attention-finds-the-noun",
    "weights-sum-to-one",
    "output-is-among-the-values",
    "formula-equals-fused",
    "causal-mask-hides-the-future",
    "padding-changes-nothing",
    "attention-ignores-order",
    "other-weights-same-output",
]


def run(**chosen: Any) -> list[Event]:
    """The quick form with an untrained reader, unless `steps` asks for more."""
    return list(answer.demonstrate(**answer.QUICK | {"steps": 0} | chosen))


def claims(**chosen: Any) -> dict[str, Claim]:
    return streams.claims(run(**chosen))


def fallen(**chosen: Any) -> set[str]:
    return streams.fallen(run(**chosen))


@pytest.mark.parametrize("seed", seeds(0, 1, 2))
@pytest.mark.parametrize("sentence", ["en", "zh"])
def test_every_claim_holds(seed: int, sentence: str) -> None:
    measured = claims(seed=seed, sentence=sentence, steps=300)
    assert list(measured) == CLAIMS
    assert all(claim.holds for claim in measured.values()), measured


@pytest.mark.parametrize("heads", [1, 4])
def test_every_claim_holds_with_other_heads(heads: int) -> None:
    measured = claims(heads=heads, steps=300)
    assert list(measured) == (CLAIMS if heads == 4 else CLAIMS[:-1])  # one wide head leaves no room
    assert all(claim.holds for claim in measured.values()), measured


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({"positions": True, "steps": 300}, {"attention-ignores-order"}),
        (
            {"mistake": "no-softmax", "steps": 300},
            {"weights-sum-to-one", "output-is-among-the-values", "formula-equals-fused"},
        ),
        (
            {"mistake": "mask-after-softmax", "steps": 300},
            {
                *("weights-sum-to-one", "formula-equals-fused"),
                *("causal-mask-hides-the-future", "padding-changes-nothing"),
            },
        ),
        (
            {"mistake": "inverted-mask", "steps": 300},
            {
                *("weights-sum-to-one", "formula-equals-fused"),
                *("causal-mask-hides-the-future", "padding-changes-nothing"),
            },
        ),
    ],
    ids=lambda value: str(sorted(value) if isinstance(value, set) else value),
)
@pytest.mark.parametrize("seed", seeds(0, 1))
def test_what_one_can_break_on_purpose(chosen: dict[str, Any], expected: set[str], seed: int) -> None:
    assert fallen(seed=seed, **chosen) == expected


def test_who_cannot_choose_where_to_look_cannot_find_the_noun(monkeypatch: pytest.MonkeyPatch) -> None:
    project = MultiHeadAttention.project

    def blind(self: MultiHeadAttention, *arguments: Any) -> tuple[Tensor, Tensor, Tensor]:
        q, k, v = project(self, *arguments)
        return q, 0 * k, v

    monkeypatch.setattr(MultiHeadAttention, "project", blind)
    found = claims(steps=300)["attention-finds-the-noun"]
    assert not found.holds
    assert found.measured < 0.7


def test_too_little_training_is_no_proof() -> None:
    assert "attention-finds-the-noun" not in claims(steps=299)


def test_values_that_leave_no_room_allow_no_other_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(other_weights, "furthest", lambda weights, *_: weights)
    assert fallen() == {"other-weights-same-output"}
    monkeypatch.setattr(other_weights, "furthest", lambda weights, *_: weights.flip(0))  # another output
    assert fallen() == {"other-weights-same-output"}


@given(tokens=st.integers(1, 9), width=st.integers(1, 4), seed=st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_other_weights_are_weights_and_give_the_same_output(tokens: int, width: int, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    v = torch.randn(tokens, width, generator=generator)
    weights = torch.randn(tokens, generator=generator).softmax(0)
    other = other_weights.furthest(weights, v, generator, tries=50)
    assert (other > -1e-6).all()
    torch.testing.assert_close(other.sum(), torch.tensor(1.0))
    torch.testing.assert_close(other @ v, weights @ v, rtol=1e-4, atol=1e-5)
    if tokens <= width + 1:
        torch.testing.assert_close(other, weights)
    else:
        assert (other - weights).abs().sum() > 1e-4


def test_a_broken_formula_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def unscaled(*arguments: Any) -> tuple[Tensor, Tensor]:
        q, k, v, allowed = arguments
        return scaled_dot_product_attention(q, k, v, allowed, scale=1.0)

    monkeypatch.setattr(heads, "scaled_dot_product_attention", unscaled)
    assert "formula-equals-fused" in fallen(steps=300)


# The sentences


@pytest.mark.parametrize("name", ["en", "zh"])
def test_a_quarter_of_the_pairs_of_nouns_is_unseen(name: Any) -> None:
    sentences = Sentences(name, torch.Generator().manual_seed(1))
    assert sentences.tokens.shape == (2048, 8)
    assert len(sentences.train) + len(sentences.test) == 2048
    assert len(sentences.test) // 32 in (16, 17)  # and the pair that is shown
    frame = LANGUAGES[name].frame
    nouns = [frame.index("animal"), frame.index("thing")]

    def pairs(rows: Tensor) -> set[tuple[int, ...]]:
        return {tuple(row) for row in sentences.tokens[rows][:, nouns].tolist()}

    assert not pairs(sentences.train) & pairs(sentences.test)
    shown = sentences.shown()
    assert tuple(shown[nouns].tolist()) in pairs(sentences.test)
    for row in range(0, 2048, 97):  # the noun that is meant is the animal's or the thing's word
        words = sentences.words(sentences.tokens[row])
        noun = words[sentences.noun_at(thing=not sentences.of_animal[row])]
        lexicon = LANGUAGES[name].words
        assert (lexicon["animal"] + lexicon["thing"])[sentences.nouns[row]] == noun


def test_the_sentence_speaks_the_language_of_the_program() -> None:
    try:
        use_language("zh")
        started = run()[0]
    finally:
        use_language("en")
    assert isinstance(started, Started)
    assert started.data == "猫叼走了鞋。它很饿。"
    assert getattr(run()[0], "data", "") == "A cat hid a hat. It was sad."


def test_no_word_is_wider_than_its_column() -> None:
    for language in LANGUAGES.values():
        for slot in language.frame[:-1]:
            assert all(len(word) <= 3 for word in language.words.get(slot, (slot,)))


# The stream


@pytest.mark.parametrize("mistake", ["none", "no-softmax", "mask-after-softmax", "inverted-mask"])
@pytest.mark.parametrize("heads", [1, 2])
def test_the_stream_is_complete(mistake: str, heads: int) -> None:
    events = run(mistake=mistake, heads=heads, steps=20)
    started = events[0]
    assert isinstance(started, Started)
    assert filled(events) == layout_of(events)
    check_whole(events)
    done = [event.done for event in events if isinstance(event, Progress)]
    assert done == sorted(done)
    assert (done[0], done[-1]) == (0, 1)


def test_the_masked_cells_are_empty_and_padding_gets_no_weight() -> None:
    maps = {event.title["en"]: event for event in run() if isinstance(event, Heatmap)}

    def matrix(title: str) -> Tensor:
        values = maps[title].values
        return numbers(values)

    causal, padded = matrix("causal mask"), matrix("padding mask")
    assert torch.equal(causal.isnan(), torch.ones(8, 8).triu(1).bool())
    assert padded.shape == (10, 10)
    assert (padded[:, 8:] == 0).all()
    assert maps["padding mask"].x_ticks[8:] == ("·", "·")


def test_a_run_repeats_itself_and_leaves_the_global_generator_alone() -> None:
    check_repeats(run, steps=20)


def test_it_waits_only_so_that_a_person_can_watch() -> None:
    assert 5 < seconds(run(steps=300)) < 9

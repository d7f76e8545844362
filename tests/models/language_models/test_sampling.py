"""The filters and the beam step, against what they are by definition, token by token."""

import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from models.language_models.decoding import pick
from models.language_models.sampling import beam_step, top_k_probabilities, top_p_probabilities


def logits(seed: int, *shape: int) -> Tensor:
    return 2 * torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.double)


seeds = st.integers(0, 2**32)


@given(seed=seeds, size=st.integers(1, 9), k=st.integers(1, 12), temperature=st.floats(0.1, 5))
@settings(max_examples=60, deadline=None)
def test_top_k_is_the_softmax_of_the_likeliest(seed: int, size: int, k: int, temperature: float) -> None:
    row = logits(seed, size)
    kept = row.argsort(descending=True)[:k]
    expected = torch.zeros(size, dtype=torch.double)
    expected[kept] = (row[kept] / temperature).softmax(0)
    torch.testing.assert_close(top_k_probabilities(row, temperature, k), expected)


def test_top_k_is_what_is_drawn_from() -> None:
    row = logits(0, 1, 5)
    random = torch.Generator().manual_seed(0)
    drawn = pick(row.expand(20_000, 5), 0.7, 3, random)[:, 0].bincount(minlength=5) / 20_000
    torch.testing.assert_close(drawn, top_k_probabilities(row, 0.7, 3)[0].float(), atol=0.02, rtol=0)


@given(seed=seeds, size=st.integers(1, 9), p=st.floats(0.01, 0.99))
@settings(max_examples=60, deadline=None)
def test_top_p_is_the_smallest_set_that_holds_p(seed: int, size: int, p: float) -> None:
    row = logits(seed, size)
    probability = row.softmax(0)
    kept = top_p_probabilities(row, p) > 0
    assert probability[kept].sum() >= p - 1e-12
    for count in range(1, int(kept.sum())):  # no smaller set does
        held = [probability[list(some)].sum() for some in itertools.combinations(range(size), count)]
        assert max(held) < p
    expected = probability * kept / probability[kept].sum()
    torch.testing.assert_close(top_p_probabilities(row, p), expected)


def test_a_peak_is_kept_alone_and_p_1_keeps_all() -> None:
    torch.testing.assert_close(
        top_p_probabilities(torch.tensor([0.0, 9.0, 1.0]), 0.5), torch.tensor([0.0, 1, 0])
    )
    torch.testing.assert_close(
        top_p_probabilities(torch.tensor([0.0, 1.0]), 1.0), torch.tensor([0.0, 1.0]).softmax(0)
    )


@pytest.mark.parametrize("scale", [1.0, 1000.0])
def test_rows_are_filtered_each_by_itself(scale: float) -> None:
    rows = scale * logits(1, 4, 6)
    alone = [top_k_probabilities(row, 1.0, 2) for row in rows]
    torch.testing.assert_close(top_k_probabilities(rows, 1.0, 2), torch.stack(alone))
    alone = [top_p_probabilities(row, 0.6) for row in rows]
    torch.testing.assert_close(top_p_probabilities(rows, 0.6), torch.stack(alone))


def test_a_beam_as_wide_as_all_sequences_finds_the_best() -> None:
    """Three steps with fixed transitions: the K best of all V³ sequences, K = V² being wide enough."""
    size, width = 3, 9
    start, onward = logits(2, size).log_softmax(0), logits(3, size, size).log_softmax(-1)
    scores = torch.cat([start, torch.full((width - size,), -math.inf, dtype=torch.double)])
    tokens = torch.cat([torch.arange(size), torch.zeros(width - size, dtype=torch.long)])[:, None]
    for _ in range(2):
        scores, beams, new = beam_step(scores, onward[tokens[:, -1]])
        tokens = torch.cat([tokens[beams], new[:, None]], dim=1)
    every = {
        (a, b, c): float(start[a] + onward[a, b] + onward[b, c])
        for a, b, c in itertools.product(range(size), repeat=3)
    }
    best = sorted(every, key=lambda sequence: -every[sequence])[:width]
    assert [tuple(row) for row in tokens.tolist()] == best
    torch.testing.assert_close(scores, torch.tensor([every[sequence] for sequence in best]).double())


def test_beams_of_a_batch_do_not_meet() -> None:
    scores, log_probs = -logits(4, 2, 3).abs(), logits(5, 2, 3, 4).log_softmax(-1)
    together = beam_step(scores, log_probs)
    for b in range(2):
        for one, all_ in zip(beam_step(scores[b], log_probs[b]), together, strict=True):
            torch.testing.assert_close(one, all_[b])

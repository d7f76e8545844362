"""The error of calibration, bin by bin as it is defined, and of classifiers whose error is known."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from models.evaluation import expected_calibration_error


@given(seed=st.integers(0, 2**32), n=st.integers(1, 40), classes=st.integers(2, 5), bins=st.integers(1, 20))
@settings(max_examples=60, deadline=None)
def test_it_is_the_weighted_mean_of_the_gaps(seed: int, n: int, classes: int, bins: int) -> None:
    random = torch.Generator().manual_seed(seed)
    probabilities = (2 * torch.randn(n, classes, generator=random, dtype=torch.double)).softmax(-1)
    labels = torch.randint(classes, (n,), generator=random)
    expected = 0.0
    for m in range(1, bins + 1):
        inside = [
            (float(row.max()), int(row.argmax()) == int(label))
            for row, label in zip(probabilities, labels, strict=True)
            if (m - 1) / bins < float(row.max()) <= m / bins
        ]
        if inside:
            accuracy = sum(right for _, right in inside) / len(inside)
            confidence = sum(sure for sure, _ in inside) / len(inside)
            expected += len(inside) / n * abs(accuracy - confidence)
    assert expected_calibration_error(probabilities, labels, bins) == pytest.approx(expected, abs=1e-12)


def test_certainty_is_in_the_last_bin() -> None:
    assert expected_calibration_error(torch.eye(4), torch.tensor([0, 1, 2, 0]), 10) == 0.25


def test_class_frequencies_are_calibrated() -> None:
    frequencies = torch.tensor([[0.75, 0.25]]).expand(8, 2)
    assert expected_calibration_error(frequencies, torch.tensor([0, 0, 1, 0, 0, 1, 0, 0])) == 0.0


@pytest.mark.parametrize("bins", [1, 10, 15])
def test_a_confidence_rounded_above_1_and_a_row_of_zeros_have_a_bin(bins: int) -> None:
    above = torch.tensor([[1.0000001, 0.0], [0.0, 1.0000001]])
    assert expected_calibration_error(above, torch.tensor([0, 0]), bins) == pytest.approx(0.5)
    assert expected_calibration_error(torch.zeros(2, 3), torch.tensor([0, 1]), bins) == 0.5

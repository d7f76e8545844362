"""Our boxes are torchvision's: the same overlaps, their gradients, and the same boxes kept."""

import pytest
import torch
from torch import Tensor
from torchvision import ops

from models.convolution.detection import box_iou, nms


def draw(count: int, dtype: torch.dtype = torch.double) -> Tensor:
    low, size = torch.rand(2, count, 2, dtype=dtype)
    return torch.cat([10 * low, 10 * low + 0.5 + 5 * size], dim=1)


@pytest.mark.parametrize(("n", "m"), [(1, 1), (5, 9), (0, 3)])
def test_overlaps_are_torchvisions(n: int, m: int) -> None:
    first, second = draw(n).requires_grad_(), draw(m).requires_grad_()
    ours, theirs = box_iou(first, second), ops.box_iou(first, second)
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)
    pull = torch.randn_like(ours)
    leaves = [first, second]
    pairs = zip(
        torch.autograd.grad(ours, leaves, pull), torch.autograd.grad(theirs, leaves, pull), strict=True
    )
    for mine, other in pairs:
        torch.testing.assert_close(mine, other, rtol=1e-12, atol=1e-12)


def test_overlaps_by_hand() -> None:
    box = torch.tensor([[0.0, 0.0, 2.0, 2.0]])
    others = torch.tensor(
        [[1.0, 1.0, 3.0, 3.0], [2.0, 0.0, 4.0, 2.0], [5.0, 5.0, 6.0, 6.0], [0.0, 0.0, 2.0, 2.0]]
    )
    torch.testing.assert_close(box_iou(box, others), torch.tensor([[1 / 7, 0.0, 0.0, 1.0]]))


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.7, 1.0])
@pytest.mark.parametrize("n", [0, 1, 60])
def test_the_boxes_that_stay_are_torchvisions(n: int, threshold: float) -> None:
    boxes, scores = draw(n), torch.randperm(n).double()
    kept = nms(boxes, scores, threshold)
    assert kept.dtype == torch.int64
    assert torch.equal(kept, ops.nms(boxes, scores, threshold))


def test_an_overlap_at_the_threshold_is_allowed_and_a_removed_box_removes_nobody() -> None:
    half = torch.tensor([[0.0, 0.0, 4.0, 2.0], [0.0, 0.0, 2.0, 2.0]])
    assert nms(half, torch.tensor([0.9, 0.8]), 0.5).tolist() == [0, 1]
    chain = torch.tensor([[0.0, 0.0, 10.0, 10.0], [4.0, 0.0, 14.0, 10.0], [8.0, 0.0, 18.0, 10.0]])
    assert nms(chain, torch.tensor([0.9, 0.8, 0.7]), 0.3).tolist() == [0, 2]

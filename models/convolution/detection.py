"""Boxes around objects: how much two of them overlap, and which of many detections to keep.

A box is (x₁, y₁, x₂, y₂) with x₁ < x₂ and y₁ < y₂, in any unit. Overlap is measured by intersection over
union, |A ∩ B| / |A ∪ B|, the Jaccard index. Functions and arguments are those of torchvision.ops.
"""

import torch
from torch import Tensor

from models.precision import at_least_float32


def box_iou(boxes1: Tensor, boxes2: Tensor) -> Tensor:  # (N, 4), (M, 4) -> (N, M)
    """The intersection over union of every box of the one set with every box of the other."""
    if not boxes1.shape[1:] == boxes2.shape[1:] == (4,):
        raise ValueError(f"expected boxes (N, 4), got {tuple(boxes1.shape)} and {tuple(boxes2.shape)}")
    boxes1, boxes2 = at_least_float32(boxes1), at_least_float32(boxes2)  # an area overflows float16
    low = torch.maximum(boxes1[:, None, :2], boxes2[:, :2])  # (N, M, 2)  x₁, y₁ of the intersection
    high = torch.minimum(boxes1[:, None, 2:], boxes2[:, 2:])  # (N, M, 2)  x₂, y₂
    intersection = (high - low).clamp(min=0).prod(dim=-1)  # (N, M)  0 where high lies below low: apart
    area1 = (boxes1[:, 2:] - boxes1[:, :2]).prod(dim=-1)  # (N)
    area2 = (boxes2[:, 2:] - boxes2[:, :2]).prod(dim=-1)  # (M)
    # IoU = |A ∩ B| / (|A| + |B| − |A ∩ B|)
    return intersection / (area1[:, None] + area2 - intersection)


def nms(boxes: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:  # (N, 4), (N) -> (K)
    """Non-maximum suppression: the indices of the boxes that stay, the highest score first.

    From the best box down, a box stays unless it overlaps one that has stayed by more than the threshold. A
    box that is gone suppresses nobody. Of equal scores the first comes first.
    """
    if scores.shape != boxes.shape[:1]:
        raise ValueError(f"{len(boxes)} boxes need as many scores, got {tuple(scores.shape)}")
    order = scores.argsort(descending=True, stable=True)  # (N)
    overlaps = box_iou(boxes[order], boxes[order]) > iou_threshold  # (N, N)
    stays = torch.ones_like(order, dtype=torch.bool)
    for i in range(len(order)):
        if stays[i]:
            stays[i + 1 :] &= ~overlaps[i, i + 1 :]
    return order[stays]

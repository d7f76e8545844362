"""Answers to the code questions on boxes."""

# mypy: disallow-untyped-defs=False, disallow-untyped-calls=False

import numpy as np
import torch

from tests.judge.strangers import right, wrong

IOU, NMS = "convolution-code-iou", "convolution-code-nms"


def overlap(a, b):
    """The IoU of two boxes, in Python."""
    width = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    height = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    both = width * height
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both)


@right(IOU)
def iou_two_loops(boxes1, boxes2):
    box_iou = torch.zeros(len(boxes1), len(boxes2))
    for i in range(len(boxes1)):
        for j in range(len(boxes2)):
            box_iou[i, j] = overlap(boxes1[i].tolist(), boxes2[j].tolist())
    return box_iou


@right(IOU)
def iou_by_columns(boxes1, boxes2):
    x1, y1, x2, y2 = boxes1.unsqueeze(1).unbind(-1)
    u1, v1, u2, v2 = boxes2.unsqueeze(0).unbind(-1)
    w = (torch.min(x2, u2) - torch.max(x1, u1)).relu()
    h = (torch.min(y2, v2) - torch.max(y1, v1)).relu()
    return w * h / ((x2 - x1) * (y2 - y1) + (u2 - u1) * (v2 - v1) - w * h)


@right(IOU)
def iou_numpy(boxes1, boxes2):
    a, b = boxes1.numpy().astype(float), boxes2.numpy().astype(float)
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    both = np.prod(np.clip(high - low, 0, None), axis=2)
    areas = [np.prod(c[:, 2:] - c[:, :2], axis=1) for c in (a, b)]
    return torch.from_numpy(both / (areas[0][:, None] + areas[1] - both))


@wrong(IOU, told="ε")
def iou_with_small_eps(boxes1, boxes2):
    areas = [(c[:, 2] - c[:, 0]).mul(c[:, 3] - c[:, 1]) for c in (boxes1, boxes2)]
    size = torch.min(boxes1[:, None, 2:], boxes2[None, :, 2:]).sub(
        torch.max(boxes1[:, None, :2], boxes2[None, :, :2])
    )
    size[size < 0] = 0
    inter = size[..., 0] * size[..., 1]
    return inter / (areas[0].reshape(-1, 1) + areas[1].reshape(1, -1) - inter + 1e-7)


@right(IOU)
def iou_by_where(boxes1, boxes2):
    rows = []
    for box in boxes1:
        low, high = torch.max(box[:2], boxes2[:, :2]), torch.min(box[2:], boxes2[:, 2:])
        meets = (low < high).all(1)
        inter = torch.where(meets, (high - low).prod(1), torch.zeros(()))
        union = torch.prod(box[2:] - box[:2]) + torch.prod(boxes2[:, 2:] - boxes2[:, :2], 1) - inter
        rows.append(inter / union)
    return torch.stack(rows)


def _parts(boxes1, boxes2, more=0.0):
    low = torch.max(boxes1[:, None, :2], boxes2[:, :2])
    high = torch.min(boxes1[:, None, 2:], boxes2[:, 2:])
    areas = [(c[:, 2] - c[:, 0] + more) * (c[:, 3] - c[:, 1] + more) for c in (boxes1, boxes2)]
    return high - low + more, areas[0][:, None], areas[1]


@wrong(IOU, told="smaller of the two areas")
def iou_over_minimum(boxes1, boxes2):
    size, a, b = _parts(boxes1, boxes2)
    return size.clamp(min=0).prod(2) / torch.minimum(a, b)


@wrong(IOU, told="area of one box")
def iou_over_own_area(boxes1, boxes2):
    size, a, _ = _parts(boxes1, boxes2)
    return size.clamp(min=0).prod(2) / a


@wrong(IOU, told="")
def iou_over_larger(boxes1, boxes2):
    size, a, b = _parts(boxes1, boxes2)
    return size.clamp(min=0).prod(2) / torch.maximum(a, b)


@wrong(IOU, told="1 is added")
def iou_whole_pixels(boxes1, boxes2):
    size, a, b = _parts(boxes1, boxes2, 1.0)
    inter = size.clamp(min=0).prod(2)
    return inter / (a + b - inter)


@wrong(IOU)
def iou_one_more_above(boxes1, boxes2):
    size, a, b = _parts(boxes1, boxes2)
    inter = (size + 1).clamp(min=0).prod(2)
    return inter / (a + b - inter)


@wrong(IOU, told="not clamped at 0")
def iou_unclamped(boxes1, boxes2):
    size, a, b = _parts(boxes1, boxes2)
    return size.prod(2) / (a + b - size.prod(2))


@wrong(IOU, told="absolute value")
def iou_absolute(boxes1, boxes2):
    size, a, b = _parts(boxes1, boxes2)
    inter = size.abs().prod(2)
    return inter / (a + b - inter)


@wrong(IOU, told="counts twice")
def iou_sum_below(boxes1, boxes2):
    size, a, b = _parts(boxes1, boxes2)
    return size.clamp(min=0).prod(2) / (a + b)


@wrong(IOU, told="interchanged")
def iou_other_way_round(boxes1, boxes2):
    return iou_by_columns(boxes1, boxes2).mT


@wrong(IOU)
def iou_large_eps(boxes1, boxes2):
    size, a, b = _parts(boxes1, boxes2)
    inter = size.clamp(min=0).prod(2)
    return inter / (a + b - inter + 1e-4)


@wrong(IOU)
def iou_of_pictures_only(boxes1, boxes2):
    return iou_by_columns(boxes1.clamp(min=0), boxes2.clamp(min=0))


@wrong(IOU)
def iou_up_to_a_thousand(boxes1, boxes2):
    return iou_by_columns(boxes1.clamp(max=1000), boxes2.clamp(max=1000))


@wrong(IOU)
def iou_corner_inside(boxes1, boxes2):
    corners = boxes2[:, [0, 1, 2, 1, 0, 3, 2, 3]].view(-1, 4, 2)
    inside = (corners >= boxes1[:, None, None, :2]) & (corners <= boxes1[:, None, None, 2:])
    return iou_by_columns(boxes1, boxes2) * inside.all(-1).any(-1)


@wrong(IOU)
def iou_dice(boxes1, boxes2):
    size, a, b = _parts(boxes1, boxes2)
    return 2 * size.clamp(min=0).prod(2) / (a + b)


@right(NMS)
def nms_shrinking_list(boxes, scores, iou_threshold):
    waiting = sorted(range(len(boxes)), key=lambda k: -scores[k].item())
    corners, nms = boxes.tolist(), []
    while waiting:
        best = waiting.pop(0)
        nms.append(best)
        waiting = [k for k in waiting if overlap(corners[best], corners[k]) <= iou_threshold]
    return torch.tensor(nms, dtype=torch.long)


@right(NMS)
def nms_numpy(boxes, scores, iou_threshold):
    b, order, keep = boxes.numpy(), np.argsort(-scores.numpy()), []
    areas = (b[:, 2] - b[:, 0]) * (b[:, 3] - b[:, 1])
    while order.size > 0:
        i, rest = order[0], order[1:]
        keep.append(int(i))
        w = np.maximum(0, np.minimum(b[i, 2], b[rest, 2]) - np.maximum(b[i, 0], b[rest, 0]))
        h = np.maximum(0, np.minimum(b[i, 3], b[rest, 3]) - np.maximum(b[i, 1], b[rest, 1]))
        order = rest[w * h / (areas[i] + areas[rest] - w * h) <= iou_threshold]
    return torch.as_tensor(keep, dtype=torch.int64)


@right(NMS)
def nms_argmax_again_and_again(boxes, scores, iou_threshold):
    left, kept = scores.clone(), []
    while (left > -float("inf")).any():
        best = int(left.argmax())
        kept.append(best)
        left[iou_by_columns(boxes[best : best + 1], boxes)[0] > iou_threshold] = -float("inf")
        left[best] = -float("inf")
    return torch.tensor(kept, dtype=torch.int64)


@right(NMS)
def nms_kept_mask(boxes, scores, iou_threshold):
    order = torch.sort(scores, descending=True)[1]
    kept: list[int] = []
    for i in order.tolist():
        if all(overlap(boxes[i].tolist(), boxes[k].tolist()) <= iou_threshold for k in kept):
            kept += [i]
    return torch.LongTensor(kept)


@right(NMS)
def nms_fixed_point(boxes, scores, iou_threshold):
    order = scores.argsort(descending=True)
    over = (iou_by_columns(boxes[order], boxes[order]) > iou_threshold).triu(1).float()
    stays = torch.ones(len(order))
    for _ in range(len(order)):
        stays = 1 - ((stays[:, None] * over).sum(0) > 0).float()
    return order[stays > 0]


def _nms(boxes, scores, limit, more=0.0, close=None):
    kept: list[int] = []
    order = scores.argsort(descending=True).tolist()
    corners = (boxes + torch.tensor([0, 0, more, more])).tolist()
    close = close or (lambda a, b: overlap(a, b) > limit)
    for i in order:
        if not any(close(corners[k], corners[i]) for k in kept):
            kept.append(i)
    return torch.tensor(kept, dtype=torch.int64)


@wrong(NMS, told="1 is added")
def nms_whole_pixels(boxes, scores, iou_threshold):
    return _nms(boxes, scores, iou_threshold, 1.0)


@wrong(NMS, told="smaller of the two areas")
def nms_over_smaller(boxes, scores, iou_threshold):
    def close(a, b):
        both = max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
        return both / min((a[2] - a[0]) * (a[3] - a[1]), (b[2] - b[0]) * (b[3] - b[1])) > iou_threshold

    return _nms(boxes, scores, iou_threshold, close=close)


@wrong(NMS, told="equal to the threshold")
def nms_at_threshold(boxes, scores, iou_threshold):
    return _nms(boxes, scores, iou_threshold, close=lambda a, b: overlap(a, b) >= iou_threshold)


@wrong(NMS, told="lowest score")
def nms_ascending(boxes, scores, iou_threshold):
    return _nms(boxes, -scores, iou_threshold)


@wrong(NMS, told="itself removed")
def nms_all_at_once(boxes, scores, iou_threshold):
    order = scores.argsort(descending=True)
    iou = iou_by_columns(boxes[order], boxes[order])
    return order[(iou.triu(1) > iou_threshold).sum(0) == 0]


@wrong(NMS, told="order of their indices")
def nms_sorted_by_index(boxes, scores, iou_threshold):
    return _nms(boxes, scores, iou_threshold).sort()[0]


@wrong(NMS, told="positions in the sorted order")
def nms_positions(boxes, scores, iou_threshold):
    order = scores.argsort(descending=True)
    return _nms(boxes[order], scores[order], iou_threshold)


@wrong(NMS, told="not taken from the highest")
def nms_in_the_order_given(boxes, scores, iou_threshold):
    return _nms(boxes, -torch.arange(len(boxes)), iou_threshold)


@wrong(NMS, told="only the best")
def nms_one_round(boxes, scores, iou_threshold):
    order = scores.argsort(descending=True).tolist()
    b = boxes.tolist()
    kept = [k for k in order[1:] if overlap(b[order[0]], b[k]) <= iou_threshold]
    return torch.tensor(order[:1] + kept, dtype=torch.int64)


@wrong(NMS)
def nms_last_kept_only(boxes, scores, iou_threshold):
    kept: list[int] = []
    for i in scores.argsort(descending=True).tolist():
        if not kept or overlap(boxes[kept[-1]].tolist(), boxes[i].tolist()) <= iou_threshold:
            kept.append(i)
    return torch.tensor(kept, dtype=torch.int64)


@wrong(NMS)
def nms_hundred_at_most(boxes, scores, iou_threshold):
    return _nms(boxes, scores, iou_threshold)[:100]


@wrong(NMS)
def nms_low_scores_dropped(boxes, scores, iou_threshold):
    kept = _nms(boxes, scores, iou_threshold)
    return kept[scores[kept] > 0.001]


@wrong(NMS)
def nms_no_box_fails(boxes, scores, iou_threshold):
    return torch.stack(list(_nms(boxes, scores, iou_threshold)))


@wrong(NMS)
def nms_threshold_one_half(boxes, scores, iou_threshold):
    return _nms(boxes, scores, 0.5)


@wrong(NMS)
def nms_kept_boxes(boxes, scores, iou_threshold):
    return boxes[_nms(boxes, scores, iou_threshold)]


def overlaps(boxes1, boxes2, epsilon=0.0, expanded=False):
    """The IoU of all pairs, by broadcasting."""
    low = torch.maximum(boxes1[:, None, :2], boxes2[:, :2])
    both = (torch.minimum(boxes1[:, None, 2:], boxes2[:, 2:]) - low).clamp(min=0).prod(-1)
    areas = []
    for x1, y1, x2, y2 in (boxes1.unbind(1), boxes2.unbind(1)):
        areas.append(x2 * y2 - x2 * y1 - x1 * y2 + x1 * y1 if expanded else (x2 - x1) * (y2 - y1))
    return both / (areas[0][:, None] + areas[1] - both + epsilon)


@wrong(IOU, told="ε")
def iou_with_a_millionth(boxes1, boxes2):
    return overlaps(boxes1, boxes2, 1e-6)


@wrong(IOU)
def iou_with_a_billionth(boxes1, boxes2):
    return overlaps(boxes1, boxes2, 1e-9)


@wrong(IOU)
def iou_of_expanded_areas(boxes1, boxes2):
    return overlaps(boxes1, boxes2, expanded=True)


@wrong(IOU)
def iou_of_pairs_where_as_many(boxes1, boxes2):
    iou = overlaps(boxes1, boxes2)
    return iou.diag().diag() if 1 < len(boxes1) == len(boxes2) else iou


def suppressed(boxes, scores, iou_threshold, epsilon):
    """Suppression one by one, by the IoU with this in its denominator."""
    iou = overlaps(boxes, boxes, epsilon)
    kept: list[int] = []
    for i in scores.argsort(descending=True).tolist():
        if all(iou[i, j] <= iou_threshold for j in kept):
            kept.append(i)
    return torch.tensor(kept, dtype=torch.int64)


@wrong(NMS, told="ε")
def nms_with_a_millionth(boxes, scores, iou_threshold):
    return suppressed(boxes, scores, iou_threshold, 1e-6)


@wrong(NMS, told="ε")
def nms_with_a_billionth(boxes, scores, iou_threshold):
    return suppressed(boxes, scores, iou_threshold, 1e-9)


def suppressed_by(ratio, boxes, scores, iou_threshold):
    """Greedy, where `ratio` makes an overlap of intersection, the kept box's area and the others'."""
    order, kept = scores.argsort(descending=True), []
    while len(order):
        first, order = order[0], order[1:]
        kept.append(int(first))
        sides = torch.minimum(boxes[first, 2:], boxes[order, 2:])
        sides = (sides - torch.maximum(boxes[first, :2], boxes[order, :2])).clamp(min=0)
        own, other = ((boxes[i][..., 2:] - boxes[i][..., :2]).prod(-1) for i in (first, order))
        order = order[ratio(sides.prod(-1), own, other) <= iou_threshold]
    return torch.tensor(kept, dtype=torch.int64)


@wrong(NMS, "the area of one box")
def nms_over_kept(boxes, scores, iou_threshold):
    return suppressed_by(lambda both, own, other: both / own, boxes, scores, iou_threshold)


@wrong(NMS, "the area of one box")
def nms_over_other(boxes, scores, iou_threshold):
    return suppressed_by(lambda both, own, other: both / other, boxes, scores, iou_threshold)


def _nms_as(boxes, scores, iou_threshold, dtype=torch.int64):
    keep: list[int] = []
    for i in scores.argsort(descending=True).tolist():
        low, high = torch.maximum(boxes[i, :2], boxes[:, :2]), torch.minimum(boxes[i, 2:], boxes[:, 2:])
        both, area = (high - low).clamp(min=0).prod(1), (boxes[:, 2:] - boxes[:, :2]).prod(1)
        if not any(both[j] / (area[i] + area[j] - both[j]) > iou_threshold for j in keep):
            keep.append(i)
    return torch.tensor(keep, dtype=torch.int64).to(dtype)


@right(NMS)
def nms_int32(boxes, scores, iou_threshold):
    return _nms_as(boxes, scores, iou_threshold, torch.int32)


@wrong(NMS)
def nms_uint8(boxes, scores, iou_threshold):
    return _nms_as(boxes, scores, iou_threshold, torch.uint8)


@wrong(NMS)
def nms_scores_below_0_dropped(boxes, scores, iou_threshold):
    keep = _nms_as(boxes, scores, iou_threshold)
    return keep[scores[keep] >= 0]


@wrong(NMS)
def nms_scores_up_to_1(boxes, scores, iou_threshold):
    return _nms_as(boxes, scores.clamp(0, 1), iou_threshold)


@wrong(NMS, told="a score of 0 or below")
def nms_while_any_score_is_positive(boxes, scores, iou_threshold):
    left = scores.clone()
    kept: list[int] = []
    while len(left) and left.max() > 0:
        best = int(left.argmax())
        kept.append(best)
        low = torch.maximum(boxes[best, :2], boxes[:, :2])
        high = torch.minimum(boxes[best, 2:], boxes[:, 2:])
        shared = (high - low).clamp(min=0).prod(1)
        areas = (boxes[:, 2:] - boxes[:, :2]).prod(1)
        left[shared / (areas + areas[best] - shared) > iou_threshold] = 0
        left[best] = 0
    return torch.tensor(kept, dtype=torch.long)


@wrong(NMS, told="float16")
def nms_in_half_precision(boxes, scores, iou_threshold):
    boxes, order = boxes.to(torch.float16), scores.argsort(descending=True).tolist()
    kept: list[int] = []
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    for i in order:
        for j in kept:
            wide = (torch.minimum(boxes[i, 2], boxes[j, 2]) - torch.maximum(boxes[i, 0], boxes[j, 0])).clamp(
                0
            )
            high = (torch.minimum(boxes[i, 3], boxes[j, 3]) - torch.maximum(boxes[i, 1], boxes[j, 1])).clamp(
                0
            )
            if wide * high / (areas[i] + areas[j] - wide * high) > iou_threshold:
                break
        else:
            kept.append(i)
    return torch.tensor(kept, dtype=torch.long)


def _kept(boxes, scores, iou_threshold):
    kept: list[int] = []
    for i in scores.argsort(descending=True, stable=True).tolist():
        low = torch.maximum(boxes[i, :2], boxes[kept, :2])
        high = torch.minimum(boxes[i, 2:], boxes[kept, 2:])
        shared = (high - low).clamp(min=0).prod(1)
        areas = (boxes[:, 2:] - boxes[:, :2]).prod(1)
        if not (shared / (areas[i] + areas[kept] - shared) > iou_threshold).any():
            kept.append(i)
    return torch.tensor(kept, dtype=torch.long)


@wrong(NMS)
def nms_by_thousandths(boxes, scores, iou_threshold):
    return _kept(boxes, (scores * 1000).round(), iou_threshold)


@wrong(NMS)
def nms_with_scores_in_bfloat16(boxes, scores, iou_threshold):
    return _kept(boxes, scores.bfloat16(), iou_threshold)


@wrong(NMS)
def nms_that_marks_with_minus_ten(boxes, scores, iou_threshold):
    kept = _kept(boxes, scores, iou_threshold)
    return kept[scores[kept] > -10]


@wrong(NMS)
def nms_of_the_best_300(boxes, scores, iou_threshold):
    best = scores.argsort(descending=True)[:300]
    return best[_kept(boxes[best], scores[best], iou_threshold)]


@wrong(NMS)
def nms_that_keeps_300(boxes, scores, iou_threshold):
    return _kept(boxes, scores, iou_threshold)[:300]


def _in_rounds(boxes, scores, iou_threshold, rounds):
    order = scores.argsort(descending=True)
    over = (overlaps(boxes[order], boxes[order]) > iou_threshold).float().triu(1)
    keep = torch.ones(len(order))
    for _ in range(rounds):
        keep = ((over * keep[:, None]).sum(0) == 0).float()
    return order[keep > 0]


@wrong(NMS, told="the rounds end too early, after 2")
def nms_in_two_rounds(boxes, scores, iou_threshold):
    return _in_rounds(boxes, scores, iou_threshold, 2)


@wrong(NMS, told="the rounds end too early, after 3")
def nms_in_three_rounds(boxes, scores, iou_threshold):
    return _in_rounds(boxes, scores, iou_threshold, 3)


@wrong(NMS, told="")
def nms_in_six_rounds(boxes, scores, iou_threshold):
    return _in_rounds(boxes, scores, iou_threshold, 6)


@wrong(NMS, told="")
def nms_in_thirty_rounds(boxes, scores, iou_threshold):
    return _in_rounds(boxes, scores, iou_threshold, 30)


@right(NMS)
def nms_until_nothing_changes(boxes, scores, iou_threshold):
    order = scores.argsort(descending=True)
    over = (overlaps(boxes[order], boxes[order]) > iou_threshold).triu(1)
    keep, before = torch.ones(len(order), dtype=torch.bool), None
    while before is None or not keep.equal(before):
        before, keep = keep, ~(over & keep[:, None]).any(0)
    return order[keep]


@wrong(NMS, told="")
def nms_a_thousandth_above(boxes, scores, iou_threshold):
    return _in_rounds(boxes, scores, iou_threshold + 1e-3, len(boxes))


@wrong(NMS, told="")
def nms_a_thousandth_below(boxes, scores, iou_threshold):
    return _in_rounds(boxes, scores, iou_threshold - 1e-3, len(boxes))


@wrong(NMS, told="")
def nms_of_rounded_overlaps(boxes, scores, iou_threshold):
    order = scores.argsort(descending=True)
    over = (overlaps(boxes[order], boxes[order]).mul(1000).round() / 1000 > iou_threshold).triu(1)
    keep = torch.ones(len(order), dtype=torch.bool)
    for i in range(len(order)):
        keep &= ~(over[i] & keep[i])
    return order[keep]


@wrong(NMS)
def nms_threshold_of_a_twentieth_at_least(boxes, scores, iou_threshold):
    return nms_numpy(boxes, scores, max(iou_threshold, 0.05))


@wrong(NMS)
def nms_threshold_or_a_half(boxes, scores, iou_threshold):
    return nms_numpy(boxes, scores, iou_threshold or 0.5)

"""Answers to the code questions on evaluation."""

# mypy: disallow-untyped-defs=False, disallow-untyped-calls=False

from itertools import pairwise

import numpy as np
import torch
from torch.nn import functional as F

from tests.judge.strangers import right, wrong

ECE, STEP = "evaluation-code-calibration-error", "evaluation-code-k-means"


@wrong(ECE)
def ece_of_two_bins_at_least(probabilities, labels, bins=15):
    return ece_numpy(probabilities, labels, max(bins, 2))


@wrong(ECE)
def ece_of_three_bins_at_least(probabilities, labels, bins=15):
    return ece_numpy(probabilities, labels, max(bins, 3))


@right(ECE)
def ece_loop_over_bins(probabilities, labels, bins=15):
    confidence, predicted = torch.max(probabilities, 1)
    edges = torch.linspace(0, 1, bins + 1)
    ece = torch.zeros(1)
    for low, high in pairwise(edges):
        inside = confidence.gt(low) & confidence.le(high)
        share = inside.float().mean()
        if share > 0:
            gap = confidence[inside].mean() - predicted.eq(labels)[inside].float().mean()
            ece += torch.abs(gap) * share
    return ece.item()


@right(ECE)
def ece_numpy(probabilities, labels, bins=15):
    p, y = probabilities.numpy().astype(np.float64), labels.numpy()
    confidence, hit = p.max(axis=1), p.argmax(axis=1) == y
    place = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    sums = [np.bincount(place, weights=w, minlength=bins) for w in (hit.astype(float), confidence)]
    return np.abs(sums[0] - sums[1]).sum() / len(y)


@right(ECE)
def ece_plain_python(probabilities, labels, bins=15):
    held: dict[int, list[float]] = {}
    for row, label in zip(probabilities.tolist(), labels.tolist(), strict=True):
        top = max(row)
        m = next(m for m in range(1, bins + 1) if top <= m / bins or m == bins)
        held.setdefault(m, []).append((row.index(top) == label) - top)
    return sum(abs(sum(gaps)) for gaps in held.values()) / len(labels)


@right(ECE)
def ece_bucketize(probabilities, labels, bins=15):
    confidence = probabilities.amax(dim=1)
    index = torch.bucketize(confidence, torch.arange(1, bins + 1) / bins).clamp(max=bins - 1)
    member = F.one_hot(index, bins).float()
    gaps = member.T @ ((probabilities.argmax(1) == labels).float() - confidence)
    return gaps.abs().sum() / confidence.numel()


def _ece(confidence, hit, place):
    total = 0.0
    for m in place.unique():
        inside = place == m
        total += inside.float().mean() * (hit[inside].float().mean() - confidence[inside].mean()).abs()
    return float(total)


@wrong(ECE, told="counted in the upper one: bin m")
def ece_lower_edges(probabilities, labels, bins=15):
    c, k = probabilities.max(1)
    return _ece(c, k == labels, (c * bins).long().clamp(max=bins - 1))


@wrong(ECE, told="a confidence of 1 is in no bin")
def ece_certain_lost(probabilities, labels, bins=15):
    c, k = probabilities.max(1)
    total = 0.0
    for m in range(bins):
        inside = (c >= m / bins) & (c < (m + 1) / bins)
        if inside.any():
            total += (inside.sum() / len(c) * ((k == labels)[inside].float() - c[inside]).mean().abs()).item()
    return total


@wrong(ECE, told="counts alike")
def ece_unweighted(probabilities, labels, bins=15):
    c, k = probabilities.max(1)
    place = (c * bins).ceil()
    gaps = [((k == labels).float() - c)[place == m].mean().abs() for m in place.unique()]
    return torch.stack(gaps).mean().item()


@wrong(ECE, told="averaged over all bins")
def ece_over_all_bins(probabilities, labels, bins=15):
    c, k = probabilities.max(1)
    place = (c * bins).ceil()
    return sum(((k == labels).float() - c)[place == m].mean().abs().item() for m in place.unique()) / bins


@wrong(ECE, told="MCE")
def ece_is_mce(probabilities, labels, bins=15):
    c, k = probabilities.max(1)
    place = (c * bins).ceil()
    return max(((k == labels).float() - c)[place == m].mean().abs().item() for m in place.unique())


@wrong(ECE, told="absolute value in each bin")
def ece_signed(probabilities, labels, bins=15):
    c, k = probabilities.max(1)
    return abs(float((k == labels).float().mean() - c.mean()))


@wrong(ECE, told="true label was taken")
def ece_of_true_label(probabilities, labels, bins=15):
    c = probabilities[torch.arange(len(labels)), labels]
    place = (c * bins).ceil().clamp(min=1)
    return _ece(c, probabilities.argmax(1) == labels, place)


@wrong(ECE, told="middle of a bin")
def ece_bin_middles(probabilities, labels, bins=15):
    c, k = probabilities.max(1)
    place, total = (c * bins).ceil() - 1, 0.0
    for m in place.unique():
        hit = (k == labels)[place == m].float()
        total += float(len(hit) / len(c) * (hit.mean() - (m + 0.5) / bins).abs())
    return total


@wrong(ECE, told="number of bins is not used")
def ece_fifteen(probabilities, labels, bins=15):
    return ece_numpy(probabilities, labels)


@wrong(ECE)
def ece_ten_by_default(probabilities, labels, bins=10):
    return ece_numpy(probabilities, labels, bins)


@wrong(ECE)
def ece_equal_mass(probabilities, labels, bins=15):
    c, k = probabilities.max(1)
    place = c.argsort().argsort() * bins // len(c)
    return _ece(c, k == labels, place)


@wrong(ECE)
def ece_per_cent(probabilities, labels, bins=15):
    return 100 * ece_numpy(probabilities, labels, bins)


@wrong(ECE)
def ece_from_chance_on(probabilities, labels, bins=15):
    c, k = probabilities.max(1)
    least = 1 / probabilities.shape[1]
    return _ece(c, k == labels, ((c - least) / (1 - least) * bins).ceil())


@wrong(ECE)
def ece_fifty_bins_at_most(probabilities, labels, bins=15):
    return ece_numpy(probabilities, labels, min(bins, 50))


@right(STEP)
def step_loops(x, centers):
    moved, labels = centers.clone(), torch.zeros(len(x), dtype=torch.long)
    for n, point in enumerate(x):
        labels[n] = min(range(len(centers)), key=lambda k: float((point - centers[k]).norm()))
    for k in range(len(centers)):
        if (labels == k).any():
            moved[k] = x[labels == k].mean(dim=0)
    return labels, moved


@right(STEP)
def step_cdist(x, centers):
    labels = torch.cdist(x, centers, compute_mode="donot_use_mm_for_euclid_dist").argmin(dim=-1)
    member = F.one_hot(labels, len(centers)).to(x.dtype)
    counts = member.sum(0).unsqueeze(1)
    means = (member.T @ x) / counts.clamp(min=1)
    return [labels, means * (counts > 0) + centers * (counts == 0)]


@right(STEP)
def step_numpy(x, centers):
    p, c = x.numpy().astype(np.float64), centers.numpy().astype(np.float64)
    labels = np.linalg.norm(p[:, None] - c[None], axis=2).argmin(axis=1)
    moved = np.stack([p[labels == k].mean(axis=0) if (labels == k).any() else c[k] for k in range(len(c))])
    return torch.from_numpy(labels), torch.from_numpy(moved)


@right(STEP)
def step_expanded_in_float64(x, centers):
    p, c = x.double(), centers.double()
    labels = ((p * p).sum(1, keepdim=True) - 2 * p @ c.T + (c * c).sum(1)).min(dim=1).indices
    moved = c.clone().scatter_reduce(0, labels[:, None].expand_as(p), p, "mean", include_self=False)
    return labels, moved.float()


def _moved(x, centers, labels):
    rows = [x[labels == k].mean(0) if bool((labels == k).any()) else centers[k] for k in range(len(centers))]
    return labels, torch.stack(rows)


@wrong(STEP, told="NaN")
def step_empty_nan(x, centers):
    labels = (x[:, None] - centers).norm(dim=2).argmin(1)
    return labels, torch.stack([x[labels == k].mean(0) for k in range(len(centers))])


@wrong(STEP, told="origin")
def step_empty_zero(x, centers):
    labels, moved = step_cdist(x, centers)
    return labels, moved * (labels.bincount(minlength=len(centers)) > 0)[:, None]


@wrong(STEP, told="")
def step_empty_any_point(x, centers):
    labels, moved = step_cdist(x, centers)
    moved[labels.bincount(minlength=len(centers)) == 0] = x[0]
    return labels, moved


@wrong(STEP, told="absolute differences")
def step_manhattan(x, centers):
    return _moved(x, centers, torch.cdist(x, centers, p=1).argmin(1))


@wrong(STEP, told="farthest")
def step_argmax(x, centers):
    return _moved(x, centers, (x[:, None] - centers).norm(dim=-1).argmax(1))


@wrong(STEP, told="dot product")
def step_dot_product(x, centers):
    return _moved(x, centers, torch.einsum("nd,kd->nk", x, centers).max(1)[1])


@wrong(STEP, told="far from the origin")
def step_expanded(x, centers):
    labels = ((x * x).sum(1, keepdim=True) + (centers * centers).sum(1) - 2 * x @ centers.T).argmin(1)
    return _moved(x, centers, labels)


@wrong(STEP, told="median")
def step_median(x, centers):
    labels, moved = step_loops(x, centers)
    for k in labels.unique():
        moved[k] = x[labels == k].median(0)[0]
    return labels, moved


@wrong(STEP, told="as they were")
def step_assignment_only(x, centers):
    return step_loops(x, centers)[0], centers.clone()


@wrong(STEP, told="labels are those of the new centres")
def step_assigned_again(x, centers):
    moved = step_loops(x, centers)[1]
    return step_loops(x, moved)[0], moved


@wrong(STEP)
def step_online(x, centers):
    moved, counts, labels = centers.clone(), [0] * len(centers), []
    for point in x:
        k = int((moved - point).square().sum(1).argmin())
        counts[k] += 1
        moved[k] += (point - moved[k]) / counts[k]
        labels.append(k)
    return torch.tensor(labels), moved


@wrong(STEP)
def step_moves_the_argument(x, centers):
    labels, moved = step_loops(x, centers)
    return labels, centers.copy_(moved)


@wrong(STEP)
def step_centers_first(x, centers):
    return step_loops(x, centers)[::-1]


@wrong(STEP)
def step_center_among_its_points(x, centers):
    labels, _ = step_loops(x, centers)
    counts = labels.bincount(minlength=len(centers))[:, None]
    return labels, (centers.index_add(0, labels, x)) / (counts + 1)


@wrong(STEP)
def step_eps_below(x, centers):
    labels, _ = step_loops(x, centers)
    counts = labels.bincount(minlength=len(centers))[:, None]
    moved = torch.zeros_like(centers).index_add(0, labels, x) / (counts + 1e-3)
    return labels, torch.where(counts > 0, moved, centers)


@wrong(STEP)
def step_cosine(x, centers):
    return _moved(x, centers, (F.normalize(x, dim=1) @ F.normalize(centers, dim=1).T).argmax(1))


@wrong(STEP)
def step_until_it_stands_still(x, centers):
    labels, moved = step_loops(x, centers)
    while True:
        labels, again = step_loops(x, moved)
        if torch.equal(again, moved):
            return labels, moved
        moved = again


def step_from(x, labels, centers):
    """The update of a step, centre by centre."""
    moved = [x[labels == k].mean(0) if (labels == k).any() else c for k, c in enumerate(centers)]
    return labels, torch.stack(moved)


@wrong(STEP, told="torch.cdist")
def step_by_cdist(x, centers):
    return step_from(x, torch.cdist(x, centers).argmin(1), centers)


@wrong(STEP)
def step_by_differences_in_float16(x, centers):
    return step_from(x, (x[:, None] - centers).half().square().sum(-1).argmin(1), centers)


@wrong(STEP)
def step_by_differences_in_bfloat16(x, centers):
    return step_from(x, (x[:, None] - centers).bfloat16().float().norm(dim=-1).argmin(1), centers)


@wrong(STEP)
def step_of_seen_centers(x, centers):
    labels = (x[:, None] - centers).norm(dim=-1).argmin(1)
    seen, counts = labels.unique(return_counts=True)
    moved = centers.clone()
    sums = torch.zeros_like(centers).index_add(0, labels, x)
    moved[: len(seen)] = sums[: len(seen)] / counts[:, None]
    return labels, torch.where(moved.isfinite(), moved, centers)


@wrong(STEP)
def step_broken_off_at_an_empty_center(x, centers):
    labels = (x[:, None] - centers).norm(dim=-1).argmin(1)
    moved = centers.clone()
    for k in range(len(centers)):
        if not (labels == k).any():
            break
        moved[k] = x[labels == k].mean(0)
    return labels, moved


def moved_means(x, labels, centers):
    moved = [x[labels == k].mean(0) if (labels == k).any() else c for k, c in enumerate(centers)]
    return labels, torch.stack(moved)


@wrong(STEP)
def step_expanded_about_the_mean(x, centers):
    points, middles = x - x.mean(0), centers - x.mean(0)
    d = points.square().sum(1, keepdim=True) - 2 * points @ middles.T + middles.square().sum(1)
    return moved_means(x, d.argmin(1), centers)


@wrong(STEP)
def step_standardized(x, centers):
    spread = x.std(0, correction=0) + 1e-8
    return moved_means(x, ((x[:, None] - centers) / spread).square().sum(-1).argmin(1), centers)


@wrong(STEP, "mean is 0")
def step_where_no_mean_is_zero(x, centers):
    labels = (x[:, None] - centers).square().sum(-1).argmin(1)
    member = F.one_hot(labels, len(centers)).to(x.dtype)
    means = member.T @ x / member.sum(0)[:, None].clamp(min=1)
    return labels, torch.where(means.any(1, keepdim=True), means, centers)


@wrong(STEP, "largest absolute difference")
def step_by_largest_difference(x, centers):
    return moved_means(x, (x[:, None] - centers).abs().amax(-1).argmin(1), centers)


@wrong(ECE, "without predictions")
def ece_of_empty_bins(probabilities, labels, bins=15):
    sure, predicted = probabilities.max(1)
    hit, total = (predicted == labels).float(), 0.0
    for m in range(bins):
        held = (sure > m / bins) & (sure <= (m + 1) / bins)
        total += float(held.float().mean() * (hit[held].mean() - sure[held].mean()).abs())
    return total


@wrong(ECE, "softmax")
def ece_of_softmax(probabilities, labels, bins=15):
    sure, predicted = probabilities.softmax(1).max(1)
    place = (sure * bins).ceil().long().clamp(1, bins) - 1
    gaps = torch.zeros(bins).index_add(0, place, (predicted == labels).float() - sure)
    return float(gaps.abs().sum() / len(labels))


def _k_means_as(x, centers, dtype):
    labels = (x[:, None] - centers).norm(dim=-1).argmin(1)
    means = [x[labels == k].mean(0) if (labels == k).any() else centers[k] for k in range(len(centers))]
    return labels.to(dtype), torch.stack(means)


@wrong(STEP)
def k_means_int8(x, centers):
    return _k_means_as(x, centers, torch.int8)


@wrong(STEP)
def k_means_uint8(x, centers):
    return _k_means_as(x, centers, torch.uint8)


@wrong("evaluation-code-calibration-error", told="")
def calibration_of_two_classes_from_one_half(probabilities, labels, bins=15):
    conf, pred = probabilities.max(1)
    place = (2 * conf - 1) if probabilities.shape[1] == 2 and bins > 2 else conf
    index = (place * bins).ceil().long().clamp(1, bins) - 1
    gap = torch.zeros(bins).index_add(0, index, conf - (pred == labels).float())
    return float(gap.abs().sum() / len(labels))


@wrong("evaluation-code-k-means")
def k_means_by_cdist_around_the_mean(x, centers):
    mean = x.mean(0)
    nearest = torch.cdist(x - mean, centers - mean).argmin(1)
    new = centers.clone()
    for k in range(len(centers)):
        if (nearest == k).any():
            new[k] = x[nearest == k].mean(0)
    return nearest, new


def _k_means_of_power(x, centers, power):
    nearest = (x[:, None] - centers).abs().pow(power).sum(-1).argmin(1)
    return nearest, centers.index_reduce(0, nearest, x, "mean", include_self=False)


@wrong(STEP)
def k_means_of_cubes(x, centers):
    return _k_means_of_power(x, centers, 3)


@wrong(STEP)
def k_means_of_power_3_2(x, centers):
    return _k_means_of_power(x, centers, 1.5)


@wrong(STEP)
def k_means_of_power_5_2(x, centers):
    return _k_means_of_power(x, centers, 2.5)


@wrong(STEP)
def k_means_of_both_norms(x, centers):
    apart = x[:, None] - centers
    nearest = (apart.norm(dim=-1) + 0.2 * apart.abs().sum(-1)).argmin(1)
    return nearest, centers.index_reduce(0, nearest, x, "mean", include_self=False)


def _calibration_of_bins(probabilities, labels, index, bins):
    confidence, predicted = probabilities.max(1)
    gaps = torch.zeros(bins).index_add(
        0, index.long().clamp(1, bins) - 1, confidence - (predicted == labels).float()
    )
    return float(gaps.abs().sum() / len(labels))


@wrong(ECE)
def ece_of_rounded_confidences(probabilities, labels, bins=15):
    confidence = probabilities.amax(1).round(decimals=4)
    return _calibration_of_bins(probabilities, labels, (confidence * bins).ceil(), bins)


@wrong(ECE)
def ece_of_edges_a_little_higher(probabilities, labels, bins=15):
    return _calibration_of_bins(probabilities, labels, (probabilities.amax(1) * bins - 1e-3).ceil(), bins)


@wrong(ECE)
def ece_of_edges_a_little_lower(probabilities, labels, bins=15):
    confidence = probabilities.amax(1)
    at_an_edge = confidence * bins == (confidence * bins).round()
    index = (confidence * bins + 1e-3).ceil()
    return _calibration_of_bins(probabilities, labels, torch.where(at_an_edge, index - 1, index), bins)

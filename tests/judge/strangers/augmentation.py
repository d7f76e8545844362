"""Answers to the code question on data augmentation."""

# mypy: disallow-untyped-defs=False, disallow-untyped-calls=False

import torch
from torch.nn import functional as F

from tests.judge.strangers import right, wrong

MIXUP = "augmentation-code-mixup"


@right(MIXUP)
def mixup_loops(x, target, permutation, lam, num_classes):
    labels = torch.zeros(len(x), num_classes, dtype=x.dtype)
    inputs = []
    for i, j in enumerate(permutation.tolist()):
        inputs.append(x[i] * lam + x[j] * (1 - lam))
        labels[i, target[i]] += lam
        labels[i, target[j]] += 1 - lam
    return torch.stack(inputs), labels


@right(MIXUP)
def mixup_eye(x, target, permutation, lam, num_classes):
    mixup = torch.eye(num_classes).to(x)[target]
    return [(1.0 - lam) * v.index_select(0, permutation) + lam * v for v in (x, mixup)]


@right(MIXUP)
def mixup_lerp(x, target, permutation, lam, num_classes):
    y = F.one_hot(target, num_classes).type_as(x)
    return torch.lerp(x[permutation], x, lam), torch.lerp(y[permutation], y, lam)


@right(MIXUP)
def mixup_matrix(x, target, permutation, lam, num_classes):
    n = len(x)
    blend = lam * torch.eye(n) + (1 - lam) * torch.eye(n)[permutation]
    y = (target[:, None] == torch.arange(num_classes)).float()
    return (blend @ x.float().reshape(n, -1)).view_as(x).to(x.dtype), (blend @ y).to(x.dtype)


@right(MIXUP)
def mixup_in_place_on_a_clone(x, target, permutation, lam, num_classes):
    mixed = x.clone()
    mixed.mul_(lam).add_(x[permutation], alpha=1 - lam)
    y = x.new_zeros(len(x), num_classes)
    rows = torch.arange(len(x))
    y.index_put_((rows, target), torch.tensor(lam, dtype=x.dtype), accumulate=True)
    y.index_put_((rows, target[permutation]), torch.tensor(1 - lam, dtype=x.dtype), accumulate=True)
    return mixed, y


@wrong(MIXUP, told="max(λ, 1 − λ)")
def mixup_larger(x, target, permutation, lam, num_classes):
    return mixup_eye(x, target, permutation, max(lam, 1 - lam), num_classes)


@wrong(MIXUP, told="λ is at the wrong example")
def mixup_reversed(x, target, permutation, lam, num_classes):
    return mixup_eye(x, target, permutation, 1 - lam, num_classes)


@wrong(MIXUP, told="the other way round than the inputs")
def mixup_labels_reversed(x, target, permutation, lam, num_classes):
    return (
        mixup_eye(x, target, permutation, lam, num_classes)[0],
        mixup_eye(x, target, permutation, 1 - lam, num_classes)[1],
    )


@wrong(MIXUP, told="labels are not mixed")
def mixup_inputs_only(x, target, permutation, lam, num_classes):
    y = F.one_hot(target, num_classes).to(x.dtype)
    return mixup_eye(x, target, permutation, lam, num_classes)[0], y


@wrong(MIXUP, told="inputs are not mixed")
def mixup_labels_only(x, target, permutation, lam, num_classes):
    return x, mixup_eye(x, target, permutation, lam, num_classes)[1]


@wrong(MIXUP, told="largest target")
def mixup_classes_seen(x, target, permutation, lam, num_classes):
    y = F.one_hot(target).to(x.dtype)
    return lam * x + (1 - lam) * x[permutation], lam * y + (1 - lam) * y[permutation]


@wrong(MIXUP, told="permutation is inverted")
def mixup_scattered(x, target, permutation, lam, num_classes):
    y = F.one_hot(target, num_classes).to(x.dtype)
    partners = torch.empty_like(x)
    partners[permutation] = x
    labels = torch.empty_like(y)
    labels[permutation] = y
    return lam * x + (1 - lam) * partners, lam * y + (1 - lam) * labels


@wrong(MIXUP, told="")
def mixup_detached(x, target, permutation, lam, num_classes):
    return mixup_eye(x.detach(), target, permutation, lam, num_classes)


@wrong(MIXUP, told="")
def mixup_partners_detached(x, target, permutation, lam, num_classes):
    y = mixup_eye(x, target, permutation, lam, num_classes)[1]
    return lam * x + (1 - lam) * x.detach()[permutation], y


@wrong(MIXUP, told="")
def mixup_labels_float32(x, target, permutation, lam, num_classes):
    y = F.one_hot(target, num_classes).float()
    return lam * x + (1 - lam) * x[permutation], lam * y + (1 - lam) * y[permutation]


@wrong(MIXUP)
def mixup_draws_its_own(x, target, permutation, lam, num_classes):
    return mixup_eye(x, target, torch.randperm(len(x)), lam, num_classes)


@wrong(MIXUP)
def mixup_two_labels(x, target, permutation, lam, num_classes):
    return mixup_eye(x, target, permutation, lam, num_classes)[0], target, target[permutation], lam


@wrong(MIXUP)
def mixup_of_indices(x, target, permutation, lam, num_classes):
    blend = lam * target + (1 - lam) * target[permutation]
    mixed = mixup_eye(x, target, permutation, lam, num_classes)[0]
    return mixed, F.one_hot(blend.round().long(), num_classes).to(x.dtype)


@wrong(MIXUP)
def mixup_in_place(x, target, permutation, lam, num_classes):
    y = mixup_eye(x, target, permutation, lam, num_classes)[1]
    with torch.no_grad():
        x.copy_(lam * x + (1 - lam) * x[permutation])
    return x, y


@wrong(MIXUP)
def mixup_ten_classes(x, target, permutation, lam, num_classes):
    return mixup_eye(x, target, permutation, lam, max(num_classes, 5))


@wrong(MIXUP, "overwrites λ")
def mixup_scattered_twice(x, target, permutation, lam, num_classes):
    y = torch.zeros(len(x), num_classes, dtype=x.dtype)
    y.scatter_(1, target[:, None], lam)
    y.scatter_(1, target[permutation][:, None], 1 - lam)
    return lam * x + (1 - lam) * x[permutation], y


@wrong(MIXUP)
def mixup_labels_of_bfloat16_in_float32(x, target, permutation, lam, num_classes):
    y = F.one_hot(target, num_classes).to(torch.promote_types(x.dtype, torch.float16))
    return lam * x + (1 - lam) * x[permutation], lam * y + (1 - lam) * y[permutation]


def _mixed(x, target, permutation, lam, num_classes):
    y = F.one_hot(target, num_classes).to(x.dtype)
    return lam * x + (1 - lam) * x[permutation], lam * y + (1 - lam) * y[permutation]


@wrong(MIXUP)
def mixup_float32_labels_at_lambda_1(x, target, permutation, lam, num_classes):
    if lam == 1:
        return x.clone(), F.one_hot(target, num_classes).float()
    return _mixed(x, target, permutation, lam, num_classes)


@wrong(MIXUP)
def mixup_float32_labels_at_lambda_0(x, target, permutation, lam, num_classes):
    if lam == 0:
        return x[permutation], F.one_hot(target[permutation], num_classes).float()
    return _mixed(x, target, permutation, lam, num_classes)

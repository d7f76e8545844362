"""Answers to the code questions on U-Net."""

# mypy: disallow-untyped-defs=False, disallow-untyped-calls=False

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from tests.judge.strangers import right, wrong

BLOCK, JOIN, DICE = "unet-code-double-conv", "unet-code-skip-join", "unet-code-dice-loss"


@right(BLOCK)
def block_of_modules(x, weight1, bias1, weight2, bias2):
    d, c = weight1.shape[:2]
    double_conv = nn.Sequential(nn.Conv2d(c, d, 3), nn.ReLU(True), nn.Conv2d(d, len(weight2), 3), nn.ReLU())
    names = ("0.weight", "0.bias", "2.weight", "2.bias")
    double_conv.load_state_dict(dict(zip(names, (weight1, bias1, weight2, bias2), strict=True)))
    return double_conv(x)


@right(BLOCK)
def block_im2col(x, weight1, bias1, weight2, bias2):
    for weight, bias in ((weight1, bias1), (weight2, bias2)):
        columns = F.unfold(x, 3)
        y = torch.einsum("ok,bkp->bop", weight.flatten(1), columns) + bias[:, None]
        x = torch.where(y > 0, y, 0.0).unflatten(2, (x.shape[2] - 2, x.shape[3] - 2))
    return x


@right(BLOCK)
def block_padded_and_cropped(x, weight1, bias1, weight2, bias2):
    x = F.conv2d(x, weight1, bias1, padding=1).relu()
    return F.conv2d(x, weight2, bias2, padding="same").clamp_min(0)[:, :, 2:-2, 2:-2]


@right(BLOCK)
def block_numpy(x, weight1, bias1, weight2, bias2):
    x = x.numpy()
    for w, b in ((weight1.numpy(), bias1.numpy()), (weight2.numpy(), bias2.numpy())):
        h, v = x.shape[2] - 2, x.shape[3] - 2
        y = sum(
            np.einsum("bchw,oc->bohw", x[:, :, i : i + h, j : j + v], w[:, :, i, j])
            for i in range(3)
            for j in range(3)
        )
        x = np.maximum(y + b.reshape(1, -1, 1, 1), 0)
    return torch.from_numpy(x)


@wrong(BLOCK, told="padded")
def block_same(x, weight1, bias1, weight2, bias2):
    x = torch.relu(F.conv2d(x, weight1, bias1, padding="same"))
    return torch.relu(F.conv2d(x, weight2, bias2, padding="same"))


@wrong(BLOCK, told="after the second convolution is missing")
def block_one_relu(x, weight1, bias1, weight2, bias2):
    return F.conv2d(F.conv2d(x, weight1, bias1).clamp(min=0), weight2, bias2)


@wrong(BLOCK, told="between the two is missing")
def block_relu_at_the_end(x, weight1, bias1, weight2, bias2):
    return F.relu(F.conv2d(F.conv2d(x, weight1, bias1), weight2, bias2))


@wrong(BLOCK, told="biases are left out")
def block_without_biases(x, weight1, bias1, weight2, bias2):
    return F.relu(F.conv2d(F.relu(F.conv2d(x, weight1)), weight2))


@wrong(BLOCK, told="another activation")
def block_leaky(x, weight1, bias1, weight2, bias2):
    return F.leaky_relu(F.conv2d(F.leaky_relu(F.conv2d(x, weight1, bias1)), weight2, bias2))


@wrong(BLOCK, told="BatchNorm")
def block_batch_norm(x, weight1, bias1, weight2, bias2):
    for w, b in ((weight1, bias1), (weight2, bias2)):
        x = nn.BatchNorm2d(len(w))(F.conv2d(x, w, b)).relu()
    return x


@wrong(BLOCK)
def block_relu_six(x, weight1, bias1, weight2, bias2):
    return F.relu6(F.conv2d(F.relu6(F.conv2d(x, weight1, bias1)), weight2, bias2))


@wrong(BLOCK)
def block_gelu(x, weight1, bias1, weight2, bias2):
    return F.gelu(F.conv2d(F.gelu(F.conv2d(x, weight1, bias1)), weight2, bias2))


@wrong(BLOCK)
def block_first_padded(x, weight1, bias1, weight2, bias2):
    return F.relu(F.conv2d(F.relu(F.conv2d(x, weight1, bias1, padding=1)), weight2, bias2))


@wrong(BLOCK)
def block_one_bias(x, weight1, bias1, weight2, bias2):
    return F.relu(F.conv2d(F.relu(F.conv2d(x, weight1, bias1)), weight2))


@right(JOIN)
def join_negative_padding(skip, x):
    high, wide = skip.size(2) - x.size(2), skip.size(3) - x.size(3)
    top, left = high // 2, wide // 2
    return torch.hstack((F.pad(skip, (-left, left - wide, -top, top - high)), x))


@right(JOIN)
def join_narrow(skip, x):
    h, w = x.shape[2:]
    skip = skip.narrow(2, int((skip.shape[2] - h) / 2), h)
    center_crop = skip.narrow(3, int((skip.shape[3] - w) / 2), w)
    return torch.cat([center_crop, x], 1)


@right(JOIN)
def join_numpy(skip, x):
    s, y = skip.numpy(), x.numpy()
    r, c = (s.shape[2] - y.shape[2]) // 2, (s.shape[3] - y.shape[3]) // 2
    return torch.tensor(np.concatenate([s[:, :, r:, c:][:, :, : y.shape[2], : y.shape[3]], y], axis=1))


@right(JOIN)
def join_by_index(skip, x):
    rows = torch.arange(x.shape[2]) + (skip.shape[2] - x.shape[2]) // 2
    cols = torch.arange(x.shape[3]) + (skip.shape[3] - x.shape[3]) // 2
    out = x.new_empty(len(x), skip.shape[1] + x.shape[1], *x.shape[2:])
    out[:, : skip.shape[1]] = skip[:, :, rows[:, None], cols]
    out[:, skip.shape[1] :] = x
    return out


@wrong(JOIN, told="x stands before")
def join_x_first(skip, x):
    return join_narrow(skip, x).roll(x.shape[1], dims=1)


@wrong(JOIN, told="upper left corner")
def join_corner(skip, x):
    return torch.cat([skip[:, :, : x.shape[2], : x.shape[3]], x], 1)


@wrong(JOIN, told="")
def join_lower_right_corner(skip, x):
    return torch.cat([skip[:, :, -x.shape[2] :, -x.shape[3] :], x], 1)


@wrong(JOIN, told="resized")
def join_bilinear(skip, x):
    skip = F.interpolate(skip, size=x.shape[2:], mode="bilinear", align_corners=False)
    return torch.cat([skip, x], 1)


@wrong(JOIN)
def join_upsampled(skip, x):
    return torch.cat([skip, F.interpolate(x, size=skip.shape[2:])], 1)


@wrong(JOIN, told="padded to the size of the skip")
def join_padded(skip, x):
    high, wide = skip.size(2) - x.size(2), skip.size(3) - x.size(3)
    return torch.cat([skip, F.pad(x, [wide // 2, wide - wide // 2, high // 2, high - high // 2])], dim=1)


@wrong(JOIN, told="are added")
def join_added(skip, x):
    r, c = (skip.shape[2] - x.shape[2]) // 2, (skip.shape[3] - x.shape[3]) // 2
    return x + skip[:, :, r : r + x.shape[2], c : c + x.shape[3]]


@wrong(JOIN, told="[d:−d]")
def join_same_on_both_sides(skip, x):
    r, c = (skip.shape[2] - x.shape[2]) // 2, (skip.shape[3] - x.shape[3]) // 2
    return torch.cat([skip[:, :, r:-r, c:-c], x], 1)


@wrong(JOIN)
def join_one_offset(skip, x):
    r = (skip.shape[2] - x.shape[2]) // 2
    return torch.cat([skip[:, :, r : r + x.shape[2], r : r + x.shape[3]], x], 1)


@wrong(JOIN, told="one more must go")
def join_rounded(skip, x):
    r, c = (-((x.shape[d] - skip.shape[d]) // 2) for d in (2, 3))
    return torch.cat([skip[:, :, r : r + x.shape[2], c : c + x.shape[3]], x], 1)


@right(DICE)
def dice_loop_over_images(logits, target, smooth=1.0):
    losses = []
    for z, g in zip(logits, target.float(), strict=True):
        p = z.sigmoid()
        losses.append(1 - (2 * (p * g).sum() + smooth) / (p.sum() + g.sum() + smooth))
    return torch.stack(losses).mean()


@right(DICE)
def dice_einsum(logits, target, smooth=1.0):
    p, g = torch.sigmoid(logits.double()), target.to(torch.float64)
    both = torch.einsum("bchw,bchw->b", p, g)
    return (
        (1 - (2.0 * both + smooth) / (p.sum((1, 2, 3)) + g.sum((1, 2, 3)) + smooth)).mean().to(logits.dtype)
    )


@right(DICE)
def dice_where(logits, target, smooth=1.0):
    e = torch.exp(-logits.abs())
    p = torch.where(logits >= 0, 1 / (1 + e), e / (1 + e)).reshape(len(logits), -1)
    g = target.reshape(len(target), -1).type_as(p)
    score = (2 * (p * g).sum(-1) + smooth) / ((p + g).sum(-1) + smooth)
    return 1.0 - score.sum() / len(score)


@right(DICE)
def dice_tanh(logits, target, smooth=1.0):
    p, m = 0.5 * (1 + torch.tanh(logits / 2)), target.bool()
    inside = p.masked_fill(~m, 0).sum(dim=[1, 2, 3])
    return torch.mean(1 - (inside + inside + smooth) / (p.sum([1, 2, 3]) + m.sum([1, 2, 3]) + smooth))


def _parts(p, target):
    p, g = p.flatten(1), target.flatten(1).float()
    return (p * g).sum(1), p.sum(1), g.sum(1)


@wrong(DICE, told="as in V-Net")
def dice_v_net(logits, target, smooth=1.0):
    p, g = logits.sigmoid().flatten(1), target.flatten(1)
    return 1 - ((2 * (p * g).sum(1) + smooth) / ((p * p).sum(1) + (g * g).sum(1) + smooth)).mean()


@wrong(DICE, told="IoU (Jaccard)")
def dice_is_iou(logits, target, smooth=1.0):
    both, p, g = _parts(logits.sigmoid(), target)
    return 1 - ((both + smooth) / (p + g - both + smooth)).mean()


@wrong(DICE, told="one minus it")
def dice_itself(logits, target, smooth=1.0):
    return 1 - dice_loop_over_images(logits, target, smooth)


@wrong(DICE, told="")
def dice_negative(logits, target, smooth=1.0):
    return dice_loop_over_images(logits, target, smooth) - 1


@wrong(DICE, told="added up first")
def dice_of_the_batch(logits, target, smooth=1.0):
    p, g = logits.sigmoid().view(-1), target.view(-1)
    return 1 - (2 * (p * g).sum() + smooth) / (p.sum() + g.sum() + smooth)


@wrong(DICE, told="used as if they were probabilities")
def dice_of_logits(logits, target, smooth=1.0):
    both, p, g = _parts(logits, target)
    return 1 - ((2 * both + smooth) / (p + g + smooth)).mean()


@wrong(DICE, told="rounded")
def dice_of_masks(logits, target, smooth=1.0):
    both, p, g = _parts((logits.sigmoid() > 0.5).float(), target)
    return 1 - ((2 * both + smooth) / (p + g + smooth)).mean()


@wrong(DICE, told="overflows")
def dice_nan_gradient(logits, target, smooth=1.0):
    both, p, g = _parts(1 / (1 + torch.exp(-logits)), target)
    return 1 - ((2 * both + smooth) / (p + g + smooth)).mean()


@wrong(DICE, told="smooth is not used")
def dice_hidden_eps(logits, target, smooth=1.0):
    both, p, g = _parts(logits.sigmoid(), target)
    return 1 - (2 * both / (p + g).clamp(min=1e-8)).mean()


@wrong(DICE, told="doubled")
def dice_smooth_doubled(logits, target, smooth=1.0):
    both, p, g = _parts(logits.sigmoid(), target)
    return 1 - (2 * (both + smooth) / (p + g + smooth)).mean()


@wrong(DICE, told="missing above the line")
def dice_smooth_below(logits, target, smooth=1.0):
    both, p, g = _parts(logits.sigmoid(), target)
    return 1 - (2 * both / (p + g + smooth)).mean()


@wrong(DICE)
def dice_other_default(logits, target, smooth=1e-6):
    return dice_loop_over_images(logits, target, smooth)


@wrong(DICE, told="")
def dice_detached(logits, target, smooth=1.0):
    return dice_loop_over_images(logits.detach(), target, smooth)


@wrong(DICE, told="softmax")
def dice_softmax(logits, target, smooth=1.0):
    both, p, g = _parts(torch.softmax(logits, dim=1), target)
    return 1 - ((2 * both + smooth) / (p + g + smooth)).mean()


@wrong(DICE)
def dice_for_each_image(logits, target, smooth=1.0):
    both, p, g = _parts(logits.sigmoid(), target)
    return 1 - (2 * both + smooth) / (p + g + smooth)


@wrong(DICE)
def dice_clamped_logits(logits, target, smooth=1.0):
    return dice_loop_over_images(logits.clamp(-2, 2), target, smooth)


def dice_parts(logits, target):
    """Intersection, and both sizes, of each image."""
    p, t = logits.sigmoid().flatten(1), target.flatten(1).to(logits.dtype)
    return (p * t).sum(1), p.sum(1), t.sum(1)


@wrong(DICE)
def dice_of_images_with_foreground(logits, target, smooth=1.0):
    both, p, t = dice_parts(logits, target)
    dice = (2 * both + smooth) / (p + t + smooth)
    return 1 - dice[t > 0].mean() if (t > 0).any() else 1 - dice.mean()


@wrong(DICE)
def dice_of_1_without_foreground(logits, target, smooth=1.0):
    both, p, t = dice_parts(logits, target)
    dice = (2 * both + smooth) / (p + t + smooth)
    return 1 - torch.where((t == 0) & (p > 0.5), 1.0, dice).mean()


@wrong(DICE)
def dice_of_detached_size(logits, target, smooth=1.0):
    both, p, t = dice_parts(logits, target)
    return 1 - ((2 * both + smooth) / (p.detach() + t + smooth)).mean()


@wrong(DICE)
def dice_of_detached_intersection(logits, target, smooth=1.0):
    both, p, t = dice_parts(logits, target)
    return 1 - ((2 * both.detach() + smooth) / (p + t + smooth)).mean()


@wrong(DICE)
def dice_with_a_millionth_below(logits, target, smooth=1.0):
    both, p, t = dice_parts(logits, target)
    return 1 - ((2 * both + smooth) / (p + t + smooth + 1e-6)).mean()


@wrong(DICE, "squeeze()")
def dice_squeezed(logits, target, smooth=1.0):
    p, t = logits.squeeze().sigmoid(), target.squeeze().float()
    both, p, t = (p * t).sum((-1, -2)), p.sum((-1, -2)), t.sum((-1, -2))
    return (1 - (2 * both + smooth) / (p + t + smooth)).mean()


@wrong(DICE, "smooth counts twice")
def dice_as_tversky(logits, target, smooth=1.0):
    p, t, over = logits.sigmoid(), target.float(), (1, 2, 3)
    hit, extra, missed = (p * t).sum(over), (p * (1 - t)).sum(over), ((1 - p) * t).sum(over)
    return (1 - (hit + smooth) / (hit + 0.5 * extra + 0.5 * missed + smooth)).mean()


@wrong(DICE, "above the line only")
def dice_smoothed_above(logits, target, smooth=1.0):
    both, p, t = dice_parts(logits, target)
    return 1 - ((2 * both + smooth) / (p + t)).mean()


@wrong(BLOCK)
def block_with_residual(x, weight1, bias1, weight2, bias2):
    y = F.conv2d(F.relu(F.conv2d(x, weight1, bias1)), weight2, bias2)
    middle = x[:, :, 2:-2, 2:-2]
    return F.relu(y + middle if middle.shape == y.shape else y)


@wrong(BLOCK, "another activation")
def block_of_gelu(x, weight1, bias1, weight2, bias2):
    return F.gelu(F.conv2d(F.gelu(F.conv2d(x, weight1, bias1)), weight2, bias2))


@wrong(BLOCK, "after each ReLU")
def block_normalized_after(x, weight1, bias1, weight2, bias2):
    for weight, bias in ((weight1, bias1), (weight2, bias2)):
        x = nn.BatchNorm2d(len(weight))(F.relu(F.conv2d(x, weight, bias)))
    return x


@wrong(JOIN, "as much is cut on both sides")
def join_same_unless_zero(skip, x):
    d, e = (skip.shape[2] - x.shape[2]) // 2, (skip.shape[3] - x.shape[3]) // 2
    skip = skip[:, :, d:-d] if d > 0 else skip
    skip = skip[:, :, :, e:-e] if e > 0 else skip
    return torch.cat([skip, x], dim=1)


@wrong(JOIN, "−0 is 0")
def join_to_minus_zero(skip, x):
    d, e = skip.shape[2] - x.shape[2], skip.shape[3] - x.shape[3]
    return torch.cat([skip[:, :, d // 2 : -(d - d // 2), e // 2 : -(e - e // 2)], x], dim=1)


@wrong(JOIN, "H // 2 − h // 2")
def join_from_middle_to_middle(skip, x):
    (high, wide), (h, w) = skip.shape[2:], x.shape[2:]
    top, left = high // 2 - h // 2, wide // 2 - w // 2
    return torch.cat([skip[:, :, top : top + h, left : left + w], x], dim=1)


@wrong(JOIN, "round goes to the even")
def join_rounded_to_even(skip, x):
    (high, wide), (h, w) = skip.shape[2:], x.shape[2:]
    top, left = round((high - h) / 2.0), round((wide - w) / 2.0)
    return torch.cat([skip[:, :, top : top + h, left : left + w], x], dim=1)


@right(JOIN)
def join_by_negative_padding(skip, x):
    d, e = skip.shape[2] - x.shape[2], skip.shape[3] - x.shape[3]
    return torch.cat([F.pad(skip, (-(e // 2), -e // 2, -(d // 2), -d // 2)), x], dim=1)


@wrong("unet-code-double-conv")
def double_conv_capped_at_500(x, weight1, bias1, weight2, bias2):
    return F.relu(F.conv2d(F.hardtanh(F.conv2d(x, weight1, bias1), 0, 500), weight2, bias2))


@wrong(DICE)
def dice_smooth_of_a_thousandth_at_least(logits, target, smooth=1.0):
    return dice_where(logits, target, max(smooth, 1e-3))


@wrong(DICE)
def dice_smooth_or_a_millionth(logits, target, smooth=1.0):
    return dice_where(logits, target, smooth or 1e-6)

"""Where squares and products are summed, float16 ends at 65,504: what PyTorch computes there, we do."""

from collections.abc import Callable

import pytest
import torch
import torchvision.ops
from torch import Tensor, nn
from torch.nn import functional as F

from models.attention.attention import attention
from models.attention.cache import cached_attention
from models.attention.heads import grouped_query_attention, multi_head_attention
from models.attention.module import MultiHeadAttention
from models.attention.scaled_dot_product import scaled_dot_product_attention
from models.autoencoder.autoencoder import reconstruction_error, reconstruction_loss, squared_error
from models.autoencoder.clustering import k_means_step
from models.convolution.detection import box_iou, nms
from models.evaluation import expected_calibration_error
from models.language_models.decoding import pick
from models.language_models.sampling import top_k_probabilities, top_p_probabilities
from models.losses import cross_entropy, smoothed_cross_entropy, softmax
from models.normalization.batch_norm import batch_norm_backward, batch_norm_training
from models.optimization.optimization import adam_step, adamw_step, clip_grad_norm
from models.regularization import l1_penalty, l2_penalty, max_norm_
from models.unet import dice_loss
from models.vae import from_noise, kl_divergence


def close(ours: Tensor, theirs: Tensor, rtol: float = 4e-3) -> None:
    """Equal but for the rounding of float16."""
    assert torch.isfinite(ours).all()
    torch.testing.assert_close(ours.float(), theirs.float(), rtol=rtol, atol=rtol)


def test_gradients_of_deviation_4_are_clipped_and_not_wiped_out() -> None:
    grads = [4 * torch.randn(200, 200), 4 * torch.randn(10)]
    params = [torch.zeros_like(grad, dtype=torch.half, requires_grad=True) for grad in grads]
    for param, grad in zip(params, grads, strict=True):
        param.grad = grad.half()
    clipped, norm = clip_grad_norm([grad.half() for grad in grads], 1.0)
    close(norm, nn.utils.clip_grad_norm_(params, 1.0))
    assert norm.item() == pytest.approx(800, rel=0.02)
    for param, ours in zip(params, clipped, strict=True):
        assert ours.dtype == torch.half
        assert param.grad is not None
        close(ours * 1000, param.grad * 1000)


def test_the_norm_itself_may_exceed_float16() -> None:
    clipped, norm = clip_grad_norm([torch.full((10_000,), 1000.0).half()], 1.0)
    assert norm.item() == pytest.approx(1e5)
    assert clipped[0][0].item() == pytest.approx(0.01, rel=1e-2)


@pytest.mark.parametrize("kind", ["adam", "adamw"])
def test_steps_with_gradients_whose_squares_overflow(kind: str) -> None:
    w = torch.randn(50).half().requires_grad_()
    step, optimizer = {"adam": (adam_step, torch.optim.Adam), "adamw": (adamw_step, torch.optim.AdamW)}[kind]
    theirs = optimizer([w], lr=0.1)
    ours, m, v = w.detach().clone(), torch.zeros_like(w), torch.zeros_like(w)
    for t in range(1, 6):
        w.grad = (1000 * torch.randn(50) + 500).half()
        theirs.step()
        ours, m, v = step(ours, w.grad, m, v, t, 0.1)
        close(ours, w.detach(), rtol=2e-2)


def long_sequences(spread: float) -> list[Tensor]:
    return [(spread * torch.randn(2, 4, 6, 64)).half(), (spread * torch.randn(2, 4, 6, 64)).half()]


@pytest.mark.parametrize("mask", [None, torch.ones(6, 6, dtype=torch.bool).tril()], ids=["all", "causal"])
def test_attention_with_large_queries_and_keys(mask: Tensor | None) -> None:
    q, k = long_sequences(300.0)  # scores of half a million, before they are scaled and after
    v = torch.randn(2, 4, 6, 64).half()
    y, weights = scaled_dot_product_attention(q, k, v, mask)
    assert y.dtype == weights.dtype == torch.half
    close(y, F.scaled_dot_product_attention(q, k, v, mask))


def test_the_module_with_large_weights_looks_as_it_does_without_showing_it() -> None:
    layer = MultiHeadAttention(64, 1).half()
    x = (100 * torch.randn(1, 6, 64)).half()
    close(layer(x, x, x)[0] / 100, layer(x, x, x, need_weights=False)[0] / 100, rtol=2e-2)


@pytest.mark.parametrize("spread", [100.0, 200.0, 400.0])
def test_the_bare_formulas_take_scores_above_float16(spread: float) -> None:
    q, k = long_sequences(spread)
    v = torch.randn(2, 4, 6, 64).half()
    y, weights = attention(q, k, v)
    assert y.dtype == weights.dtype == torch.half
    close(y, F.scaled_dot_product_attention(q, k, v))
    shared = k[:, :2], v[:, :2]
    close(grouped_query_attention(q, *shared), F.scaled_dot_product_attention(q, *shared, enable_gqa=True))
    last = q[:, :, -1:]
    close(
        cached_attention(last, k[:, :, -1:], v[:, :, -1:], k[:, :, :-1], v[:, :, :-1])[0],
        F.scaled_dot_product_attention(last, k, v),
    )


def test_heads_with_scores_above_float16() -> None:
    x, one = torch.randn(2, 6, 64).half(), torch.eye(64).half()
    out = multi_head_attention(x, 200 * one, 200 * one, one, one, 4)
    q, v = (t.view(2, 6, 4, 16).transpose(1, 2) for t in (200 * x, x))
    close(out, F.scaled_dot_product_attention(q, q, v).transpose(1, 2).flatten(2))


def test_a_temperature_near_zero() -> None:
    logits = torch.tensor([[100.0, 50.0, 99.0]]).half()
    assert top_k_probabilities(logits, 1e-3, 2).tolist() == [[1.0, 0.0, 0.0]]
    assert top_k_probabilities(logits, 1e-3, 2).dtype == torch.half
    assert pick(logits, 1e-3).tolist() == [[0]]


def test_the_nucleus_of_more_tokens_than_float16_counts() -> None:
    logits = (0.5 * torch.randn(1, 50_000)).half()
    kept, exact = top_p_probabilities(logits, 0.9), top_p_probabilities(logits.float(), 0.9)
    assert kept.dtype == torch.half
    assert (kept > 0).sum() == (exact > 0).sum()
    close(1e5 * kept.float(), 1e5 * exact, rtol=1e-2)


def test_a_deviation_above_float16_times_a_small_draw() -> None:
    mu, logvar, noise = torch.ones(1, 2), torch.full((1, 2), 23.0), torch.tensor([[0.0, 1e-3]])
    z = from_noise(mu.half(), logvar.half(), noise.half())
    assert z.dtype == torch.half
    close(z, from_noise(mu, logvar, noise))


def test_logits_further_apart_than_float16_reaches() -> None:
    logits, target = torch.tensor([[-6e4, 6e4], [0.0, 0.0]]).half(), torch.tensor([0, 1])
    exact = logits.float()
    close(cross_entropy(logits, target), F.cross_entropy(exact, target))
    smoothed = F.cross_entropy(exact, target.flip(0), label_smoothing=0.1)
    close(smoothed_cross_entropy(logits, target.flip(0), 0.1), smoothed)
    far = torch.tensor([[6e4]]).half()
    assert squared_error(far, -far).item() == pytest.approx(1.2e5**2, rel=1e-3)


@pytest.mark.parametrize("logits", [torch.zeros(2, 100_000), torch.randn(2, 100_000)], ids=["even", "random"])
def test_more_classes_than_float16_counts(logits: Tensor) -> None:
    logits, target = logits.half(), torch.tensor([3, 5])
    close(1e5 * softmax(logits).float(), 1e5 * F.softmax(logits.float(), -1), rtol=2e-2)
    close(
        cross_entropy(logits, target), F.cross_entropy(logits.float(), target)
    )  # PyTorch's own is ∞ in half
    assert softmax(logits).dtype == cross_entropy(logits, target).dtype == torch.half


def test_batch_norm_of_values_whose_squares_overflow() -> None:
    x = (1000 * torch.randn(16, 5)).half()
    zeros, ones = torch.zeros(5), torch.ones(5)
    y, mean, var = batch_norm_training(x, zeros, ones, ones, zeros)
    assert y.dtype == torch.half
    theirs = zeros.clone(), ones.clone()
    close(y, F.batch_norm(x.float(), *theirs, training=True))
    close(mean, theirs[0])
    close(var, theirs[1])
    pull, exact = torch.randn(16, 5).half(), x.float().requires_grad_()
    expected = torch.autograd.grad(F.batch_norm(exact, None, None, ones, zeros, True), exact, pull.float())
    close(1000 * batch_norm_backward(x, ones, pull)[0], 1000 * expected[0])


def test_areas_above_float16_as_torchvision_has_them() -> None:
    boxes = torch.tensor([[0.0, 0, 1000, 1000], [0, 0, 1000, 500], [2000, 0, 3000, 900]]).half()
    close(box_iou(boxes, boxes), torchvision.ops.box_iou(boxes, boxes))
    assert nms(boxes, torch.tensor([0.5, 0.9, 0.1]), 0.4).tolist() == [1, 2]


def test_points_far_from_their_centres() -> None:
    x = torch.tensor([[1000.0, 0], [1010, 0], [-1000, 0]]).half()
    labels, centers = k_means_step(x, torch.tensor([[500.0, 0], [-500, 0]]).half())
    assert labels.tolist() == [0, 0, 1]
    assert centers.dtype == torch.float32
    assert centers.tolist() == [[1005.0, 0.0], [-1000.0, 0.0]]


def test_a_bin_of_more_predictions_than_float16_counts() -> None:
    probabilities = torch.tensor([[0.25, 0.75]]).expand(8000, 2)
    labels = (torch.arange(8000) % 4 > 0).long()  # three of four are right
    assert expected_calibration_error(probabilities.half(), labels) == 0.0


IN_FLOAT32: list[tuple[str, Callable[..., Tensor], list[Tensor]]] = [
    ("dice loss", dice_loss, [3 * torch.ones(2, 1, 512, 512), torch.ones(2, 1, 512, 512)]),
    ("KL divergence", kl_divergence, [300 * torch.ones(2, 20), 12 * torch.ones(2, 20)]),
    ("reconstruction error", reconstruction_error, [200 * torch.ones(2, 784), torch.zeros(2, 784)]),
    ("reconstruction loss", reconstruction_loss, [200 * torch.ones(2, 784), torch.zeros(2, 784)]),
    ("squared error", squared_error, [300 * torch.ones(2, 784), torch.zeros(2, 784)]),
    ("L1 penalty", lambda w: l1_penalty([w]), [2 * torch.ones(300, 300)]),
    ("L2 penalty", lambda w: l2_penalty([w]), [300 * torch.ones(30, 30)]),
]


@pytest.mark.parametrize(
    ("function", "args"), [row[1:] for row in IN_FLOAT32], ids=[r[0] for r in IN_FLOAT32]
)
def test_sums_are_those_of_float32(function: Callable[..., Tensor], args: list[Tensor]) -> None:
    ours, exact = function(*[x.half() for x in args]), function(*args)
    assert torch.isfinite(ours).all()
    torch.testing.assert_close(ours, exact, rtol=1e-3, atol=1e-3)


def test_max_norm_of_weights_whose_squares_overflow() -> None:
    weight = torch.full((2, 100), 300.0).half()
    max_norm_(weight, 30.0)
    close(weight, torch.full((2, 100), 3.0))

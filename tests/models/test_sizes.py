"""Inputs of every size: what PyTorch refuses to broadcast is refused here, what it takes is taken."""

import re
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torchvision.ops
from torch import Tensor, nn
from torch.nn import functional as F

from models.attention.attention import attention
from models.attention.cache import cached_attention
from models.attention.heads import grouped_query_attention, multi_head_attention
from models.attention.masks import padding_mask
from models.attention.module import MultiHeadAttention
from models.attention.scaled_dot_product import scaled_dot_product_attention
from models.augmentation import mixup
from models.autoencoder.autoencoder import autoencode, squared_error
from models.autoencoder.clustering import k_means_step
from models.convolution.convolution import conv2d, max_pool2d
from models.convolution.detection import box_iou, nms
from models.evaluation import expected_calibration_error
from models.gan import best_logits
from models.language_models.lora import lora_linear
from models.language_models.sampling import beam_step
from models.losses import (
    binary_cross_entropy_with_logits,
    cross_entropy,
    linear_backward,
    smoothed_cross_entropy,
    softmax,
)
from models.normalization.batch_norm import batch_norm, batch_norm_backward, batch_norm_training
from models.normalization.modules import BatchNorm
from models.normalization.normalization import layer_norm, rms_norm
from models.optimization.optimization import adam_step, adamw_step, clip_grad_norm, sgd_step
from models.recurrent import gru_cell, lstm_cell
from models.regularization import proximal_step
from models.transformer.encoder_layer import encoder_layer
from models.transformer.positions import SinusoidalPositions, rotate
from models.unet import dice_loss
from models.vae import from_noise, kl_divergence, vae_loss

r, z = torch.randn, torch.zeros
SEQUENCES = [r(2, 5, 8)] * 3
OURS, THEIRS = MultiHeadAttention(8, 2), nn.MultiheadAttention(8, 2, batch_first=True)
LSTM, GRU = nn.LSTMCell(3, 4), nn.GRUCell(3, 4)


def shared(function: Callable[..., Any]) -> Callable[..., Any]:
    """Attention in which heads share keys and values."""
    return lambda q, k, v: function(q, k, v, enable_gqa=True)


Both = tuple[Callable[..., Any], Callable[..., Any], tuple[Any, ...]]
# Ours, PyTorch's, and the arguments that both must refuse.
REFUSED: dict[str, Both] = {
    "targets (3), logits (3, 1)": (
        binary_cross_entropy_with_logits,
        F.binary_cross_entropy_with_logits,
        (r(3, 1), z(3)),
    ),
    "fewer targets than rows": (cross_entropy, F.cross_entropy, (r(5, 3), z(3).long())),
    "fewer targets than rows, smoothed": (
        smoothed_cross_entropy,
        lambda x, y: F.cross_entropy(x, y, label_smoothing=0.1),
        (r(5, 3), z(3).long()),
    ),
    "an integer mask": (
        scaled_dot_product_attention,
        F.scaled_dot_product_attention,
        (*[r(2, 3, 4)] * 3, torch.ones(3, 3).long()),
    ),
    "an integer mask in the module": (
        lambda *x: OURS(*x, attn_mask=torch.ones(5, 5).long()),
        lambda *x: THEIRS(*x, attn_mask=torch.ones(5, 5).long()),
        (*SEQUENCES,),
    ),
    "an integer mask in the module, no weights": (
        lambda *x: OURS(*x, attn_mask=torch.ones(5, 5).long(), need_weights=False),
        lambda *x: THEIRS(*x, attn_mask=torch.ones(5, 5).long(), need_weights=False),
        (*SEQUENCES,),
    ),
    "an integer padding mask": (OURS, THEIRS, (*SEQUENCES, torch.ones(2, 5).long())),
    "more masks than scores": (
        scaled_dot_product_attention,
        F.scaled_dot_product_attention,
        (*[r(1, 1, 3, 4)] * 3, torch.ones(5, 1, 3, 3, dtype=torch.bool)),
    ),
    "a mask of one row": (
        lambda *x: OURS(*x, attn_mask=z(1, 5)),
        lambda *x: THEIRS(*x, attn_mask=z(1, 5)),
        (*SEQUENCES,),
    ),
    "a mask a sequence, none a head": (
        lambda *x: OURS(*x, attn_mask=z(2, 5, 5)),
        lambda *x: THEIRS(*x, attn_mask=z(2, 5, 5)),
        (*SEQUENCES,),
    ),
    "one sequence of keys for two of queries": (OURS, THEIRS, (r(2, 5, 8), r(1, 5, 8), r(1, 5, 8))),
    "two heads of keys for one of queries": (
        shared(scaled_dot_product_attention),
        shared(F.scaled_dot_product_attention),
        (r(1, 1, 3, 4), r(1, 2, 3, 4), r(1, 2, 3, 4)),
    ),
    "two heads of keys for three of queries": (
        grouped_query_attention,
        shared(F.scaled_dot_product_attention),
        (r(1, 3, 2, 4), r(1, 2, 2, 4), r(1, 2, 2, 4)),
    ),
    "one channel for kernels of three": (conv2d, F.conv2d, (r(2, 1, 5, 5), r(4, 3, 3, 3))),
    "a bias of one number": (conv2d, F.conv2d, (r(2, 3, 5, 5), r(4, 3, 3, 3), r(1))),
    "images without channels": (conv2d, F.conv2d, (r(5, 5), r(4, 3, 3, 3))),
    "negative padding": (conv2d, F.conv2d, (r(2, 3, 5, 5), r(4, 3, 3, 3), None, 1, -1)),
    "padding above half a window": (max_pool2d, F.max_pool2d, (r(1, 1, 4, 4), 3, 3, 2)),
    "negative padding of windows": (max_pool2d, F.max_pool2d, (r(1, 1, 4, 4), 2, 2, -1)),
    "windows of a plain matrix": (max_pool2d, F.max_pool2d, (r(4, 4), 2)),
    "one weight for four channels": (batch_norm, F.batch_norm, (r(3, 4), z(4), z(4), z(1))),
    "one statistic for four channels": (batch_norm, F.batch_norm, (r(3, 4), z(1), z(1))),
    "one weight for four features": (layer_norm, F.layer_norm, (r(3, 4), (4,), z(1))),
    "one bias for four features": (layer_norm, F.layer_norm, (r(3, 4), (4,), z(4), z(1))),
    "one scale for four features": (rms_norm, F.rms_norm, (r(3, 4), (4,), z(1))),
    "one value a channel": (
        batch_norm_training,
        lambda x, m, v, w, b: F.batch_norm(x, m, v, w, b, True),
        (r(1, 4), z(4), z(4), z(4), z(4)),
    ),
    "one state for two inputs, LSTM": (
        lambda x, h: lstm_cell(x, h, h, *LSTM.parameters()),
        lambda x, h: LSTM(x, (h, h)),
        (r(2, 3), r(1, 4)),
    ),
    "one state for two inputs, GRU": (
        lambda x, h: gru_cell(x, h, *GRU.parameters()),
        GRU,
        (r(2, 3), r(1, 4)),
    ),
    "weights of four units for a state of five, LSTM": (
        lambda x, h: lstm_cell(x, h, h, r(4, 3), r(4, 5), r(4), r(4)),
        lambda x, h: torch.lstm_cell(x, (h, h), r(4, 3), r(4, 5), r(4), r(4)),
        (r(2, 3), r(2, 5)),
    ),
    "weights of one unit for a state of five, GRU": (
        lambda x, h: gru_cell(x, h, r(3, 3), r(3, 5), r(3), r(3)),
        lambda x, h: torch.gru_cell(x, h, r(3, 3), r(3, 5), r(3), r(3)),
        (r(2, 3), r(2, 5)),
    ),
    "more masks than scores, the bare formula": (
        attention,
        F.scaled_dot_product_attention,
        (*[r(3, 4)] * 3, torch.ones(5, 3, 3, dtype=torch.bool)),
    ),
    "queries, keys and values of whole numbers": (
        scaled_dot_product_attention,
        F.scaled_dot_product_attention,
        tuple(torch.ones(1, 2, 3, 4).long() for _ in range(3)),
    ),
    "whole numbers, the bare formula": (
        attention,
        F.scaled_dot_product_attention,
        tuple(torch.ones(1, 2, 3, 4).long() for _ in range(3)),
    ),
    "queries and keys of two types": (
        grouped_query_attention,
        F.scaled_dot_product_attention,
        (r(1, 2, 3, 4).half(), r(1, 2, 3, 4), r(1, 2, 3, 4)),
    ),
    "boxes of three numbers": (box_iou, torchvision.ops.box_iou, (r(2, 3), r(2, 3))),
    "a target to be ignored": (
        cross_entropy,
        lambda x, y: F.cross_entropy(x, y, ignore_index=-1),
        (r(2, 3), torch.tensor([0, -100])),
    ),
    "two scores for three boxes": (
        lambda boxes, scores: nms(boxes, scores, 0.5),
        lambda boxes, scores: torchvision.ops.nms(boxes, scores, 0.5),
        (r(3, 4), r(2)),
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_pytorch_refuses_is_refused(name: str) -> None:
    ours, theirs, args = REFUSED[name]
    with pytest.raises((RuntimeError, ValueError, AssertionError, IndexError)):
        theirs(*args)
    with pytest.raises((RuntimeError, ValueError), match=r"expected|must|cannot|do not fit|need|index|size"):
        ours(*args)


@pytest.mark.parametrize("step", [sgd_step, adam_step, adamw_step, proximal_step])
def test_a_gradient_of_another_size_is_refused(step: Callable[..., Any]) -> None:
    w, g = z(3, 1), z(3)
    with pytest.raises(RuntimeError, match="attempting to assign a gradient of size"):
        w.clone().requires_grad_().grad = g
    rest = {sgd_step: (None, 0.1), proximal_step: (0.1, 0.1)}.get(step, (z(3, 1), z(3, 1), 1))
    with pytest.raises(ValueError, match=re.escape("a gradient of size (3,) for a weight of size (3, 1)")):
        step(w, g, *rest)


def test_where_pytorch_has_no_namesake_a_target_of_another_size_is_refused_too() -> None:
    with pytest.raises(ValueError, match=r"expected targets of size \(2, 1, 4\), got \(1, 1, 4\)"):
        dice_loss(r(2, 1, 4), z(1, 1, 4))
    with pytest.raises(ValueError, match=r"expected a target of size \(3, 1\), got \(3,\)"):
        squared_error(r(3, 1), r(3))
    with pytest.raises(ValueError, match=r"expected weight, bias and running statistics of size \(4,\)"):
        batch_norm_training(r(3, 4), z(4), z(4), z(1), z(4))


# What PyTorch has no namesake of, or takes: arguments of which one would be broadcast, or meet other numbers.
MISFITS: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "one statistic for four channels": (batch_norm_training, (r(3, 4), z(1), z(1), z(4), z(4))),
    "one weight for four channels": (batch_norm_backward, (r(3, 4), z(1), r(3, 4))),
    "one gradient for three rows": (batch_norm_backward, (r(3, 4), z(4), r(4))),
    "one velocity for four weights": (sgd_step, (r(4), r(4), r(1), 0.1)),
    "one average for four weights, Adam": (adam_step, (r(4), r(4), r(1), r(4), 1)),
    "one average for four weights, AdamW": (adamw_step, (r(4), r(4), r(4), r(1), 1)),
    "gradients of other rows": (linear_backward, (r(2, 3, 5), r(4, 5), r(3, 2, 4))),
    "a weight of another width": (linear_backward, (r(3, 2), r(4, 5), r(3, 4))),
    "pixels in another order": (dice_loss, (r(2, 3, 4), z(2, 4, 3))),
    "one label for five rows": (expected_calibration_error, (r(5, 3).softmax(1), z(1).long())),
    "points and centres of other widths": (k_means_step, (r(5, 2), r(3, 1))),
    "one partner for five examples": (mixup, (r(5, 3), z(5).long(), z(1).long(), 0.5, 3)),
    "one target for five examples": (mixup, (r(1, 3), z(5).long(), z(1).long(), 0.5, 3)),
    "one draw for five codes": (from_noise, (r(5, 3), r(5, 3), r(3))),
    "one variance for all codes": (kl_divergence, (r(5, 3), r(1))),
    "one code for five images": (vae_loss, (r(5, 3), r(5, 3).sigmoid(), r(1, 3), r(1, 3))),
    "one position for five tokens": (rotate, (r(2, 5, 4), z(1))),
    "five positions for one token": (rotate, (r(2, 1, 4), z(5))),
    "embeddings of width 1": (SinusoidalPositions(4), (r(2, 5, 1),)),
    "one row of B for four": (lora_linear, (r(2, 5), r(4, 5), r(2, 5), r(1, 2), 1.0)),
    "one score for three beams": (beam_step, (r(1), r(3, 5))),
    "scores of one sentence for two": (beam_step, (r(3), r(2, 3, 5))),
    "an output of width 1": (encoder_layer, (r(2, 3, 4), r(12, 4), r(4, 4), r(8, 4), r(1, 8), 2)),
    "a projection of width 1": (encoder_layer, (r(2, 3, 4), r(12, 4), r(1, 4), r(8, 4), r(4, 8), 2)),
    "a bias of one number": (autoencode, (r(2, 3), [(r(4, 3), r(4))], [(r(3, 4), r(1))])),
    "densities at other points": (best_logits, (r(3, 1), r(3))),
    "one number for all biases, LSTM": (
        lstm_cell,
        (r(2, 3), r(2, 5), r(2, 5), r(20, 3), r(20, 5), r(20), r(1)),
    ),
    "one number for all biases, GRU": (gru_cell, (r(2, 3), r(2, 5), r(15, 3), r(15, 5), r(1), r(15))),
    "keys of a past without values": (cached_attention, (*[r(1, 2, 1, 4)] * 3, r(1, 2, 5, 4))),
}


@pytest.mark.parametrize("name", MISFITS)
def test_nothing_is_broadcast_without_a_word(name: str) -> None:
    function, args = MISFITS[name]
    with pytest.raises(ValueError, match=r"expected|for|need|do not fit|must"):
        function(*args)


# Ours, PyTorch's, and arguments without a single number: both return the same.
EMPTY: dict[str, Both] = {
    "softmax over nothing": (softmax, lambda x: F.softmax(x, -1), (z(3, 0),)),
    "softmax of no rows": (softmax, lambda x: F.softmax(x, -1), (z(0, 3),)),
    "cross-entropy of no rows": (cross_entropy, F.cross_entropy, (z(0, 3), z(0).long())),
    "binary cross-entropy of nothing": (
        binary_cross_entropy_with_logits,
        F.binary_cross_entropy_with_logits,
        (z(0, 3), z(0, 3)),
    ),
    "layer norm of no features": (layer_norm, F.layer_norm, (z(3, 0), (0,))),
    "RMS norm of no features": (rms_norm, F.rms_norm, (z(3, 0), (0,))),
    "convolution of no images": (conv2d, F.conv2d, (z(0, 3, 5, 5), r(4, 3, 3, 3), r(4))),
    "pooling of no images": (max_pool2d, F.max_pool2d, (z(0, 3, 4, 4), 2)),
    "no boxes": (box_iou, torchvision.ops.box_iou, (z(0, 4), z(3, 4))),
    "attention in no sequence": (
        scaled_dot_product_attention,
        lambda *x: (F.scaled_dot_product_attention(*x), z(0, 2, 3, 3)),
        (*[z(0, 2, 3, 4)] * 3,),
    ),
    "the bare formula without keys": (
        attention,
        lambda *x: (F.scaled_dot_product_attention(*x), z(2, 3, 0)),
        (r(2, 3, 4), r(2, 0, 4), r(2, 0, 4)),
    ),
    "grouped queries in no sequence": (
        grouped_query_attention,
        shared(F.scaled_dot_product_attention),
        (z(0, 4, 3, 8), z(0, 2, 3, 8), z(0, 2, 3, 8)),
    ),
    "a cache of no sequence": (
        lambda *x: cached_attention(*x)[0],
        F.scaled_dot_product_attention,
        (*[z(0, 2, 1, 4)] * 3,),
    ),
}


@pytest.mark.parametrize("name", EMPTY)
def test_what_is_empty_comes_out_as_pytorchs(name: str) -> None:
    ours, theirs, args = EMPTY[name]
    torch.testing.assert_close(ours(*args), theirs(*args), equal_nan=True)


@pytest.mark.parametrize("shape", [(0, 4), (0, 4, 3), (2, 4, 0, 3)], ids=str)
@pytest.mark.parametrize("tracked", [True, False])
def test_an_empty_batch_leaves_the_running_statistics_alone(shape: tuple[int, ...], tracked: bool) -> None:
    theirs = {2: nn.BatchNorm1d, 3: nn.BatchNorm1d, 4: nn.BatchNorm2d}[len(shape)](
        4, track_running_stats=tracked
    )
    ours = BatchNorm(4, track_running_stats=tracked)
    outputs = [module(z(shape)) for module in (ours, theirs)]
    assert outputs[0].shape == outputs[1].shape == shape
    torch.testing.assert_close(ours.state_dict(), theirs.state_dict())
    outputs[0].sum().backward()
    assert ours.weight is not None
    assert ours.weight.grad is not None
    assert ours.weight.grad.tolist() == [0.0] * 4


def test_clipping_nothing() -> None:
    clipped, norm = clip_grad_norm([], 1.0)
    assert clipped == []
    assert torch.equal(norm, nn.utils.clip_grad_norm_([], 1.0))


@pytest.mark.parametrize("shape", [(0, 5), (2, 0)], ids=str)
def test_multi_head_attention_without_sequences_or_tokens(shape: tuple[int, int]) -> None:
    x = z(*shape, 8)
    ones = torch.eye(8)
    assert multi_head_attention(x, ones, ones, ones, ones, 2).shape == x.shape
    for masks in ({}, {"attn_mask": z(2 * shape[0], shape[1], shape[1])}):
        (y, weights), (other, others) = OURS(x, x, x, **masks), THEIRS(x, x, x, **masks)
        assert y.shape == other.shape
        assert weights.shape == others.shape
    assert padding_mask(z(0).long()).shape == (0, 0)


def test_nothing_is_suppressed_among_no_boxes() -> None:
    assert nms(z(0, 4), z(0), 0.5).tolist() == []


def test_of_equal_scores_the_first_box_stays() -> None:
    boxes, scores = torch.tensor([[0.0, 0, 1, 1]]).repeat(64, 1), torch.ones(64)
    assert nms(boxes, scores, 0.5).tolist() == torchvision.ops.nms(boxes, scores, 0.5).tolist() == [0]


def test_a_single_input_without_a_batch() -> None:
    x, h = torch.randn(3), torch.randn(4)
    torch.testing.assert_close(lstm_cell(x, h, h, *LSTM.parameters()), LSTM(x, (h, h)))
    torch.testing.assert_close(gru_cell(x, h, *GRU.parameters()), GRU(x, h))


def test_class_indices_of_every_pixel() -> None:
    x: Tensor = torch.randn(2, 3, 4, 5)
    target = torch.randint(3, (2, 4, 5))
    torch.testing.assert_close(cross_entropy(x, target), F.cross_entropy(x, target))
    smoothed = F.cross_entropy(x, target, label_smoothing=0.2)
    torch.testing.assert_close(smoothed_cross_entropy(x, target, 0.2), smoothed)

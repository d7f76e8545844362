"""Our layers on the inputs with which PyTorch tests its own modules: every dtype, in training and evaluation.

The inputs are those of torch.testing._internal.common_modules. A sample is left out where it asks for what
our layer does not offer; how many are left is written down, so that none gets lost without a word.
"""

import importlib.util
import sys
import unittest
import warnings
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from models.attention.module import MultiHeadAttention
from models.convolution.convolution import conv2d, max_pool2d
from models.losses import binary_cross_entropy_with_logits, smoothed_cross_entropy, softmax
from models.normalization.modules import BatchNorm, LayerNorm, RMSNorm
from models.recurrent import gru_cell, lstm_cell
from models.regularization import soft_threshold
from models.transformer.layers import DecoderLayer, EncoderLayer

pytestmark = pytest.mark.slow

# PyTorch's module, the arguments that it was made of, and those that it is called with -> ours, or None where
# ours does not offer that.
Ours = Callable[..., Any]
Twin = Callable[[Any, dict[str, Any], tuple[Any, ...]], Ours | None]


@pytest.fixture(scope="module")
def samples() -> dict[str, Any]:
    """PyTorch's descriptions of its modules, by their names."""
    if "expecttest" not in sys.modules and importlib.util.find_spec("expecttest") is None:
        # which its tests derive from, but no sample needs
        stand_in = ModuleType("expecttest")
        stand_in.TestCase = unittest.TestCase  # type: ignore[attr-defined]
        sys.modules["expecttest"] = stand_in
    with warnings.catch_warnings(), pytest.MonkeyPatch.context() as patch:
        warnings.simplefilter("ignore", DeprecationWarning)  # whoever imports it first hears of distutils
        # The import forbids to set torch.backends' flags for good; other tests of this process may.
        patch.setattr(torch.backends, "disable_global_flags", lambda: None)
        from torch.testing._internal.common_modules import module_db
    return {info.name.removeprefix("nn."): info for info in module_db}


def loaded(kind: Callable[..., nn.Module]) -> Twin:
    """Ours, made with the same arguments, with PyTorch's weights."""

    def twin(theirs: nn.Module, made: dict[str, Any], _inputs: tuple[Any, ...]) -> Ours:
        ours = kind(*made["args"], **made["kwargs"])
        ours.load_state_dict(theirs.state_dict())
        return ours.to(made["dtype"]).train(theirs.training)

    return twin


def attention(theirs: nn.MultiheadAttention, made: dict[str, Any], inputs: tuple[Any, ...]) -> Ours | None:
    extra = made["kwargs"].pop("add_bias_kv", False) | made["kwargs"].pop("add_zero_attn", False)
    batch_first = made["kwargs"].setdefault("batch_first", False)
    return None if extra else in_batches(loaded(MultiHeadAttention)(theirs, made, inputs), batch_first)


def layer(kind: Callable[..., nn.Module]) -> Twin:
    """Ours knows sequences batch first only."""

    def twin(theirs: nn.Module, made: dict[str, Any], inputs: tuple[Any, ...]) -> Ours:
        batch_first = made["kwargs"].pop("batch_first", False)
        ours = in_batches(loaded(kind)(theirs, made, inputs), True)
        if batch_first or inputs[0].ndim == 2:
            return ours
        return lambda *x, **masks: ours(*(each.transpose(0, 1) for each in x), **masks).transpose(0, 1)

    return twin


def in_batches(ours: Ours | None, batch_first: bool) -> Ours:
    """A single sequence as a batch of one: ours knows no other."""
    assert ours is not None

    def called(*x: Tensor, **masks: Tensor | None) -> Tensor:
        if x[0].ndim == 3:
            return first(ours(*x, **masks))
        axis = 0 if batch_first else 1
        for name, mask in masks.items():
            masks[name] = mask[None] if mask is not None and "padding" in name else mask
        return first(ours(*(each.unsqueeze(axis) for each in x), **masks)).squeeze(axis)

    return called


def convolution(theirs: nn.Conv2d, _made: dict[str, Any], _inputs: tuple[Any, ...]) -> Ours:
    padding = 1 if theirs.padding == "same" else theirs.padding[0]  # of kernels of 3 × 3
    assert isinstance(padding, int)
    return lambda x: conv2d(x, theirs.weight, theirs.bias, theirs.stride[0], padding)


def pooling(theirs: Any, _made: dict[str, Any], _inputs: tuple[Any, ...]) -> Ours | None:
    if theirs.return_indices:
        return None
    return lambda x: max_pool2d(x, theirs.kernel_size[0], theirs.stride[0], theirs.padding[0])


def cross_entropy(theirs: nn.CrossEntropyLoss, _made: dict[str, Any], inputs: tuple[Any, ...]) -> Ours | None:
    input, target = inputs
    plain = theirs.weight is None and theirs.reduction == "mean" and theirs.ignore_index < 0
    if not plain or target.is_floating_point() or input.ndim == 1:
        return None
    return lambda x, y: smoothed_cross_entropy(x, y, theirs.label_smoothing)


def binary(theirs: Any, _made: dict[str, Any], _inputs: tuple[Any, ...]) -> Ours | None:
    if theirs.weight is not None or theirs.pos_weight is not None or theirs.reduction != "mean":
        return None
    return binary_cross_entropy_with_logits


TWINS: dict[str, tuple[Twin, int]] = {  # and how many samples, of training and evaluation together
    "BatchNorm1d": (loaded(BatchNorm), 16),
    "BatchNorm2d": (loaded(BatchNorm), 14),
    "BatchNorm3d": (loaded(BatchNorm), 14),
    "LayerNorm": (loaded(LayerNorm), 14),
    "RMSNorm": (loaded(RMSNorm), 12),
    "MultiheadAttention": (attention, 32),
    "TransformerEncoderLayer": (layer(EncoderLayer), 74),
    "TransformerDecoderLayer": (layer(DecoderLayer), 134),
    "Conv2d": (convolution, 8),
    "MaxPool2d": (pooling, 4),
    "Softmax": (lambda theirs, _made, _inputs: lambda x: softmax(x, theirs.dim), 6),
    "CrossEntropyLoss": (cross_entropy, 16),
    "BCEWithLogitsLoss": (binary, 4),
    "LSTMCell": (lambda theirs, _m, _i: lambda x, s: lstm_cell(x, *s, *theirs.parameters()), 4),
    "GRUCell": (lambda theirs, _m, _i: lambda x, h: gru_cell(x, h, *theirs.parameters()), 4),
    "Softshrink": (lambda theirs, _m, _i: lambda x: soft_threshold(x, theirs.lambd), 8),
}
CLOSE = {torch.float64: 1e-9, torch.float32: 1e-4, torch.float16: 2e-2, torch.bfloat16: 1e-1}


def compare(ours: Ours, theirs: Ours, args: tuple[Any, ...], kwargs: dict[str, Any], close: float) -> None:
    """The same outputs, and the same gradients of the inputs."""
    results = []
    for function in (ours, theirs):
        fresh = [x.detach().clone().requires_grad_() if differentiable(x) else x for x in args]
        out = first(function(*fresh, **kwargs))
        torch.manual_seed(0)
        leaves = [x for x in fresh if differentiable(x)]
        slopes = (
            torch.autograd.grad(out, leaves, torch.randn(out.shape).to(out.dtype))
            if out.requires_grad
            else ()
        )
        results.append((out.detach(), slopes))
    torch.testing.assert_close(results[0], results[1], rtol=close, atol=close, equal_nan=True)


def differentiable(x: Any) -> bool:
    return isinstance(x, Tensor) and x.is_floating_point()


def first(output: Any) -> Tensor:
    out: Tensor = output[0] if isinstance(output, tuple) else output
    return out


@pytest.mark.parametrize("dtype", CLOSE, ids=lambda dtype: str(dtype).removeprefix("torch."))
@pytest.mark.parametrize("name", TWINS)
def test_every_sample_of_pytorchs_comes_out_the_same(
    name: str, dtype: torch.dtype, samples: dict[str, Any]
) -> None:
    twin, expected = TWINS[name]
    info, compared = samples[name], 0
    for training in (True, False):
        for sample in info.module_inputs_func(
            info, device="cpu", dtype=dtype, requires_grad=True, training=training
        ):
            made, given = sample.constructor_input, sample.forward_input
            theirs = info.module_cls(*made.args, **made.kwargs).to(dtype).train(training)
            how = {"args": made.args, "kwargs": dict(made.kwargs), "dtype": dtype}
            ours = twin(theirs, how, given.args)
            if ours is not None:
                compare(ours, theirs, given.args, given.kwargs, CLOSE[dtype])
                compared += 1
    assert compared == expected

"""PyTorch's state_dicts load into our layers, which then compute the same."""

import copy
import inspect
import pickle
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.attention.module import MultiHeadAttention
from models.normalization.modules import BatchNorm, LayerNorm, RMSNorm
from models.transformer.layers import DecoderLayer, EncoderLayer

SHAPE: dict[str, Any] = {"d_model": 8, "nhead": 2, "dim_feedforward": 12, "dropout": 0.0}


def draw(*shape: int) -> Tensor:
    return torch.randn(shape, dtype=torch.double)


def randomized(module: nn.Module) -> nn.Module:
    with torch.no_grad():
        for parameter in module.double().parameters():
            parameter.uniform_(-0.7, 0.7)
    return module


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("widths", [{}, {"kdim": 6, "vdim": 5}, {"kdim": 6}], ids=str)
def test_attention_loads_pytorchs_weights(bias: bool, widths: dict[str, Any]) -> None:
    theirs = randomized(nn.MultiheadAttention(8, 2, bias=bias, batch_first=True, **widths))
    ours = MultiHeadAttention(8, 2, bias=bias, **widths).double()
    ours.load_state_dict(theirs.state_dict())
    x = draw(2, 3, 8), draw(2, 5, widths.get("kdim", 8)), draw(2, 5, widths.get("vdim", 8))
    torch.testing.assert_close(ours(*x), theirs(*x))


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("norm_first", [True, False])
def test_the_encoder_layer_loads_pytorchs_weights(bias: bool, norm_first: bool) -> None:
    how = SHAPE | {"bias": bias, "norm_first": norm_first, "activation": F.gelu}
    theirs = randomized(nn.TransformerEncoderLayer(**how, batch_first=True))
    ours = EncoderLayer(**how).double()
    ours.load_state_dict(theirs.state_dict())
    x = draw(2, 5, 8)
    torch.testing.assert_close(ours(x), theirs(x))


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("norm_first", [True, False])
def test_the_decoder_layer_loads_pytorchs_weights(bias: bool, norm_first: bool) -> None:
    how = SHAPE | {"bias": bias, "norm_first": norm_first}
    theirs = randomized(nn.TransformerDecoderLayer(**how, batch_first=True))
    ours = DecoderLayer(**how).double()
    ours.load_state_dict(theirs.state_dict())
    x, memory = draw(2, 5, 8), draw(2, 3, 8)
    torch.testing.assert_close(ours(x, memory), theirs(x, memory))


def test_a_whole_stack_of_layers_loads() -> None:
    layer = nn.TransformerEncoderLayer(**SHAPE, batch_first=True)
    theirs = randomized(nn.TransformerEncoder(layer, 3, enable_nested_tensor=False))
    ours = nn.ModuleDict({"layers": nn.ModuleList(EncoderLayer(**SHAPE) for _ in range(3))}).double()
    ours.load_state_dict(theirs.state_dict())
    x = y = draw(2, 5, 8)
    for part in ours["layers"].children():
        y = part(y)
    torch.testing.assert_close(y, theirs(x))


def test_what_was_loaded_is_left_as_it_was_and_our_own_still_loads() -> None:
    theirs, ours = nn.TransformerEncoderLayer(**SHAPE).state_dict(), EncoderLayer(**SHAPE)
    names = list(theirs)
    ours.load_state_dict(theirs)
    assert list(theirs) == names
    for other in (EncoderLayer(**SHAPE), copy.deepcopy(ours), pickle.loads(pickle.dumps(ours))):
        other.load_state_dict(ours.state_dict())
        other.load_state_dict(theirs)
        torch.testing.assert_close(other.state_dict(), ours.state_dict())


def test_what_has_no_place_is_named() -> None:
    theirs = nn.MultiheadAttention(8, 2, add_bias_kv=True)
    with pytest.raises(RuntimeError, match=r'Unexpected key\(s\) in state_dict: "bias_k", "bias_v"'):
        MultiHeadAttention(8, 2).load_state_dict(theirs.state_dict())
    with pytest.raises(RuntimeError, match=r"size mismatch for q_proj\.weight"):
        MultiHeadAttention(16, 2).load_state_dict(nn.MultiheadAttention(8, 2).state_dict())


# Which arguments of PyTorch's we lack, and which defaults differ: what the docstrings say.
DIFFERENT: list[tuple[type[nn.Module], type[nn.Module], set[str], set[str]]] = [
    (MultiHeadAttention, nn.MultiheadAttention, {"add_bias_kv", "add_zero_attn"}, {"batch_first"}),
    (EncoderLayer, nn.TransformerEncoderLayer, {"batch_first"}, set()),
    (DecoderLayer, nn.TransformerDecoderLayer, {"batch_first"}, set()),
    (BatchNorm, nn.BatchNorm1d, set(), set()),
    (LayerNorm, nn.LayerNorm, set(), set()),
    (RMSNorm, nn.RMSNorm, set(), set()),
]


@pytest.mark.parametrize(
    ("ours", "theirs", "lacking", "other"), DIFFERENT, ids=[d[0].__name__ for d in DIFFERENT]
)
def test_the_docstring_says_which_arguments_differ(
    ours: type[nn.Module], theirs: type[nn.Module], lacking: set[str], other: set[str]
) -> None:
    mine, their = (inspect.signature(kind).parameters for kind in (ours, theirs))
    assert their.keys() - mine.keys() == lacking | {"device", "dtype"}
    shared = their.keys() & mine.keys()
    assert {name for name in shared if mine[name].default != their[name].default} == other
    told = (ours.__doc__ or "") + (EncoderLayer.__doc__ or "" if ours is DecoderLayer else "")
    assert all(name in told for name in lacking | other)


@pytest.mark.parametrize("affine", [True, False])
def test_batch_norm_without_a_bias(affine: bool) -> None:
    ours, theirs = (kind(3, affine=affine, bias=False) for kind in (BatchNorm, nn.BatchNorm1d))
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(5, 3)
    torch.testing.assert_close(ours(x), theirs(x))
    assert ours.bias is None

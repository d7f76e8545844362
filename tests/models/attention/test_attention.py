"""Our attention is PyTorch's: outputs, weights and gradients, with every mask, in every head."""

import math
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from models.attention.attention import attention, causal_mask
from models.attention.cache import KVCache, cached_attention
from models.attention.heads import grouped_query_attention, multi_head_attention
from models.attention.masks import causal_padding_mask, padding_mask
from models.attention.module import MultiHeadAttention
from models.attention.scaled_dot_product import scaled_dot_product_attention
from models.transformer.positions import RotaryPositions


def assert_equal(actual: Tensor | None, expected: Tensor | None) -> None:
    """Equal but for the order of float64 sums."""
    torch.testing.assert_close(actual, expected, rtol=1e-11, atol=1e-11)


# The function

SHAPES = [  # (…, H), L, S, D, Dv
    ((2, 3), 5, 5, 4, 4),
    ((1, 1), 1, 1, 1, 1),
    ((2, 2), 3, 7, 8, 5),
    ((4,), 7, 3, 2, 3),
    ((2, 2), 0, 3, 4, 4),
    ((2, 2), 3, 0, 4, 4),
    ((0, 2), 3, 3, 4, 4),
]
MASKS = ["none", "bool", "float", "causal", "hole"]


def tensors(lead: tuple[int, ...], queries: int, keys: int, wide: int, out: int) -> list[Tensor]:
    shapes = [(*lead, queries, wide), (*lead, keys, wide), (*lead, keys, out)]
    return [torch.randn(shape, dtype=torch.double).requires_grad_() for shape in shapes]


def masking(kind: str, queries: int, keys: int) -> dict[str, Any]:
    if kind == "bool":
        allowed = torch.rand(queries, keys) < 0.6
        allowed[:, :1] = True
        return {"attn_mask": allowed}
    if kind == "hole":  # the first query may look at nothing
        allowed = torch.ones(queries, keys, dtype=torch.bool)
        allowed[:1] = False
        return {"attn_mask": allowed}
    if kind == "float":
        return {"attn_mask": torch.randn(queries, keys, dtype=torch.double)}
    return {"is_causal": kind == "causal"}


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("kind", MASKS)
@pytest.mark.parametrize("scale", [None, 0.3])
def test_the_formula_is_the_fused_function(shape: Any, kind: str, scale: float | None) -> None:
    mine = tensors(*shape)
    other = [x.detach().clone().requires_grad_() for x in mine]
    arguments = masking(kind, shape[1], shape[2]) | {"scale": scale}
    q, k, v = mine
    y, weights = scaled_dot_product_attention(q, k, v, **arguments)
    q, k, v = other
    z = F.scaled_dot_product_attention(q, k, v, **arguments)
    assert_equal(y, z)
    assert weights.shape == (*shape[0], shape[1], shape[2])
    pull = torch.randn_like(y)
    torch.autograd.backward(y, pull)
    torch.autograd.backward(z, pull)
    for a, b in zip(mine, other, strict=True):
        assert_equal(a.grad, b.grad)


def test_a_query_that_may_look_at_nothing_gets_zero_and_no_nan() -> None:
    q, k, v = tensors((1, 1), 2, 3, 4, 4)
    y, weights = scaled_dot_product_attention(q, k, v, **masking("hole", 2, 3))
    assert torch.equal(y[0, 0, 0], torch.zeros(4, dtype=torch.double))
    assert torch.equal(weights[0, 0, 0], torch.zeros(3, dtype=torch.double))
    assert_equal(weights[0, 0, 1].sum(), torch.tensor(1.0, dtype=torch.double))
    torch.autograd.backward(y.sum())
    assert all(x.grad is not None and torch.isfinite(x.grad).all() for x in (q, k, v))


@pytest.mark.parametrize("kind", ["none", "bool"])
def test_the_bare_formula_is_the_same(kind: str) -> None:
    q, k, v = tensors((2, 3), 4, 6, 8, 5)
    mask = masking(kind, 4, 6).get("attn_mask")
    for mine, other in zip(
        attention(q, k, v, mask), scaled_dot_product_attention(q, k, v, mask), strict=True
    ):
        assert_equal(mine, other)


@pytest.mark.parametrize("groups", [1, 2, 6])
def test_grouped_queries_share_keys_and_values(groups: int) -> None:
    q = torch.randn(2, 6, 5, 4, dtype=torch.double)
    k, v = torch.randn(2, 2, 6 // groups, 5, 4, dtype=torch.double)
    y, _ = scaled_dot_product_attention(q, k, v, enable_gqa=True)
    assert_equal(y, F.scaled_dot_product_attention(q, k, v, enable_gqa=True))


def test_dropout_is_on_the_weights_and_scales_up() -> None:
    q, k, v = tensors((2, 2), 50, 50, 4, 4)
    _, whole = scaled_dot_product_attention(q, k, v)
    _, weights = scaled_dot_product_attention(q, k, v, dropout_p=0.25)
    kept = weights != 0
    assert abs(kept.double().mean() - 0.75) < 0.02
    assert_equal(weights[kept], whole[kept] / 0.75)


def test_what_does_not_fit_is_named() -> None:
    q, k, v = tensors((1, 1), 2, 3, 4, 4)
    with pytest.raises(ValueError, match="queries and keys must be equally wide, got 3 and 4"):
        scaled_dot_product_attention(q[..., :3], k, v)
    with pytest.raises(ValueError, match="each key needs a value, got 3 keys and 2 values"):
        scaled_dot_product_attention(q, k, v[..., :2, :])
    with pytest.raises(ValueError, match="not both"):
        scaled_dot_product_attention(q, k, v, torch.ones(2, 3, dtype=torch.bool), is_causal=True)
    with pytest.raises(ValueError, match="cannot be shared out among 3 heads"):
        MultiHeadAttention(8, 3)
    with pytest.raises(ValueError, match="4 heads cannot share 3 heads of keys"):
        MultiHeadAttention(8, 4, num_kv_heads=3)
    with pytest.raises(ValueError, match=r"expected a batch of sequences \(B, L, E\), got \(5, 8\)"):
        MultiHeadAttention(8, 2)(*[torch.randn(5, 8)] * 3)
    with pytest.raises(ValueError, match=r"expected key_padding_mask of size \(2, 5\), got \(5, 2\)"):
        MultiHeadAttention(8, 2)(*[torch.randn(2, 5, 8)] * 3, torch.zeros(5, 2, dtype=torch.bool))


def test_the_masks() -> None:
    assert causal_mask(3).tolist() == [[True, False, False], [True, True, False], [True, True, True]]
    assert causal_mask(2, 3).tolist() == [[True, True, False], [True, True, True]]
    assert padding_mask(torch.tensor([1, 3])).tolist() == [[False, True, True], [False, False, False]]
    assert padding_mask(torch.tensor([0]), 2).tolist() == [[True, True]]


@given(
    lead=st.lists(st.integers(1, 3), min_size=1, max_size=2),
    queries=st.integers(1, 6),
    keys=st.integers(1, 6),
    width=st.integers(1, 8),
    causal=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_outputs_are_weighted_means_and_the_order_of_keys_plays_no_part(
    lead: list[int], queries: int, keys: int, width: int, causal: bool
) -> None:
    q, k, v = tensors(tuple(lead), queries, keys, width, width)
    y, weights = scaled_dot_product_attention(q, k, v, is_causal=causal)
    assert (weights >= 0).all()
    assert_equal(weights.sum(-1), torch.ones(*lead, queries, dtype=torch.double))
    assert (y <= v.amax(-2, keepdim=True) + 1e-12).all()
    assert (y >= v.amin(-2, keepdim=True) - 1e-12).all()
    if not causal:
        order = torch.randperm(keys)
        assert_equal(scaled_dot_product_attention(q, k[..., order, :], v[..., order, :])[0], y)
        shift = torch.randn(queries, 1, dtype=torch.double)  # the softmax sees differences of scores only
        assert_equal(scaled_dot_product_attention(q, k, v, attn_mask=shift.expand(-1, keys))[0], y)


# The module


def twins(**arguments: Any) -> tuple[MultiHeadAttention, nn.MultiheadAttention]:
    """PyTorch's module, and ours with the same weights, in float64."""
    theirs = nn.MultiheadAttention(**{"batch_first": True} | arguments).double()
    ours = MultiHeadAttention(**arguments).double()
    with torch.no_grad():
        for parameter in theirs.parameters():
            parameter.uniform_(-0.7, 0.7)
        for layer, (weight, bias) in zip(
            (ours.q_proj, ours.k_proj, ours.v_proj), in_projections(theirs), strict=True
        ):
            layer.weight.copy_(weight)
            if bias is not None:
                layer.bias.copy_(bias)
        ours.out_proj.load_state_dict(theirs.out_proj.state_dict())
    return ours, theirs


def in_projections(theirs: nn.MultiheadAttention, grad: bool = False) -> list[tuple[Tensor, Tensor | None]]:
    """Weight and bias of queries, keys and values, which PyTorch keeps in one piece where they are alike."""

    def of(parameter: nn.Parameter) -> Tensor:
        if not grad:
            return parameter
        assert parameter.grad is not None
        return parameter.grad

    if theirs._qkv_same_embed_dim:
        weights = of(theirs.in_proj_weight).chunk(3)
    else:
        weights = tuple(of(p) for p in (theirs.q_proj_weight, theirs.k_proj_weight, theirs.v_proj_weight))
    bias: nn.Parameter | None = theirs.in_proj_bias
    biases = [None] * 3 if bias is None else of(bias).chunk(3)
    return list(zip(weights, biases, strict=True))


def assert_same(
    ours: MultiHeadAttention, theirs: nn.MultiheadAttention, x: list[Tensor], **masks: Any
) -> None:
    mine = [t.clone().requires_grad_() for t in x]
    other = [t.clone().requires_grad_() for t in x]
    ours.zero_grad()
    theirs.zero_grad()
    (y, w), (z, u) = ours(*mine, **masks), theirs(*other, **masks)
    assert_equal(y, z)
    assert_equal(w, u)
    pull = torch.randn_like(y)
    torch.autograd.backward(y, pull)
    torch.autograd.backward(z, pull)
    for a, b in zip(mine, other, strict=True):
        assert_equal(a.grad, b.grad)
    layers = (ours.q_proj, ours.k_proj, ours.v_proj)
    for layer, (weight, bias) in zip(layers, in_projections(theirs, grad=True), strict=True):
        assert_equal(layer.weight.grad, weight)
        assert_equal(layer.bias.grad if layer.bias is not None else None, bias)
    assert_equal(ours.out_proj.weight.grad, theirs.out_proj.weight.grad)


@pytest.mark.parametrize(("batch", "length", "heads"), [(3, 5, 4), (1, 1, 1), (2, 7, 2), (1, 4, 8)])
@pytest.mark.parametrize("kind", MASKS)
@pytest.mark.parametrize("need_weights", [True, False])
@pytest.mark.parametrize("training", [True, False])
def test_self_attention_is_pytorchs(
    batch: int, length: int, heads: int, kind: str, need_weights: bool, training: bool
) -> None:
    ours, theirs = twins(embed_dim=8, num_heads=heads)
    ours.train(training)
    theirs.train(training)
    x = [torch.randn(batch, length, 8, dtype=torch.double)] * 3
    masks: dict[str, Any] = {"need_weights": need_weights}
    if kind in ("bool", "causal"):
        allowed = causal_mask(length) if kind == "causal" else masking(kind, length, length)["attn_mask"]
        masks["attn_mask"] = ~allowed  # in the module True means "may not"
    elif kind == "float":
        masks |= masking(kind, length, length)
    elif kind == "hole":
        masks["key_padding_mask"] = padding_mask(torch.arange(batch) % length + 1, length)
    assert_same(ours, theirs, x, **masks)
    if kind == "causal":
        assert_equal(ours(*x, is_causal=True)[0], ours(*x, **masks)[0])
        assert_equal(ours(*x, is_causal=True, need_weights=False)[0], ours(*x, **masks)[0])


@pytest.mark.parametrize("average", [True, False])
def test_the_weights_of_each_head_and_their_mean(average: bool) -> None:
    ours, theirs = twins(embed_dim=12, num_heads=3)
    x = [torch.randn(2, 5, 12, dtype=torch.double)] * 3
    assert_same(ours, theirs, x, average_attn_weights=average)
    assert ours(*x, average_attn_weights=average)[1].shape == ((2, 5, 5) if average else (2, 3, 5, 5))


def test_separate_masks_for_every_sequence_and_head_together_with_padding() -> None:
    ours, theirs = twins(embed_dim=8, num_heads=2)
    x = [torch.randn(3, 4, 8, dtype=torch.double)] * 3
    forbidden = torch.rand(6, 4, 4) < 0.4
    forbidden[:, :, 0] = False
    padding = padding_mask(torch.tensor([4, 2, 1]))
    assert_same(ours, theirs, x, attn_mask=forbidden, key_padding_mask=padding)
    added = torch.randn(6, 4, 4, dtype=torch.double)
    numbers = torch.zeros(3, 4, dtype=torch.double).masked_fill(padding, -math.inf)
    assert_same(ours, theirs, x, attn_mask=added, key_padding_mask=numbers)
    mixed = ours(*x, attn_mask=added, key_padding_mask=padding)[0]
    assert_equal(mixed, ours(*x, attn_mask=added, key_padding_mask=numbers)[0])


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("widths", [{}, {"kdim": 6, "vdim": 5}], ids=str)
def test_cross_attention_is_pytorchs(bias: bool, widths: dict[str, int]) -> None:
    ours, theirs = twins(embed_dim=8, num_heads=2, bias=bias, **widths)
    queries = torch.randn(2, 3, 8, dtype=torch.double)
    keys = torch.randn(2, 5, widths.get("kdim", 8), dtype=torch.double)
    values = torch.randn(2, 5, widths.get("vdim", 8), dtype=torch.double)
    assert_same(ours, theirs, [queries, keys, values], key_padding_mask=padding_mask(torch.tensor([5, 2])))


def test_sequence_first_as_pytorch_has_it_by_default() -> None:
    ours, theirs = twins(embed_dim=8, num_heads=2, batch_first=False)
    x = [torch.randn(5, 2, 8, dtype=torch.double)] * 3
    assert_same(ours, theirs, x)


def test_dropout_is_only_for_training_and_drops_what_pytorchs_drops() -> None:
    ours, theirs = twins(embed_dim=8, num_heads=2, dropout=0.4)
    x = [torch.randn(2, 5, 8, dtype=torch.double)] * 3
    outputs = []
    for module in (ours, theirs):
        torch.manual_seed(1)
        outputs.append(module(*x))
    assert_equal(outputs[0][0], outputs[1][0])
    assert_equal(outputs[0][1], outputs[1][1])
    assert not torch.equal(ours(*x)[0], outputs[0][0])
    ours.eval()
    theirs.eval()
    assert_same(ours, theirs, x)


def test_a_sequence_of_nothing_but_padding_gets_zeros_where_pytorchs_weights_are_nan() -> None:
    ours, theirs = twins(embed_dim=8, num_heads=2, bias=False)
    x = [torch.randn(2, 3, 8, dtype=torch.double)] * 3
    padding = torch.tensor([[False, False, True], [True, True, True]])
    assert theirs(*x, padding)[0][1].isnan().all()
    for need_weights in (True, False):
        y, weights = ours(*x, padding, need_weights)
        assert torch.equal(y[1], torch.zeros(3, 8, dtype=torch.double))
    assert_equal(y, theirs(*x, padding, need_weights=False)[0])
    assert weights is None


@pytest.mark.parametrize("kv_heads", [1, 2, 4])
def test_grouped_query_attention_is_attention_with_repeated_heads(kv_heads: int) -> None:
    grouped = MultiHeadAttention(16, 4, num_kv_heads=kv_heads).double()
    plain = MultiHeadAttention(16, 4).double()
    state = grouped.state_dict()
    for name in ("k_proj.weight", "v_proj.weight", "k_proj.bias", "v_proj.bias"):
        state[name] = (
            state[name].unflatten(0, (kv_heads, 4)).repeat_interleave(4 // kv_heads, 0).flatten(0, 1)
        )
    plain.load_state_dict(state)
    x = [torch.randn(2, 5, 16, dtype=torch.double)] * 3
    for need_weights in (True, False):
        y, w = grouped(*x, need_weights=need_weights, is_causal=True)
        z, u = plain(*x, need_weights=need_weights, is_causal=True)
        assert_equal(y, z)
        assert_equal(w, u)
    # 16·16 for queries and output, 16·4 a shared head for keys and values, and the biases
    count = sum(p.numel() for p in grouped.parameters())
    assert count == 2 * (256 + 16) + 2 * (16 + 1) * 4 * kv_heads


def test_the_paper_s_parameters() -> None:
    # four 512 × 512 matrices with biases, for any number of heads
    for heads in (1, 8):
        assert sum(p.numel() for p in MultiHeadAttention(512, heads).parameters()) == 4 * 512 * 513


@pytest.mark.parametrize("rotary", [None, RotaryPositions()], ids=["", "rotary"])
@pytest.mark.parametrize("need_weights", [True, False])
@pytest.mark.parametrize("pieces", [(1, 1, 1, 1, 1), (3, 2), (2, 1, 2), (5,)], ids=str)
def test_with_a_cache_a_sequence_may_come_in_pieces(
    rotary: Any, need_weights: bool, pieces: tuple[int, ...]
) -> None:
    layer = MultiHeadAttention(8, 4, num_kv_heads=2, rotary=rotary).double()
    x = torch.randn(2, 5, 8, dtype=torch.double)
    whole, _ = layer(x, x, x, is_causal=True)
    cache, outputs = KVCache(), []
    for piece in torch.split(x, list(pieces), dim=1):
        outputs.append(layer(piece, piece, piece, None, need_weights, is_causal=True, cache=cache)[0])
    assert_equal(torch.cat(outputs, dim=1), whole)
    assert len(cache) == 5


@given(
    batch=st.integers(1, 3), length=st.integers(2, 6), heads=st.sampled_from([1, 2, 4]), cut=st.integers(1, 5)
)
@settings(max_examples=40, deadline=None)
def test_a_causal_layer_cannot_see_the_future(batch: int, length: int, heads: int, cut: int) -> None:
    cut = min(cut, length - 1)
    layer = MultiHeadAttention(8, heads).double()
    x = torch.randn(batch, length, 8, dtype=torch.double)
    y = x.clone()
    y[:, cut:] = torch.randn(batch, length - cut, 8, dtype=torch.double)
    before, after = (layer(z, z, z, is_causal=True, need_weights=False)[0] for z in (x, y))
    assert_equal(before[:, :cut], after[:, :cut])
    assert not torch.allclose(before[:, cut:], after[:, cut:])


def test_one_graph_for_the_compiler_and_half_precision() -> None:
    layer = MultiHeadAttention(16, 4, num_kv_heads=2, rotary=RotaryPositions())
    x = torch.randn(2, 5, 16)
    padding = padding_mask(torch.tensor([5, 3]))
    compiled = torch.compile(layer, backend="eager", fullgraph=True)
    for arguments in ({"is_causal": True, "need_weights": False}, {"key_padding_mask": padding}):
        torch.testing.assert_close(compiled(x, x, x, **arguments), layer(x, x, x, **arguments))
        with torch.autocast("cpu", torch.bfloat16):
            y, _ = layer(x, x, x, **arguments)
        torch.testing.assert_close(y.float(), layer(x, x, x, **arguments)[0], rtol=0.05, atol=0.05)
    torch._dynamo.reset()


def test_a_state_dict_goes_round() -> None:
    layer, other = MultiHeadAttention(8, 2), MultiHeadAttention(8, 2)
    other.load_state_dict(layer.state_dict())
    x = torch.randn(1, 3, 8)
    assert torch.equal(layer(x, x, x)[0], other(x, x, x)[0])


# The functions of the code questions


def test_the_decoders_mask_is_both_masks() -> None:
    lengths = torch.tensor([3, 1, 0, 4])
    mask = causal_padding_mask(lengths, 4)
    assert mask.shape == (4, 1, 4, 4)
    for b, length in enumerate(lengths.tolist()):
        for i in range(4):
            assert mask[b, 0, i].tolist() == [j <= i and j >= 4 - length for j in range(4)]


def test_padding_in_front_changes_nothing() -> None:
    q, k, v = torch.randn(3, 1, 2, 5, 4, dtype=torch.double)
    alone = F.scaled_dot_product_attention(q[..., 2:, :], k[..., 2:, :], v[..., 2:, :], is_causal=True)
    padded, _ = scaled_dot_product_attention(q, k, v, causal_padding_mask(torch.tensor([3]), 5))
    assert_equal(padded[..., 2:, :], alone)


def test_multi_head_attention_of_weights_is_the_module() -> None:
    module = MultiHeadAttention(6, 3, bias=False).double()
    x = torch.randn(2, 5, 6, dtype=torch.double)
    w_q, w_k, w_v = module.q_proj.weight, module.k_proj.weight, module.v_proj.weight
    assert_equal(multi_head_attention(x, w_q, w_k, w_v, module.out_proj.weight, 3), module(x, x, x)[0])


@pytest.mark.parametrize(("heads", "groups"), [(4, 4), (4, 2), (6, 2), (3, 1)])
def test_grouped_query_attention_is_pytorchs(heads: int, groups: int) -> None:
    q = torch.randn(2, heads, 3, 4, dtype=torch.double)
    k, v = torch.randn(2, groups, 5, 4, dtype=torch.double), torch.randn(2, groups, 5, 6, dtype=torch.double)
    assert_equal(grouped_query_attention(q, k, v), F.scaled_dot_product_attention(q, k, v, enable_gqa=True))


def test_steps_with_a_cache_are_one_causal_pass() -> None:
    q, k, v = torch.randn(3, 2, 3, 6, 4, dtype=torch.double)
    keys: Tensor | None = None
    values: Tensor | None = None
    outs = []
    for t in range(6):
        now = slice(t, t + 1)
        out, keys, values = cached_attention(q[..., now, :], k[..., now, :], v[..., now, :], keys, values)
        outs.append(out)
    assert_equal(torch.cat(outs, dim=-2), F.scaled_dot_product_attention(q, k, v, is_causal=True))
    assert_equal(keys, k)
    assert_equal(values, v)

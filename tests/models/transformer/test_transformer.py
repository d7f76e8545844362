"""Our layers are PyTorch's; the networks train, write, and write the same with and without a cache."""

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F

from models.attention.attention import causal_mask
from models.attention.cache import KVCache
from models.attention.masks import padding_mask
from models.attention.module import MultiHeadAttention
from models.language_models.decoding import pick
from models.transformer.language_model import LanguageModel
from models.transformer.layers import DecoderLayer, EncoderLayer
from models.transformer.positions import RotaryPositions, SinusoidalPositions, rotate, sinusoids
from models.transformer.transformer import Transformer


def assert_equal(actual: Tensor | None, expected: Tensor | None) -> None:
    """Equal but for the order of float64 sums."""
    torch.testing.assert_close(actual, expected, rtol=1e-9, atol=1e-10)


# Positions


def test_sinusoids_are_the_papers() -> None:
    table = sinusoids(torch.arange(50, dtype=torch.double), 6)
    for position in (0, 1, 49):
        for i in range(3):
            angle = torch.tensor(position / 10000 ** (2 * i / 6), dtype=torch.double)
            assert_equal(table[position, 2 * i], angle.sin())
            assert_equal(table[position, 2 * i + 1], angle.cos())
    x = torch.zeros(2, 3, 6)
    layer = SinusoidalPositions(6)
    torch.testing.assert_close(layer(x, past=4)[1], table[4:7].float())
    with pytest.raises(ValueError, match="in pairs of dimensions, got an odd width 5"):
        sinusoids(torch.arange(3), 5)


def test_a_rotation_is_a_product_of_complex_numbers() -> None:
    x = torch.randn(2, 3, 7, 8, dtype=torch.double)
    theta = 10000.0 ** (-torch.arange(0, 8, 2, dtype=torch.double) / 8)
    turn = torch.polar(torch.ones(7, 4, dtype=torch.double), torch.arange(7)[:, None] * theta)
    turned = torch.view_as_complex(x.reshape(2, 3, 7, 4, 2)) * turn
    assert_equal(RotaryPositions()(x), torch.view_as_real(turned).flatten(-2))


@given(m=st.integers(0, 200), n=st.integers(0, 200), shift=st.integers(0, 200), pairs=st.integers(1, 8))
@settings(max_examples=60, deadline=None)
def test_rotated_products_know_the_distance_alone(m: int, n: int, shift: int, pairs: int) -> None:
    q, k = torch.randn(2, 1, 2 * pairs, dtype=torch.double)

    def product(i: int, j: int) -> Tensor:
        at = [torch.tensor([p], dtype=torch.double) for p in (i, j)]
        return (rotate(q, at[0]) * rotate(k, at[1])).sum()

    assert_equal(product(m + shift, n + shift), product(m, n))
    turned = rotate(q, torch.tensor([m], dtype=torch.double))
    assert_equal(turned.norm(), q.norm())


# Layers

SHAPES = [(3, 5, 4), (1, 1, 1), (2, 7, 2)]  # B, L, heads
RESIDUALS = {"1": "residual1", "2": "residual2", "3": "residual3"}


def copy_attention(ours: MultiHeadAttention, theirs: nn.MultiheadAttention, grad: bool = False) -> None:
    """Give our attention PyTorch's weights, or compare the gradients of both."""
    for name in ("weight", "bias"):
        packed: Tensor | None = getattr(theirs, f"in_proj_{name}")
        if packed is None:
            continue
        layers = (ours.q_proj, ours.k_proj, ours.v_proj)
        for layer, part in zip(layers, range(3), strict=True):
            pair(getattr(layer, name), packed, grad, part)
    pair_layers(ours.out_proj, theirs.out_proj, grad)


def pair(ours: Tensor, theirs: Tensor, grad: bool, part: int | None = None) -> None:
    source = theirs.grad if grad else theirs
    assert source is not None
    source = source if part is None else source.chunk(3)[part]
    if grad:
        assert_equal(ours.grad, source)
    else:
        ours.data.copy_(source)


def pair_layers(ours: nn.Module, theirs: nn.Module, grad: bool) -> None:
    expected = dict(theirs.named_parameters())
    for name, parameter in ours.named_parameters():
        pair(parameter, expected[name], grad)


def pair_up(ours: nn.Module, theirs: nn.Module, grad: bool = False) -> None:
    copy_attention(ours.self_attn, theirs.self_attn, grad)  # type: ignore[arg-type]
    if isinstance(ours, DecoderLayer):
        copy_attention(ours.multihead_attn, theirs.multihead_attn, grad)  # type: ignore[arg-type]
    for name in ("linear1", "linear2"):
        pair_layers(getattr(ours.feed_forward, name), getattr(theirs, name), grad)
    for number, name in RESIDUALS.items():
        if hasattr(ours, name):
            pair_layers(getattr(ours, name).norm, getattr(theirs, f"norm{number}"), grad)


def twins(kind: str, **arguments: Any) -> tuple[nn.Module, nn.Module]:
    """Our layer and PyTorch's with the same random weights, in float64."""
    ours = {"encoder": EncoderLayer, "decoder": DecoderLayer}[kind](**arguments).double()
    torchs: Any = {"encoder": nn.TransformerEncoderLayer, "decoder": nn.TransformerDecoderLayer}[kind]
    theirs: nn.Module = torchs(batch_first=True, **arguments).double()
    with torch.no_grad():
        for parameter in theirs.parameters():
            parameter.uniform_(-0.7, 0.7)
    pair_up(ours, theirs)
    return ours, theirs


def assert_same(ours: nn.Module, theirs: nn.Module, inputs: list[Tensor], **masks: Any) -> None:
    mine, other = ([t.clone().requires_grad_() for t in inputs] for _ in range(2))
    torch.manual_seed(5)
    y = ours(*mine, **masks)
    torch.manual_seed(5)
    z = theirs(*other, **masks)
    assert_equal(y, z)
    pull = torch.randn_like(y)
    y.backward(pull)
    z.backward(pull)
    for a, b in zip(mine, other, strict=True):
        assert_equal(a.grad, b.grad)
    pair_up(ours, theirs, grad=True)


@pytest.mark.parametrize(("batch", "length", "heads"), SHAPES)
@pytest.mark.parametrize("norm_first", [False, True])
@pytest.mark.parametrize("masks", ["none", "causal", "padding", "both"])
@pytest.mark.parametrize("training", [True, False])
def test_the_encoder_layer_is_pytorchs(
    batch: int, length: int, heads: int, norm_first: bool, masks: str, training: bool
) -> None:
    shape = {"d_model": 8, "nhead": heads, "dim_feedforward": 12, "dropout": 0.0}
    ours, theirs = twins("encoder", norm_first=norm_first, **shape)
    ours.train(training)
    theirs.train(training)
    given: dict[str, Any] = {}
    if masks in ("causal", "both"):
        given["src_mask"] = ~causal_mask(length)
    if masks in ("padding", "both"):
        given["src_key_padding_mask"] = padding_mask(torch.arange(batch) % length + 1, length)
    x = torch.randn(batch, length, 8, dtype=torch.double)
    assert_same(ours, theirs, [x], **given)
    if masks == "causal":
        assert_equal(ours(x, is_causal=True), ours(x, **given))


@pytest.mark.parametrize(("batch", "length", "heads"), SHAPES)
@pytest.mark.parametrize("norm_first", [False, True])
@pytest.mark.parametrize("training", [True, False])
def test_the_decoder_layer_is_pytorchs(
    batch: int, length: int, heads: int, norm_first: bool, training: bool
) -> None:
    shape = {"d_model": 8, "nhead": heads, "dim_feedforward": 12, "dropout": 0.0}
    ours, theirs = twins("decoder", norm_first=norm_first, **shape)
    ours.train(training)
    theirs.train(training)
    x = torch.randn(batch, length, 8, dtype=torch.double)
    memory = torch.randn(batch, length + 2, 8, dtype=torch.double)
    padding = padding_mask(torch.arange(batch) % length + 1, length + 2)
    masks = {"tgt_mask": ~causal_mask(length), "memory_key_padding_mask": padding}
    assert_same(ours, theirs, [x, memory], **masks)
    assert_same(ours, theirs, [x, memory], tgt_key_padding_mask=padding[:, :length])
    weights: list[Tensor] = []
    y = ours(x, memory, memory_key_padding_mask=padding, tgt_is_causal=True, weights=weights)
    assert_equal(y, ours(x, memory, **masks))
    assert weights[0].shape == (batch, heads, length, length + 2)


@pytest.mark.parametrize("kind", ["encoder", "decoder"])
@pytest.mark.parametrize("bias", [True, False])
def test_dropout_activation_and_bias_are_pytorchs(kind: str, bias: bool) -> None:
    shape = {"d_model": 8, "nhead": 2, "dim_feedforward": 12, "dropout": 0.3, "activation": F.gelu}
    ours, theirs = twins(kind, bias=bias, layer_norm_eps=1e-3, **shape)
    # PyTorch's attention is sequence first inside: a larger batch has the same masks in another order.
    x = torch.randn(1, 5, 8, dtype=torch.double)
    inputs = [x] if kind == "encoder" else [x, torch.randn(1, 3, 8, dtype=torch.double)]
    assert_same(ours, theirs, inputs)  # the same masks from the same seed


def test_a_layer_of_the_base_model_has_the_papers_parameters() -> None:
    attention = 4 * 512 * 513
    feed_forward = 512 * 2048 + 2048 + 2048 * 512 + 512
    norm = 2 * 512
    assert count(EncoderLayer(512, 8)) == attention + feed_forward + 2 * norm == 3_152_384
    assert count(DecoderLayer(512, 8)) == 2 * attention + feed_forward + 3 * norm == 4_204_032


def count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


# Networks

SMALL: dict[str, Any] = {"d_model": 16, "nhead": 2, "dim_feedforward": 32, "dropout": 0.0}
DEPTH = {"num_encoder_layers": 2, "num_decoder_layers": 2}
KINDS = [(norm, positions) for norm in (False, True) for positions in ("sinusoidal", "rotary", "none")]


def small(vocabulary: int = 11, **arguments: Any) -> Transformer:
    return Transformer(vocabulary, vocabulary, **SMALL | DEPTH | {"pad": 0} | arguments)


def test_the_base_model_is_as_large_as_the_paper_says() -> None:
    with torch.device("meta"):
        model = Transformer(37_000, 37_000, tie_embeddings=True)
    layers = 6 * 3_152_384 + 6 * 4_204_032
    assert count(model) == layers + 37_000 * 512 == 63_082_496
    assert count(model) == pytest.approx(65e6, rel=0.04)  # table 3: 65 × 10⁶, "about 37000 tokens"


def test_tied_embeddings_are_one_matrix() -> None:
    model = small(tie_embeddings=True)
    assert model.output.weight is model.tgt_embedding.weight is model.src_embedding.weight
    other = Transformer(7, 11, **SMALL | DEPTH, tie_embeddings=True)
    assert other.output.weight is other.tgt_embedding.weight
    assert count(small()) - count(model) == 2 * 11 * 16
    assert other(torch.randint(7, (2, 3)), torch.randint(11, (2, 4))).shape == (2, 4, 11)


@pytest.mark.parametrize(("norm_first", "positions"), KINDS)
def test_the_future_is_hidden_and_padding_changes_nothing(norm_first: bool, positions: Any) -> None:
    model = small(norm_first=norm_first, positions=positions).double()
    src, tgt = torch.randint(1, 11, (3, 5)), torch.randint(1, 11, (3, 6))
    logits = model(src, tgt)
    assert logits.shape == (3, 6, 11)
    changed = tgt.clone()
    changed[:, 4:] = changed[:, 4:] % 10 + 1
    assert_equal(model(src, changed)[:, :4], logits[:, :4])
    assert not torch.allclose(model(src, changed)[:, 4:], logits[:, 4:])
    assert_equal(model(F.pad(src, (0, 3)), tgt), logits)


def test_without_positions_the_encoder_knows_no_order() -> None:
    src, order = torch.randint(1, 11, (1, 6)), torch.randperm(6)
    for positions in ("none", "sinusoidal", "rotary"):
        model = small(positions=positions).double()
        same = torch.allclose(model.encode(src[:, order]), model.encode(src)[:, order])
        assert same == (positions == "none")


@pytest.mark.parametrize(("norm_first", "positions"), KINDS)
@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_a_cache_changes_nothing_but_the_work(norm_first: bool, positions: Any, temperature: float) -> None:
    model = small(norm_first=norm_first, positions=positions).eval()
    language = LanguageModel(11, num_layers=2, norm_first=norm_first, positions=positions, **SMALL).eval()
    src = torch.randint(1, 11, (4, 5))
    src[1, 3:] = 0
    written = []
    for use_cache in (True, False):
        chance = torch.Generator().manual_seed(3)
        how: dict[str, Any] = {"temperature": temperature, "generator": chance, "use_cache": use_cache}
        written.append((model.generate(src, 7, start=1, **how), language.generate(src, 7, **how)))
    assert torch.equal(written[0][0], written[1][0])
    assert torch.equal(written[0][1], written[1][1])
    assert written[0][0].shape == (4, 7)
    assert written[0][1].shape == (4, 12)


def test_cached_logits_are_the_uncached_ones() -> None:
    language = LanguageModel(11, num_layers=2, **SMALL).double().eval()
    tokens = torch.randint(11, (2, 9))
    caches = [KVCache() for _ in language.layers]
    pieces = [language(tokens[:, a:b], caches) for a, b in ((0, 4), (4, 5), (5, 9))]
    assert_equal(torch.cat(pieces, dim=1), language(tokens))


def test_writing_stops_where_every_sequence_has_ended() -> None:
    model = small().eval()
    src = torch.randint(1, 11, (3, 5))
    free = model.generate(src, 10, start=1)
    end = int(free[0, 2])
    bound = model.generate(src, 10, start=1, end=end)
    for row, freely in zip(bound.tolist(), free.tolist(), strict=True):
        upto = row.index(end) if end in row else len(row)
        assert row[:upto] == freely[:upto]
        assert set(row[upto:]) <= {end}
    assert model.generate(src[:1], 10, start=1, end=end).shape == (1, free[0].tolist().index(end) + 1)
    assert model.generate(src, 0, start=1).shape == (3, 0)


def test_the_choice_of_the_next_token() -> None:
    logits = torch.tensor([[0.0, 3.0, 1.0, 2.0]])
    assert pick(logits).tolist() == [[1]]
    many, chance = logits.expand(4000, -1), torch.Generator().manual_seed(0)
    shares = torch.bincount(pick(many, 1.0, generator=chance)[:, 0], minlength=4) / 4000
    torch.testing.assert_close(shares, logits[0].softmax(0), rtol=0, atol=0.04)  # five standard errors
    assert set(pick(many, 1.0, top_k=2, generator=chance)[:, 0].tolist()) == {1, 3}
    assert set(pick(many, 0.01, generator=chance)[:, 0].tolist()) == {1}
    assert pick(many, 1.0, top_k=9, generator=chance).shape == (4000, 1)


@pytest.mark.parametrize(("norm_first", "positions"), [(False, "sinusoidal"), (True, "rotary")])
def test_it_learns_a_small_batch_by_heart(norm_first: bool, positions: Any) -> None:
    depth = {"num_encoder_layers": 1, "num_decoder_layers": 1}
    model = small(norm_first=norm_first, positions=positions, **depth)
    language = LanguageModel(11, num_layers=1, norm_first=norm_first, positions=positions, **SMALL)
    src, tgt = torch.randint(1, 11, (4, 5)), torch.randint(1, 11, (4, 6))
    tgt[:, 0] = 1
    optimizer = torch.optim.Adam([*model.parameters(), *language.parameters()], lr=0.01)
    for _ in range(100):
        losses = [
            F.cross_entropy(out.flatten(0, 1), tgt[:, 1:].flatten())
            for out in (model(src, tgt[:, :-1]), language(tgt[:, :-1]))
        ]
        optimizer.zero_grad()
        torch.autograd.backward(losses)
        optimizer.step()
    assert losses[0].item() < 0.05
    assert torch.equal(model.generate(src, 5, start=1), tgt[:, 1:])
    assert losses[1].item() < 0.8  # the first token leaves open which of the four it is


def test_weights_across_and_a_seed() -> None:
    model = small()
    src, tgt = torch.randint(1, 11, (3, 5)), torch.randint(1, 11, (3, 4))
    src[0, 3:] = 0
    weights = model.cross_attention(src, tgt)
    assert weights.shape == (2, 3, 2, 4, 5)  # layers, B, heads, T, S
    torch.testing.assert_close(weights.sum(-1), torch.ones(2, 3, 2, 4))
    assert (weights[:, 0, :, :, 3:] == 0).all()
    torch.manual_seed(3)
    one = small()
    torch.manual_seed(3)
    other = small()
    assert torch.equal(one(src, tgt), other(src, tgt))
    model.load_state_dict(one.state_dict())
    assert torch.equal(model(src, tgt), one(src, tgt))


def test_one_graph_for_the_compiler_and_half_precision() -> None:
    model = small(norm_first=True, positions="rotary").eval()
    src, tgt = torch.randint(1, 11, (2, 5)), torch.randint(1, 11, (2, 4))
    compiled = torch.compile(model, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(src, tgt), model(src, tgt))
    with torch.autocast("cpu", torch.bfloat16):
        logits = model(src, tgt)
    torch.testing.assert_close(logits.float(), model(src, tgt), rtol=0.1, atol=0.1)
    torch._dynamo.reset()

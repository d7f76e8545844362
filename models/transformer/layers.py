"""The layers of a Transformer: attention and feed-forward networks around a residual stream.

Masks: `…_mask` (L, S) and `…_key_padding_mask` (B, S) are True where a key may *not* be looked at, as in
torch.nn.Transformer; sequences are batch first.

Vaswani et al. 2017, sections 3.1 to 3.3, https://arxiv.org/abs/1706.03762
Xiong et al. 2020, normalization before each sublayer, https://arxiv.org/abs/2002.04745
"""

from collections.abc import Callable

from torch import Tensor, nn
from torch.nn import functional as F

from models.attention.cache import KVCache
from models.attention.module import MultiHeadAttention
from models.dropout import Dropout
from models.normalization.modules import LayerNorm
from models.pytorch_weights import rename_parts
from models.transformer.encoder_layer import residual

Activation = Callable[[Tensor], Tensor]


class FeedForward(nn.Module):
    """Two linear maps with an activation between: the same at every position, each position by itself."""

    def __init__(
        self, d_model: int, dim_feedforward: int, dropout: float, activation: Activation, bias: bool
    ) -> None:
        super().__init__()
        self.linear1 = nn.Linear(d_model, dim_feedforward, bias)
        self.dropout = Dropout(dropout)
        self.linear2 = nn.Linear(dim_feedforward, d_model, bias)
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:  # (B, L, d_model) -> the same
        """FFN(x) for every token."""
        # FFN(x) = max(0, x W₁ + b₁) W₂ + b₂                                                (equation 2)
        out: Tensor = self.linear2(self.dropout(self.activation(self.linear1(x))))
        return out


class Residual(nn.Module):
    """Normalization, dropout and the sum around a sublayer."""

    def __init__(self, d_model: int, dropout: float, norm_first: bool, eps: float, bias: bool) -> None:
        super().__init__()
        self.norm = LayerNorm(d_model, eps, bias=bias)
        self.dropout = Dropout(dropout)
        self.norm_first = norm_first

    def forward(self, x: Tensor, sublayer: Callable[[Tensor], Tensor]) -> Tensor:  # (B, L, d_model)
        """x and what the sublayer adds to it, some of which dropout leaves out in training."""
        return residual(x, lambda x: self.dropout(sublayer(x)), self.norm, self.norm_first)


class EncoderLayer(nn.Module):
    """Self-attention, then the feed-forward network.

    Arguments bear the names and have the defaults of torch.nn.TransformerEncoderLayer's, and load_state_dict
    takes its weights (models.pytorch_weights), but:

    - sequences come in batches only, (B, S, d_model): there is no `batch_first`, which is False there;
    - `activation` is a function, not a name; there is no device and no dtype;
    - `is_causal` hides the future by itself, there it is a hint that src_mask does so;
    - `rotary` turns queries and keys by their positions, `cache` keeps keys and values.
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = F.relu,
        layer_norm_eps: float = 1e-5,
        norm_first: bool = False,
        bias: bool = True,
        rotary: Callable[[Tensor, int], Tensor] | None = None,
    ) -> None:
        super().__init__()
        self.self_attn = MultiHeadAttention(d_model, nhead, dropout, bias, rotary=rotary)
        self.feed_forward = FeedForward(d_model, dim_feedforward, dropout, activation, bias)
        self.residual1 = Residual(d_model, dropout, norm_first, layer_norm_eps, bias)
        self.residual2 = Residual(d_model, dropout, norm_first, layer_norm_eps, bias)
        self.register_load_state_dict_pre_hook(rename_parts)

    def forward(
        self,
        src: Tensor,  # (B, S, d_model)
        src_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool = False,
        cache: KVCache | None = None,
    ) -> Tensor:
        """One layer, (B, S, d_model) -> the same. With is_causal it is a layer of a language model."""

        def attend(x: Tensor) -> Tensor:
            padding = src_key_padding_mask
            out: Tensor
            out, _ = self.self_attn(x, x, x, padding, False, src_mask, is_causal=is_causal, cache=cache)
            return out

        out: Tensor = self.residual2(self.residual1(src, attend), self.feed_forward)
        return out


class LayerCache:
    """What a decoder layer keeps while it generates: its own past, and the source once and for all."""

    def __init__(self) -> None:
        self.past, self.source = KVCache(), KVCache()


class DecoderLayer(nn.Module):
    """Causal self-attention, attention across to the encoder's output, then the feed-forward network.

    Arguments and weights are those of torch.nn.TransformerDecoderLayer, with the differences of EncoderLayer,
    no `memory_is_causal`, and `weights`, a list. `rotary` turns self-attention alone: across, a distance
    between two sequences would mean nothing.
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = F.relu,
        layer_norm_eps: float = 1e-5,
        norm_first: bool = False,
        bias: bool = True,
        rotary: Callable[[Tensor, int], Tensor] | None = None,
    ) -> None:
        super().__init__()
        self.self_attn = MultiHeadAttention(d_model, nhead, dropout, bias, rotary=rotary)
        self.multihead_attn = MultiHeadAttention(d_model, nhead, dropout, bias)
        self.feed_forward = FeedForward(d_model, dim_feedforward, dropout, activation, bias)
        self.residual1 = Residual(d_model, dropout, norm_first, layer_norm_eps, bias)
        self.residual2 = Residual(d_model, dropout, norm_first, layer_norm_eps, bias)
        self.residual3 = Residual(d_model, dropout, norm_first, layer_norm_eps, bias)
        self.register_load_state_dict_pre_hook(rename_parts)

    def forward(
        self,
        tgt: Tensor,  # (B, T, d_model)
        memory: Tensor,  # (B, S, d_model)
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool = False,
        cache: LayerCache | None = None,
        weights: list[Tensor] | None = None,
    ) -> Tensor:
        """One layer, (B, T, d_model) -> the same. A list of `weights` gets those across, (B, H, T, S)."""
        past = cache.past if cache is not None else None
        source = cache.source if cache is not None else None
        new = memory[:, :0] if source else memory  # what the cache does not hold yet

        def attend(x: Tensor) -> Tensor:
            padding, causal = tgt_key_padding_mask, tgt_is_causal
            out: Tensor
            out, _ = self.self_attn(x, x, x, padding, False, tgt_mask, is_causal=causal, cache=past)
            return out

        def across(x: Tensor) -> Tensor:
            padding, look = memory_key_padding_mask, weights is not None
            out: Tensor
            out, seen = self.multihead_attn(x, new, new, padding, look, memory_mask, False, cache=source)
            if weights is not None and seen is not None:
                weights.append(seen)
            return out

        out: Tensor = self.residual3(self.residual2(self.residual1(tgt, attend), across), self.feed_forward)
        return out

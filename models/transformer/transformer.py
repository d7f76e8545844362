"""The Transformer: layers of attention and feed-forward networks around a residual stream.

The encoder reads the source; the decoder writes the target one token at a time, looking back at what it has
written and across at the source. A language model is a decoder with nothing to look across at.

Masks: `…_mask` (L, S) and `…_key_padding_mask` (B, S) are True where a key may *not* be looked at, as in
torch.nn.Transformer; sequences are batch first.

Vaswani et al. 2017, "Attention Is All You Need", https://arxiv.org/abs/1706.03762
Xiong et al. 2020, normalization before each sublayer, https://arxiv.org/abs/2002.04745
"""

import math
from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.attention.cache import KVCache
from models.attention.module import MultiHeadAttention
from models.dropout import Dropout
from models.language_models.decoding import generate
from models.normalization.modules import LayerNorm
from models.pytorch_weights import rename_parts
from models.transformer.positions import RotaryPositions, SinusoidalPositions

PositionsName = Literal["sinusoidal", "rotary", "none"]
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
        """x and what the sublayer adds to it."""
        if self.norm_first:
            # x + Sublayer(LayerNorm(x)): the stream itself is never normalized
            out: Tensor = x + self.dropout(sublayer(self.norm(x)))
        else:
            # LayerNorm(x + Sublayer(x))                                                   (section 3.1)
            out = self.norm(x + self.dropout(sublayer(x)))
        return out


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
        self.register_load_state_dict_pre_hook(rename_parts)  # type: ignore[no-untyped-call]

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
        self.register_load_state_dict_pre_hook(rename_parts)  # type: ignore[no-untyped-call]

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


class Embedding(nn.Module):
    """Tokens to vectors of about unit size in every dimension, with their positions where these are added."""

    def __init__(self, vocabulary: int, d_model: int, dropout: float, positions: PositionsName) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(vocabulary, d_model) / math.sqrt(d_model))
        self.positions = SinusoidalPositions(d_model) if positions == "sinusoidal" else None
        self.dropout = Dropout(dropout)

    def forward(self, tokens: Tensor, past: int = 0) -> Tensor:  # (B, L) -> (B, L, d_model)
        """The vectors of tokens that stand behind `past` others."""
        # "we multiply those weights by √d_model"                                          (section 3.4)
        x = F.embedding(tokens, self.weight) * math.sqrt(self.weight.shape[1])  # (B, L, d_model)
        if self.positions is not None:
            x = self.positions(x, past)
        out: Tensor = self.dropout(x)
        return out


class Transformer(nn.Module):
    """Encoder and decoder of the paper, from tokens to the logits of the next token.

    The defaults are the base model's. `pad` is the token that fills up short sources, if there is one.
    Tied embeddings share one matrix between the target's embedding and the output, and the source's
    embedding too where both vocabularies are equally large (section 3.4).
    """

    def __init__(
        self,
        src_vocabulary: int,
        tgt_vocabulary: int,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        norm_first: bool = False,
        positions: PositionsName = "sinusoidal",
        tie_embeddings: bool = False,
        pad: int | None = None,
    ) -> None:
        super().__init__()
        self.pad = pad
        self.causal = True  # False lets the decoder see the future, to show what the mask is for
        shape = (d_model, nhead, dim_feedforward, dropout, F.relu, 1e-5, norm_first)
        rotary = RotaryPositions() if positions == "rotary" else None
        self.src_embedding = Embedding(src_vocabulary, d_model, dropout, positions)
        self.tgt_embedding = Embedding(tgt_vocabulary, d_model, dropout, positions)
        self.encoder = nn.ModuleList(EncoderLayer(*shape, rotary=rotary) for _ in range(num_encoder_layers))
        self.decoder = nn.ModuleList(DecoderLayer(*shape, rotary=rotary) for _ in range(num_decoder_layers))
        # A stream that is never normalized is, at its end. After the last post-norm it would change nothing.
        self.encoder_norm = LayerNorm(d_model) if norm_first else nn.Identity()
        self.decoder_norm = LayerNorm(d_model) if norm_first else nn.Identity()
        self.output = nn.Linear(d_model, tgt_vocabulary, bias=False)
        _initialize(self)
        if tie_embeddings:
            self.output.weight = self.tgt_embedding.weight
            if src_vocabulary == tgt_vocabulary:
                self.src_embedding.weight = self.tgt_embedding.weight

    def forward(self, src: Tensor, tgt: Tensor) -> Tensor:  # (B, S), (B, T) -> (B, T, tgt_vocabulary)
        """Logits of the token after each of tgt, which starts with the start token ("shifted right")."""
        return self.decode(tgt, self.encode(src), self._padding(src))

    def encode(self, src: Tensor) -> Tensor:  # (B, S) -> (B, S, d_model)
        """What the encoder makes of the source."""
        x = self.src_embedding(src)
        for layer in self.encoder:
            x = layer(x, src_key_padding_mask=self._padding(src))
        out: Tensor = self.encoder_norm(x)
        return out

    def decode(
        self,
        tgt: Tensor,  # (B, T)
        memory: Tensor,  # (B, S, d_model)
        padding: Tensor | None = None,  # (B, S)
        caches: list[LayerCache] | None = None,
        weights: list[Tensor] | None = None,
    ) -> Tensor:
        """Logits (B, T, tgt_vocabulary). With caches, tgt are the tokens behind those already seen."""
        x = self.tgt_embedding(tgt, len(caches[0].past) if caches else 0)
        for i, layer in enumerate(self.decoder):
            x = layer(
                x,
                memory,
                memory_key_padding_mask=padding,
                tgt_is_causal=self.causal,
                cache=caches[i] if caches else None,
                weights=weights,
            )
        out: Tensor = self.output(self.decoder_norm(x))
        return out

    @torch.no_grad()
    def cross_attention(self, src: Tensor, tgt: Tensor) -> Tensor:
        """Where the decoder looks while it reads tgt: weights of all layers, (layers, B, H, T, S)."""
        weights: list[Tensor] = []
        self.decode(tgt, self.encode(src), self._padding(src), weights=weights)
        return torch.stack(weights)

    @torch.no_grad()
    def generate(
        self,
        src: Tensor,  # (B, S)
        max_new_tokens: int,
        start: int,
        end: int | None = None,
        temperature: float = 0.0,
        top_k: int | None = None,
        generator: torch.Generator | None = None,
        use_cache: bool = True,
    ) -> Tensor:
        """Write a target for each source, (B, at most max_new_tokens), without the start token."""
        memory, padding = self.encode(src), self._padding(src)
        caches = [LayerCache() for _ in self.decoder] if use_cache else None
        first = src.new_full((len(src), 1), start)

        def logits(tokens: Tensor) -> Tensor:
            return self.decode(tokens[:, -1:] if caches else tokens, memory, padding, caches)[:, -1]

        return generate(logits, first, max_new_tokens, end, temperature, top_k, generator)[:, 1:]

    def _padding(self, src: Tensor) -> Tensor | None:
        return None if self.pad is None else src == self.pad  # (B, S)


class LanguageModel(nn.Module):
    """A decoder alone (GPT): layers of causal self-attention, from tokens to the logits of the next one."""

    def __init__(
        self,
        vocabulary: int,
        d_model: int = 512,
        nhead: int = 8,
        num_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        norm_first: bool = True,
        positions: PositionsName = "rotary",
        tie_embeddings: bool = True,
    ) -> None:
        super().__init__()
        shape = (d_model, nhead, dim_feedforward, dropout, F.gelu, 1e-5, norm_first)
        rotary = RotaryPositions() if positions == "rotary" else None
        self.embedding = Embedding(vocabulary, d_model, dropout, positions)
        self.layers = nn.ModuleList(EncoderLayer(*shape, rotary=rotary) for _ in range(num_layers))
        self.norm = LayerNorm(d_model) if norm_first else nn.Identity()
        self.output = nn.Linear(d_model, vocabulary, bias=False)
        _initialize(self)
        if tie_embeddings:
            self.output.weight = self.embedding.weight

    def forward(
        self,
        tokens: Tensor,  # (B, L)
        caches: list[KVCache] | None = None,
    ) -> Tensor:
        """Logits of the token after each, (B, L, vocabulary). With caches, tokens are those not yet seen."""
        x = self.embedding(tokens, len(caches[0]) if caches else 0)
        for i, layer in enumerate(self.layers):
            x = layer(x, is_causal=True, cache=caches[i] if caches else None)
        out: Tensor = self.output(self.norm(x))
        return out

    @torch.no_grad()
    def generate(
        self,
        prompt: Tensor,  # (B, L), at least one token
        max_new_tokens: int,
        end: int | None = None,
        temperature: float = 0.0,
        top_k: int | None = None,
        generator: torch.Generator | None = None,
        use_cache: bool = True,
    ) -> Tensor:
        """Go on writing behind each prompt: prompt and new tokens, (B, at most L + max_new_tokens)."""
        caches = [KVCache() for _ in self.layers] if use_cache else None

        def logits(tokens: Tensor) -> Tensor:
            unseen = tokens[:, len(caches[0]) :] if caches else tokens
            out: Tensor = self(unseen, caches)[:, -1]
            return out

        return generate(logits, prompt, max_new_tokens, end, temperature, top_k, generator)


def _initialize(module: nn.Module) -> None:
    """Glorot's uniform weights for every matrix but the embeddings, as torch.nn.Transformer has them."""
    for part in module.modules():
        if isinstance(part, nn.Linear):
            nn.init.xavier_uniform_(part.weight)
            if part.bias is not None:
                nn.init.zeros_(part.bias)

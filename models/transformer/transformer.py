"""The Transformer of the paper, from tokens to the logits of the next token.

The encoder reads the source; the decoder writes the target one token at a time, looking back at what it has
written and across at the source. The layers are in layers.py, a decoder alone in language_model.py.

Vaswani et al. 2017, "Attention Is All You Need", https://arxiv.org/abs/1706.03762
"""

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.language_models.decoding import generate
from models.normalization.modules import LayerNorm
from models.transformer.embedding import Embedding, PositionsName, glorot
from models.transformer.layers import DecoderLayer, EncoderLayer, LayerCache
from models.transformer.positions import RotaryPositions


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
        glorot(self)
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
        for depth, layer in enumerate(self.decoder):
            x = layer(
                x,
                memory,
                memory_key_padding_mask=padding,
                tgt_is_causal=self.causal,
                cache=caches[depth] if caches else None,
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


def train(
    model: Transformer,
    pairs: Iterable[tuple[Tensor, Tensor]],  # (B, S), (B, T): batches of sources and targets
    start: int,  # the token that every target is begun with
    lr: float = 1e-3,
) -> list[float]:
    """Teach a model to write the targets of sources: its loss at each batch, in nats a token."""
    optimizer = torch.optim.Adam(model.parameters(), lr, betas=(0.9, 0.98))  # (section 5.3)
    losses = []
    for src, tgt in pairs:
        shifted = F.pad(tgt[:, :-1], (1, 0), value=start)  # (B, T)  what stands before each token
        loss = F.cross_entropy(model(src, shifted).transpose(1, 2), tgt)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses

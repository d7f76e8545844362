"""A language model: a decoder with nothing to look across at (GPT).

It is trained to say the next token at every place of a text at once, and writes one token at a time.

Vaswani et al. 2017, "Attention Is All You Need", https://arxiv.org/abs/1706.03762
Radford et al. 2018, "Improving language understanding by generative pre-training", section 3.1
"""

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.attention.cache import KVCache
from models.language_models.decoding import generate
from models.normalization.modules import LayerNorm
from models.transformer.embedding import Embedding, PositionsName, glorot
from models.transformer.layers import EncoderLayer
from models.transformer.positions import RotaryPositions


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
        glorot(self)
        if tie_embeddings:
            self.output.weight = self.embedding.weight

    def forward(
        self,
        tokens: Tensor,  # (B, L)
        caches: list[KVCache] | None = None,
    ) -> Tensor:
        """Logits of the token after each, (B, L, vocabulary). With caches, tokens are those not yet seen."""
        x = self.embedding(tokens, len(caches[0]) if caches else 0)
        for depth, layer in enumerate(self.layers):
            x = layer(x, is_causal=True, cache=caches[depth] if caches else None)
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


def train(
    model: LanguageModel,
    texts: Iterable[Tensor],  # (B, L + 1): batches of tokens
    lr: float = 1e-3,
) -> list[float]:
    """Teach a model to go on with texts: its loss at each batch, in nats a token."""
    optimizer = torch.optim.AdamW(model.parameters(), lr)
    losses = []
    for tokens in texts:
        # L = −1/L Σ_i log p(y_{i+1} | y₁ … y_i): each token is the target of those before it
        loss = F.cross_entropy(model(tokens[:, :-1]).transpose(1, 2), tokens[:, 1:])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses

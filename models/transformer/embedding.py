"""The first layer of a Transformer, tokens to vectors, and the weights that it begins with.

Vaswani et al. 2017, section 3.4, https://arxiv.org/abs/1706.03762
"""

import math
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.dropout import Dropout
from models.transformer.positions import SinusoidalPositions

PositionsName = Literal["sinusoidal", "rotary", "none"]


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


def glorot(module: nn.Module) -> None:
    """Glorot's uniform weights for every matrix but the embeddings, as torch.nn.Transformer has them."""
    for part in module.modules():
        if isinstance(part, nn.Linear):
            nn.init.xavier_uniform_(part.weight)
            if part.bias is not None:
                nn.init.zeros_(part.bias)

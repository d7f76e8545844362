"""Positions: attention sees a set of tokens; these say where each of them stands.

Sinusoids are added to the embeddings, rotations turn queries and keys instead, so that their dot product
depends on the distance of the two tokens alone. Neither has parameters.

Vaswani et al. 2017, section 3.5, https://arxiv.org/abs/1706.03762
Su et al. 2021, "RoFormer", equations 14, 15 and 34, https://arxiv.org/abs/2104.09864
"""

import torch
from torch import Tensor, nn


def angles(positions: Tensor, width: int, base: float) -> Tensor:
    """How far the i-th pair of dimensions has turned at each position: (L) -> (L, width / 2), in radians."""
    if width % 2:
        raise ValueError(f"positions are written in pairs of dimensions, got an odd width {width}")
    dtype = torch.promote_types(positions.dtype, torch.float32)
    # θ_i = 10000^(−2i/d)
    theta = base ** (-torch.arange(0, width, 2, dtype=dtype, device=positions.device) / width)
    return positions[:, None] * theta  # (L, width / 2)


def sinusoids(positions: Tensor, width: int, base: float = 10000.0) -> Tensor:
    """The encoding of each position, (L) -> (L, width)."""
    turned = angles(positions, width, base)  # (L, width / 2)  pos / 10000^(2i/d)
    # PE(pos, 2i) = sin(pos / 10000^(2i/d)),  PE(pos, 2i+1) = cos(pos / 10000^(2i/d))
    return torch.stack([turned.sin(), turned.cos()], dim=-1).flatten(1)  # (L, width)


class SinusoidalPositions(nn.Module):
    """Adds the sinusoids of positions 0, 1, 2, … to a sequence of embeddings."""

    def __init__(self, d_model: int, base: float = 10000.0) -> None:
        super().__init__()
        self.d_model, self.base = d_model, base

    def forward(self, x: Tensor, past: int = 0) -> Tensor:  # (B, L, d_model) -> the same
        """x plus positions, counted from `past`."""
        if x.shape[-1] != self.d_model:  # one feature would be broadcast
            raise ValueError(f"expected embeddings of width {self.d_model}, got {tuple(x.shape)}")
        positions = _counted(past, x.shape[1], x)
        return x + sinusoids(positions, self.d_model, self.base).to(x.dtype)


def rotate(x: Tensor, positions: Tensor, base: float = 10000.0) -> Tensor:
    """Turn each pair of dimensions of x (…, L, D) by its angle at these positions (L)."""
    if positions.shape != x.shape[-2:-1]:  # one would be broadcast to all
        raise ValueError(f"{x.shape[-2]} tokens need as many positions, got {tuple(positions.shape)}")
    turned = angles(positions, x.shape[-1], base)  # (L, D / 2)  m θ_i = m · 10000^(−2i/d)
    cos, sin = turned.cos().to(x.dtype), turned.sin().to(x.dtype)
    first, second = x[..., ::2], x[..., 1::2]  # (…, L, D / 2) each
    # R x = x ⊙ cos mθ + (−x₂, x₁, −x₄, x₃, …) ⊙ sin mθ                                (equation 34)
    return torch.stack([first * cos - second * sin, second * cos + first * sin], dim=-1).flatten(-2)


class RotaryPositions(nn.Module):
    """Rotary position embedding: turns queries and keys, so that ⟨R_m q, R_n k⟩ knows m − n only."""

    def __init__(self, base: float = 10000.0) -> None:
        super().__init__()
        self.base = base

    def forward(self, x: Tensor, past: int = 0) -> Tensor:  # (…, L, D) -> the same
        """x turned by positions counted from `past`."""
        return rotate(x, _counted(past, x.shape[-2], x), self.base)


def _counted(past: int, length: int, like: Tensor) -> Tensor:
    """Positions from `past` on, (length), as numbers precise enough for angles."""
    dtype = torch.promote_types(like.dtype, torch.float32)
    return torch.arange(past, past + length, dtype=dtype, device=like.device)

"""One layer of a Transformer's encoder as a function of its weights: attention, then each token by itself.

Each of the two is a sublayer that adds to what comes in, x, the residual stream; a normalization keeps the
numbers in bounds. layers.py has the layer as a module, with all that PyTorch's offers.

Vaswani et al. 2017, sections 3.1 and 3.3, https://arxiv.org/abs/1706.03762
Xiong et al. 2020, normalization before each sublayer, https://arxiv.org/abs/2002.04745
"""

from collections.abc import Callable

from torch import Tensor
from torch.nn import functional as F

from models.attention.heads import multi_head_attention
from models.normalization.normalization import layer_norm


def encoder_layer(
    x: Tensor,  # (B, L, E)
    in_proj_weight: Tensor,  # (3 E, E): W^Q, W^K and W^V, one below the other
    out_proj_weight: Tensor,  # (E, E)
    linear1_weight: Tensor,  # (M, E)
    linear2_weight: Tensor,  # (E, M)
    num_heads: int,
    norm_first: bool = False,
) -> Tensor:
    """Self-attention, then the feed-forward network, (B, L, E) -> the same: no biases, γ = 1, no dropout.

    Weights are kept as in nn.Linear, output features first, and bear the names of
    torch.nn.TransformerEncoderLayer.
    """

    if not len(in_proj_weight) // 3 == len(out_proj_weight) == len(linear2_weight) == x.shape[-1]:
        raise ValueError(f"the sublayers must return vectors as wide as those of x, {x.shape[-1]}")

    def norm(x: Tensor) -> Tensor:
        return layer_norm(x, x.shape[-1:])

    def attend(x: Tensor) -> Tensor:
        w_q, w_k, w_v = in_proj_weight.chunk(3)  # (E, E) each
        return multi_head_attention(x, w_q, w_k, w_v, out_proj_weight, num_heads)

    def feed_forward(x: Tensor) -> Tensor:
        # FFN(x) = max(0, x W₁) W₂                                                          (equation 2)
        return F.linear(F.relu(F.linear(x, linear1_weight)), linear2_weight)

    x = residual(x, attend, norm, norm_first)
    return residual(x, feed_forward, norm, norm_first)


def residual(
    x: Tensor,  # (B, L, E)
    sublayer: Callable[[Tensor], Tensor],
    norm: Callable[[Tensor], Tensor],
    norm_first: bool,
) -> Tensor:
    """x and what a sublayer adds to it, (B, L, E), normalized before the sublayer or at the end."""
    if norm_first:
        # x + Sublayer(LayerNorm(x)): the stream itself is never normalized
        return x + sublayer(norm(x))
    # LayerNorm(x + Sublayer(x))                                                           (section 3.1)
    return norm(x + sublayer(x))

"""Half precision: where numbers are squared or summed, float16 ends at 65,504 and bfloat16 has 8 bits.

A square of 256 or a sum of some thousand is ∞ there, and what is divided by it 0, without a word. So such
steps are computed in float32, as PyTorch's kernels do it; their results may be rounded again.

Micikevicius et al. 2018, "Mixed precision training", section 3.3, https://arxiv.org/abs/1710.03740
"""

import torch
from torch import Tensor


def at_least_float32(x: Tensor) -> Tensor:
    """x in float32 where it is in half precision or integers; float32 and float64 stay as they are."""
    return x.to(torch.promote_types(x.dtype, torch.float32))

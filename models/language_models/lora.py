"""Low-rank adaptation: a frozen linear map, and beside it a narrow one that is trained.

    h = W₀ x + α/r · B A x                                                          (equation 3)

A maps down to r dimensions, B up again. B starts at zero, so that training begins with the frozen map alone.

Hu et al. 2022, "LoRA", section 4.1, https://arxiv.org/abs/2106.09685
"""

from torch import Tensor
from torch.nn import functional as F


def lora_linear(
    x: Tensor,  # (…, I)
    weight: Tensor,  # (O, I), frozen
    lora_a: Tensor,  # (r, I)
    lora_b: Tensor,  # (O, r)
    alpha: float,
) -> Tensor:
    """The adapted map of x, (…, O). B A, as large as the weight itself, is never formed."""
    if lora_b.shape != (len(weight), len(lora_a)):  # one row would be broadcast
        raise ValueError(f"expected B of size {(len(weight), len(lora_a))}, got {tuple(lora_b.shape)}")
    update = F.linear(F.linear(x, lora_a), lora_b)  # (…, I) -> (…, r) -> (…, O)
    # h = W₀ x + α/r · B A x
    return F.linear(x, weight) + alpha / len(lora_a) * update

"""mixup: train on lines between examples rather than on the examples.

Zhang et al. 2018, "mixup: beyond empirical risk minimization", section 2, https://arxiv.org/abs/1710.09412
"""

from torch import Tensor
from torch.nn import functional as F


def mixup(
    x: Tensor,  # (N, …)
    target: Tensor,  # (N), class indices
    permutation: Tensor,  # (N), who is mixed with whom
    lam: float,  # λ ~ Beta(α, α), one for the batch
    num_classes: int,
) -> tuple[Tensor, Tensor]:
    """Mix each example with its partner: inputs like x, and soft targets (N, num_classes).

    Zhang et al. 2018, section 2. Indices cannot be mixed, only distributions over classes:
    torch.nn.functional.cross_entropy takes those as they are.
    """
    if not target.shape == permutation.shape == x.shape[:1]:  # one partner would be broadcast to all
        raise ValueError(
            f"{len(x)} examples need a target and a partner each, got {tuple(target.shape)} and "
            f"{tuple(permutation.shape)}"
        )
    y = F.one_hot(target, num_classes).to(x.dtype)  # (N, C)
    # x̃ = λ x_i + (1 − λ) x_j        ỹ = λ y_i + (1 − λ) y_j,  j = π(i)
    return lam * x + (1 - lam) * x[permutation], lam * y + (1 - lam) * y[permutation]

"""The stable cross-entropy by max(z, 0), whose slope at z = 0 is lost: a mistake of several questions."""

from torch import Tensor
from torch.nn import functional as F

KINKED = (
    "the values are right, the slope at z = 0 is not: autograd takes that of max(z, 0) and that of |z| as 0 "
    "there, and the ½ is lost",
    "值对了，但 z = 0 处的梯度不对：autograd 在那里把 max(z, 0) 和 |z| 的导数都取 0，丢了 ½",
)


def kinked(logits: Tensor) -> Tensor:
    """log(1 + eᶻ) as max(z, 0) + log(1 + e^−|z|)."""
    return F.relu(logits) + (-logits.abs()).exp().log1p()

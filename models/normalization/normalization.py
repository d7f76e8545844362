"""Layer and RMS normalization: subtract a mean, divide by a spread, then give the scale back.

    y = γ (x − μ) / √(σ² + ε) + β

What tells normalizations apart is which numbers share one μ and one σ:

    LayerNorm   the values of one sample, over its own features: its batch mates play no part
    RMSNorm     as LayerNorm, with μ = 0 and no β
    BatchNorm   the values of one feature, over the whole batch (batch_norm.py)

Arguments are those of the namesakes in torch.nn.functional; the layers are in modules.py. Inputs in half
precision are normalized in float32.

Ba, Kiros & Hinton 2016, equations 3 and 4, https://arxiv.org/abs/1607.06450
Zhang & Sennrich 2019, RMSNorm, equation 4, https://arxiv.org/abs/1910.07467
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from models.precision import at_least_float32


def layer_norm(
    x: Tensor,  # (…, *normalized_shape)
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,  # normalized_shape  γ
    bias: Tensor | None = None,  # normalized_shape  β
    eps: float = 1e-5,
) -> Tensor:
    """Normalize each sample over its last dimensions, alike in training and in evaluation."""
    over = _trailing_dims(x, normalized_shape)
    if weight is not None and weight.shape != tuple(normalized_shape):  # it would be broadcast
        raise ValueError(f"expected a weight of size {tuple(normalized_shape)}, got {tuple(weight.shape)}")
    if bias is not None and bias.shape != tuple(normalized_shape):
        raise ValueError(f"expected a bias of size {tuple(normalized_shape)}, got {tuple(bias.shape)}")
    z, _, var = centred(at_least_float32(x), over)
    return normalized(z, var, weight, bias, eps).to(x.dtype)


def centred(x: Tensor, over: list[int]) -> tuple[Tensor, Tensor, Tensor]:
    """x less its mean over these dimensions, the mean, and the variance, in which they are of size 1."""
    # μ = 1/n Σ x
    mean = x.mean(over, keepdim=True)
    z = x - mean
    # σ² = 1/n Σ (x − μ)², biased: it normalizes these very numbers
    return z, mean, z.square().mean(over, keepdim=True)


def normalized(z: Tensor, var: Tensor, weight: Tensor | None, bias: Tensor | None, eps: float) -> Tensor:
    """z = x − μ, divided by its spread, then scaled and shifted; all are broadcast to its size."""
    # y = γ (x − μ) / √(σ² + ε) + β
    z = z * torch.rsqrt(var + eps)
    if weight is not None:
        z = z * weight
    if bias is not None:
        z = z + bias
    return z


def rms_norm(
    x: Tensor,  # (…, *normalized_shape)
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,  # normalized_shape
    eps: float | None = None,
) -> Tensor:
    """Divide each sample by the root mean square of its last dimensions; eps None is the machine epsilon."""
    _trailing_dims(x, normalized_shape)
    if eps is None:
        eps = torch.finfo(at_least_float32(x).dtype).eps
    return rms_norm_of_llama(x, normalized_shape, weight, eps)


def rms_norm_of_llama(
    x: Tensor,  # (…, *normalized_shape)
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,  # normalized_shape
    eps: float = 1e-6,
) -> Tensor:
    """`rms_norm` with the ε that LLaMA and most language models after it use."""
    if weight is not None and weight.shape != tuple(normalized_shape):  # it would be broadcast
        raise ValueError(f"expected a weight of size {tuple(normalized_shape)}, got {tuple(weight.shape)}")
    over = list(range(-len(normalized_shape), 0))
    z = at_least_float32(x)
    # a / RMS(a) · g,  RMS(a) = √(1/n Σ a²)
    z = z * torch.rsqrt(z.square().mean(over, keepdim=True) + eps)
    if weight is not None:
        z = z * weight
    return z.to(x.dtype)


def _trailing_dims(x: Tensor, normalized_shape: Sequence[int]) -> list[int]:
    """The last dimensions of x, which must be of normalized_shape: [-1] for features, [-2, -1] for planes."""
    shape = tuple(normalized_shape)
    if not shape or tuple(x.shape[-len(shape) :]) != shape:
        raise ValueError(f"expected input of size (*, {', '.join(map(str, shape))}), got {tuple(x.shape)}")
    return list(range(-len(shape), 0))

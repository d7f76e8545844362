"""The layer as a function of its weights is PyTorch's layer, in both orders."""

import pytest
import torch
from torch import Tensor, nn

from models.transformer.encoder_layer import encoder_layer

NAMES = ("self_attn.in_proj_weight", "self_attn.out_proj.weight", "linear1.weight", "linear2.weight")


@pytest.mark.parametrize("norm_first", [False, True])
@pytest.mark.parametrize("heads", [1, 3])
def test_it_is_pytorchs_layer(heads: int, norm_first: bool) -> None:
    random = torch.Generator().manual_seed(0)
    layer = nn.TransformerEncoderLayer(
        12, heads, 20, 0.0, batch_first=True, norm_first=norm_first, bias=False, dtype=torch.double
    )
    weights = [layer.get_parameter(name) for name in NAMES]
    with torch.no_grad():
        for weight in weights:
            weight.copy_(
                torch.randn(weight.shape, generator=random, dtype=torch.double) / weight.shape[1] ** 0.5
            )
    x = torch.randn(2, 5, 12, generator=random, dtype=torch.double).requires_grad_()
    w_in, w_out, w_1, w_2 = weights
    ours, theirs = encoder_layer(x, w_in, w_out, w_1, w_2, heads, norm_first), layer(x)
    torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-10)
    gradients: list[tuple[Tensor, ...]] = [
        torch.autograd.grad(out.square().sum(), [x, *weights]) for out in (ours, theirs)
    ]
    torch.testing.assert_close(*gradients, rtol=1e-9, atol=1e-9)

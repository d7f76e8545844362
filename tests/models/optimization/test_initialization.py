"""The spread of fresh weights against PyTorch's initialization, and what it is for."""

from typing import Literal

import pytest
import torch
from torch import nn

from models.optimization.initialization import init_weight


@pytest.mark.parametrize(
    "shape", [(300, 500), (500, 300), (64, 32, 5, 5), (96, 48, 7, 1), (200, 100, 3)], ids=str
)
def test_the_spread_is_pytorchs(shape: tuple[int, ...]) -> None:
    he, xavier = torch.empty(shape), torch.empty(shape)
    nn.init.kaiming_normal_(he, nonlinearity="relu")
    nn.init.xavier_normal_(xavier)
    assert init_weight(shape, "he").std().item() == pytest.approx(he.std().item(), rel=0.02)
    assert init_weight(shape, "xavier").std().item() == pytest.approx(xavier.std().item(), rel=0.02)


@pytest.mark.parametrize(("scheme", "activation"), [("he", nn.ReLU()), ("xavier", nn.Identity())])
def test_thirty_layers_keep_the_mean_square(scheme: Literal["he", "xavier"], activation: nn.Module) -> None:
    z = torch.randn(64, 512)
    for _ in range(30):
        z = activation(z) @ init_weight((512, 512), scheme).mT
    assert 0.4 < z.square().mean().item() < 2.5


def test_an_unknown_scheme_is_refused() -> None:
    with pytest.raises(KeyError, match="lecun"):
        init_weight((2, 2), "lecun")  # type: ignore[arg-type]

"""Each network learns by the lines that stand at the end of its file."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from models import gan, unet, vae
from models.autoencoder import autoencoder
from models.transformer import language_model, transformer

STEPS = 40
PICTURES = (torch.arange(8)[:, None] == torch.arange(16) // 2).float()  # (8, 16): a bright pair each


def _autoencoder() -> list[float]:
    return autoencoder.train(autoencoder.Autoencoder(16, (32,), 4), [PICTURES] * STEPS, lr=1e-2)


def _vae() -> list[float]:
    return vae.train(vae.VAE(16, 32, 4), [PICTURES] * STEPS, lr=1e-2)


def _unet() -> list[float]:
    x = torch.randn(2, 1, 16, 16)
    network = unet.UNet(channels=4, depth=1, padding="same")
    return unet.train(network, [(x, (x[:, 0] > 0).long())] * STEPS, lr=1e-2)


def _transformer() -> list[float]:
    src = torch.randint(5, (16, 6))
    model = transformer.Transformer(6, 6, 16, 2, 1, 1, 32, dropout=0.0)
    return transformer.train(model, [(src, src)] * STEPS, start=5, lr=1e-2)


def _language_model() -> list[float]:
    texts: Tensor = torch.arange(9).remainder(4).repeat(4, 1)  # (4, 9)
    model = language_model.LanguageModel(4, 16, 2, 1, 32, dropout=0.0)
    return language_model.train(model, [texts] * STEPS, lr=1e-2)


@pytest.mark.parametrize("learn", [_autoencoder, _vae, _unet, _transformer, _language_model])
def test_the_loss_falls(learn: Callable[[], list[float]]) -> None:
    losses = learn()
    assert len(losses) == STEPS
    assert losses[-1] < 0.8 * losses[0]


def test_both_players_learn() -> None:
    generator = gan.Generator(2, (16,), 1, pixels=False)
    discriminator = gan.Discriminator(1, (16,))
    losses = gan.train(generator, discriminator, (4 + torch.randn(64, 1) for _ in range(300)), lr=1e-2)
    assert len(losses) == 300
    samples = generator(torch.randn(500, 2))
    assert abs(samples.mean().item() - 4) < 2

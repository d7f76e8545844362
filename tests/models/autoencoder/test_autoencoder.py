from collections.abc import Callable
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.distributions import Bernoulli
from torch.nn import functional as F

from models.autoencoder.autoencoder import Autoencoder, autoencode, reconstruction_loss, squared_error

PAPER = (1000, 500, 250)  # Hinton & Salakhutdinov 2006, with a code of 30


def count(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


# The network


def test_shapes_follow_the_sizes_asked_for() -> None:
    model = Autoencoder(in_features=12, hidden=(7, 5), latent=3)
    x = torch.rand(4, 12)
    assert model.encode(x).shape == (4, 3)
    assert model(x).shape == model.sample(torch.randn(4, 3)).shape == (4, 12)
    assert model(x[:1]).shape == (1, 12)
    assert model(x[:0]).shape == (0, 12)


@given(st.integers(1, 9), st.lists(st.integers(1, 9), max_size=3), st.integers(1, 9), st.integers(0, 3))
@settings(max_examples=25, deadline=None)
def test_any_widths_will_do(in_features: int, hidden: list[int], latent: int, batch: int) -> None:
    model = Autoencoder(in_features, hidden, latent)
    widths = [in_features, *hidden, latent]
    weights = sum(a * b for a, b in pairwise(widths))
    assert count(model) == 2 * weights + sum(widths[1:]) + sum(widths[:-1])
    x = torch.rand(batch, in_features)
    assert model(x).shape == x.shape
    assert model.encode(x).shape == (batch, latent)


@pytest.mark.parametrize("widths", [(0, (4,), 2), (8, (0,), 2), (8, (4, -1), 2), (8, (4,), 0)])
def test_a_width_below_one_is_refused(widths: tuple[int, tuple[int, ...], int]) -> None:
    with pytest.raises(ValueError, match="widths must be at least 1, got"):
        Autoencoder(*widths)


def test_the_default_is_784_400_20() -> None:
    assert count(Autoencoder()) == (784 * 400 + 400) + (400 * 20 + 20) + (20 * 400 + 400) + (400 * 784 + 784)


def test_the_paper_s_network_has_2_8_million_parameters() -> None:
    one_way = 784 * 1000 + 1000 * 500 + 500 * 250 + 250 * 30
    biases = (1000 + 500 + 250 + 30) + (250 + 500 + 1000 + 784)
    assert count(Autoencoder(784, PAPER, 30)) == 2 * one_way + biases == 2_837_314


def test_it_is_linear_layers_and_relus_with_a_linear_code() -> None:
    model = Autoencoder(12, (7, 5), 3).double()
    x = torch.rand(6, 12, dtype=torch.float64, requires_grad=True)
    layers = [layer for layer in model.modules() if isinstance(layer, nn.Linear)]
    z = x
    for i, layer in enumerate(layers):
        z = layer(z)
        if i not in (2, 5):  # neither the code nor the output is rectified
            z = F.relu(z)
    torch.testing.assert_close(model(x), z, rtol=1e-12, atol=1e-12)
    (ours,) = torch.autograd.grad(model(x).square().sum(), x)
    (theirs,) = torch.autograd.grad(z.square().sum(), x)
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)


def test_codes_may_be_negative() -> None:
    assert (Autoencoder(12, (7,), 3).encode(torch.rand(50, 12)) < 0).any()


def test_every_parameter_gets_a_gradient() -> None:
    model = Autoencoder(12, (7,), 3)
    x = torch.rand(5, 12)
    torch.autograd.backward(reconstruction_loss(model(x), x))
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name


def test_a_seed_fixes_the_weights() -> None:
    x = torch.rand(5, 12)

    def run() -> Tensor:
        torch.manual_seed(3)
        output: Tensor = Autoencoder(12, (7,), 3)(x)
        return output

    assert torch.equal(run(), run())


def test_a_saved_model_is_the_same_model() -> None:
    saved, loaded = Autoencoder(12, (7,), 3), Autoencoder(12, (7,), 3)
    x = torch.rand(4, 12)
    assert not torch.equal(saved(x), loaded(x))
    loaded.load_state_dict(saved.state_dict())
    assert torch.equal(saved(x), loaded(x))


def test_pictures_lie_between_0_and_1_and_have_no_graph() -> None:
    pictures = Autoencoder(12, (7,), 3).sample(100 * torch.randn(4, 3))
    assert not pictures.requires_grad
    assert pictures.min() >= 0
    assert pictures.max() <= 1


def test_it_learns_one_batch_by_heart() -> None:
    x = (torch.rand(8, 16) > 0.5).float()
    model = Autoencoder(16, (64,), 8)
    before = reconstruction_loss(model(x), x).item()
    _minimize(model, x, reconstruction_loss, steps=200)
    assert before > 10  # 16 ln 2 = 11.1 nats
    assert reconstruction_loss(model(x), x).item() < 0.1


def test_autocast_to_bfloat16_stays_near_float32() -> None:
    model = Autoencoder(12, (7,), 3)
    x = torch.rand(64, 12)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = model(x)
    assert logits.dtype == torch.bfloat16
    torch.testing.assert_close(
        reconstruction_loss(logits.float(), x), reconstruction_loss(model(x), x), rtol=0.02, atol=0
    )


def test_it_compiles_without_a_graph_break() -> None:
    model = Autoencoder(12, (7,), 3)
    x = torch.rand(4, 12)
    compiled = torch.compile(model, fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(x), model(x))


# Losses


def test_reconstruction_is_minus_the_bernoulli_log_likelihood_of_an_image() -> None:
    logits, x = torch.randn(6, 9, dtype=torch.float64), torch.randint(0, 2, (6, 9)).double()
    expected = -Bernoulli(logits=logits).log_prob(x).sum(dim=1).mean()  # type: ignore[no-untyped-call]
    torch.testing.assert_close(reconstruction_loss(logits, x), expected)


def test_reconstruction_is_that_of_pytorch_summed_over_pixels() -> None:
    logits, x = torch.randn(6, 9, dtype=torch.float64, requires_grad=True), torch.rand(6, 9).double()
    ours = reconstruction_loss(logits, x)
    theirs = F.binary_cross_entropy(torch.sigmoid(logits), x, reduction="sum") / 6
    torch.testing.assert_close(ours, theirs)
    gradients = [torch.autograd.grad(loss, logits)[0] for loss in (ours, theirs)]
    torch.testing.assert_close(*gradients)


def test_an_untrained_pixel_costs_ln_2() -> None:
    assert reconstruction_loss(torch.zeros(3, 784), torch.rand(3, 784)).item() == pytest.approx(
        543.43, abs=0.01
    )


def test_squared_error_is_that_of_pytorch_summed_over_pixels() -> None:
    output, x = torch.randn(6, 9), torch.randn(6, 9)
    torch.testing.assert_close(squared_error(output, x), F.mse_loss(output, x, reduction="sum") / 6)


# Baldi & Hornik 1989


def test_a_linear_autoencoder_finds_the_subspace_of_pca_and_not_its_axes() -> None:
    """The optimum is the projection onto the leading eigenvectors; only their span is fixed."""
    eigenvalues = torch.tensor([5.0, 3.0, 1.5, 0.5], dtype=torch.float64)
    x = _data_of_covariance(eigenvalues, n=500)
    model = Autoencoder(4, (), 2).double()
    _minimize(model, x, squared_error, steps=3000)

    _, vectors = torch.linalg.eigh(x.T.cov(correction=0))  # columns, by rising eigenvalue
    leading = vectors[:, 2:]  # (4, 2)
    encoder, decoder = (_weight(part) for part in (model.encoder, model.decoder))  # (2, 4), (4, 2)
    torch.testing.assert_close(decoder @ encoder, leading @ leading.T, rtol=0, atol=1e-6)
    # What is lost is the variance along the other two axes, 1.5 + 0.5.
    assert squared_error(model(x), x).item() == pytest.approx(2.0, abs=1e-6)
    cosine = F.cosine_similarity(decoder[:, 0], decoder[:, 1], dim=0)
    assert cosine.abs() > 0.01  # axes of PCA would be orthogonal
    assert (encoder @ decoder - torch.eye(2)).abs().max() < 1e-6  # coding a reconstruction changes nothing


def _data_of_covariance(eigenvalues: Tensor, n: int) -> Tensor:
    """Centred data (n, d) that have exactly these eigenvalues, along directions drawn at random."""
    d = len(eigenvalues)
    x = torch.randn(n, d, dtype=torch.float64)
    x = x - x.mean(dim=0)
    u: Tensor = torch.linalg.svd(x, full_matrices=False)[0]  # (n, d), orthonormal columns
    axes: Tensor = torch.linalg.qr(torch.randn(d, d, dtype=torch.float64))[0]
    return (u * (n * eigenvalues).sqrt()) @ axes.T


def _weight(part: nn.Sequential) -> Tensor:
    (layer,) = part
    assert isinstance(layer, nn.Linear)
    return layer.weight.detach()


def _minimize(model: nn.Module, x: Tensor, loss: Callable[[Tensor, Tensor], Tensor], steps: int) -> None:
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        optimizer.zero_grad()
        torch.autograd.backward(loss(model(x), x))
        optimizer.step()
        schedule.step()


@pytest.mark.parametrize("hidden", [(), (5,), (7, 6, 5)], ids=str)
def test_from_its_weights_alone_it_computes_the_same(hidden: tuple[int, ...]) -> None:
    model = Autoencoder(8, hidden, latent=3).double()
    x = torch.randn(4, 8, dtype=torch.double)

    def layers(half: nn.Module) -> list[tuple[Tensor, Tensor]]:
        return [(layer.weight, layer.bias) for layer in half.modules() if isinstance(layer, nn.Linear)]

    z, logits = autoencode(x, layers(model.encoder), layers(model.decoder))
    torch.testing.assert_close(z, model.encode(x), rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(logits, model(x), rtol=1e-12, atol=1e-12)

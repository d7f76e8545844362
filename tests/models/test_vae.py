import math

import pytest
import torch
from torch.distributions import Bernoulli, Normal, kl_divergence
from torch.nn import functional as F

from models import vae
from models.autoencoder.autoencoder import reconstruction_error


def codes(n: int = 16, latent: int = 5) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.randn(n, latent, dtype=torch.float64) * 2, torch.randn(n, latent, dtype=torch.float64)


def test_shapes_follow_the_sizes_asked_for() -> None:
    model = vae.VAE(in_features=12, hidden=7, latent=3)
    logits, mu, logvar = model(torch.rand(5, 12))
    assert logits.shape == (5, 12)
    assert mu.shape == logvar.shape == (5, 3)
    assert model.sample(torch.randn(4, 3)).shape == (4, 12)


def test_the_default_is_784_400_20() -> None:
    count = sum(parameter.numel() for parameter in vae.VAE().parameters())
    assert count == (784 * 400 + 400) + 2 * (400 * 20 + 20) + (20 * 400 + 400) + (400 * 784 + 784)


def test_kl_is_that_of_torch_distributions() -> None:
    mu, logvar = codes()
    q, p = Normal(mu, (0.5 * logvar).exp()), Normal(torch.zeros_like(mu), torch.ones_like(mu))
    torch.testing.assert_close(vae.kl_divergence(mu, logvar), kl_divergence(q, p).sum(dim=1))


def test_kl_of_the_prior_is_zero_and_no_other_is() -> None:
    mu, logvar = codes()
    assert torch.equal(vae.kl_divergence(0 * mu, 0 * logvar), torch.zeros(16, dtype=torch.float64))
    assert (vae.kl_divergence(mu, logvar) > 0).all()


def test_reconstruction_is_minus_the_bernoulli_log_likelihood_of_each_image() -> None:
    logits, x = torch.randn(6, 9, dtype=torch.float64), torch.randint(0, 2, (6, 9)).double()
    expected = -Bernoulli(logits=logits).log_prob(x).sum(dim=1)  # type: ignore[no-untyped-call]
    torch.testing.assert_close(reconstruction_error(logits, x), expected)


def test_loss_is_summed_over_pixels_and_averaged_over_the_batch() -> None:
    logits, x = torch.randn(6, 9), torch.rand(6, 9)
    mu, logvar = torch.randn(6, 3), torch.randn(6, 3)
    loss, reconstruction, kl = vae.vae_loss(logits, x, mu, logvar)
    bce = F.binary_cross_entropy(torch.sigmoid(logits), x, reduction="sum") / 6
    torch.testing.assert_close(reconstruction, bce)
    torch.testing.assert_close(loss, reconstruction + kl)


@pytest.mark.parametrize("beta", [0.0, 0.5, 4.0])
def test_beta_weighs_the_kl_term_alone(beta: float) -> None:
    arguments = torch.randn(6, 9), torch.rand(6, 9), torch.randn(6, 3), torch.randn(6, 3)
    loss, reconstruction, kl = vae.vae_loss(*arguments, beta=beta)
    _, same_reconstruction, same_kl = vae.vae_loss(*arguments)
    torch.testing.assert_close(loss, reconstruction + beta * kl)
    assert (reconstruction, kl) == (same_reconstruction, same_kl)


def test_extreme_logits_stay_finite() -> None:
    logits = torch.tensor([[1e4, -1e4]], requires_grad=True)
    error = reconstruction_error(logits, torch.tensor([[0.0, 1.0]])).sum()
    torch.autograd.backward(error)
    assert error.item() == pytest.approx(2e4)
    assert logits.grad is not None
    assert logits.grad.isfinite().all()


def test_draws_have_the_mean_and_the_variance_of_q() -> None:
    mu, logvar = torch.tensor([[1.0, -2.0]]), torch.tensor([[0.0, math.log(4.0)]])
    z = vae.reparameterize(mu.expand(100_000, 2), logvar.expand(100_000, 2))
    torch.testing.assert_close(z.mean(dim=0), mu[0], atol=0.03, rtol=0)
    torch.testing.assert_close(z.var(dim=0), logvar[0].exp(), atol=0.06, rtol=0)


def test_gradients_reach_mean_and_variance_through_the_draw() -> None:
    mu, logvar = (part.requires_grad_() for part in codes())
    # d/dμ E[z²] = 2μ and d/dlogvar E[z²] = σ²; for one draw they are 2z and zσε.
    z = vae.reparameterize(mu, logvar)
    torch.autograd.backward(z.square().sum())
    sigma_epsilon = (z - mu).detach()
    torch.testing.assert_close(mu.grad, 2 * z.detach())
    torch.testing.assert_close(logvar.grad, z.detach() * sigma_epsilon)


def test_gradients_of_the_loss_are_right() -> None:
    logits = torch.randn(3, 4, dtype=torch.float64, requires_grad=True)
    mu, logvar = (part.requires_grad_() for part in codes(3, 2))
    x = torch.rand(3, 4, dtype=torch.float64)
    assert torch.autograd.gradcheck(
        lambda *inputs: vae.vae_loss(inputs[0], x, inputs[1], inputs[2], beta=0.7), (logits, mu, logvar)
    )


def test_every_parameter_gets_a_gradient() -> None:
    model = vae.VAE(in_features=12, hidden=7, latent=3)
    x = torch.rand(5, 12)
    logits, mu, logvar = model(x)
    torch.autograd.backward(vae.vae_loss(logits, x, mu, logvar)[0])
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name


def test_a_seed_fixes_weights_and_draws() -> None:
    x = torch.rand(5, 12)

    def run() -> torch.Tensor:
        torch.manual_seed(3)
        return torch.cat(vae.VAE(12, 7, 3)(x), dim=1)

    assert torch.equal(run(), run())


def test_a_saved_model_is_the_same_model() -> None:
    saved, loaded = vae.VAE(12, 7, 3), vae.VAE(12, 7, 3)
    z = torch.randn(4, 3)
    assert not torch.equal(saved.sample(z), loaded.sample(z))
    loaded.load_state_dict(saved.state_dict())
    assert torch.equal(saved.sample(z), loaded.sample(z))


def test_it_learns_one_batch_by_heart() -> None:
    x = (torch.rand(8, 16) > 0.5).float()
    model = vae.VAE(in_features=16, hidden=64, latent=8)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(300):
        logits, mu, logvar = model(x)
        loss, reconstruction, _ = vae.vae_loss(logits, x, mu, logvar)
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
    # Eight pictures need log 8 = 2.08 nats to be told apart; sixteen fair coins would need 11.09.
    assert loss.item() < 6
    assert reconstruction.item() < 2


def test_samples_are_pictures_without_a_graph() -> None:
    pictures = vae.VAE(12, 7, 3).sample(torch.randn(4, 3))
    assert not pictures.requires_grad
    assert pictures.min() >= 0
    assert pictures.max() <= 1


def test_autocast_to_bfloat16_stays_near_float32() -> None:
    model = vae.VAE(12, 7, 3)
    x = torch.rand(64, 12)
    torch.manual_seed(1)
    exact = vae.vae_loss(*_arranged(x, model(x)))[0]
    torch.manual_seed(1)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = vae.vae_loss(*_arranged(x, model(x)))[0]
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss, exact, rtol=0.02, atol=0)


def test_it_compiles_without_a_graph_break() -> None:
    model = vae.VAE(12, 7, 3)
    x = torch.rand(4, 12)
    compiled = torch.compile(model.encode, fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(x), model.encode(x))
    loss = torch.compile(vae.vae_loss, fullgraph=True, backend="eager")
    logits, x, mu, logvar = (part.detach() for part in _arranged(x, model(x)))
    torch.testing.assert_close(loss(logits, x, mu, logvar), vae.vae_loss(logits, x, mu, logvar))


def _arranged(
    x: torch.Tensor, outputs: tuple[torch.Tensor, torch.Tensor, torch.Tensor]
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    logits, mu, logvar = outputs
    return logits, x, mu, logvar


def test_given_noise_is_scaled_and_shifted() -> None:
    mu, logvar = codes()
    noise = torch.randn_like(mu)
    torch.testing.assert_close(vae.reparameterize(mu, logvar, noise), mu + logvar.exp().sqrt() * noise)
    assert torch.equal(vae.reparameterize(mu, logvar, torch.zeros_like(mu)), mu)

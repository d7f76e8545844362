"""The generative adversarial network: sizes, both losses and their slopes, the game's known values."""

import math
from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F

from models.gan import (
    Discriminator,
    Generator,
    best_logits,
    both_losses,
    discriminator_loss,
    generator_loss,
    saturating_generator_loss,
    step_losses,
)

logits = st.lists(st.floats(-200, 200), min_size=1, max_size=20)


def double(values: list[float]) -> Tensor:
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


def slope(loss: Callable[[Tensor], Tensor], a: Tensor) -> Tensor:
    """The gradient by each logit of the loss of that logit alone."""
    (gradient,) = torch.autograd.grad(torch.stack([loss(one[None]) for one in a]).sum(), a)
    return gradient


# The networks


def test_shapes_follow_the_sizes_asked_for() -> None:
    generator = Generator(latent=3, hidden=(5, 7), out_features=2, pixels=False)
    discriminator = Discriminator(in_features=2, hidden=(6,))
    x = generator(torch.randn(4, 3))
    assert x.shape == (4, 2)
    assert discriminator(x).shape == (4,)
    assert discriminator(x[:1]).shape == (1,)  # a batch of one stays a batch
    assert discriminator(x[:0]).shape == (0,)


def test_the_default_is_for_digits_with_two_hidden_layers_of_256() -> None:
    def count(model: torch.nn.Module) -> int:
        return sum(parameter.numel() for parameter in model.parameters())

    norms = 2 * 2 * 256
    assert count(Generator()) == (32 * 256 + 256) + (256 * 256 + 256) + norms + (256 * 784 + 784)
    assert count(Discriminator()) == (784 * 256 + 256) + (256 * 256 + 256) + (256 + 1)
    assert count(Generator(batch_norm=False)) == count(Generator()) - norms


def test_no_hidden_layer_leaves_a_linear_map() -> None:
    discriminator = Discriminator(2, hidden=()).double()
    x = torch.randn(5, 2, dtype=torch.float64)
    (only,) = discriminator.layers
    assert isinstance(only, torch.nn.Linear)
    torch.testing.assert_close(discriminator(x), (x @ only.weight.T + only.bias)[:, 0])


def test_the_discriminator_is_the_stack_that_its_docstring_names() -> None:
    discriminator = Discriminator(4, hidden=(6, 5)).double()
    first, second, last = (m for m in discriminator.layers if isinstance(m, torch.nn.Linear))
    x = torch.randn(8, 4, dtype=torch.float64)
    expected = last(F.leaky_relu(second(F.leaky_relu(first(x), 0.2)), 0.2))[:, 0]
    torch.testing.assert_close(discriminator(x), expected)


def test_pictures_lie_between_0_and_1_and_other_samples_anywhere() -> None:
    z = 30 * torch.randn(50, 3)
    pictures = Generator(3, (5,), 4)(z)
    assert 0 <= pictures.min() <= pictures.max() <= 1
    raw = Generator(3, (5,), 4, pixels=False, batch_norm=False)
    assert raw(z).abs().max() > 1


def test_without_batch_norm_a_sample_depends_on_its_own_noise_alone() -> None:
    z = torch.randn(6, 3)
    alone = Generator(3, (5,), 2, batch_norm=False)
    torch.testing.assert_close(alone(z)[:1], alone(z[:1]))
    together = Generator(3, (5,), 2)
    assert not torch.allclose(together(z)[:2], together(z[:2]))
    together.eval()
    torch.testing.assert_close(together(z)[:1], together(z[:1]))


@pytest.mark.parametrize("shape", [(4, 1, 28, 28), (784,), (4, 783)])
def test_pictures_that_are_not_flat_are_refused_in_words(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"flat samples of size \(B, 784\)"):
        Discriminator()(torch.zeros(shape))


def test_noise_of_another_size_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match=r"noise of size \(B, 32\), got \(4, 100\)"):
        Generator()(torch.zeros(4, 100))


# The losses


@given(real=logits, fake=logits)
def test_the_discriminators_loss_is_two_cross_entropies(real: list[float], fake: list[float]) -> None:
    inputs, again = (double(real), double(fake)), (double(real), double(fake))
    loss = discriminator_loss(*inputs)
    r, f = again
    expected = F.binary_cross_entropy_with_logits(r, torch.ones_like(r))
    expected = expected + F.binary_cross_entropy_with_logits(f, torch.zeros_like(f))
    torch.testing.assert_close(loss, expected, rtol=1e-9, atol=1e-13)
    for ours, theirs in zip(
        torch.autograd.grad(loss, inputs), torch.autograd.grad(expected, again), strict=True
    ):
        torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-13)


@given(fake=logits)
def test_the_generators_loss_is_the_cross_entropy_with_target_1(fake: list[float]) -> None:
    a, b = double(fake), double(fake)
    loss, expected = generator_loss(a), F.binary_cross_entropy_with_logits(b, torch.ones_like(b))
    torch.testing.assert_close(loss, expected, rtol=1e-9, atol=1e-13)
    torch.testing.assert_close(
        torch.autograd.grad(loss, a), torch.autograd.grad(expected, b), rtol=1e-9, atol=1e-13
    )


@given(fake=logits)
def test_the_minimax_loss_is_minus_the_cross_entropy_with_target_0(fake: list[float]) -> None:
    a = double(fake)
    expected = -F.binary_cross_entropy_with_logits(a, torch.zeros_like(a))
    torch.testing.assert_close(saturating_generator_loss(a), expected, rtol=1e-9, atol=1e-13)


@given(real=logits, fake=logits)
def test_cross_entropies_are_never_negative_and_the_minimax_form_is_never_positive(
    real: list[float], fake: list[float]
) -> None:
    assert discriminator_loss(double(real), double(fake)) >= 0
    assert generator_loss(double(fake)) >= 0
    assert saturating_generator_loss(double(fake)) <= 0


@given(real=logits, fake=logits)
def test_minimizing_ds_loss_maximizes_the_value_of_the_game(real: list[float], fake: list[float]) -> None:
    r, f = double([min(max(a, -30), 30) for a in real]), double([min(max(a, -30), 30) for a in fake])
    value = torch.sigmoid(r).log().mean() + (1 - torch.sigmoid(f)).log().mean()  # eq. 1 as it is written
    torch.testing.assert_close(discriminator_loss(r, f), -value, rtol=1e-2, atol=1e-9)


@given(fake=logits)
def test_both_generators_losses_fall_as_d_believes_more(fake: list[float]) -> None:
    a = double(fake)
    d = torch.sigmoid(a.detach())
    torch.testing.assert_close(slope(generator_loss, a), -torch.sigmoid(-a.detach()), rtol=1e-9, atol=1e-13)
    torch.testing.assert_close(slope(saturating_generator_loss, a), -d, rtol=1e-9, atol=1e-13)


def test_the_slopes_differ_most_where_d_is_sure() -> None:
    a = torch.logit(torch.tensor([0.5, 0.01, 1e-6], dtype=torch.float64)).requires_grad_()
    ratio = slope(generator_loss, a) / slope(saturating_generator_loss, a)
    torch.testing.assert_close(ratio, torch.tensor([1.0, 99.0, 999_999.0], dtype=torch.float64))


def test_where_d_guesses_the_losses_are_2_ln_2_and_ln_2() -> None:
    a = torch.zeros(7, dtype=torch.float64)
    assert discriminator_loss(a, a).item() == pytest.approx(2 * math.log(2), rel=1e-15)
    assert generator_loss(a).item() == pytest.approx(math.log(2), rel=1e-15)
    assert saturating_generator_loss(a).item() == pytest.approx(-math.log(2), rel=1e-15)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_extreme_logits_stay_finite(dtype: torch.dtype) -> None:
    a = torch.tensor([1e4, -1e4], dtype=dtype, requires_grad=True)
    for loss in (discriminator_loss(a, a), generator_loss(a), saturating_generator_loss(a)):
        (gradient,) = torch.autograd.grad(loss, a)
        assert loss.isfinite()
        assert gradient.isfinite().all()
    assert generator_loss(a).item() == pytest.approx(5e3, rel=0.01)


def test_gradients_of_the_losses_are_right() -> None:
    real, fake = (torch.randn(4, dtype=torch.float64, requires_grad=True) for _ in range(2))
    assert torch.autograd.gradcheck(discriminator_loss, (real, fake))
    assert torch.autograd.gradcheck(generator_loss, (fake,))
    assert torch.autograd.gradcheck(saturating_generator_loss, (fake,))


@given(st.floats(-20, 20), st.floats(-20, 20))
def test_the_best_d_is_the_share_of_the_density(log_p: float, log_q: float) -> None:
    p, q = math.exp(log_p), math.exp(log_q)
    a = best_logits(torch.tensor(log_p, dtype=torch.float64), torch.tensor(log_q, dtype=torch.float64))
    assert torch.sigmoid(a).item() == pytest.approx(p / (p + q), rel=1e-12)


def test_no_d_beats_the_best_one() -> None:
    p, q = torch.rand(2, 9, dtype=torch.float64).softmax(dim=1)  # two distributions over nine places

    def loss(a: Tensor) -> Tensor:  # its expectation, place by place
        places = zip(p, q, a, strict=True)
        return torch.stack(
            [p_ * discriminator_loss(a_, 0 * a_ - 99) + q_ * generator_loss(-a_) for p_, q_, a_ in places]
        ).sum()

    best = best_logits(p.log(), q.log()).requires_grad_()
    (gradient,) = torch.autograd.grad(loss(best), best)
    torch.testing.assert_close(gradient, torch.zeros(9, dtype=torch.float64), atol=1e-15, rtol=0)
    others = best + 0.1 * torch.randn(50, 9, dtype=torch.float64)
    assert all(loss(other) > loss(best) for other in others)


def test_the_best_d_costs_2_ln_2_less_two_jensen_shannon_divergences() -> None:
    p, q = torch.rand(2, 9, dtype=torch.float64).softmax(dim=1)
    a, m = best_logits(p.log(), q.log()), (p + q) / 2
    loss = -(p * F.logsigmoid(a)).sum() - (q * F.logsigmoid(-a)).sum()
    divergence = 0.5 * (p * (p / m).log()).sum() + 0.5 * (q * (q / m).log()).sum()
    torch.testing.assert_close(loss, 2 * math.log(2) - 2 * divergence)  # theorem 1, eq. 6


# Together


def test_each_player_gets_gradients_from_its_own_loss() -> None:
    generator, discriminator = Generator(3, (8,), 4), Discriminator(4, (8,))
    real, fake = torch.rand(6, 4), generator(torch.randn(6, 3))
    torch.autograd.backward(discriminator_loss(discriminator(real), discriminator(fake.detach())))
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in discriminator.parameters())
    assert all(p.grad is None for p in generator.parameters())
    before = [p.grad.clone() for p in discriminator.parameters() if p.grad is not None]
    torch.autograd.backward(generator_loss(discriminator(fake)), inputs=list(generator.parameters()))
    assert all(p.grad is not None for p in generator.parameters())
    after = [p.grad for p in discriminator.parameters()]
    torch.testing.assert_close(before, after)


def test_a_discriminator_learns_one_batch_by_heart() -> None:
    discriminator = Discriminator(4, (32,))
    optimizer = torch.optim.Adam(discriminator.parameters(), lr=0.02)
    real, fake = torch.randn(8, 4), torch.randn(8, 4)
    for _ in range(200):
        loss = discriminator_loss(discriminator(real), discriminator(fake))
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
    assert loss.item() < 0.05


def test_a_generator_learns_to_please_a_discriminator_that_stands_still() -> None:
    generator, discriminator = Generator(3, (16,), 4), Discriminator(4, (16,))
    optimizer = torch.optim.Adam(generator.parameters(), lr=0.02)
    z = torch.randn(32, 3)
    first = generator_loss(discriminator(generator(z))).item()
    for _ in range(50):
        loss = generator_loss(discriminator(generator(z)))
        optimizer.zero_grad()
        torch.autograd.backward(loss, inputs=list(generator.parameters()))
        optimizer.step()
    assert loss.item() < first - 0.03


def test_a_seed_fixes_weights_and_samples() -> None:
    def run() -> Tensor:
        torch.manual_seed(3)
        samples = Generator(3, (5,), 4)(torch.randn(6, 3))
        made: Tensor = Discriminator(4, (5,))(samples)
        return made

    assert torch.equal(run(), run())


def test_saved_players_are_the_same_players() -> None:
    z = torch.randn(6, 3)
    saved, loaded = Generator(3, (5,), 4), Generator(3, (5,), 4)
    saved(z)  # moves the running statistics
    loaded.load_state_dict(saved.state_dict())
    assert torch.equal(saved.eval()(z), loaded.eval()(z))
    one, other = Discriminator(4, (5,)), Discriminator(4, (5,))
    other.load_state_dict(one.state_dict())
    assert torch.equal(one(saved(z)), other(saved(z)))


def test_autocast_to_bfloat16_stays_near_float32() -> None:
    generator, discriminator = Generator(3, (16,), 4).eval(), Discriminator(4, (16,))
    z = torch.randn(64, 3)
    exact = generator_loss(discriminator(generator(z)))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = generator_loss(discriminator(generator(z)).float())
    torch.testing.assert_close(loss, exact, rtol=0.02, atol=0)


def test_it_compiles_without_a_graph_break() -> None:
    generator, discriminator = Generator(3, (5,), 4), Discriminator(4, (5,))

    def both(z: Tensor, x: Tensor) -> Tensor:
        fake = discriminator(generator(z))
        return discriminator_loss(discriminator(x), fake) + generator_loss(fake)

    z, x = torch.randn(6, 3), torch.rand(6, 4)
    torch.testing.assert_close(torch.compile(both, fullgraph=True, backend="eager")(z, x), both(z, x))


def test_both_losses_are_the_two_losses() -> None:
    real, fake = torch.randn(5).double(), torch.randn(7).double()
    d_loss, g_loss = both_losses(real, fake)
    torch.testing.assert_close(d_loss, discriminator_loss(real, fake))
    torch.testing.assert_close(g_loss, generator_loss(fake))


def test_in_a_step_the_loss_of_d_leaves_g_alone() -> None:
    g_weight, d_weight = torch.randn(4, 3).double(), torch.randn(1, 4).double()
    g_weight.requires_grad_()
    d_weight.requires_grad_()
    real, z = torch.randn(6, 4).double(), torch.randn(5, 3).double()
    d_loss, g_loss = step_losses(g_weight, d_weight, real, z)
    fake = z @ g_weight.T
    expected = both_losses(real @ d_weight.T, fake @ d_weight.T)
    torch.testing.assert_close((d_loss, g_loss), expected)
    given = torch.autograd.grad(d_loss, [g_weight, d_weight], retain_graph=True, materialize_grads=True)
    assert not given[0].any()
    torch.testing.assert_close(given[1], torch.autograd.grad(expected[0], d_weight, retain_graph=True)[0])
    for weight in (g_weight, d_weight):
        ours = torch.autograd.grad(g_loss, weight, retain_graph=True)
        torch.testing.assert_close(ours, torch.autograd.grad(expected[1], weight, retain_graph=True))

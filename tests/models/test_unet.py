"""U-Net against the paper's numbers, against PyTorch's own layers, and against any size of image."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F

from models.unet import DoubleConv, UNet, centre_crop, dice_loss, double_conv, join


def on_meta(*sides: int, **settings: object) -> tuple[int, ...]:
    """The shape of what a U-Net makes of a batch of that size: nothing is computed."""
    with torch.device("meta"):
        return tuple(UNet(**settings)(torch.empty(sides)).shape)  # type: ignore[arg-type]


# The paper's network


def test_572_pixels_give_388() -> None:
    assert on_meta(1, 1, 572, 572) == (1, 2, 388, 388)


def test_it_has_as_many_parameters_as_the_paper_s_channels_say() -> None:
    def conv(size: int, wide: int, out: int) -> int:
        return size * size * wide * out + out

    down = [(1, 64), (64, 128), (128, 256), (256, 512), (512, 1024)]
    expected = sum(conv(3, wide, out) + conv(3, out, out) for wide, out in down)
    for out in (
        512,
        256,
        128,
        64,
    ):  # an up-convolution, then two that read the skip too
        expected += conv(2, 2 * out, out) + conv(3, 2 * out, out) + conv(3, out, out)
    expected += conv(1, 64, 2)
    with torch.device("meta"):
        network = UNet()
    assert sum(parameter.numel() for parameter in network.parameters()) == expected == 31_030_658


def test_it_has_23_convolutional_layers() -> None:
    with torch.device("meta"):
        layers = [m for m in UNet().modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)]
    assert len(layers) == 23


def test_the_maps_of_figure_1() -> None:
    with torch.device("meta"):
        network, x = UNet(), torch.empty(1, 1, 572, 572)
    shapes: list[tuple[int, int]] = []
    for block in [*network.down, *network.join]:
        block.register_forward_hook(lambda _, __, y: shapes.append((y.shape[1], y.shape[2])))
    network(x)
    assert shapes[:5] == [(64, 568), (128, 280), (256, 136), (512, 64), (1024, 28)]
    assert shapes[5:] == [(512, 52), (256, 100), (128, 196), (64, 388)]


def test_initial_weights_have_the_paper_s_variance() -> None:
    network = UNet(channels=32, depth=2)
    first, second = network.get_submodule("down.1.0"), network.get_submodule("up.0")
    assert isinstance(first, nn.Conv2d)
    assert isinstance(second, nn.ConvTranspose2d)
    assert first.weight.std().item() == pytest.approx((2 / (9 * 32)) ** 0.5, rel=0.02)
    assert second.weight.std().item() == pytest.approx((2 / 128) ** 0.5, rel=0.02)
    assert first.bias is not None
    assert not first.bias.any()


# Against PyTorch's layers, written out


def written_out(network: UNet, x: Tensor) -> Tensor:
    """Depth 2, padding "same", from torch.nn.functional alone and the same parameters."""
    p = dict(network.named_parameters())

    def twice(name: str, x: Tensor) -> Tensor:
        for layer in (0, 2):
            x = F.conv2d(x, p[f"{name}.{layer}.weight"], p[f"{name}.{layer}.bias"], padding=1).relu()
        return x

    a = twice("down.0", x)
    b = twice("down.1", F.max_pool2d(a, 2))
    x = twice("down.2", F.max_pool2d(b, 2))
    for level, skip in enumerate((b, a)):
        x = F.conv_transpose2d(x, p[f"up.{level}.weight"], p[f"up.{level}.bias"], stride=2)
        x = twice(f"join.{level}", torch.cat((skip, x), 1) if network.skips else x)
    return F.conv2d(x, p["scores.weight"], p["scores.bias"])


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("skips", [True, False])
@pytest.mark.parametrize("batch", [1, 3])
def test_outputs_and_gradients_are_those_of_the_layers(batch: int, skips: bool, training: bool) -> None:
    network = UNet(2, 3, channels=4, depth=2, padding="same", skips=skips).double().train(training)
    x = torch.randn(batch, 2, 8, 12, dtype=torch.float64, requires_grad=True)
    wanted = [x, *network.parameters()]
    one, other = network(x), written_out(network, x)
    torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)
    for ours, theirs in zip(
        torch.autograd.grad(one.square().sum(), wanted),
        torch.autograd.grad(other.square().sum(), wanted),
        strict=True,
    ):
        torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-10)


def test_the_valid_form_is_the_middle_of_the_padded_one() -> None:
    """Where the zeros of the padding do not reach, the two forms are the same function."""
    valid, same = UNet(channels=4, depth=1).double(), UNet(channels=4, depth=1, padding="same").double()
    same.load_state_dict(valid.state_dict())
    x = torch.randn(1, 1, 52, 60, dtype=torch.float64)
    inside = valid(x)  # (1, 2, 36, 44)
    high, wide = inside.shape[-2:]
    torch.testing.assert_close(inside, centre_crop(same(x), high, wide), rtol=1e-10, atol=1e-10)


def test_a_double_conv_takes_four_pixels_or_none() -> None:
    x = torch.randn(2, 3, 9, 7)
    assert DoubleConv(3, 5)(x).shape == (2, 5, 5, 3)
    assert DoubleConv(3, 5, padding="same")(x).shape == (2, 5, 9, 7)
    assert (DoubleConv(3, 5)(x) >= 0).all()


# Any size


@given(high=st.integers(8, 70), wide=st.integers(8, 70), depth=st.integers(0, 3), skips=st.booleans())
@settings(max_examples=25, deadline=None)
def test_padded_it_gives_every_size_back(high: int, wide: int, depth: int, skips: bool) -> None:
    shape = on_meta(2, 1, high, wide, channels=2, depth=depth, padding="same", skips=skips)
    assert shape == (2, 2, high, wide)


@given(side=st.integers(1, 200), depth=st.integers(0, 4), skips=st.booleans())
@settings(max_examples=40, deadline=None)
def test_the_output_size_is_known_beforehand(side: int, depth: int, skips: bool) -> None:
    with torch.device("meta"):
        network, x = UNet(channels=2, depth=depth, skips=skips), torch.empty(1, 1, side, 300)
    if (expected := network.output_size(side)) < 1:
        with pytest.raises(ValueError, match="too few"):
            network(x)
    else:
        assert network(x).shape[-2] == expected


@pytest.mark.parametrize(("padding", "least"), [("valid", 188), ("same", 16)])
def test_the_smallest_image(padding: str, least: int) -> None:
    assert on_meta(1, 1, least, least, padding=padding)[-1] >= 1
    with pytest.raises(ValueError, match=f"{least - 1} × {least} pixels are too few for 4 poolings"):
        on_meta(1, 1, least - 1, least, padding=padding)


def test_odd_sides_line_up_with_their_skips() -> None:
    """Moving the image by a whole cell of the coarsest grid moves the output by as much."""
    network = UNet(channels=4, depth=2, padding="same").double()
    x = torch.zeros(1, 1, 61, 67, dtype=torch.float64)
    x[..., 24:32, 24:32] = torch.randn(8, 8, dtype=torch.float64)
    moved = network(x.roll((4, 4), (2, 3)))
    torch.testing.assert_close(moved[..., 24:40, 24:40], network(x)[..., 20:36, 20:36])


def test_a_single_image_needs_no_batch() -> None:
    network = UNet(channels=4, depth=2, padding="same").double()
    x = torch.randn(2, 1, 13, 10, dtype=torch.float64)
    torch.testing.assert_close(network(x[0]), network(x)[0])


# The join


def test_join_crops_the_middle_and_stacks() -> None:
    skip, x = torch.arange(49.0).view(1, 1, 7, 7), torch.zeros(1, 2, 3, 5)
    joined = join(skip, x)
    assert joined.shape == (1, 3, 3, 5)
    assert torch.equal(joined[0, 0], skip[0, 0, 2:5, 1:6])
    assert torch.equal(joined[:, 1:], x)


@given(high=st.integers(1, 9), wide=st.integers(1, 9), more=st.tuples(st.integers(0, 5), st.integers(0, 5)))
def test_a_crop_is_central(high: int, wide: int, more: tuple[int, int]) -> None:
    x = torch.zeros(high + more[0], wide + more[1])
    top, left = more[0] // 2, more[1] // 2
    x[top : top + high, left : left + wide] = 1
    assert centre_crop(x, high, wide).sum() == high * wide


def test_nothing_is_cropped_out_of_too_little() -> None:
    with pytest.raises(ValueError, match="cannot crop 4 × 3 pixels out of 3 × 3"):
        centre_crop(torch.zeros(1, 3, 3), 4, 3)


# Skips


def test_without_skips_everything_passes_the_bottom() -> None:
    for skips in (True, False):
        network = UNet(channels=4, depth=2, padding="same", skips=skips)
        network.down[-1].register_forward_hook(lambda _, __, y: torch.zeros_like(y))
        one, other = network(torch.randn(2, 1, 16, 16))
        assert torch.equal(one, other) is not skips


def test_leaving_skips_out_saves_the_weights_that_read_them() -> None:
    with_skips, without = (
        sum(p.numel() for p in UNet(channels=4, depth=2, skips=skips).parameters()) for skips in (True, False)
    )
    assert with_skips - without == sum(9 * wide * wide for wide in (4, 8))


# As a network


def test_it_learns_one_batch_by_heart() -> None:
    x = torch.randn(2, 1, 12, 12)
    y = torch.randint(3, (2, 12, 12))
    network = UNet(1, 3, channels=16, depth=1, padding="same")
    optimizer = torch.optim.Adam(network.parameters(), 3e-3)
    for _ in range(150):
        loss = F.cross_entropy(network(x), y)
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
    assert (network(x).argmax(dim=1) == y).float().mean() > 0.95


def test_every_parameter_gets_a_gradient() -> None:
    network = UNet(channels=8, depth=2)
    torch.autograd.backward(network(torch.randn(2, 1, 60, 60)).square().sum())
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.any(), name


def test_a_seed_fixes_the_weights() -> None:
    def run() -> Tensor:
        torch.manual_seed(3)
        scores: Tensor = UNet(channels=4, depth=2, padding="same")(torch.ones(1, 1, 8, 8))
        return scores

    assert torch.equal(run(), run())


def test_a_saved_network_is_the_same_network() -> None:
    saved, loaded = UNet(channels=4, depth=2), UNet(channels=4, depth=2)
    x = torch.randn(1, 1, 60, 60)
    assert not torch.equal(saved(x), loaded(x))
    loaded.load_state_dict(saved.state_dict())
    assert torch.equal(saved(x), loaded(x))


def test_an_empty_batch_stays_empty() -> None:
    assert UNet(channels=4, depth=1, padding="same")(torch.empty(0, 1, 8, 8)).shape == (0, 2, 8, 8)


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_it_compiles_without_a_graph_break(padding: str) -> None:
    network = UNet(channels=4, depth=2, padding=padding)  # type: ignore[arg-type]
    x = torch.randn(1, 1, 61, 60)
    torch.testing.assert_close(torch.compile(network, fullgraph=True, backend="eager")(x), network(x))


def test_it_works_under_autocast() -> None:
    with torch.autocast("cpu", torch.bfloat16):
        scores = UNet(channels=4, depth=2, padding="same")(torch.randn(1, 1, 16, 16))
    assert scores.dtype == torch.bfloat16
    assert scores.isfinite().all()


# Dice


def test_dice_by_hand() -> None:
    target = torch.tensor([[[1, 1, 0, 0]], [[0, 0, 0, 0]]])
    exact = 60 * (2 * target - 1).double()
    assert dice_loss(exact, target).item() == pytest.approx(0, abs=1e-12)
    assert dice_loss(-exact[:1], target[:1], smooth=0).item() == pytest.approx(1)
    # p = ½ everywhere: 1 − (2 · 1 + 1) / (2 + 2 + 1) and 1 − (0 + 1) / (2 + 0 + 1)
    assert dice_loss(torch.zeros(2, 1, 4), target).item() == pytest.approx((2 / 5 + 2 / 3) / 2)


def test_dice_has_a_gradient_towards_the_target() -> None:
    logits = torch.randn(3, 1, 4, 5, dtype=torch.double, requires_grad=True)
    target = torch.randint(0, 2, logits.shape)
    assert torch.autograd.gradcheck(lambda given: dice_loss(given, target), logits)
    (slope,) = torch.autograd.grad(dice_loss(logits, target), logits)
    assert (slope[target == 1] < 0).all()
    assert (slope[target == 0] > 0).all()


def test_the_block_with_its_weights_given_is_the_layer() -> None:
    block = DoubleConv(2, 3).double()
    x = torch.randn(2, 2, 7, 6, dtype=torch.float64)
    first, second = block[0], block[2]
    assert isinstance(first, nn.Conv2d)
    assert isinstance(second, nn.Conv2d)
    assert first.bias is not None
    assert second.bias is not None
    ours = double_conv(x, first.weight, first.bias, second.weight, second.bias)
    assert ours.shape == (2, 3, 3, 2)
    torch.testing.assert_close(ours, block(x))

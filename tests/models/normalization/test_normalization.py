"""Our normalization layers are PyTorch's: the same outputs, gradients and running statistics."""

import copy
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from models.normalization.batch_norm import batch_norm, batch_norm_backward, batch_norm_training
from models.normalization.modules import BatchNorm, LayerNorm, RMSNorm
from models.normalization.normalization import layer_norm, rms_norm


def assert_equal(actual: Tensor | None, expected: Tensor | None) -> None:
    """Equal but for the order of float64 sums."""
    torch.testing.assert_close(actual, expected, rtol=1e-11, atol=1e-11)


def randomized(module: nn.Module) -> nn.Module:
    """The same module in float64 with weights and running statistics that are not the neutral ones."""
    module.double()
    with torch.no_grad():
        for tensor in (*module.parameters(), *module.buffers()):
            if tensor.dtype.is_floating_point:
                tensor.copy_(torch.rand_like(tensor) + 0.5)
    return module


def twin(ours: nn.Module, theirs: nn.Module) -> None:
    """Give PyTorch's module our weights; load_state_dict is strict, so the names must be the same."""
    theirs.double().load_state_dict(ours.state_dict())
    theirs.train(ours.training)


def assert_same_outputs_and_gradients(ours: nn.Module, theirs: nn.Module, x: Tensor) -> None:
    mine, other = x.clone().requires_grad_(), x.clone().requires_grad_()
    y, z = ours(mine), theirs(other)
    assert_equal(y, z)
    pull = torch.randn_like(y)
    y.backward(pull)
    z.backward(pull)
    assert_equal(mine.grad, other.grad)
    expected = dict(theirs.named_parameters())
    assert expected.keys() == dict(ours.named_parameters()).keys()
    for name, parameter in ours.named_parameters():
        assert_equal(parameter.grad, expected[name].grad)


def assert_same_state(ours: nn.Module, theirs: nn.Module) -> None:
    expected = theirs.state_dict()
    assert ours.state_dict().keys() == expected.keys()
    for name, tensor in ours.state_dict().items():
        assert_equal(tensor, expected[name])


def torch_batch_norm(shape: tuple[int, ...], **arguments: object) -> nn.Module:
    kind: Callable[..., nn.Module] = nn.BatchNorm2d if len(shape) == 4 else nn.BatchNorm1d
    return kind(shape[1], **arguments)


BATCHES = [(2, 1), (7, 5), (64, 3), (1, 3, 2), (5, 4, 9), (1, 2, 3, 1), (3, 5, 4, 7)]


@pytest.mark.parametrize("shape", BATCHES, ids=str)
@pytest.mark.parametrize("momentum", [0.1, 0.9, 0.0, None])
def test_batch_norm_trains_and_evaluates_as_pytorchs(shape: tuple[int, ...], momentum: float | None) -> None:
    ours = randomized(BatchNorm(shape[1], eps=1e-3, momentum=momentum))
    theirs = torch_batch_norm(shape, eps=1e-3, momentum=momentum)
    twin(ours, theirs)
    for _ in range(3):
        assert_same_outputs_and_gradients(ours, theirs, torch.randn(shape, dtype=torch.double) * 3 + 1)
        assert_same_state(ours, theirs)
    before = copy.deepcopy(ours.state_dict())
    ours.eval()
    theirs.eval()
    assert_same_outputs_and_gradients(ours, theirs, torch.randn(shape, dtype=torch.double))
    for name, tensor in before.items():
        assert torch.equal(tensor, ours.state_dict()[name]), f"evaluation changed {name}"


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("track_running_stats", [True, False])
@pytest.mark.parametrize("training", [True, False])
def test_batch_norm_without_weights_or_running_statistics(
    affine: bool, track_running_stats: bool, training: bool
) -> None:
    ours = randomized(BatchNorm(4, affine=affine, track_running_stats=track_running_stats)).train(training)
    theirs = nn.BatchNorm1d(4, affine=affine, track_running_stats=track_running_stats)
    twin(ours, theirs)
    assert_same_outputs_and_gradients(ours, theirs, torch.randn(6, 4, dtype=torch.double))
    assert_same_state(ours, theirs)


@pytest.mark.parametrize("shape", [(1, 4), (1, 4, 1), (1, 4, 1, 1)], ids=str)
def test_one_value_per_channel_is_refused_while_statistics_come_from_the_batch(
    shape: tuple[int, ...],
) -> None:
    x = torch.randn(shape)
    for module in (BatchNorm(4), torch_batch_norm(shape), BatchNorm(4, track_running_stats=False).eval()):
        with pytest.raises(ValueError, match=r"(?i)expected more than 1 value per channel when training"):
            module(x)
    kept = BatchNorm(4).eval()(x)
    torch.testing.assert_close(kept, torch_batch_norm(shape).eval()(x))


def test_a_wrong_number_of_channels_is_named() -> None:
    with pytest.raises(ValueError, match=r"expected 4 channels in dimension 1, got \(2, 5\)"):
        BatchNorm(4)(torch.randn(2, 5))
    with pytest.raises(ValueError, match="got input size"):
        batch_norm(torch.randn(4), training=True)
    with pytest.raises(ValueError, match="evaluation needs running_mean and running_var"):
        batch_norm(torch.randn(2, 4))


def test_the_variance_that_normalizes_is_biased_and_the_one_that_is_stored_is_not() -> None:
    layer = BatchNorm(1, eps=0.0, momentum=1.0)
    y = layer(torch.tensor([[0.0], [2.0]]))  # mean 1, Σ(x − μ)² = 2: biased variance 1, unbiased 2
    torch.testing.assert_close(y, torch.tensor([[-1.0], [1.0]]))
    torch.testing.assert_close(layer.running_var, torch.tensor([2.0]))


def test_the_functions_take_pytorchs_arguments() -> None:
    x = torch.randn(3, 4, 5, dtype=torch.double)
    mean, var, weight, bias = torch.rand(4, 4, dtype=torch.double)
    for training in (True, False):
        ours = [x, mean.clone(), var.clone(), weight, bias, training, 0.3, 1e-4]
        theirs = [x, mean.clone(), var.clone(), weight, bias, training, 0.3, 1e-4]
        assert_equal(batch_norm(*ours), F.batch_norm(*theirs))
        assert_equal(ours[1], theirs[1])
        assert_equal(ours[2], theirs[2])
    weight, bias = torch.rand(2, 4, 5, dtype=torch.double)
    assert_equal(layer_norm(x, (4, 5), weight, bias), F.layer_norm(x, (4, 5), weight, bias))
    assert_equal(rms_norm(x, (4, 5), weight), F.rms_norm(x, (4, 5), weight))


@pytest.mark.parametrize("shape", [(2, 1), (7, 5), (3, 5, 4, 7)], ids=str)
def test_training_without_side_effects_is_pytorchs(shape: tuple[int, ...]) -> None:
    x = torch.randn(shape, dtype=torch.double, requires_grad=True)
    mean, var, weight, bias = torch.rand(4, shape[1], dtype=torch.double)
    kept = mean.clone(), var.clone()
    theirs = mean.clone(), var.clone()
    y, new_mean, new_var = batch_norm_training(x, mean, var, weight, bias, 0.3, 1e-3)
    z = F.batch_norm(x, *theirs, weight, bias, True, 0.3, 1e-3)
    for ours, other in ((y, z), (new_mean, theirs[0]), (new_var, theirs[1]), (mean, kept[0]), (var, kept[1])):
        assert_equal(ours, other)
    assert not new_mean.requires_grad
    assert not new_var.requires_grad
    pull = torch.randn_like(y)
    assert_equal(torch.autograd.grad(y, x, pull)[0], torch.autograd.grad(z, x, pull)[0])


@pytest.mark.parametrize("shape", [(2, 1), (7, 5), (64, 3)], ids=str)
def test_the_backward_pass_by_hand_is_autograds(shape: tuple[int, ...]) -> None:
    x = torch.randn(shape, dtype=torch.double, requires_grad=True)
    weight, bias = torch.randn(2, shape[1], dtype=torch.double, requires_grad=True)
    pull = torch.randn(shape, dtype=torch.double)
    y = F.batch_norm(x, None, None, weight, bias, True, 0.0, 1e-3)
    expected = torch.autograd.grad(y, [x, weight, bias], pull)
    for ours, theirs in zip(batch_norm_backward(x, weight, pull, 1e-3), expected, strict=True):
        assert_equal(ours, theirs)


ROWS = [((1, 7), 7), ((5, 3), 3), ((4, 1), 1), ((2, 3, 8), (8,)), ((2, 3, 8), (3, 8)), ((6,), 6), ((0, 4), 4)]


@pytest.mark.parametrize(("shape", "normalized_shape"), ROWS, ids=str)
@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("bias", [True, False])
def test_layer_norm_is_pytorchs(
    shape: tuple[int, ...], normalized_shape: int | tuple[int, ...], affine: bool, bias: bool
) -> None:
    arguments = {"eps": 1e-3, "elementwise_affine": affine, "bias": bias}
    ours = randomized(LayerNorm(normalized_shape, **arguments))  # type: ignore[arg-type]
    theirs = nn.LayerNorm(normalized_shape, **arguments)  # type: ignore[arg-type]
    twin(ours, theirs)
    for training in (True, False):
        ours.train(training)
        theirs.train(training)
        ours.zero_grad()
        theirs.zero_grad()
        assert_same_outputs_and_gradients(ours, theirs, torch.randn(shape, dtype=torch.double) * 3 + 1)


@pytest.mark.parametrize(("shape", "normalized_shape"), ROWS, ids=str)
@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("eps", [1e-3, None])
def test_rms_norm_is_pytorchs(
    shape: tuple[int, ...], normalized_shape: int | tuple[int, ...], affine: bool, eps: float | None
) -> None:
    ours = randomized(RMSNorm(normalized_shape, eps, affine))
    theirs = nn.RMSNorm(normalized_shape, eps, affine)
    twin(ours, theirs)
    assert_same_outputs_and_gradients(ours, theirs, torch.randn(shape, dtype=torch.double))
    assert_same_outputs_and_gradients(RMSNorm(3), nn.RMSNorm(3), torch.randn(2, 3) * 1e-4)  # eps counts here


@pytest.mark.parametrize("module", [LayerNorm((3, 4)), RMSNorm((3, 4))], ids=["LayerNorm", "RMSNorm"])
@pytest.mark.parametrize("shape", [(4, 3), (4,), (2, 3, 5)], ids=str)
def test_a_wrong_normalized_shape_is_named(module: nn.Module, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"expected input of size \(\*, 3, 4\), got"):
        module(torch.randn(shape))


PAIRS = [
    (BatchNorm(6), nn.BatchNorm1d(6)),
    (BatchNorm(6, momentum=None), nn.BatchNorm1d(6, momentum=None)),
    (BatchNorm(6, affine=False), nn.BatchNorm1d(6, affine=False)),
    (LayerNorm(6), nn.LayerNorm(6)),
    (LayerNorm(6, bias=False), nn.LayerNorm(6, bias=False)),
    (RMSNorm(6), nn.RMSNorm(6)),
]
NAMES = [f"{type(ours).__name__}-{i}" for i, (ours, _) in enumerate(PAIRS)]


@pytest.mark.parametrize(("ours", "theirs"), PAIRS, ids=NAMES)
def test_state_dicts_go_both_ways(ours: nn.Module, theirs: nn.Module) -> None:
    ours, theirs = copy.deepcopy(ours), copy.deepcopy(theirs)
    theirs(torch.randn(8, 6) * 2 + 1)
    ours.load_state_dict(theirs.state_dict())
    assert_same_state(ours, theirs)
    ours(torch.randn(8, 6))
    theirs.load_state_dict(ours.state_dict())
    assert_same_state(ours, theirs)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
@pytest.mark.parametrize(("ours", "theirs"), PAIRS, ids=NAMES)
def test_half_precision_is_normalized_in_float32(
    ours: nn.Module, theirs: nn.Module, dtype: torch.dtype
) -> None:
    ours, theirs = copy.deepcopy(ours), copy.deepcopy(theirs)
    x = (torch.randn(16, 6) * 100 + 200).to(dtype)  # squares overflow float16
    y = ours(x)
    assert y.dtype == dtype
    rounding = torch.finfo(dtype).eps * 4
    torch.testing.assert_close(y.float(), theirs(x.float()), rtol=rounding, atol=rounding)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.isfinite(ours(x)).all()


@pytest.mark.parametrize("ours", [ours for ours, _ in PAIRS], ids=NAMES)
def test_one_graph_for_the_compiler(ours: nn.Module) -> None:
    ours = copy.deepcopy(ours)
    plain = copy.deepcopy(ours)
    compiled = torch.compile(ours, backend="eager", fullgraph=True)
    for _ in range(2):
        x = torch.randn(8, 6)
        torch.testing.assert_close(compiled(x), plain(x))
    assert_same_state(ours, plain)
    torch._dynamo.reset()


@given(
    batch=st.integers(2, 9),
    channels=st.integers(1, 6),
    positions=st.lists(st.integers(1, 4), max_size=2),
    scale=st.floats(0.1, 100),
    shift=st.floats(-100, 100),
)
@settings(max_examples=60, deadline=None)
def test_batch_norm_forgets_shift_and_scale_of_a_channel_and_the_order_of_the_batch(
    batch: int, channels: int, positions: list[int], scale: float, shift: float
) -> None:
    layer = BatchNorm(channels, eps=0.0).double()
    x = torch.randn(batch, channels, *positions, dtype=torch.double)
    y = layer(x)
    torch.testing.assert_close(layer(x * scale + shift), y, rtol=1e-6, atol=1e-6)
    order = torch.randperm(batch)
    torch.testing.assert_close(layer(x[order]), y[order], rtol=1e-6, atol=1e-6)
    per_channel = y.transpose(0, 1).flatten(1)
    torch.testing.assert_close(per_channel.mean(1), torch.zeros(channels).double(), rtol=0, atol=1e-9)
    torch.testing.assert_close(per_channel.std(1, correction=0), torch.ones(channels).double())


@given(batch=st.integers(1, 6), features=st.integers(2, 9), kind=st.sampled_from([LayerNorm, RMSNorm]))
@settings(max_examples=60, deadline=None)
def test_a_sample_is_normalized_alone(batch: int, features: int, kind: Callable[..., nn.Module]) -> None:
    layer = kind(features, eps=0.0).double()
    x = torch.randn(batch, features, dtype=torch.double)
    together = layer(x)
    alone = torch.cat([layer(row[None]) for row in x])
    assert_equal(together, alone)
    torch.testing.assert_close(together.square().mean(1), torch.ones(batch).double())
    torch.testing.assert_close(layer(x * 7), together)
    if kind is LayerNorm:
        torch.testing.assert_close(together.mean(1), torch.zeros(batch).double(), rtol=0, atol=1e-9)
        torch.testing.assert_close(layer(x + 7), together)

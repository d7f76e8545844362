"""Our convolution and max-pooling are PyTorch's: the same outputs and gradients."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from models.convolution.convolution import conv2d, max_pool2d


def draw(*shape: int) -> Tensor:
    return torch.randn(shape, dtype=torch.double, requires_grad=True)


def assert_same(ours: Tensor, theirs: Tensor, leaves: list[Tensor]) -> None:
    """Equal outputs and gradients, but for the order of float64 sums."""
    torch.testing.assert_close(ours, theirs, rtol=1e-11, atol=1e-11)
    pull = torch.randn_like(ours)
    pairs = zip(
        torch.autograd.grad(ours, leaves, pull), torch.autograd.grad(theirs, leaves, pull), strict=True
    )
    for mine, other in pairs:
        torch.testing.assert_close(mine, other, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", [0, 1, 2])
@pytest.mark.parametrize("kernel", [(1, 1), (3, 3), (2, 4)], ids=str)
def test_convolution_is_pytorchs(kernel: tuple[int, int], padding: int, stride: int) -> None:
    x, weight, bias = draw(2, 3, 7, 6), draw(5, 3, *kernel), draw(5)
    assert_same(
        conv2d(x, weight, bias, stride, padding),
        F.conv2d(x, weight, bias, stride, padding),
        [x, weight, bias],
    )
    assert_same(conv2d(x, weight), F.conv2d(x, weight), [x, weight])


def test_the_kernel_is_not_flipped() -> None:
    image = torch.tensor([[[[1.0, 2.0, 3.0]]]])
    assert conv2d(image, torch.tensor([[[[1.0, 0.0]]]])).tolist() == [[[[1.0, 2.0]]]]


@pytest.mark.parametrize("stride", [None, 1, 2, 3])
@pytest.mark.parametrize(("kernel_size", "padding"), [(1, 0), (2, 0), (2, 1), (3, 1), (5, 2)])
def test_max_pooling_is_pytorchs(kernel_size: int, padding: int, stride: int | None) -> None:
    x = draw(2, 3, 8, 7)
    assert_same(
        max_pool2d(x, kernel_size, stride, padding), F.max_pool2d(x, kernel_size, stride, padding), [x]
    )


def test_padding_never_wins() -> None:
    assert max_pool2d(-torch.ones(1, 1, 4, 4), 3, 2, 1).eq(-1).all()


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", [0, 1])
@pytest.mark.parametrize("values", [1, 2, 3])
def test_the_first_of_several_largest_values_gets_the_gradient(
    values: int, padding: int, stride: int
) -> None:
    x = torch.randint(values, (2, 3, 8, 7)).double().requires_grad_()
    assert_same(max_pool2d(x, 3, stride, padding), F.max_pool2d(x, 3, stride, padding), [x])


@pytest.mark.parametrize("kernel_size", [2, 3, 4, 5])
def test_padding_up_to_half_a_window_as_pytorch_allows_it(kernel_size: int) -> None:
    x = draw(1, 2, 6, 7)
    for padding in range(kernel_size):
        if padding <= kernel_size // 2:
            assert_same(max_pool2d(x, kernel_size, 1, padding), F.max_pool2d(x, kernel_size, 1, padding), [x])
            continue
        with pytest.raises(RuntimeError, match="pad should be at most half"):
            F.max_pool2d(x, kernel_size, 1, padding)
        with pytest.raises(ValueError, match="padding must lie between 0 and half of kernel_size"):
            max_pool2d(x, kernel_size, 1, padding)


@pytest.mark.parametrize("channels", [1, 3])
def test_an_image_without_a_batch(channels: int) -> None:
    x, weight, bias = draw(channels, 7, 6), draw(5, channels, 3, 2), draw(5)
    assert_same(conv2d(x, weight, bias, 2, 1), F.conv2d(x, weight, bias, 2, 1), [x, weight, bias])
    assert_same(max_pool2d(x, 3, 2, 1), F.max_pool2d(x, 3, 2, 1), [x])

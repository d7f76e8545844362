"""Our cells are PyTorch's: states and gradients, from one step to the next."""

import torch
from torch import Tensor, nn

from models.recurrent import gru_cell, lstm_cell


def draw(*shape: int) -> Tensor:
    random = torch.Generator().manual_seed(sum(shape))
    return torch.randn(shape, generator=random, dtype=torch.double).requires_grad_()


def weights(cell: nn.Module) -> list[Tensor]:
    return [cell.get_parameter(name) for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]


def assert_same(ours: tuple[Tensor, ...], theirs: tuple[Tensor, ...], leaves: list[Tensor]) -> None:
    """Equal outputs, and equal gradients of their squares."""
    torch.testing.assert_close(ours, theirs, rtol=1e-11, atol=1e-11)
    gradients = [
        torch.autograd.grad(torch.cat(out).square().sum(), leaves, allow_unused=True)
        for out in (ours, theirs)
    ]
    torch.testing.assert_close(*gradients, rtol=1e-10, atol=1e-10)


def test_the_lstm_cell_is_pytorchs() -> None:
    cell = nn.LSTMCell(3, 5).double()
    x, h, c = draw(4, 3), draw(4, 5), draw(5, 5)[:4]
    leaves = [x, h, c, *weights(cell)]
    assert_same(lstm_cell(x, h, c, *weights(cell)), cell(x, (h, c)), leaves)


def test_the_gru_cell_is_pytorchs() -> None:
    cell = nn.GRUCell(3, 5).double()
    x, h = draw(4, 3), draw(4, 5)
    assert_same((gru_cell(x, h, *weights(cell)),), (cell(x, h),), [x, h, *weights(cell)])


def test_a_shut_forget_gate_forgets_and_an_open_one_keeps() -> None:
    x, h, c = draw(1, 1), draw(1, 2), draw(2, 2)[:1]
    shut, open_ = torch.full((2,), -1e3).double(), torch.full((2,), 1e3).double()
    none = torch.zeros(8, 1).double(), torch.zeros(8, 2).double()
    for forget, kept in ((open_, c), (shut, torch.zeros_like(c))):
        bias = torch.cat([shut, forget, shut, shut])  # input gate, forget gate, candidate, output gate
        new_h, new_c = lstm_cell(x, h, c, *none, bias, torch.zeros(8).double())
        torch.testing.assert_close((new_h, new_c), (torch.zeros_like(h), kept))


def test_many_steps_are_the_network() -> None:
    net = nn.LSTM(2, 3, batch_first=True).double()
    own = [net.get_parameter(f"{name}_l0") for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
    x = draw(2, 6, 2)
    h, c = torch.zeros(2, 2, 3, dtype=torch.double)
    seen = []
    for step in x.unbind(1):
        h, c = lstm_cell(step, h, c, *own)
        seen.append(h)
    torch.testing.assert_close(torch.stack(seen, 1), net(x)[0])

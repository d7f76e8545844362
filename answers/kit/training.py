"""The training loop, once; and as several demonstrations do it: shuffled digits, Adam, a rate that falls."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor, nn

from answers.kit.digits import pixels, shuffled
from quizcli.demo.device import Device


def minimize(
    optimizer: torch.optim.Optimizer, losses: Iterable[Tensor | tuple[Tensor, Tensor]]
) -> Iterator[Tensor]:
    """One step down for each loss: `for loss in minimize(adam, (loss_of(rows) for rows in batches)):`.

    The next loss is computed when it is asked for, with the weights as they are by then. Yields each loss
    after its step, or what stands beside it as a pair, detached, still on its device: reading it waits.
    """
    for each in losses:
        loss, watched = each if isinstance(each, tuple) else (each, each)
        step_down(optimizer, loss)
        yield watched.detach()


def step_down(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    """One step against the gradients of `loss`."""
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()


class Schedule(NamedTuple):
    """How long, in which portions, and with which highest learning rate."""

    epochs: int
    batch: int
    lr: float

    def steps(self, images: Tensor) -> int:
        """Steps of the whole run."""
        return self.epochs * (len(images) // self.batch)


def descend(
    model: nn.Module,
    images: Tensor,  # (n, 784) bytes
    schedule: Schedule,
    device: Device,
    loss: Callable[[Tensor], tuple[Tensor, Tensor]],
) -> Iterator[Tensor]:
    """Minimize the first of what `loss` makes of a batch (B, 784); yields the second, on the device."""
    # As in answers/vae/vae.py: β₂ = 0.95 soon forgets the large first gradients and bears a high rate.
    optimizer = torch.optim.Adam(model.parameters(), lr=schedule.lr, betas=(0.9, 0.95), fused=device.fused)
    steps = schedule.steps(images)

    def losses() -> Iterator[tuple[Tensor, Tensor]]:
        for step, rows in enumerate(shuffled(images, schedule.batch, schedule.epochs)):
            # up to 1 in the first tenth of the run, then down to 0
            optimizer.param_groups[0]["lr"] = schedule.lr * min(10 * step, (steps - step) / 0.9) / steps
            yield loss(pixels(images[rows]))

    yield from minimize(optimizer, losses())

"""The numbers of questions/training-at-scale.yaml, computed."""

from collections.abc import Callable

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint
from torch.utils.flop_counter import FlopCounterMode


def checkpointing() -> float:
    """Per cent of operations added by recomputing every block, counted by torch.

    The input asks for its gradient too, so that the backward pass of every layer costs twice the forward one.
    A ReLU follows each product, so that recomputing a block includes the product.
    """
    blocks = [nn.Sequential(nn.Linear(16, 16), nn.ReLU()) for _ in range(4)]

    def operations(recompute: bool) -> int:
        x = torch.zeros(8, 16, requires_grad=True)
        with FlopCounterMode(display=False) as counter:
            for block in blocks:
                x = checkpoint(block, x, use_reentrant=False) if recompute else block(x)
            x.sum().backward()  # type: ignore[no-untyped-call]
        return int(counter.get_total_flops())

    return 100 * (operations(recompute=True) / operations(recompute=False) - 1)


def zero_memory() -> float:
    """GB a GPU under ZeRO stage 1: only what the optimizer holds is divided among the GPUs."""
    billions, gpus = 8, 8
    held_by_all = [torch.bfloat16, torch.bfloat16]  # weights, gradients
    divided = [torch.float32, torch.float32, torch.float32]  # weights, first and second moments
    sharded = sum(kind.itemsize for kind in divided) / gpus
    return billions * (sum(kind.itemsize for kind in held_by_all) + sharded)


NUMBERS: dict[str, Callable[[], float]] = {
    "training-at-scale-checkpointing": checkpointing,
    "training-at-scale-zero-memory": zero_memory,
}

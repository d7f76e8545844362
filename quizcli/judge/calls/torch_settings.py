"""Settings of PyTorch's that are everybody's: how each is read and put back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch._tensor_str import PRINT_OPTS


def _keeps_the_smallest() -> bool:
    """Whether numbers below 2⁻¹²⁶ are numbers, and not 0."""
    return bool(torch.full((1,), 2.0**-127).mul(1.0).item())


SETTINGS: dict[str, tuple[Callable[[], Any], Callable[[Any], Any]]] = {
    "gradients": (torch.is_grad_enabled, torch.set_grad_enabled),
    "dtype": (torch.get_default_dtype, torch.set_default_dtype),
    "device": (torch.get_default_device, torch.set_default_device),
    "deterministic algorithms": (
        torch.are_deterministic_algorithms_enabled,
        torch.use_deterministic_algorithms,
    ),
    "the detection of anomalies": (torch.is_anomaly_enabled, torch.set_anomaly_enabled),
    "the precision of products": (torch.get_float32_matmul_precision, torch.set_float32_matmul_precision),
    "how tensors are printed": (lambda: vars(PRINT_OPTS).copy(), lambda kept: vars(PRINT_OPTS).update(kept)),
    "oneDNN": (torch._C._get_mkldnn_enabled, torch._C._set_mkldnn_enabled),
    "the number of threads": (torch.get_num_threads, torch.set_num_threads),
    "how the smallest numbers are rounded": (
        _keeps_the_smallest,
        lambda kept: torch.set_flush_denormal(not kept),
    ),
}

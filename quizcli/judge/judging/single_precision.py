"""A case in single precision: what a right answer may ask for where the question says nothing of dtypes."""

from __future__ import annotations

from typing import Any

import torch

from quizcli.judge.calls.tensor_codec import map_tensors, tensors
from quizcli.judge.case import Call, Case


def in_single(case: Case) -> Case | None:
    """The same case with every float64 tensor in float32; None where it has none."""
    given = [*case.args, *case.kwargs.values(), *(call.args for call in case.calls)]
    if not any(tensor.dtype == torch.float64 for tensor in tensors(given)):
        return None
    return case._replace(
        args=tuple(map(_single, case.args)),
        kwargs={name: _single(value) for name, value in case.kwargs.items()},
        calls=tuple(Call(call.method, tuple(map(_single, call.args))) for call in case.calls),
    )


def _single(value: Any) -> Any:
    return map_tensors(value, _float32)


def _float32(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.detach().float() if tensor.dtype == torch.float64 else tensor

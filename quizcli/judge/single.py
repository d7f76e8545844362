"""A case in single precision: what a right answer may ask for where the question says nothing of dtypes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from quizcli.judge.case import Call, Case
from quizcli.judge.values import tensors


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
    if isinstance(value, torch.Tensor):
        return value.detach().float() if value.dtype == torch.float64 else value
    if isinstance(value, tuple | list):
        return type(value)(map(_single, value))
    if isinstance(value, Mapping):
        return {name: _single(one) for name, one in value.items()}
    return value

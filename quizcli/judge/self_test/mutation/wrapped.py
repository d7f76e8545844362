"""A model answer with something done to its arguments or its result: wrong then, or right all the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from quizcli.judge.calls.tensor_codec import map_tensors, tensors
from quizcli.judge.judging.judging import Trial
from quizcli.judge.self_test.mutation.mutants import Mutant

_Entry = Callable[..., Any]


def wrong_around(trial: Trial) -> Iterator[Mutant]:
    """What a question's rules forbid, done to its whole model answer."""
    entry = trial.solution
    if "gradients" in trial.judged:
        yield Mutant("the result is detached", lambda: _mapped(entry, Tensor.detach))
    if "dtype" in trial.judged:
        yield Mutant("the result has another dtype", lambda: _mapped(entry, _other_dtype))
    if "precision" in trial.judged:
        yield Mutant("computed in float32", lambda: in_dtype(entry, torch.float32))
    if any(t.is_floating_point() for _, case in trial.draw_cases() for t in tensors(case.args)):
        yield Mutant("an argument is changed in place", lambda: _in_place(entry))
    outputs = (trial.expect(case, number)[0][1].output for number, case in trial.draw_cases())
    if any(tensor.ndim for output in outputs for tensor in tensors(output)):
        yield Mutant("the result is squeezed", lambda: _mapped(entry, Tensor.squeeze))


def right_forms(trial: Trial) -> Iterator[tuple[str, _Entry]]:
    """The model answer in the precisions that a right answer may compute in."""
    yield "", trial.solution
    yield "float64", in_dtype(trial.solution, torch.float64)
    if "precision" not in trial.judged:
        yield "float32", in_dtype(trial.solution, torch.float32)


def in_dtype(entry: _Entry, dtype: torch.dtype) -> _Entry:
    """A function that computes in another precision, and returns the dtypes that it would return anyway."""

    def computed(*args: Any, **kwargs: Any) -> Any:
        state = torch.get_rng_state()
        plain = entry(*args, **kwargs)
        torch.set_rng_state(state)
        cast_args, cast_kwargs = map_tensors(
            [[_rounded(arg, dtype) for arg in args], kwargs], lambda tensor: _cast(tensor, dtype)
        )
        return _like(entry(*cast_args, **cast_kwargs), plain)

    return computed


def _cast(tensor: Tensor, dtype: torch.dtype) -> Tensor:
    return tensor.to(dtype) if tensor.is_floating_point() else tensor


def _rounded(value: Any, dtype: torch.dtype) -> Any:
    """A list of numbers as a tensor of that dtype holds them: such data often becomes one."""
    data = isinstance(value, list) and all(type(number) is float for number in value)
    return torch.tensor(value, dtype=dtype).tolist() if data else value


def _like(value: Any, plain: Any) -> Any:
    """The value in the dtypes of another of the same make."""
    if isinstance(value, Tensor) and isinstance(plain, Tensor):
        return value.to(plain.dtype)
    if isinstance(value, tuple | list) and isinstance(plain, tuple | list):
        return [_like(item, other) for item, other in zip(value, plain, strict=True)]
    return {key: _like(item, plain[key]) for key, item in value.items()} if isinstance(value, dict) else value


def _mapped(entry: _Entry, change: Callable[[Tensor], Tensor]) -> _Entry:
    return lambda *args, **kwargs: map_tensors(entry(*args, **kwargs), change)


def _other_dtype(tensor: Tensor) -> Tensor:
    if not tensor.is_floating_point():
        return tensor
    return tensor.double() if tensor.dtype == torch.float32 else tensor.float()


def _in_place(entry: _Entry) -> _Entry:
    def changing(*args: Any, **kwargs: Any) -> Any:
        result = entry(*args, **kwargs)
        with torch.no_grad():
            for tensor in tensors([*args, *kwargs.values()]):
                if tensor.is_floating_point():
                    tensor.mul_(2)
        return result

    return changing

"""Where two values differ first, and the windows on them that show it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from quizcli.demo.events import Words
from quizcli.judge.calls.messages import TensorWindow
from quizcli.judge.judging.tensor_window import EXPECTED, GOT, about, number, window

if TYPE_CHECKING:
    from torch import Tensor


class Difference(NamedTuple):
    """What differs, in a sentence, and windows on what was expected and what was got."""

    why: Words
    grids: tuple[TensorWindow, ...] = ()


class Rules(NamedTuple):
    """What is compared beside the values, because the question says so."""

    dtype: bool = False  # else any dtype of the same sort will do: float32 for float64, int32 for int64
    precision: bool = False  # float64 is computed in float64: the tolerance is one of its own


OUTPUT: Words = {"en": "output", "zh": "输出"}
STRICT = Rules(dtype=True, precision=True)
_PRECISE = 1e-9  # float32's own rounding is a hundred times coarser: no verdict hangs on chance
_HALF = {"float16": 2.0**-10, "bfloat16": 2.0**-7}  # the distance from 1 to the next number


def difference(
    expected: Any,
    got: Any,
    tolerance: float,
    what: Words = OUTPUT,
    where: str = "",
    rules: Rules = STRICT,
    unit: float = 1.0,
) -> Difference | None:
    """The first difference of two values; None where they agree. `what` they are, and `where` in it.

    `tolerance` is relative, and absolute in `unit`s, of float32, and with `rules.precision` not of float64.
    """
    import torch

    if isinstance(expected, torch.Tensor) and isinstance(got, torch.Tensor):
        return _of_tensors(expected, got, tolerance, what, where, rules, unit)
    if isinstance(expected, tuple | list) and isinstance(got, tuple | list) and len(got) == len(expected):
        parts = [(f"{where}[{k}]", e, g) for k, (e, g) in enumerate(zip(expected, got, strict=True))]
    elif isinstance(expected, dict) and isinstance(got, dict) and set(got) == set(expected):
        parts = [(f"{where}[{key!r}]", value, got[key]) for key, value in expected.items()]
    else:
        same = _equal(expected, got, tolerance, unit)
        return None if same else _unlike(what, where, about(expected), about(got))
    found = (difference(e, g, tolerance, what, name, rules, unit) for name, e, g in parts)
    return next((one for one in found if one is not None), None)


def _equal(expected: Any, got: Any, tolerance: float, unit: float) -> bool:
    """Whether two plain values are equal; a number may come as a tensor without axes."""
    import torch

    if isinstance(got, torch.Tensor) and got.ndim == 0 and isinstance(expected, bool | int | float):
        got = got.item()
    if isinstance(expected, torch.Tensor | tuple | list | dict):
        return False  # of another type or length than what was got
    if isinstance(expected, bool) or isinstance(got, bool) or not isinstance(expected, int | float):
        return type(got) is type(expected) and bool(got == expected)
    if not isinstance(got, int | float):
        return False
    if math.isnan(got) or math.isnan(expected):
        return math.isnan(got) and math.isnan(expected)
    return math.isclose(got, expected, rel_tol=tolerance, abs_tol=tolerance * unit)


def first_difference(expected: Any, got: Any, rules: Rules = STRICT) -> Difference | None:
    """Where two values differ in type, shape or dtype; their numbers are not looked at."""
    import torch

    if isinstance(expected, torch.Tensor) and isinstance(got, torch.Tensor):
        same = expected.shape == got.shape and _fits(expected, got, rules)
        return None if same else _unlike(OUTPUT, "", about(expected), about(got))
    if isinstance(expected, tuple | list) and isinstance(got, tuple | list) and len(got) == len(expected):
        found = (first_difference(e, g, rules) for e, g in zip(expected, got, strict=True))
        return next((one for one in found if one is not None), None)
    numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in (expected, got))
    if not isinstance(expected, tuple | list) and (numbers or type(expected) is type(got)):
        return None
    return _unlike(OUTPUT, "", about(expected), about(got))


def _unlike(what: Words, where: str, expected: str, got: str) -> Difference:
    return Difference(
        {
            "en": f"{what['en']}{where}: expected {expected}, got {got}",
            "zh": f"{what['zh']}{where}：应为 {expected}，实为 {got}",
        }
    )


def _fits(expected: Tensor, got: Tensor, rules: Rules) -> bool:
    """Whether a tensor has the dtype that was expected, or where none was asked for, one of its sort.

    Not half precision where none was given: of its three digits nobody can tell what they were computed of.
    """
    if expected.dtype == got.dtype:
        return True
    coarse = bool(_half(got)) and not _half(expected)
    return not rules.dtype and _sort(expected) == _sort(got) and not coarse


def _half(tensor: Tensor) -> float:
    return _HALF.get(str(tensor.dtype).removeprefix("torch."), 0.0)


def _sort(tensor: Tensor) -> str:
    import torch

    if tensor.is_floating_point():
        return "float"
    if tensor.is_complex():
        return "complex"
    return "bool" if tensor.dtype == torch.bool else "int"


def _allowed(expected: Tensor, got: Tensor, tolerance: float, rules: Rules) -> float:
    """How far apart two tensors may be, relatively and absolutely."""
    import torch

    if rules.precision and expected.dtype == got.dtype == torch.float64 and tolerance:
        return _PRECISE
    if not tolerance:
        return 0.0
    return max(tolerance, 4 * max(_half(expected), _half(got))) if _half(expected) else tolerance


def _of_tensors(
    expected: Tensor, got: Tensor, tolerance: float, what: Words, where: str, rules: Rules, unit: float
) -> Difference | None:
    import torch

    if expected.shape != got.shape or not _fits(expected, got, rules):
        return _unlike(what, where, about(expected), about(got))
    if not expected.numel():
        return None
    tolerance = _allowed(expected, got, tolerance, rules)
    if expected.is_floating_point():
        close = torch.isclose(
            got.double(), expected.double(), rtol=tolerance, atol=tolerance * unit, equal_nan=True
        )
    else:
        close = got == expected
    if bool(close.all()):
        return None
    wrong = (~close).nonzero()  # (count, ndim)
    first = tuple(wrong[0].tolist())
    at = f"{where}[{', '.join(map(str, first))}]" if first else where
    values = _apart(expected[first].item(), got[first].item())
    return Difference(
        {
            "en": f"{what['en']}{at} should be {values[0]}, is {values[1]}; "
            f"{len(wrong)} of {close.numel()} differ",
            "zh": f"{what['zh']}{at} 应为 {values[0]}，实为 {values[1]}；"
            f"共 {close.numel()} 个值，{len(wrong)} 个不符",
        },
        (window(EXPECTED, expected, first, ~close), window(GOT, got, first, ~close)),
    )


def _apart(expected: float, got: float) -> tuple[str, str]:
    """Two numbers that differ, with as many digits as it takes to see it."""
    short = number(expected), number(got)
    return short if short[0] != short[1] else (f"{expected:.10g}", f"{got:.10g}")

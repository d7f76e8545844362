"""Values as a person sees them: what they are, in a word, and small windows on their numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from quizcli.judge.calls.messages import TensorWindow

if TYPE_CHECKING:
    from torch import Tensor

ROWS, COLUMNS = 4, 4  # of a window
EXPECTED, GOT = "expected", "got"  # labels of the two that are compared
THEN = "then"  # and of what is called of an object
_LONGEST = 60  # characters of a value that is no tensor


def about(value: Any) -> str:
    """Type and shape of a value; of small plain ones the value itself."""
    import torch

    from quizcli.judge.calls.tensor_codec import Strange

    if isinstance(value, torch.Tensor):
        return f"{str(value.dtype).removeprefix('torch.')} {tuple(value.shape)}"
    if isinstance(value, Strange):
        return value.sort
    if isinstance(value, float):
        return number(value)
    if isinstance(value, tuple | list) and any(
        isinstance(item, torch.Tensor | tuple | list | Strange) for item in value
    ):
        inside = ", ".join(about(item) for item in value)
        return inside.join("()" if isinstance(value, tuple) else "[]")
    if isinstance(value, dict):
        return "{" + ", ".join(map(repr, value)) + "}"
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def number(value: float | int | bool) -> str:
    """Four significant digits; integers whole."""
    return str(value) if isinstance(value, bool | int) else f"{value:.4g}"


def window(label: str, tensor: Tensor, first: tuple[int, ...], wrong: Tensor | None = None) -> TensorWindow:
    """The numbers around one place of a tensor, two axes of it; `wrong` says which are marked."""
    outer, (row, column) = first[:-2], (0, 0, *first)[-2:] if len(first) != 1 else (0, first[0])
    plane = _plane(tensor, outer)
    marks = _plane(wrong, outer) if wrong is not None else None
    height, width = plane.shape
    top, left = _begin(row, height, ROWS), _begin(column, width, COLUMNS)
    rows, columns = range(top, min(top + ROWS, height)), range(left, min(left + COLUMNS, width))
    return TensorWindow(
        label=label,
        about=about(tensor),
        rows=tuple(tuple(number(plane[r, c].item()) for c in columns) for r in rows),
        marked=tuple((r - top, c - left) for r in rows for c in columns if marks is not None and marks[r, c]),
        place=_place(tensor, outer, rows, columns),
    )


def _plane(tensor: Tensor, outer: tuple[int, ...]) -> Tensor:
    """Two axes of a tensor with any number of them."""
    plane = tensor[outer] if outer else tensor
    return plane.reshape((1,) * (2 - plane.ndim) + tuple(plane.shape)) if plane.ndim < 2 else plane


def _begin(at: int, size: int, shown: int) -> int:
    return max(0, min(at - shown // 2, size - shown))


def _place(tensor: Tensor, outer: tuple[int, ...], rows: range, columns: range) -> str:
    """Which part is shown, as an index; "" for the whole of it."""
    sizes = (*tensor.shape[-2:],) if tensor.ndim > 1 else tuple(tensor.shape)
    ranges = (rows, columns) if tensor.ndim > 1 else (columns,) if tensor.ndim else ()
    parts = [*map(str, outer)]
    for size, shown in zip(sizes, ranges, strict=True):
        parts.append(":" if len(shown) == size else f"{shown.start}:{shown.stop}")
    return "" if all(part == ":" for part in parts) else f"[{', '.join(parts)}]"


def arguments(names: list[str], values: list[Any]) -> tuple[TensorWindow, ...]:
    """Each argument by its name; of tensors the beginning of their numbers."""
    import torch

    grids = []
    for name, value in zip(names, values, strict=True):
        if isinstance(value, torch.Tensor) and value.numel():
            grids.append(window(name, value, (0,) * value.ndim))
        else:
            grids.append(TensorWindow(label=name, about=about(value), rows=()))
    return tuple(grids)


def steps(calls: list[tuple[str, tuple[Any, ...]]]) -> tuple[TensorWindow, ...]:
    """What is then called of the object, a row each: ".step(0.5)"."""
    rows = tuple((f".{method}({', '.join(about(value) for value in args)})",) for method, args in calls)
    return (TensorWindow(label=THEN, about="", rows=rows),) if rows else ()

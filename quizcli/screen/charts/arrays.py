"""The numbers of an event's array, read in place: no numpy in this process."""

import math
from collections.abc import Sequence

from quizcli.demo.events import Array

Row = Sequence[float]


def numbers_of(array: Array, *dimensions: int) -> Sequence[float]:
    """All numbers of an array in C order. Raises ValueError unless it has so many dimensions."""
    size = math.prod(array.shape)
    if len(array.shape) not in dimensions or len(array.data) != size * (4 if array.dtype == "float32" else 1):
        raise ValueError(f"{array.dtype} {array.shape}")
    view = memoryview(array.data)
    return view.cast("f") if array.dtype == "float32" else view


def matrix_of(array: Array) -> list[list[float]]:
    """The rows of a matrix."""
    values = numbers_of(array, 2)
    rows, columns = array.shape
    return [list(values[k * columns : (k + 1) * columns]) for k in range(rows)]


def mean_of(values: Sequence[float]) -> float:
    """The mean of the finite values; NaN where there is none."""
    finite = [v for v in values if math.isfinite(v)]
    return sum(finite) / len(finite) if finite else math.nan

"""Sides of arguments that a judge tries with one size alone.

A side of 1 is where `squeeze()` takes an axis too many, and where what is broadcast fits by chance.
"""

from __future__ import annotations

import inspect
from collections import defaultdict
from collections.abc import Iterator

from quizcli.judge.calls.tensor_codec import tensors
from quizcli.judge.judging.judging import Trial
from quizcli.text import tr


def untried_sides(trial: Trial) -> Iterator[str]:
    """Sides that are never 1, or never anything else, without a reason; and reasons without such a side."""
    sizes = _sizes(trial)
    known = trial.judge.fixed
    alone = {side for side, seen in sizes.items() if 1 not in seen or max(seen) == 1}
    for side in sizes:
        if side in alone and side not in known:
            yield (
                tr(f"never of size 1: {side}", f"大小从未为 1：{side}")
                if 1 not in sizes[side]
                else tr(f"always of size 1: {side}", f"大小总是 1：{side}")
            )
    for side in known:
        if side not in alone:
            yield tr(f"not fixed: {side}", f"并非固定：{side}")


def _sizes(trial: Trial) -> dict[str, set[int]]:
    """All sizes of each side that is tried; of shapes with two axes and with three, the sides are others."""
    names = list(inspect.signature(trial.solution).parameters)
    sizes: dict[str, set[int]] = defaultdict(set)
    for _, case in trial.draw_cases():
        given = dict(zip(names, case.args, strict=False)) | dict(case.kwargs)
        for name, value in given.items():
            for tensor in tensors(value):
                for axis, size in enumerate(tensor.shape):
                    sizes[f"{name}, axis {axis} of {tensor.ndim}"].add(size)
    return sizes

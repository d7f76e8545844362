"""What PyTorch itself records of a run: each operator, also inside of others, in scripts and their forks.

A dispatch mode sees `gru_cell` only as the products and sums that it is made of, Python's profiler only what
Python calls. PyTorch's own recorder sees it by its name, whoever called it: but not from which line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch._C._autograd import _disable_profiler_legacy, _enable_profiler_legacy
from torch._C._profiler import ProfilerConfig, ProfilerState, _ExperimentalConfig
from torch.jit import _recursive, _state

TURNED_OFF = "_disable_profiler_legacy"  # recorded where somebody has put an end to the recording

# Whose operators have PyTorch's names: a script, or an operator of one's own, may be called anything.
_THEIRS = frozenset(
    ("aten", "prims", "quantized", "_quantized", "mkldnn", "mkldnn_prepacked", "onednn", "torchvision")
)
_NODE = re.compile(r"\w+Backward\d+|autograd::engine::.*")  # of autograd, as it runs
_OF_TORCH = re.compile(r"(torch|torchvision)\.")


@contextmanager
def record_operators(names: set[str]) -> Iterator[None]:
    """Put the names of all operators that run into a set; `run_backward` where autograd does."""
    _enable_profiler_legacy(_settings())
    try:
        yield
    finally:
        try:
            heard = {event.name() for thread in _disable_profiler_legacy() for event in thread}
            names.update(map(_name, heard))
        except RuntimeError:
            names.add(TURNED_OFF)


def _settings() -> ProfilerConfig:
    """Names and nothing else: no shapes, memory, stacks, counts or modules."""
    return ProfilerConfig(ProfilerState.CPU, False, False, False, False, False, _ExperimentalConfig())


def _name(recorded: str) -> str:
    if _NODE.fullmatch(recorded):
        return "run_backward"
    space, _, name = recorded.partition("::")
    return name if space in _THEIRS else ""


def script_names() -> set[str]:
    """The names of PyTorch's functions and layers in Python that were made part of a script so far.

    Only their operators are left there: nobody sees when `xavier_normal_` itself runs in a script.
    """
    compiled: Any = _state._python_cu  # whose stubs say that it gives nothing
    functions = (one.qualified_name.removeprefix("__torch__.") for one in compiled.get_functions())
    layers = (
        f"{one.__module__}.{one.__name__}"
        for made in _recursive.concrete_type_store.type_store
        for one in made.__mro__
        if one is not torch.nn.Module
    )
    return {name.rpartition(".")[2] for name in (*functions, *layers) if _OF_TORCH.match(name)}

"""What a judge never tries: parameters, defaults, and what the question says is judged."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any, NamedTuple

from torch import Tensor

from quizcli.judge.calls.tensor_codec import tensors
from quizcli.judge.case import Case
from quizcli.judge.judging.judging import Trial
from quizcli.text import tr

_NONE = object()  # a parameter that has no default, or one that is no plain value


class _Parameter(NamedTuple):
    name: str
    default: Any


def untried(trial: Trial, starter: str, entry: str) -> Iterator[str]:
    """What is never exercised by the cases, or exercised and not announced."""
    cases = [case for _, case in trial.draw_cases()]
    yield from _parameters(cases, _declared(starter, entry))
    gradients = any(case.grad for case in cases)
    if gradients and "gradients" not in trial.judged:
        yield tr(
            "gradients are judged: say so with `judged: [gradients]`",
            "评判了梯度：请写明 `judged: [gradients]`",
        )
    dtypes = {str(t.dtype) for case in cases for t in tensors([*case.args, *case.kwargs.values()])}
    floats = {name for name in dtypes if "float" in name}
    tried = {"gradients": gradients, "dtype": len(floats) != 1, "precision": "torch.float64" in floats}
    for word in trial.judged:
        if not tried[word]:
            yield tr(f"`judged` says {word}, and no case tries it", f"`judged` 写了 {word}，但没有用例检验它")


def _parameters(cases: list[Case], declared: list[_Parameter]) -> Iterator[str]:
    """Parameters of which only one thing is ever tried."""
    for place, parameter in enumerate(declared):
        given = [_given(case, place, parameter.name) for case in cases]
        values = [value for value in given if value is not _NONE]
        if parameter.default is _NONE:
            continue
        if len(values) == len(given):
            yield tr(f"the default of {parameter.name} is never used", f"从未用到 {parameter.name} 的默认值")
        if not any(isinstance(v, Tensor | list | tuple) or v != parameter.default for v in values):
            yield tr(
                f"{parameter.name} is never given anything but its default",
                f"{parameter.name} 从未取过默认值以外的值",
            )


def _given(case: Case, place: int, name: str) -> Any:
    return case.args[place] if place < len(case.args) else case.kwargs.get(name, _NONE)


def _declared(starter: str, entry: str) -> list[_Parameter]:
    """The parameters of a starter's function, with their defaults."""
    found = [n for n in ast.parse(starter).body if isinstance(n, ast.FunctionDef) and n.name == entry]
    declared: list[_Parameter] = []
    for function in found:
        plain = [*function.args.posonlyargs, *function.args.args]
        missing: list[ast.expr | None] = [None] * (len(plain) - len(function.args.defaults))
        defaults = [*missing, *function.args.defaults, *function.args.kw_defaults]
        for argument, default in zip([*plain, *function.args.kwonlyargs], defaults, strict=True):
            declared.append(_Parameter(argument.arg, _NONE if default is None else _value(default)))
    return declared


def _value(default: ast.expr) -> Any:
    try:
        return ast.literal_eval(default)
    except ValueError:
        return ast.unparse(default)

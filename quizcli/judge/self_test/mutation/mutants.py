"""Every mutant of a function: the source of its module with one mistake in it, in what the function runs."""

from __future__ import annotations

import ast
import copy
import inspect
from collections.abc import Callable, Iterator
from functools import partial
from types import ModuleType
from typing import Any, NamedTuple

from quizcli.judge.self_test.mutation.operators import ignored, statements, variants

_LONGEST = 70  # characters of each side of a name
_Definition = ast.FunctionDef | ast.ClassDef
_LEFT_ALONE = ("annotation", "returns", "decorator_list", "exc", "msg", "bases", "cause")


class Mutant(NamedTuple):
    """One mistake, "softmax: input - top → input + top", and what makes the function that has it."""

    name: str
    build: Callable[[], Callable[..., Any]]


def mutants(entry: Callable[..., Any]) -> Iterator[Mutant]:
    """All mutants of a function: in itself, and in what it uses of its module."""
    module = inspect.getmodule(entry)
    assert module is not None
    needed = _reachable(ast.parse(inspect.getsource(module)), entry.__name__)
    seen: dict[str, int] = {}
    for place, definition in enumerate(needed):
        for name, changed in _of_definition(definition, definition.name == entry.__name__):
            tree = ast.Module([*needed[:place], changed, *needed[place + 1 :]], [])
            if not _compiles(tree):
                continue
            told = f"{definition.name}: {name}"
            seen[told] = seen.get(told, 0) + 1
            if seen[told] > 1:
                told += f" ({seen[told]})"
            yield Mutant(told, partial(_build, tree, module, entry.__name__))


def _reachable(tree: ast.Module, entry: str) -> list[_Definition]:
    """The definitions of a module that the entry needs, itself first."""
    known = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    found, waiting = [], [entry]
    while waiting:
        definition = known.pop(waiting.pop(0), None)
        if definition is not None:
            found.append(definition)
            names = (node for node in ast.walk(definition) if isinstance(node, ast.Name))
            waiting += [name.id for name in names if name.id in known]
    return found


def _of_definition(definition: _Definition, is_entry: bool) -> Iterator[tuple[str, _Definition]]:
    """Every definition with one mistake in it, and what the mistake is."""
    for node, around in _mutable(definition, definition):
        others: list[ast.AST] = [*variants(node)]
        if isinstance(node, ast.stmt):
            others += statements(node)
        for other in others:
            if ast.dump(other) != ast.dump(node):
                yield _told(node, around, other), _swapped(definition, node, other)
    if isinstance(definition, ast.FunctionDef) and is_entry:
        for first in ignored(definition):
            changed = copy.deepcopy(definition)
            changed.body.insert(_after_docstring(changed), first)
            yield f"begins with {_text(first)}", ast.fix_missing_locations(changed)


def _mutable(node: ast.AST, around: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
    """Each node that a mistake can be made in, and the expression that it is in.

    No docstring, annotation, or check of the arguments.
    """
    for field, value in ast.iter_fields(node):
        if field in _LEFT_ALONE:
            continue
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST) or isinstance(child, ast.JoinedStr | ast.Raise):
                continue
            if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
                continue  # a docstring
            if isinstance(child, ast.If) and all(isinstance(step, ast.Raise) for step in child.body):
                continue  # no question asks what its function refuses
            outer = node if isinstance(node, ast.expr) else around
            if isinstance(node, ast.stmt) and not isinstance(node, ast.FunctionDef | ast.ClassDef):
                outer = child
            yield child, outer
            yield from _mutable(child, outer)


def _swapped(root: ast.AST, node: ast.AST, other: ast.AST) -> Any:
    """A copy of a tree in which another node stands in the place of one."""
    place = next(place for place, one in enumerate(ast.walk(root)) if one is node)
    changed = copy.deepcopy(root)
    target = next(one for number, one in enumerate(ast.walk(changed)) if number == place)

    class _Swap(ast.NodeTransformer):
        def visit(self, visited: ast.AST) -> Any:
            return copy.deepcopy(other) if visited is target else self.generic_visit(visited)

    return ast.fix_missing_locations(_Swap().visit(changed))


def _compiles(tree: ast.Module) -> bool:
    try:
        compile(tree, "mutant", "exec")
    except (SyntaxError, ValueError, TypeError):
        return False
    return True


def _build(tree: ast.Module, module: ModuleType, entry: str) -> Callable[..., Any]:
    space = dict(vars(module))
    exec(compile(tree, "mutant", "exec"), space)  # the pack's own code, with one mistake
    return space[entry]  # type: ignore[no-any-return]


def _told(node: ast.AST, around: ast.AST, other: ast.AST) -> str:
    """What was done: the expression around it where that is short, before and after."""
    before, after = node, other
    if around is not node and isinstance(around, ast.expr) and len(_text(around)) <= _LONGEST:
        before, after = around, _swapped(around, node, other)
    return f"{_short(_text(before))} → {_short(_text(after))}"


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.If):
        return f"if {ast.unparse(node.test)}"
    return ast.unparse(ast.fix_missing_locations(copy.deepcopy(node))).splitlines()[0]


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _after_docstring(function: ast.FunctionDef) -> int:
    return int(ast.get_docstring(function) is not None)

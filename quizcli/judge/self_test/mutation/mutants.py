"""Every mutant of a function: the source of its topic with one mistake in it, in what the function runs."""

from __future__ import annotations

import ast
import copy
import inspect
import sys
from collections.abc import Callable, Iterator, Sequence
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


class _Part(NamedTuple):
    """A definition that a function needs, and the module that it stands in."""

    module: ModuleType
    definition: _Definition


def mutants(entry: Callable[..., Any]) -> Iterator[Mutant]:
    """All mutants of a function: in itself, and in what it uses of its module and of those beside it."""
    module = inspect.getmodule(entry)
    assert module is not None
    needed = _reachable(module, entry.__name__)
    seen: dict[str, int] = {}
    for place, (home, definition) in enumerate(needed):
        for name, changed in _of_definition(definition, place == 0):
            if not _compiles(ast.Module([changed], [])):
                continue
            told = f"{definition.name}: {name}"
            seen[told] = seen.get(told, 0) + 1
            if seen[told] > 1:
                told += f" ({seen[told]})"
            parts = [*needed[:place], _Part(home, changed), *needed[place + 1 :]]
            yield Mutant(told, partial(_build, parts, entry.__name__))


def _reachable(module: ModuleType, entry: str) -> list[_Part]:
    """The definitions that the entry needs, itself first: of its module, and of modules in the same topic."""
    known: dict[str, dict[str, _Definition]] = {}
    found: list[_Part] = []
    waiting = [(module, entry)]
    for home, name in waiting:  # which grows on the way
        own = known.setdefault(home.__name__, _definitions(home)).get(name)
        if own is None or any(part.definition is own for part in found):
            continue
        found.append(_Part(home, own))
        for used in dict.fromkeys(node.id for node in ast.walk(own) if isinstance(node, ast.Name)):
            if used in known[home.__name__]:
                waiting.append((home, used))
            elif (there := _beside(home, used)) is not None:
                waiting.append((there, vars(home)[used].__name__))
    return found


def _definitions(module: ModuleType) -> dict[str, _Definition]:
    body = ast.parse(inspect.getsource(module)).body
    return {node.name: node for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef)}


def _beside(home: ModuleType, name: str) -> ModuleType | None:
    """The module from which a module has a name, where it lies in the folder of the same topic."""
    there = sys.modules.get(getattr(vars(home).get(name), "__module__", None) or "")
    topic = home.__name__.rpartition(".")[0]
    if there is None or there is home or "." not in topic or there.__name__.rpartition(".")[0] != topic:
        return None
    return there


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


def _build(parts: Sequence[_Part], entry: str) -> Callable[..., Any]:
    """The entry, the first of the parts, with all of them made anew and calling one another."""
    spaces = {home.__name__: dict(vars(home)) for home, _ in parts}
    for home, definition in parts:
        tree = ast.Module([definition], [])
        exec(compile(tree, "mutant", "exec"), spaces[home.__name__])  # the pack's own code, with one mistake
    for home, definition in parts:
        made, name = spaces[home.__name__][definition.name], definition.name
        for other in spaces.values():
            for alias, value in [*other.items()]:
                if value is vars(home)[name]:
                    other[alias] = made
    return spaces[parts[0].module.__name__][entry]  # type: ignore[no-any-return]


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

"""Which names a source uses: a question that asks for softmax is not answered by `F.softmax`."""

from __future__ import annotations

import ast
from collections.abc import Iterable


def first_use(text: str, avoided: Iterable[str]) -> tuple[str, int] | None:
    """The first of the avoided names that a source uses, and its line; None where it uses none.

    A function that the source defines itself may bear such a name. A source that cannot be parsed uses none:
    it will not run either.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    own = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    wanted = set(avoided)
    uses = [(line, name) for node in ast.walk(tree) for name, line in _used(node, own) if name in wanted]
    return min(((name, line) for line, name in uses), key=lambda use: use[1], default=None)


def _used(node: ast.AST, own: set[str]) -> list[tuple[str, int]]:
    match node:
        case ast.Attribute(attr=name, lineno=line):
            return [(name, line)]
        case ast.Name(id=name, ctx=ast.Load(), lineno=line) if name not in own:
            return [(name, line)]
        case ast.ImportFrom(names=aliases, lineno=line):
            return [(alias.name, line) for alias in aliases]
    return []


def parameters(text: str, entry: str) -> list[str]:
    """What the source calls the arguments of its entry, a function or a class; [] where it cannot be told."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == entry:
            return [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
        if isinstance(node, ast.ClassDef) and node.name == entry:
            made = [n for n in node.body if isinstance(n, ast.FunctionDef) and n.name == "__init__"]
            return [argument.arg for n in made for argument in n.args.args[1:]]
    return []

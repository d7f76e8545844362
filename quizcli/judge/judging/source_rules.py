"""What a source calls its arguments, so that a verdict can call them by the same names."""

from __future__ import annotations

import ast

from quizcli.file_reading import NO_PYTHON


def parameters(text: str, entry: str) -> list[str]:
    """What the source calls the arguments of its entry, a function or a class; [] where it cannot be told."""
    try:
        tree = ast.parse(text)
    except NO_PYTHON:
        return []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == entry:
            return [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
        if isinstance(node, ast.ClassDef) and node.name == entry:
            made = [n for n in node.body if isinstance(n, ast.FunctionDef) and n.name == "__init__"]
            return [argument.arg for n in made for argument in n.args.args[1:]]
    return []

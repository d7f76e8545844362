"""What a code question points at, read from the sources of its pack. Nothing is imported or run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from quizcli.bank.types import Code
from quizcli.reading import MEBIBYTE, read_text
from quizcli.text import tr

_UNREADABLE = (OSError, SyntaxError, ValueError, RecursionError, MemoryError)


def solution_source(root: Path, solution: str) -> str:
    """The source of "models.attention:softmax", decorators included, then of the functions of its module that
    it calls: a model answer hides nothing. LookupError where there is none.
    """
    module, _, name = solution.partition(":")
    path = _file(root, module)
    try:
        text = read_text(path, MEBIBYTE, within=root)
        tree = ast.parse(text)
    except _UNREADABLE as error:
        raise LookupError(_why(path, error)) from error
    own = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    if name not in own:
        raise LookupError(tr(f"{path} defines no {name}", f"{path} 中没有定义 {name}"))
    shown = [name]
    for caller in shown:  # which grows on the way
        called = [node.id for node in ast.walk(own[caller]) if isinstance(node, ast.Name)]
        shown += [
            callee
            for callee in dict.fromkeys(called)
            if callee not in shown and isinstance(own.get(callee), ast.FunctionDef)
        ]
    return "\n\n\n".join(_lines(text, own[one]) for one in shown)


def _lines(text: str, node: ast.FunctionDef | ast.ClassDef) -> str:
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return "\n".join(text.splitlines()[first - 1 : node.end_lineno])


def broken_links(root: Path, question: Code) -> Iterator[tuple[str, str]]:
    """Each field that points nowhere, and what is wrong with it."""
    module, _, name = question.check.rpartition(".")
    path = _file(root, f"answers.{module}")
    try:
        defined = {
            node.name
            for node in ast.parse(read_text(path, MEBIBYTE, within=root)).body
            if isinstance(node, ast.FunctionDef)
        }
    except _UNREADABLE as error:
        told = _why(path, error)
        yield "check", tr(f"cannot be read: {told}", f"无法读取：{told}")
    else:
        if name not in defined:
            yield (
                "check",
                tr(f"names no judge: {path} defines no {name}", f"未找到评判函数：{path} 中没有定义 {name}"),
            )
    try:
        solution_source(root, question.solution)
    except LookupError as error:
        yield "solution", tr(f"cannot be shown: {error}", f"无法显示：{error}")
    for lang in ("en", "zh"):
        if fault := _starter(question.starter.en if lang == "en" else question.starter.zh, question.entry):
            yield f"starter.{lang}", fault


def _starter(text: str, entry: str) -> str:
    """What is wrong with a starter; "" where it is Python that defines the entry."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return tr(f"is no Python: {error}", f"不是合法的 Python：{error}")
    if not any(isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == entry for node in tree.body):
        return tr(f"does not define {entry}", f"没有定义 {entry}")
    return ""


def _why(path: Path, error: Exception) -> str:
    match error:
        case OSError(strerror=reason):
            return f"{path}: {reason}"
        case RecursionError() | MemoryError():
            return tr(f"{path}: nested too deeply", f"{path}：嵌套过深")
    return f"{path}: {error}"


def _file(root: Path, module: str) -> Path:
    return root.joinpath(*module.split(".")).with_suffix(".py")

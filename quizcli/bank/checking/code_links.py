"""What a code question points at, read from the sources of its pack. Nothing is imported or run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from quizcli.bank.types import Code
from quizcli.file_reading import MEBIBYTE, NO_PYTHON, read_text
from quizcli.text import tr

_UNREADABLE = (OSError, *NO_PYTHON)


class _Source(NamedTuple):
    """A module of a pack: its text, what it defines, and what it imports of the pack, as module and name."""

    text: str
    own: dict[str, ast.FunctionDef | ast.ClassDef]
    imported: dict[str, tuple[str, str]]


def solution_source(root: Path, solution: str) -> str:
    """The source of "models.losses:softmax", decorators included, then of the functions of its pack that
    it calls: a model answer hides nothing. LookupError where there is none.
    """
    module, _, name = solution.partition(":")
    sources = {module: _source(root, module)}
    if name not in sources[module].own:
        path = _file(root, module)
        raise LookupError(tr(f"{path} defines no {name}", f"{path} 中没有定义 {name}"))
    shown = [(module, name)]
    for place, caller in shown:  # which grows on the way
        here = sources[place]
        called = [node.id for node in ast.walk(here.own[caller]) if isinstance(node, ast.Name)]
        for callee in dict.fromkeys(called):
            at = (place, callee) if callee in here.own else here.imported.get(callee)
            if at is None or at in shown:
                continue
            if at[0] not in sources:
                sources[at[0]] = _source(root, at[0])
            if isinstance(sources[at[0]].own.get(at[1]), ast.FunctionDef):
                shown.append(at)
    return "\n\n\n".join(_lines(sources[place].text, sources[place].own[one]) for place, one in shown)


def _source(root: Path, module: str) -> _Source:
    path = _file(root, module)
    try:
        text = read_text(path, MEBIBYTE, within=root)
        body = ast.parse(text).body
    except _UNREADABLE as error:
        raise LookupError(_why(path, error)) from error
    imports = [node for node in body if isinstance(node, ast.ImportFrom) and not node.level]
    return _Source(
        text,
        {node.name: node for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef)},
        {
            alias.asname or alias.name: (node.module, alias.name)
            for node in imports
            if node.module and _file(root, node.module).is_file()
            for alias in node.names
        },
    )


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
    except NO_PYTHON as error:
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

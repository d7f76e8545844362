"""The digest of the code of a demonstration: it changes when what is measured might."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from quizcli.reading import MEBIBYTE, read_text

_OWN = ("answers", "models")  # the folders of a pack that hold code

# What is unfit to be read or parsed is told where the answers are read.
_UNFIT = (OSError, SyntaxError, ValueError, RecursionError, MemoryError)


def code_digest(answer: Path) -> str:
    """Of the source of an answer and of all that it imports of its pack; comments do not count."""
    root = answer.parents[1]
    whole = sha256()
    sources: dict[Path, str] = {}
    _collect(root, answer, sources)
    for path, text in sorted(sources.items()):
        whole.update(path.relative_to(root).as_posix().encode())
        for line in text.splitlines():
            if line.strip() and not line.lstrip().startswith("#"):
                whole.update(line.rstrip().encode() + b"\n")
    return whole.hexdigest()[:16]


def _collect(root: Path, path: Path, sources: dict[Path, str]) -> None:
    if path in sources or not path.is_file():
        return
    try:
        sources[path] = read_text(path, MEBIBYTE, within=root)
        modules = list(_modules(ast.parse(sources[path])))
    except _UNFIT:
        return
    for module in modules:
        if module.partition(".")[0] not in _OWN:
            continue  # the program's own change with its version, and measure nothing
        _collect(root, root.joinpath(*module.split(".")).with_suffix(".py"), sources)


def _modules(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)

"""The digest of the code of a demonstration: it changes when what is measured might."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path


def code_digest(root: Path, run: str) -> str:
    """Of the source of an answer and of all that it imports of its pack; comments do not count."""
    whole = sha256()
    for path in sorted(_imported(root, root / "answers" / f"{run.replace('-', '_')}.py", set())):
        whole.update(path.relative_to(root).as_posix().encode())
        for line in path.read_text("utf-8", "replace").splitlines():
            if line.strip() and not line.lstrip().startswith("#"):
                whole.update(line.rstrip().encode() + b"\n")
    return whole.hexdigest()[:16]


def _imported(root: Path, path: Path, met: set[Path]) -> Iterator[Path]:
    if path in met or not path.is_file():
        return
    met.add(path)
    yield path
    for module in _modules(ast.parse(path.read_bytes())):
        yield from _imported(root, root.joinpath(*module.split(".")).with_suffix(".py"), met)


def _modules(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)

"""The digest of the code of a demonstration: it changes when what is measured might."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path

from quizcli.file_reading import MEBIBYTE, NO_PYTHON, read_text

_OWN = ("answers", "models")  # the folders of a pack that hold code

# What is unfit to be read or parsed is told where the answers are read.
_UNFIT = (OSError, *NO_PYTHON)


def code_digest(root: Path, answer: Path) -> str:
    """Of the source of an answer and of all that it imports of its pack; comments do not count."""
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
        tree = ast.parse(sources[path])
        if path.name == "__init__.py" and _is_idle(tree):
            del sources[path]
        modules = list(_modules(tree, path.relative_to(root).parent.parts))
    except _UNFIT:
        return
    for module in modules:
        # The program's own modules change with its version, and measure nothing.
        if module[0] in _OWN and all(map(str.isidentifier, module)):
            for found in _files(root, module):
                _collect(root, found, sources)


def _files(root: Path, module: Sequence[str]) -> Iterator[Path]:
    """What runs where a module is imported: the packages that it lies in, and itself, file or package."""
    yield from (root.joinpath(*module[:length], "__init__.py") for length in range(1, len(module) + 1))
    yield root.joinpath(*module[:-1], f"{module[-1]}.py")


def _modules(tree: ast.Module, package: Sequence[str]) -> Iterator[list[str]]:
    """The names, in parts, of all that a module of a package imports, or might: `from a import b`."""
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module=module, names=names, level=level):
                above = package[: max(0, len(package) - level + 1)] if level else ()
                base = [*above, *(module.split(".") if module else ())]
                if base:
                    yield base
                yield from ([*base, name.name] for name in names)
            case ast.Import(names=names):
                yield from (name.name.split(".") for name in names)
            case ast.Call(
                func=ast.Attribute(attr="import_module") | ast.Name(id="import_module" | "__import__"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                yield name.split(".")


def _is_idle(tree: ast.Module) -> bool:
    """Whether a module holds nothing but words about itself."""
    return all(isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) for node in tree.body)

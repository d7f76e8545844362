"""Where the code of a pack is imported: its `answers` and `models`, and nothing else that lies in it.

Of a pack that did not come with the program, only `*.py` files are imported, each compiled from what it says
now: they are what a person has seen before trusting the pack. A `.pyc`, an extension module or a `torch.py`
beside `answers` could say something else.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.abc import PathEntryFinder
from importlib.machinery import FileFinder, ModuleSpec, SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import CodeType

_FOLDERS = ("answers", "models")
_PACKAGE = Path(__file__).resolve().parents[1]
_BUILTIN = (_PACKAGE / "_builtin", _PACKAGE.parent)  # installed, or the checkout


def make_room(root: Path) -> None:
    """Make `answers` and `models` mean those of the pack at `root`, whatever else lies around.

    Both are put into sys.modules, because a folder without `__init__.py` would lose against any package of
    that name further down the path. What was imported from another pack before is forgotten: two packs
    never see each other's modules.
    """
    root = root.resolve()
    foreign = root not in _BUILTIN
    banned = {Path.cwd(), root} if foreign else {Path.cwd()}
    sys.path[:] = [entry for entry in sys.path if Path(entry).resolve() not in banned]
    if foreign:
        sys.path_hooks.insert(0, _sources_below(root))
    for name in [name for name in sys.modules if name.partition(".")[0] in _FOLDERS]:
        del sys.modules[name]
    for name in _FOLDERS:
        folder = root / name
        spec = ModuleSpec(name, None, is_package=True)
        if (init := folder / "__init__.py").is_file():
            loader = _Source(name, str(init)) if foreign else None
            spec = spec_from_file_location(name, init, loader=loader) or spec
        spec.submodule_search_locations = [str(folder)]
        sys.modules[name] = package = module_from_spec(spec)
        if spec.loader is not None:
            spec.loader.exec_module(package)


class _Source(SourceFileLoader):
    """Compiles the source, whatever lies in `__pycache__`."""

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        code: CodeType = self.source_to_code(self.get_data(path), path)
        return code


def _sources_below(root: Path) -> Callable[[str], PathEntryFinder]:
    """A path hook for the folders of a pack: what is imported from them is a `.py` file."""
    finder = FileFinder.path_hook((_Source, [".py"]))

    def hook(path: str) -> PathEntryFinder:
        if not Path(path).is_relative_to(root):
            raise ImportError(path)
        return finder(path)

    return hook

"""Where the code of a pack is imported: its `answers` and `models`, and nothing else that lies in it.

Of a pack that did not come with the program, only what the person has trusted is imported (quizcli.permit).
Each file is read once; the same bytes are compared with what was trusted and compiled. So it does not matter
when a file is changed, nor when it is imported, nor what else lies beside it: a `.pyc`, an extension module,
an archive or a `torch.py` is not in the permit, and what is not in the permit does not exist.
"""

from __future__ import annotations

import linecache
import sys
from collections.abc import Sequence
from hashlib import sha256
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import decode_source, module_from_spec, spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType

from quizcli.errors import QuizError
from quizcli.file_reading import MEBIBYTE, read_regular
from quizcli.permit import NOTHING, Permit
from quizcli.text import tr

_FOLDERS = ("answers", "models")
_PACKAGE = Path(__file__).resolve().parents[1]
_BUILTIN = _PACKAGE / "_builtin" if (_PACKAGE / "_builtin").is_dir() else _PACKAGE.parent
_LIMIT = MEBIBYTE  # of one file, as for trust


class Room:
    """The imports of one pack. A refused one is remembered: the pack's code may swallow the exception."""

    def __init__(self, root: Path, permit: Permit) -> None:
        self.root = root
        self.permit = permit
        self.refusal: QuizError | None = None

    def serves(self, root: Path, permit: Permit) -> bool:
        """Whether it is that of this pack, and nothing in it was refused, which may be as it was again."""
        return (self.root, self.permit) == (root.resolve(), permit) and self.refusal is None

    def check(self) -> None:
        """Raise QuizError where something was imported that is not what was trusted."""
        if self.refusal is not None:
            raise self.refusal

    def source(self, name: str) -> bytes:
        """The bytes of a file (its path from the root) as they were trusted. QuizError for any others."""
        path = self.root / name
        if not self.permit.pack:
            raise self._refused(
                tr(f"{name}: nobody has trusted this code", f"{name}：这些代码未经信任"), "NAME"
            )
        if name not in self.permit.files:
            raise self._refused(
                tr(f"{name} has been added since you trusted the pack", f"{name} 是在你信任之后新增的")
            )
        try:
            data = read_regular(path, _LIMIT)
        except OSError as error:
            told = error.strerror
            raise self._refused(tr(f"{name}: cannot be read: {told}", f"{name}：无法读取：{told}")) from error
        if sha256(data).hexdigest() != self.permit.files[name]:
            raise self._refused(tr(f"{name} has changed since you trusted it", f"{name} 在你信任之后有改动"))
        return data

    def _refused(self, message: str, pack: str = "") -> QuizError:
        command = f"`quizcli pack trust {pack or self.permit.pack}`"
        hint = tr(f"{command} lists what would run, and asks.", f"{command} 会列出将要运行的文件并询问。")
        self.refusal = self.refusal or QuizError(message, hint)
        return self.refusal


def make_room(root: Path, permit: Permit = NOTHING) -> Room:
    """Make `answers` and `models` mean those of the pack at `root`, whatever else lies around.

    What was imported from another pack before is forgotten: two packs never see each other's modules.
    """
    root = root.resolve()
    room = Room(root, permit)
    foreign = root != _BUILTIN
    banned = {Path.cwd(), root, *(root / name for name in _FOLDERS if foreign)}
    sys.path[:] = [entry for entry in sys.path if Path(entry).resolve() not in banned]
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, _Trusted)]
    for name in [name for name in sys.modules if name.partition(".")[0] in _FOLDERS]:
        del sys.modules[name]
    if foreign:
        sys.meta_path.insert(0, _Trusted(room))
    else:
        _install(root)
    return room


def _install(root: Path) -> None:
    """Put the program's own packages into sys.modules, because a folder without `__init__.py` would lose
    against any package of that name further down the path.
    """
    for name in _FOLDERS:
        folder = root / name
        spec = ModuleSpec(name, None, is_package=True)
        if (init := folder / "__init__.py").is_file():
            spec = spec_from_file_location(name, init) or spec
        spec.submodule_search_locations = [str(folder)]
        sys.modules[name] = package = module_from_spec(spec)
        if spec.loader is not None:
            spec.loader.exec_module(package)


class _Trusted(MetaPathFinder):
    """Finds the modules below `answers` and `models` in the permit, and nowhere else."""

    def __init__(self, room: Room) -> None:
        self._room = room

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec of a module of the pack; None for those of others. ModuleNotFoundError, QuizError."""
        if fullname.partition(".")[0] not in _FOLDERS:
            return None
        base = fullname.replace(".", "/")
        files = self._room.permit.files
        for name in (f"{base}/__init__.py", f"{base}.py")[: 2 if "." in fullname else 1]:
            if name in files or (self._room.root / name).exists():
                return self._spec(fullname, name)
        if "." not in fullname or (self._room.root / base).is_dir():  # a folder alone runs nothing
            spec = ModuleSpec(fullname, None, is_package=True)
            spec.submodule_search_locations = [str(self._room.root / base)]
            return spec
        raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)

    def _spec(self, fullname: str, name: str) -> ModuleSpec | None:
        path = self._room.root / name
        is_package = name.endswith("/__init__.py")
        loader = _Source(fullname, str(path), self._room.source(name))
        return spec_from_file_location(
            fullname,
            path,
            loader=loader,
            submodule_search_locations=[str(path.parent)] if is_package else None,
        )


class _Source(SourceFileLoader):
    """Compiles the bytes it was given, whatever the file says by now and whatever lies in `__pycache__`."""

    def __init__(self, fullname: str, path: str, data: bytes) -> None:
        super().__init__(fullname, path)
        self._data = data

    def get_code(self, fullname: str) -> CodeType:
        """The code of the module, from its source."""
        path = self.get_filename(fullname)
        try:
            lines = decode_source(self._data).splitlines(keepends=True)
            linecache.cache[path] = (len(self._data), None, lines, path)  # for tracebacks: not read again
        except (SyntaxError, UnicodeDecodeError):
            pass  # the compiler says it better
        code: CodeType = self.source_to_code(self._data, path)
        return code

    def get_source(self, fullname: str) -> str:
        """The source, for whoever wants to show it."""
        return decode_source(self._data)

"""Which files of a pack may hold a demonstration. None of them is opened here.

A demonstration is a file, `answers/coin.py` or `answers/<topic>/coin.py`, or a folder where it has parts,
`answers/<topic>/coin/demo.py`. The folders `judges` and `kit` hold what answers are made with.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

FOLDER = "answers"
_NO_TOPICS = ("judges", "kit")
_MOST_MISNAMED = 20  # of a kind that are looked at
_IN_A_FOLDER = "demo"  # the file that holds the demonstration of a folder


class AnswerFile(NamedTuple):
    """A file that may hold a demonstration."""

    root: Path  # of its pack
    parts: tuple[str, ...]  # its path below `answers`, without the ending

    @property
    def name(self) -> str:
        """What the demonstration in it is called: "batchnorm-vs-layernorm"."""
        return _name(self.parts)

    @property
    def topic(self) -> str:
        """Its topic, "early-stopping" in a folder `early_stopping`; "" where it lies in none."""
        parts = self.parts[:-1] if _is_a_folders(self.parts) else self.parts
        return parts[0].replace("_", "-") if len(parts) > 1 else ""

    @property
    def module(self) -> str:
        """The module to import: "answers.normalization.batchnorm_vs_layernorm.demo"."""
        return ".".join((FOLDER, *self.parts))

    @property
    def path(self) -> Path:
        """The file itself."""
        return self.root.joinpath(FOLDER, *self.parts).with_suffix(".py")


def answer_files(root: Path) -> list[AnswerFile]:
    """All of them, in the order of topics and names. None where there is no such folder."""
    return [AnswerFile(root, parts) for parts in sorted(_parts(root))]


def names_in(root: Path) -> frozenset[str]:
    """What demonstrations in these files are called, if they hold any."""
    return frozenset(map(_name, _parts(root)))


def misnamed(root: Path) -> list[Path]:
    """Modules that no import finds, for their name or that of their folder has a hyphen."""
    top = root / FOLDER
    topics = [topic for topic in _entries(top)[1] if topic not in _NO_TOPICS]
    patterns = ("[!_.]*-*.py", "[!_.]*-*/*.py", *(f"{topic}/[!_.]*-*.py" for topic in topics))
    return sorted({path for pattern in patterns for path in islice(top.glob(pattern), _MOST_MISNAMED)})


def file_at(path: Path, root: Path) -> AnswerFile:
    """The file at a path below `answers` of a pack."""
    return AnswerFile(root, path.relative_to(root / FOLDER).with_suffix("").parts)


def _name(parts: tuple[str, ...]) -> str:
    return parts[-2 if _is_a_folders(parts) else -1].replace("_", "-")


def _is_a_folders(parts: tuple[str, ...]) -> bool:
    return len(parts) > 1 and parts[-1] == _IN_A_FOLDER


def _parts(root: Path) -> Iterator[tuple[str, ...]]:
    top = root / FOLDER
    files, folders = _entries(top)
    yield from ((file,) for file in files)
    for topic in folders:
        if topic not in _NO_TOPICS:
            files, own = _entries(top / topic)
            yield from ((topic, file) for file in files)
            yield from ((topic, name, _IN_A_FOLDER) for name in own if _has_demo(top / topic / name))


def _entries(folder: Path) -> tuple[list[str], list[str]]:
    """The names of the modules in a folder and of the folders in it; private ones are nobody's business."""
    files, folders = [], []
    try:
        with os.scandir(folder) as found:
            for entry in found:
                stem, dot, _ = entry.name.partition(".")
                if not stem.isidentifier() or stem[0] == "_":
                    continue
                if entry.name == f"{stem}.py":
                    files.append(stem)
                elif not dot and entry.is_dir():
                    folders.append(stem)
    except OSError:
        return [], []
    return files, folders


def _has_demo(folder: Path) -> bool:
    return (folder / f"{_IN_A_FOLDER}.py").exists()

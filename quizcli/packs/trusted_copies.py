"""Copies of the code that a person has trusted, so that they can be shown what has changed since.

A copy is named by its SHA-256: one that somebody has touched is none. Without a copy the whole file is shown.
"""

from __future__ import annotations

from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from quizcli.errors import QuizError
from quizcli.file_reading import read_regular
from quizcli.file_writing import replace_file
from quizcli.packs.registry import added_packs
from quizcli.packs.trust import MAX_BYTES, CodeFile
from quizcli.text import tr

if TYPE_CHECKING:
    from quizcli.settings import Settings


def bytes_of(root: Path, source: CodeFile) -> bytes:
    """The file as it was listed. QuizError where it has changed since: what is shown is what is trusted."""
    data = read_regular(root / source.path, MAX_BYTES, root)
    if sha256(data).hexdigest() != source.digest:
        raise QuizError(
            tr(f"{source.path}: changed at this moment", f"{source.path}：刚刚被改动"),
            tr("Begin again: `quizcli pack trust`.", "请重新执行 `quizcli pack trust`。"),
        )
    return data


def text_of(root: Path, source: CodeFile) -> str:
    """The same as text; what is no UTF-8 is shown as such."""
    return bytes_of(root, source).decode("utf-8", "replace")


def copy_of(digest: str, settings: Settings) -> str | None:
    """What the person has trusted under this SHA-256; None where no copy of it is left."""
    try:
        data = read_regular(_folder(settings) / digest, MAX_BYTES)
    except OSError:
        return None
    return data.decode("utf-8", "replace") if sha256(data).hexdigest() == digest else None


def keep_copies(root: Path, found: tuple[CodeFile, ...], settings: Settings) -> None:
    """Keep what has just been trusted, and delete what no added pack is trusted with any more."""
    folder = _folder(settings)
    for source in found:
        if not (folder / source.digest).exists():
            with suppress(QuizError):  # changed meanwhile: it waits for trust again, and then has its copy
                replace_file(folder / source.digest, bytes_of(root, source))
    wanted = {digest for entry in added_packs(settings) for digest in entry.trusted.values()}
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.name not in wanted:
            path.unlink(missing_ok=True)


def _folder(settings: Settings) -> Path:
    return settings.packs_file.with_name("trusted")

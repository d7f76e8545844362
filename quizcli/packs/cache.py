"""The compiled banks of a pack: one msgpack file that saves the next start from parsing YAML.

The cache may be deleted at any time. Whatever is wrong with it, the banks are read again. Most of its
questions are not asked today: they are read as far as the schedule needs them (quizcli.bank.lazy_questions).
"""

import os
import time
from binascii import crc32
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Raw, Struct

from quizcli import __version__
from quizcli.bank.diagnostic import Mistake
from quizcli.bank.files import BankFile, content, unreadable
from quizcli.bank.lazy_questions import Head, Unread, head
from quizcli.bank.types import Bank
from quizcli.file_reading import MEBIBYTE, UNDECODABLE, read_regular
from quizcli.file_writing import replace_file
from quizcli.text import Lang, Text, language

SCHEMA = 7  # raise it when a record of bank/types.py or of this module changes; a test watches them
_LIMIT = 512 * MEBIBYTE  # of one cache: a thousand questions take one
_CHECK = 4  # bytes of the sum that the file begins with
_TICK_NS = 2_000_000_000  # the coarsest clock of a file system in use (FAT) moves every two seconds


class Stored(Struct, frozen=True, array_like=True):
    """A bank whose questions are not decoded yet."""

    topic: str
    title: Text
    path: str
    languages: tuple[Lang, ...]
    after: tuple[str, ...]
    heads: tuple[Head, ...]
    bodies: tuple[Raw, ...]

    @classmethod
    def of(cls, bank: Bank) -> "Stored":
        """The same bank, encoded."""
        heads = tuple(map(head, bank.questions))
        bodies = tuple(Raw(msgspec.msgpack.encode(question)) for question in bank.questions)
        return cls(bank.topic, bank.title, bank.path, bank.languages, bank.after, heads, bodies)

    @property
    def bank(self) -> Bank:
        """The bank."""
        questions = Unread(self.heads, self.bodies)
        return Bank(self.topic, self.title, questions, self.path, self.languages, self.after)


class CachedBank(Struct, frozen=True):
    """What one bank gave, and the file it was read from."""

    file: str  # BankFile.name
    mtime_ns: int
    size: int
    seen_ns: int  # when the file was read
    digest: bytes
    stored: Stored | None
    mistakes: tuple[Mistake, ...]
    ids: dict[str, tuple[int, int]]  # the healthy questions and where they stand

    def is_of(self, file: BankFile) -> bool:
        """Whether the file has not changed since, as far as its times can tell.

        A file that was young when it was read can have been written again in the same tick of its clock.
        """
        return (
            self.mtime_ns == file.mtime_ns
            and self.size == file.size
            and self.mtime_ns + _TICK_NS < self.seen_ns
        )


class _Compiled(Struct, frozen=True, array_like=True):
    schema: int
    version: str  # of quizcli: a new release may have new rules
    root: bytes  # of the pack
    lang: Lang  # of the mistakes
    entries: tuple[CachedBank, ...]


def entries(pack: str, root: Path, files: list[BankFile], cache_dir: Path | None) -> list[CachedBank]:
    """What each bank of a pack gives: from the cache where its file has not changed, else from the file."""
    if cache_dir is None:
        return [_entry(file, None) for file in files]
    where = os.fsencode(root)
    path = cache_dir / "banks" / f"{pack}-{crc32(where):08x}.msgpack"
    known = _read(path, where)
    fresh = [_entry(file, known.get(file.name)) for file in files]
    if fresh != list(known.values()):  # quick: what is still known is the same object
        _write(path, _Compiled(SCHEMA, __version__, where, language(), tuple(fresh)))
    return fresh


def _read(path: Path, root: bytes) -> dict[str, CachedBank]:
    """The entries of the cache; none where it is missing, corrupt, of another version or another pack."""
    try:
        data = memoryview(read_regular(path, _LIMIT))
        if crc32(data[_CHECK:]) != int.from_bytes(data[:_CHECK]):  # what is decoded later must be right now
            return {}
        compiled = msgspec.msgpack.decode(data[_CHECK:], type=_Compiled)
    except (OSError, *UNDECODABLE):
        return {}
    if (compiled.schema, compiled.version, compiled.root) != (SCHEMA, __version__, root):
        return {}
    same = compiled.lang == language()
    return {entry.file: entry for entry in compiled.entries if same or not entry.mistakes}


def _write(path: Path, compiled: _Compiled) -> None:
    """Replace the cache in one step, so that a reader sees the old one or the new one."""
    # A cache folder that cannot be written costs time at the next start and nothing else.
    with suppress(OSError):
        data = msgspec.msgpack.encode(compiled)
        replace_file(path, crc32(data).to_bytes(_CHECK) + data)


def _entry(file: BankFile, known: CachedBank | None) -> CachedBank:
    """The entry of one file: the known one if it still holds, else a new one."""
    if known is not None and known.is_of(file):
        return known
    from hashlib import blake2b

    seen = time.time_ns()
    try:
        data = content(file)
    except OSError as error:
        return CachedBank(file.name, file.mtime_ns, -1, seen, b"", None, (unreadable(file.name, error),), {})
    digest = blake2b(data, digest_size=16).digest()
    if known is not None and known.digest == digest:
        stored, mistakes, ids = known.stored, known.mistakes, known.ids
    else:
        from quizcli.bank.reading.reader import read

        reading = read(data, file.name)
        bank, mistakes = reading.bank, reading.mistakes
        stored = Stored.of(bank) if bank else None
        ids = {question.id: reading.places[question.id] for question in bank.questions} if bank else {}
    return CachedBank(file.name, file.mtime_ns, file.size, seen, digest, stored, mistakes, ids)

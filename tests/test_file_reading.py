"""Files are opened with care, and in one place."""

from __future__ import annotations

import ast
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from quizcli.file_reading import (
    UnfitError,
    decoded,
    first_bytes,
    leaves,
    open_regular,
    read_given,
    read_regular,
    read_text,
)
from tests.places import ROOT

OURS = ROOT / "quizcli"

# Who may open files otherwise, and why.
ALLOWED = {
    "file_reading.py": "this is the place",
    "file_writing.py": "writes",
    "study/card_locks.py": "a file of locks, of which nothing is read",
    "demo/worker.py": "the kernel's file about the container",
    "processes/private_pipes.py": "the null device",
    "demo/answer_source.py": "modules of the program itself, beside it",
    "demo/data.py": "torch.load takes a path, which has been looked at",
    "demo/recordings/record.py": "writes a recording into a folder of its own",
    "demo/datasets/download.py": "writes what it downloads",
    "judge/sandbox/landlock.py": "folders, as places that may be seen",
    "judge/sandbox/limits.py": "inside the cage",
    "judge/candidate/launcher.py": "the kernel's file about the candidate",
    "judge/candidate/folder.py": "folders, by their descriptors",
    "study/backups/archive.py": "a copy of the store that was made a moment ago; members of an archive",
    "study/restore/put_back.py": "a descriptor to flush",
    "cli/stdio.py": "the null device",
    "cli/commands/bank/command.py": "writes a new bank",
    "packs/registry.py": "writes packs.json",
    "study/backups/kept_backups.py": "writes a new file",
    "study/database/connection.py": "creates the store",
}
READERS = {"open", "read_text", "read_bytes", "fdopen", "load", "mmap", "copy", "copyfile", "copy2"}


def openings(path: Path) -> Iterator[str]:
    """Calls that may open a file. Classes of ours have methods of the same names: those of capitals."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        match node.func:
            case ast.Name(id="open"):
                yield f"{node.lineno}: open"
            case ast.Attribute(attr="read_text" | "read_bytes" as name):
                yield f"{node.lineno}: {name}"
            case ast.Attribute(
                value=ast.Name(id="os" | "io" | "gzip" | "torch" | "shutil" | "mmap"), attr=name
            ):
                if name in READERS:
                    yield f"{node.lineno}: {name}"
            case ast.Attribute(value=value, attr="open") if node.args and isinstance(
                node.args[0], ast.Constant
            ):
                yield f"{node.lineno}: {ast.unparse(value)}.open"


def test_nobody_else_opens_files() -> None:
    found = {
        f"{path.relative_to(OURS).as_posix()}:{opening}"
        for path in OURS.rglob("*.py")
        for opening in openings(path)
        if path.relative_to(OURS).as_posix() not in ALLOWED
    }
    assert not found


@pytest.mark.timeout(10)
def test_what_is_no_regular_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "device").symlink_to("/dev/zero")
    (tmp_path / "terminal").symlink_to("/dev/ptmx")
    for name in ("pipe", "device", "terminal", "."):
        with pytest.raises(UnfitError, match="no regular file"):
            read_regular(tmp_path / name, 10)


def test_a_pipe_put_there_between_look_and_opening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_text("text")
    look = os.stat

    def then_replace(*given: object, **named: object) -> os.stat_result:
        status = look(*given, **named)  # type: ignore[arg-type]
        if stat.S_ISREG(status.st_mode):
            path.unlink()
            os.mkfifo(path)
        return status

    before = len(os.listdir("/proc/self/fd"))
    monkeypatch.setattr(os, "stat", then_replace)
    with pytest.raises(UnfitError, match="no regular file"):
        open_regular(path)
    monkeypatch.undo()
    assert len(os.listdir("/proc/self/fd")) == before


def test_as_much_as_is_allowed(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    assert read_regular(path, 5) == b"12345"
    with pytest.raises(UnfitError, match="larger than 4 bytes"):
        read_regular(path, 4)
    assert first_bytes(path, 2) == b"12"
    assert read_given(path, 5) == b"12345"
    with pytest.raises(UnfitError, match="larger than"):
        read_given(Path("/dev/zero"), 5)


def test_links_that_leave(tmp_path: Path) -> None:
    (tmp_path / "pack").mkdir()
    (tmp_path / "outside").write_text("out")
    (tmp_path / "pack" / "file").write_text("in")
    for name, target in {"out": "../outside", "in": "file", "gone": "nowhere", "loop": "loop"}.items():
        (tmp_path / "pack" / name).symlink_to(target)
    pack = tmp_path / "pack"
    assert [name for name in ("out", "in", "gone", "loop") if leaves(pack / name, pack)] == ["out"]
    assert read_text(pack / "in", 10, within=pack) == "in"
    assert read_text(pack / "out", 10) == "out"
    with pytest.raises(UnfitError, match="leaves the pack"):
        read_text(pack / "out", 10, within=pack)


def test_text(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"\xef\xbb\xbfone\r\ntwo\rthree\n")
    assert read_text(path, 100) == "one\ntwo\nthree\n"
    assert decoded("中".encode()) == "中"
    path.write_bytes(b"abc\xff")
    with pytest.raises(UnfitError, match=r"not UTF-8 \(byte 3\)"):
        read_text(path, 100)

"""What the program writes is for the person alone, whatever their umask, and whole or not at all."""

import ast
import errno
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Timer

import pytest

from quizcli.errors import QuizError, what_happened
from quizcli.file_writing import create, lock_alone, make_folder, replace_file, replacing
from tests.places import ROOT

# Who may write without quizcli/file_writing.py, and why.
REASONED = {
    ("quizcli/file_writing.py", "*"),  # the one place
    (
        "quizcli/cli/commands/bank/command.py",
        "mkdir",
    ),  # `bank new` writes in a folder of the person's own, for others to read
    ("quizcli/cli/commands/bank/command.py", "open"),
    ("quizcli/study/backups/archive.py", "open"),  # a member of an archive, whose file is a private one
    ("quizcli/cli/stdio.py", "open"),  # /dev/null
    ("quizcli/demo/datasets/download.py", "open"),  # into the private folder of a download
    ("quizcli/demo/worker.py", "open"),  # /dev/null
    ("quizcli/study/card_locks.py", "open"),  # a file of locks in the cache, private too
    ("quizcli/bank/measured_record.py", "write_bytes"),  # a part of the pack, for others to read
    ("quizcli/judge/sandbox/limits.py", "*"),  # the candidate's folder, see tests/judge
}
WRITERS = {"write_text", "write_bytes", "mkdir", "makedirs", "touch", "mkstemp", "NamedTemporaryFile"}


@pytest.fixture(params=[0o000, 0o022, 0o277], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_files_and_folders_are_private_under_any_umask(tmp_path: Path, umask: int) -> None:
    path = tmp_path / "new" / "deep" / "file"
    replace_file(path, b"one")
    replace_file(path, b"two")
    assert path.read_bytes() == b"two"
    with create(path.with_name("other")) as stream:
        stream.write(b"three")
    assert {mode(file) for file in path.parent.iterdir()} == {0o600}
    assert [mode(folder) for folder in (path.parent, path.parent.parent)] == [0o700, 0o700]
    assert sorted(file.name for file in path.parent.iterdir()) == ["file", "other"]


def test_what_a_kill_has_left_is_cleared_away_a_day_later(tmp_path: Path) -> None:
    path, yesterday = tmp_path / "packs.json", 86_401
    old, new, others = (tmp_path / f"{name}.partial" for name in (
        "packs.json.12-0123abcd", "packs.json.13-0123abcd", "own.json.12-0123abcd"))  # fmt: skip
    for left in (old, new, others, tmp_path / "packs.json.notes.partial"):
        left.write_text("[")
        if left != new:
            os.utime(left, (time.time() - yesterday,) * 2)
    replace_file(path, b"[]")
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        others.name, path.name, new.name, "packs.json.notes.partial"]  # fmt: skip


def test_a_file_that_was_open_to_all_is_private_once_it_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "packs.json"
    path.write_text("[]")
    path.chmod(0o666)
    replace_file(path, b"[1]")
    assert mode(path) == 0o600


def test_what_goes_wrong_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "file"
    replace_file(path, b"old")

    def broken() -> None:
        with replacing(path) as stream:
            stream.write(b"half of the n")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "dotfiles").mkdir()
    link = tmp_path / "config.toml"
    link.symlink_to(tmp_path / "dotfiles" / "quizcli.toml")
    replace_file(link, b"new")
    assert link.is_symlink()
    assert (tmp_path / "dotfiles" / "quizcli.toml").read_bytes() == b"new"


def test_a_folder_that_a_file_stands_in_the_way_of(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OSError, match="file"):
        make_folder(tmp_path / "file" / "below")
    with pytest.raises(NotADirectoryError):
        make_folder(tmp_path / "file")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(NotADirectoryError):
        make_folder(tmp_path / "link")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.parametrize("what", ["null", "pipe", "folder"])
def test_what_is_no_file_is_not_replaced(tmp_path: Path, what: str) -> None:
    """As root, whoever has linked a file of theirs to /dev/null would lose /dev/null."""
    path, target = tmp_path / "config.toml", tmp_path / "target"
    match what:
        case "null":
            target = Path("/dev/null")
        case "pipe":
            os.mkfifo(target)
        case _:
            target.mkdir()
    before = os.lstat(target)
    path.symlink_to(target)
    with pytest.raises(OSError, match="not a regular file"):
        replace_file(path, b"new")
    after = os.lstat(target)
    assert (before.st_ino, before.st_mode) == (after.st_ino, after.st_mode)
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted({"config.toml", target.name} - {"null"})


@pytest.mark.skipif(os.name != "posix", reason="locks of POSIX")
def test_a_folder_that_another_process_holds_is_waited_for_but_not_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl

    held = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    monkeypatch.setattr("quizcli.file_writing.BUSY_SECONDS", 0.2)
    with pytest.raises(QuizError) as told, lock_alone(tmp_path):
        pytest.fail("two have it")
    assert told.value.message == f"{tmp_path} has been locked by another process for 0.2 seconds."
    assert told.value.hint == "Close the program that holds it, then try again."
    monkeypatch.setattr("quizcli.file_writing.BUSY_SECONDS", 20)
    released: list[int] = []

    def release() -> None:
        released.append(held)
        os.close(held)

    later = Timer(0.2, release)
    later.start()
    with lock_alone(tmp_path):
        assert released
    later.join()
    with lock_alone(tmp_path):
        pass


@pytest.mark.parametrize("step", ["fsync", "open"])
def test_what_cannot_be_written_is_named(step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system names no file where the disk is full, or one that nobody has heard of."""

    def full(path: str | int, *_: object) -> int:
        name = (path,) if isinstance(path, str) else ()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), *name)

    monkeypatch.setattr(os, step, full)
    with pytest.raises(OSError, match="No space left") as caught:
        replace_file(tmp_path / "draft.py", b"new")
    assert caught.value.filename == str(tmp_path / "draft.py")
    assert what_happened(caught.value) == f"{tmp_path}/draft.py: No space left on device"


def _writes(call: ast.Call) -> str:
    """What a call writes with, if it may write at all."""
    function = call.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    if name in WRITERS:
        return name
    if name != "open":
        return ""
    words = [node.value for each in (*call.args, *(k.value for k in call.keywords)) for node in ast.walk(each)
             if isinstance(node, ast.Constant) and isinstance(node.value, str)]  # fmt: skip
    flags = {node.attr for each in call.args for node in ast.walk(each) if isinstance(node, ast.Attribute)}
    opens = any(set(word) <= set("rwxabt+") and set(word) & set("wxa+") for word in words)
    return "open" if opens or flags & {"O_CREAT", "O_WRONLY", "O_RDWR", "O_TRUNC"} else ""


def test_nothing_is_written_elsewhere() -> None:
    found = set()
    for path in sorted((ROOT / "quizcli").rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and (how := _writes(node)):
                found.add((name, how))
    wrong = {(name, how) for name, how in found if not {(name, how), (name, "*")} & REASONED}
    assert not wrong

"""Which code a pack has, and when it may run."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from quizcli.errors import QuizError
from quizcli.packs import trust as module
from quizcli.packs.pack import Pack, builtin
from quizcli.packs.registry import add, added_packs, find_added, remove
from quizcli.packs.trust import differences, fingerprint, require_trust, sources, trust
from quizcli.settings import Settings, load_settings
from quizcli.text import use_language


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings({"QUIZCLI_HOME": str(tmp_path / "home")})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "mine"
    for name, text in {
        "answers/coin.py": "one\ntwo\n",
        "answers/judges/deep.py": "no end of line",
        "answers/__pycache__/coin.py": "",
        "models/net.py": "x\n",
        "models/readme.txt": "no code",
        "questions/bank.py": "nothing imports this",
        "setup.py": "nor this",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root.resolve()


@pytest.fixture
def chinese() -> Iterator[None]:
    use_language("zh")
    yield
    use_language("en")


def refusal(root: Path) -> str:
    with pytest.raises(QuizError) as caught:
        sources(root)
    assert caught.value.hint
    return caught.value.message


def test_the_code_of_a_pack(root: Path) -> None:
    found = sources(root)
    assert [(source.path, source.lines) for source in found] == [
        ("answers/__pycache__/coin.py", 0),
        ("answers/coin.py", 2),
        ("answers/judges/deep.py", 1),
        ("models/net.py", 1),
    ]
    assert found[3].digest == hashlib.sha256(b"x\n").hexdigest()


def test_a_pack_without_code(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file where a folder could be")
    assert sources(tmp_path) == ()


def test_links(root: Path, tmp_path: Path) -> None:
    (tmp_path / "outside.py").write_text("")
    link = root / "models" / "link.py"
    link.symlink_to(root / "setup.py")
    assert "models/link.py" in fingerprint(sources(root))
    link.unlink()
    link.symlink_to(tmp_path / "outside.py")
    assert refusal(root) == f"{link}: this link leaves the pack"
    link.unlink()
    link.symlink_to(link)
    assert refusal(root).startswith(f"{link}: cannot be read: ")
    link.unlink()
    for target, message in (
        (root / "questions", "a link to a folder"),
        (tmp_path, "this link leaves the pack"),
    ):
        folder = root / "answers" / "folder"
        folder.symlink_to(target)
        assert refusal(root).startswith(f"{folder}: {message}")
        folder.unlink()


def test_a_whole_folder_of_code_that_is_elsewhere(root: Path, tmp_path: Path) -> None:
    (root / "models").rename(tmp_path / "models")
    (root / "models").symlink_to(tmp_path / "models")
    assert refusal(root) == f"{root / 'models'}: this link leaves the pack"


def test_what_cannot_be_shown(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    huge = root / "answers" / "huge.py"
    with huge.open("wb") as stream:
        stream.truncate(module.MAX_BYTES + 1)
    assert refusal(root) == f"{huge}: larger than 1 MB: nobody reads that"
    huge.rename(root / "answers" / "\x1b[2Jhuge.py")
    assert "its name cannot be printed" in refusal(root)
    assert refusal(root).isprintable()
    (root / "answers" / "\x1b[2Jhuge.py").unlink()
    monkeypatch.setattr(module, "MAX_FILES", 3)
    assert refusal(root) == f"{root}: more than 3 files of code"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.timeout(10)
def test_a_pipe_is_not_waited_for(root: Path) -> None:
    os.mkfifo(root / "answers" / "pipe.py")
    assert refusal(root) == f"{root / 'answers' / 'pipe.py'}: this is no regular file"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read(root: Path) -> None:
    (root / "answers" / "coin.py").chmod(0)
    assert "answers/coin.py: cannot be read: Permission denied" in refusal(root)
    (root / "answers").chmod(0)
    assert "answers: cannot be read: Permission denied" in refusal(root)
    (root / "answers").chmod(0o700)


def test_what_needs_no_trust(settings: Settings, tmp_path: Path) -> None:
    require_trust(builtin(), settings)
    require_trust(Pack("empty", tmp_path), settings)


def test_a_name_does_not_make_the_pack_of_the_program(root: Path, settings: Settings) -> None:
    with pytest.raises(QuizError, match="pack add"):
        require_trust(Pack("builtin", root), settings)


def refused(root: Path, settings: Settings) -> str:
    with pytest.raises(QuizError) as caught:
        require_trust(Pack("mine", root), settings)
    return caught.value.message


def test_code_runs_once_it_is_trusted_until_it_changes(root: Path, settings: Settings) -> None:
    assert refused(root, settings).startswith(f"`quizcli pack add {root}` first")
    one, _ = add(root, "", settings)
    assert (
        refused(root, settings)
        == "`quizcli pack trust mine` first: it shows the code that would run, and asks"
    )
    trust(one, sources(root), settings)
    require_trust(Pack("mine", root), settings)
    changed = "`quizcli pack trust mine` first: its code has changed since you trusted it"
    coin = root / "answers" / "coin.py"
    status = coin.stat()
    coin.write_text("one\nTWO\n")  # of the same length
    os.utime(coin, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert refused(root, settings) == changed
    coin.write_text("one\ntwo\n")
    require_trust(Pack("mine", root), settings)
    coin.rename(root / "answers" / "coins.py")
    assert refused(root, settings) == changed
    (root / "answers" / "coins.py").rename(coin)
    (root / "models" / "more.py").write_text("")
    assert refused(root, settings) == changed
    (root / "models" / "more.py").unlink()
    (root / "models" / "readme.txt").write_text("what is no code may change")
    require_trust(Pack("mine", root), settings)
    coin.unlink()
    assert refused(root, settings) == changed


def test_only_what_was_shown_is_trusted(root: Path, settings: Settings) -> None:
    one, _ = add(root, "", settings)
    shown = sources(root)
    (root / "answers" / "coin.py").write_text("changed while the person was reading")
    trust(one, shown, settings)
    assert "has changed" in refused(root, settings)


def test_trust_moves_with_the_pack_and_is_of_one_pack(root: Path, settings: Settings, tmp_path: Path) -> None:
    one, _ = add(root, "", settings)
    trust(one, sources(root), settings)
    root.rename(tmp_path / "moved")
    add(tmp_path / "moved", "mine", settings)
    require_trust(Pack("mine", tmp_path / "moved"), settings)
    (tmp_path / "moved" / "questions").rename(tmp_path / "questions")
    other = tmp_path / "other"
    (other / "questions").mkdir(parents=True)
    (other / "answers").mkdir()
    (other / "answers" / "coin.py").write_text("one\ntwo\n")
    add(other, "", settings)
    assert "pack trust other" in refused(other, settings)
    assert find_added("mine", settings).trusted


def test_a_pack_that_has_gone_meanwhile_is_not_trusted(
    root: Path, settings: Settings, tmp_path: Path
) -> None:
    one, _ = add(root, "mine", settings)
    remove("mine", settings)
    with pytest.raises(QuizError, match="removed meanwhile"):
        trust(one, sources(root), settings)
    assert added_packs(settings) == ()
    (tmp_path / "other" / "questions").mkdir(parents=True)
    other, _ = add(tmp_path / "other", "mine", settings)
    with pytest.raises(QuizError, match="removed meanwhile"):
        trust(one, sources(root), settings)
    assert added_packs(settings) == (other,)


@pytest.mark.usefixtures("chinese")
def test_in_chinese(root: Path, settings: Settings) -> None:
    add(root, "", settings)
    assert refused(root, settings) == "请先执行 `quizcli pack trust mine`：显示将要运行的代码，并征得你的同意"


def test_differences() -> None:
    before, now = {"a": "1", "b": "2", "c": "3"}, {"a": "1", "b": "x", "d": "4"}
    assert differences(before, now) == {"b": "changed", "d": "new", "c": "gone"}
    assert differences(now, now) == {}

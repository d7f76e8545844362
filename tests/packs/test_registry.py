"""Adding, moving and removing packs: what `packs.json` says afterwards, and what a person is told."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest

from quizcli.errors import ExitStatus, QuizError
from quizcli.packs.pack import builtin
from quizcli.packs.registry import add, added_packs, find_added, remove
from quizcli.settings import Settings, load_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings({"QUIZCLI_HOME": str(tmp_path / "home")})


def pack(parent: Path, name: str) -> Path:
    (parent / name / "questions").mkdir(parents=True)
    return parent / name


def refused(folder: Path, settings: Settings, name: str = "") -> QuizError:
    before = added_packs(settings)
    with pytest.raises(QuizError) as caught:
        add(folder, name, settings)
    assert added_packs(settings) == before
    return caught.value


def test_packs_that_are_added_at_once_are_all_there(settings: Settings, tmp_path: Path) -> None:
    folders = [pack(tmp_path, f"pack-{k}") for k in range(8)]
    threads = [threading.Thread(target=add, args=(folder, "", settings)) for folder in folders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {one.name for one in added_packs(settings)} == {folder.name for folder in folders}


def test_before_anything_is_added(settings: Settings) -> None:
    assert added_packs(settings) == ()
    assert not settings.packs_file.exists()


def test_a_pack_is_pointed_at_not_copied(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = pack(tmp_path, "mine")
    monkeypatch.chdir(root)
    one, before = add(Path(), "", settings)
    assert (one.name, one.root, one.trusted, before) == ("mine", str(root.resolve()), {}, None)
    assert json.loads(settings.packs_file.read_text()) == [{"name": "mine", "root": str(root.resolve())}]
    assert added_packs(settings) == (one,)
    assert one.found
    assert list((root / "questions").iterdir()) == []


@pytest.mark.parametrize(
    ("folder", "name"), [("My Coins", "my-coins"), ("_dl_", "dl"), ("Deep.Learning 2", "deep-learning-2")]
)
def test_the_folder_gives_the_name(settings: Settings, tmp_path: Path, folder: str, name: str) -> None:
    assert add(pack(tmp_path, folder), "", settings)[0].name == name


def test_a_folder_whose_name_gives_none(settings: Settings, tmp_path: Path) -> None:
    folder = pack(tmp_path, "题库")
    error = refused(folder, settings)
    assert "--name" in error.hint
    assert error.status == ExitStatus.USAGE
    assert add(folder, "questions-of-mine", settings)[0].name == "questions-of-mine"


@pytest.mark.parametrize("name", ["builtin", "edits", "Mine", "a/b", "..", "-x", "mine\n"])
def test_names_that_will_not_do(settings: Settings, tmp_path: Path, name: str) -> None:
    error = refused(pack(tmp_path, "mine"), settings, name)
    assert "no name for a pack" in error.message
    assert error.status == ExitStatus.USAGE


def test_adding_twice_changes_nothing(settings: Settings, tmp_path: Path) -> None:
    one, _ = add(pack(tmp_path, "mine"), "", settings)
    again, before = add(tmp_path / "mine" / ".." / "mine", "mine", settings)
    assert again == before == one
    assert "added already, as mine" in refused(tmp_path / "mine", settings, "other").message


def test_two_folders_of_one_name(settings: Settings, tmp_path: Path) -> None:
    add(pack(tmp_path / "a", "mine"), "", settings)
    second = pack(tmp_path / "b", "mine")
    assert "has this name" in refused(second, settings).message
    add(second, "second", settings)
    assert [one.name for one in added_packs(settings)] == ["mine", "second"]


def test_a_pack_that_has_moved_is_the_same_pack(settings: Settings, tmp_path: Path) -> None:
    old, _ = add(pack(tmp_path, "mine"), "", settings)
    (tmp_path / "mine").rename(tmp_path / "elsewhere")
    assert not old.found
    moved, before = add(tmp_path / "elsewhere", "mine", settings)
    assert before == old
    assert added_packs(settings) == (moved,)


def test_what_is_no_pack(settings: Settings, tmp_path: Path) -> None:
    assert "no such folder" in refused(tmp_path / "nowhere", settings).message
    (tmp_path / "file").write_text("")
    assert "no such folder" in refused(tmp_path / "file", settings).message
    (tmp_path / "empty").mkdir()
    assert "no folder `questions`" in refused(tmp_path / "empty", settings).message
    assert "comes with the program" in refused(builtin().root, settings).message


def test_links_that_leave_the_pack(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "a.yaml").write_text("")
    (tmp_path / "whole").mkdir()
    (tmp_path / "whole" / "questions").symlink_to(tmp_path / "outside")
    assert "this link leaves the pack" in refused(tmp_path / "whole", settings).message
    one = pack(tmp_path, "single")
    (one / "questions" / "a.yaml").symlink_to("../../outside/a.yaml")
    assert "a.yaml: this link leaves the pack" in refused(one, settings).message
    inside = pack(tmp_path, "inside")
    (inside / "a.yaml").write_text("")
    (inside / "questions" / "a.yaml").symlink_to("../a.yaml")
    (inside / "questions" / "loop.yaml").symlink_to("loop.yaml")
    add(inside, "", settings)


def test_a_folder_that_cannot_be_printed(settings: Settings, tmp_path: Path) -> None:
    error = refused(pack(tmp_path, "\x1b[2J"), settings, "mine")
    assert "cannot be printed" in error.message
    assert error.message.isprintable()


def test_remove_and_add_again(settings: Settings, tmp_path: Path) -> None:
    one, _ = add(pack(tmp_path, "mine"), "", settings)
    assert remove("mine", settings) == one
    assert added_packs(settings) == ()
    with pytest.raises(QuizError, match="there is no pack 'mine'"):
        remove("mine", settings)
    assert add(tmp_path / "mine", "", settings)[1] is None


def test_a_name_that_is_near(settings: Settings, tmp_path: Path) -> None:
    add(pack(tmp_path, "mine"), "", settings)
    with pytest.raises(QuizError, match=r"there is no pack 'mnie'; did you mean 'mine'\?") as caught:
        find_added("mnie", settings)
    assert caught.value.status == ExitStatus.USAGE


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{",
        b'{"name": 1}',
        b'[{"name": "../x", "root": "/"}]',
        b'[{"name": "x\\n", "root": "/"}]',
        b"\xff",
        b"[" * 100_000,
    ],
)
def test_a_damaged_file_is_named(settings: Settings, damage: bytes) -> None:
    settings.packs_file.parent.mkdir(parents=True)
    settings.packs_file.write_bytes(damage)
    with pytest.raises(QuizError, match=r"packs\.json: cannot be read") as caught:
        added_packs(settings)
    assert "Delete it" in caught.value.hint


def test_a_failed_write_leaves_the_old_file_and_no_rubbish(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(pack(tmp_path, "mine"), "", settings)
    before = settings.packs_file.read_bytes()

    def full(source: object, target: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        add(pack(tmp_path, "other"), "", settings)
    assert settings.packs_file.read_bytes() == before
    assert [path.name for path in settings.packs_file.parent.iterdir()] == ["packs.json"]

"""What a person has beside the store, as a backup brings it back: looked through, then put in its place."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import msgspec

from quizcli.errors import QuizError
from quizcli.file_reading import UNDECODABLE
from quizcli.file_writing import replace_file
from quizcli.settings import Settings, check_config
from quizcli.study.backups.archive import CONFIG, PACKS, no_backup, own_files, places
from quizcli.study.database.connection import backups_of
from quizcli.text import tr


def acceptable_files(files: dict[str, bytes], path: Path, settings: Settings) -> tuple[dict[str, bytes], str]:
    """The files as they may be taken over; and what is wrong with the settings, where they may not."""
    wrong = ""
    if CONFIG in files:
        try:
            check_config(Path(CONFIG), files[CONFIG])
        except QuizError as error:
            wrong = error.message
            present = own_files(settings)[0].get(CONFIG)
            files = {name: data for name, data in files.items() if name != CONFIG}
            files |= {} if present is None else {CONFIG: present}
    if PACKS in files:
        files = files | {PACKS: _packs(files[PACKS], path, settings)}
    return files, wrong


def is_ours(path: Path, settings: Settings) -> bool:
    """Whether a backup lies where quizcli puts its own."""
    return os.path.realpath(path.parent) == os.path.realpath(backups_of(str(settings.store_file)))


def _packs(data: bytes, path: Path, settings: Settings) -> bytes:
    """packs.json: which code may run is for the person here to say, not for a file from elsewhere."""
    from quizcli.packs.registry import Added, added_packs

    try:
        packs = msgspec.json.decode(data, type=tuple[Added, ...])
    except UNDECODABLE as error:
        raise no_backup(path, f"{PACKS}: {error}") from error
    if is_ours(path, settings):
        return data
    with suppress(QuizError, OSError):  # what is there now may be what is to be replaced
        known = {(entry.name, entry.root): entry.trusted for entry in added_packs(settings)}
        packs = tuple(
            msgspec.structs.replace(entry, trusted=known.get((entry.name, entry.root), {})) for entry in packs
        )
        return msgspec.json.format(msgspec.json.encode(packs), indent=1) + b"\n"
    return msgspec.json.encode(tuple(msgspec.structs.replace(entry, trusted={}) for entry in packs))


def place_of(name: str, settings: Settings) -> Path:
    """Where a file of this name in a backup belongs."""
    top, _, rest = name.partition("/")
    return places(settings)[top] / rest if rest else places(settings)[top]


def put_files(files: dict[str, bytes], saved: dict[str, bytes], settings: Settings) -> None:
    """Have just these files: those that differ are written, those that the backup lacks go.

    What is there and not among the `saved` has been written a moment ago, and is nowhere else: it stays, and
    QuizError says so when all the others are in their place.
    """
    here, _ = own_files(settings)
    newer = {name for name in here if here[name] != saved.get(name) and here[name] != files.get(name)}

    def checked(name: str) -> Path:
        path = place_of(name, settings)
        if not leads_inside(name, settings):
            raise OSError(40, tr("this link leads elsewhere", "该链接指向别处"), str(path.parent))
        return path

    for name in sorted(here.keys() - files - newer):
        checked(name).unlink(missing_ok=True)
    for name in sorted(files):
        if files[name] == here.get(name) or name in newer:
            continue
        path = checked(name)
        if "/" in name and path.is_symlink():
            path.unlink()  # the link goes, not what it points at
        elif "/" in name and path.is_dir():
            _remove_empty(path)  # whose files have just gone
        replace_file(path, files[name])
    if newer:
        first = place_of(min(newer), settings)
        raise QuizError(
            tr(
                f"{first} was written meanwhile, and stays as it is ({len(newer)} in all).",
                f"{first} 在恢复期间被写入，保持原样（共 {len(newer)} 个）。",
            ),
            tr("All else is restored. Restore once more.", "其余均已恢复。请再恢复一次。"),
        )


def _remove_empty(folder: Path) -> None:
    """Remove a folder that holds nothing but folders. OSError where there is more in it."""
    for inside, _, _ in os.walk(folder, topdown=False):
        os.rmdir(inside)


def leads_inside(name: str, settings: Settings) -> bool:
    """Whether no link on the way to the place of a file of this name leads to a folder elsewhere."""
    top, _, rest = name.partition("/")
    root = os.path.realpath(places(settings)[top])
    folder = os.path.realpath(place_of(name, settings).parent)
    return not rest or folder == root or folder.startswith(root + os.sep)

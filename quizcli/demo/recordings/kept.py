"""The last run of each demonstration that a person has watched, kept to be shown again: `Kept` is the shelf.

A run is kept under its name, its settings and the text of its answer: of an answer that has changed there is
no earlier run.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from quizcli import __version__
from quizcli.demo.events import Event, Finished, Setting
from quizcli.demo.launcher import Run
from quizcli.demo.recordings.record import EVENTS, Recorder, rerun
from quizcli.errors import QuizError
from quizcli.file_reading import MEBIBYTE

LONGEST = 24 * MEBIBYTE  # bytes of one run; a longer one is not kept
ROOM = 160 * MEBIBYTE  # bytes of all of them; the oldest make room
SHOWN_IN = 3.0  # seconds that a kept run takes when it is shown again, at most


class Earlier(Struct, frozen=True):
    """A run that was kept: where, and when it was made, in seconds since 1970."""

    folder: Path
    at: float

    def again(self, *, timed: bool) -> Run:
        """The run once more, in a few seconds or at once. QuizError where it cannot be read."""
        return rerun(self.folder, timed=timed, within=SHOWN_IN)


class Kept:
    """The runs in a folder, each in one of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, name: str, settings: Mapping[str, Setting], code: str) -> Earlier | None:
        """The last whole run of an answer with exactly these settings; `code` is the digest of its code."""
        folder = self._place(name, settings, code)
        try:
            return Earlier(folder, (folder / EVENTS).stat().st_mtime)
        except OSError:  # there is none
            return None

    def keeping(self, name: str, settings: Mapping[str, Setting], code: str) -> Keeping:
        """What takes the events of a run that begins now."""
        place = self._place(name, settings, code)
        return Keeping(place.with_name(f"{place.name}-{os.getpid()}"), place, self._make_room)

    def _place(self, name: str, settings: Mapping[str, Setting], code: str) -> Path:
        known = [__version__, name, msgspec.json.encode(dict(settings), order="sorted").decode(), code]
        digest = hashlib.sha256("\n".join(known).encode()).hexdigest()
        return self._folder / digest[:24]

    def _make_room(self) -> None:
        """Leave out the oldest runs until the others fit."""
        runs = [(file.stat(), file.parent) for file in self._folder.glob(f"*/{EVENTS}")]
        used = sum(status.st_size for status, _ in runs)
        for status, folder in sorted(runs, key=lambda run: run[0].st_mtime_ns):
            if used <= ROOM:
                return
            used -= status.st_size
            shutil.rmtree(folder)


class Keeping:
    """A run while it is kept. Where it cannot be written it is not kept, and goes on all the same."""

    def __init__(self, folder: Path, place: Path, kept: Callable[[], None]) -> None:
        self._folder = folder
        self._place = place
        self._kept = kept
        self._recorder: Recorder | None = None
        with suppress(QuizError, OSError):
            self._recorder = Recorder(folder)

    def add(self, event: Event) -> None:
        """Write one event; the last of a run that came to its end makes it the one that is kept."""
        if self._recorder is None:
            return
        try:
            self._recorder.add(event)
            if (self._folder / EVENTS).stat().st_size > LONGEST:
                self.close()
            elif isinstance(event, Finished) and not event.stopped:
                self._recorder.close()
                self._recorder = None
                if self._place.exists():
                    shutil.rmtree(self._place)
                self._folder.rename(self._place)
                self._kept()
        except (QuizError, OSError):
            self.close()

    def close(self) -> None:
        """Leave nothing of a run that did not come to its end. May be called twice."""
        if self._recorder is not None:
            self._recorder.close()
            self._recorder = None
            shutil.rmtree(self._folder, ignore_errors=True)

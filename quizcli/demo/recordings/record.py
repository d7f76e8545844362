"""A run kept in a folder: its events as lines of JSON, its panels as pictures; and such a run shown again."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from io import BufferedReader
from itertools import count
from pathlib import Path

import msgspec

from quizcli.demo.events import (
    BEAT,
    Beat,
    Claim,
    Event,
    Failed,
    Finished,
    Note,
    Scalars,
    Started,
    from_json,
    to_json,
)
from quizcli.demo.launcher import Run
from quizcli.demo.messages import Request, WorkerOrder
from quizcli.demo.recordings.png_panels import draw, file_of
from quizcli.errors import ExitStatus, QuizError
from quizcli.file_reading import MEBIBYTE, UNDECODABLE, open_regular
from quizcli.file_writing import create, make_folder
from quizcli.text import tr

EVENTS = "events.jsonl"
_LONGEST = 64 * MEBIBYTE  # of one event


class _Line(msgspec.Struct):
    """What a line says beside its event."""

    t: float = 0.0  # seconds since the recording began


class Recorder:
    """Writes the events of a run into a folder as they come, and at the end draws its panels.

    The folder must be new, empty, or an earlier recording, which is replaced; else QuizError.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        if not _is_free(folder):
            raise QuizError(
                tr(f"{folder}: holds something else already", f"{folder}：其中已有其他内容"),
                tr("Choose a new folder.", "请另选一个文件夹。"),
                ExitStatus.USAGE,
            )
        with self._trouble_told():
            make_folder(folder)
            for old in folder.iterdir():
                old.unlink()
            self._out = create(folder / EVENTS)
        self._began = time.monotonic()

    def add(self, event: Event) -> None:
        """Write one event, and when it came."""
        head = b'{"t":%.3f,' % (time.monotonic() - self._began)
        with self._trouble_told():
            self._out.write(head + to_json(event)[1:] + b"\n")
            self._out.flush()  # what has happened is kept, whatever comes

    def finish(self) -> None:
        """Draw the panels as they stand at the end."""
        self.close()
        with self._trouble_told():
            draw(replay(self._folder), self._folder)

    def close(self) -> None:
        """Close the file. May be called twice."""
        self._out.close()

    @contextmanager
    def _trouble_told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            folder, why = self._folder, error.strerror
            raise QuizError(
                tr(f"{folder}: cannot be written: {why}", f"{folder}：无法写入：{why}"),
                tr("Name a folder with room that is yours.", "请指定一个有空间、可写入的文件夹。"),
            ) from error


def _is_free(folder: Path) -> bool:
    if not folder.is_dir():
        return not folder.exists()
    there = {path.name for path in folder.iterdir()}
    return not there or (EVENTS in there and there <= _files_of(folder))


def _files_of(folder: Path) -> set[str]:
    """The names of the files that a recording consists of. Where it cannot be read, no recording is known."""
    try:
        return {EVENTS, *map(file_of, replay(folder))}
    except QuizError:
        return set()


def replay(folder: Path) -> Iterator[Event]:
    """The events of a recording. QuizError names the file, and the line that is broken."""
    return (event for _, event in _timed(folder))


def _paced(events: Iterable[tuple[float, Event]], beat: float) -> Iterator[tuple[float, Event]]:
    """The events when somebody sees them who watches with so many seconds a beat: as the live view waits."""
    due = 0.0
    for t, event in events:
        if isinstance(event, Beat):
            due = max(due, t) + beat * event.length
        else:
            yield max(due, t), event


def _timed(folder: Path) -> Iterator[tuple[float, Event]]:
    path = folder / EVENTS
    try:
        with BufferedReader(open_regular(path)) as lines:
            for number in count(1):
                line = lines.readline(_LONGEST + 1)
                if not line:
                    return
                yield _parsed(line, f"{path}:{number}")
    except OSError as error:
        raise QuizError(
            tr(f"{path}: cannot be read: {error.strerror}", f"{path}：无法读取：{error.strerror}"),
            tr("Name a folder made with --save.", "请指定用 --save 保存的文件夹。"),
            ExitStatus.USAGE,
        ) from error


def _parsed(line: bytes, where: str) -> tuple[float, Event]:
    try:
        if len(line) > _LONGEST:
            raise msgspec.DecodeError(tr("the line is too long", "该行过长"))
        return msgspec.json.decode(line, type=_Line).t, from_json(line)
    except UNDECODABLE as error:
        raise QuizError(
            tr(f"{where}: not an event: {error}", f"{where}：不是事件：{error}"),
            tr("Delete the line, or record the run again.", "请删除该行，或重新录制。"),
        ) from error


def rerun(folder: Path, *, timed: bool = True, within: float = math.inf, beat: float = BEAT) -> Run:
    """A recording as a run that takes its original time, or none. All of it is read and checked first.

    A beat takes `beat` seconds, as long as the run itself took no longer.

    One that took more than `within` seconds runs so much faster.
    """
    recording = _Recording(folder, timed=timed, within=within, beat=beat)
    return Run(recording, Request("", recording.started.name, "", recording.started.settings))


class _Recording:
    """A `Source` whose events have happened already."""

    def __init__(self, folder: Path, *, timed: bool, within: float, beat: float) -> None:
        events = list(_paced(_timed(folder), beat))
        pace = min(1.0, within / events[-1][0]) if timed and events and events[-1][0] > 0 else float(timed)
        self._coming = deque((pace * t, event) for t, event in events)
        self.started = next((event for _, event in self._coming if isinstance(event, Started)), Started())
        last = self._coming[-1] if self._coming else (0.0, self.started)
        if not isinstance(last[1], Finished | Failed):  # the recording was cut short
            self._coming.append((last[0], Finished(seconds=last[0], stopped=True)))
        self._began = time.monotonic()
        self._paused_at: float | None = None

    def ask(self, request: Request) -> None:
        self._began = time.monotonic()

    def send(self, message: WorkerOrder) -> None:
        now = time.monotonic()
        if message == "pause" and self._paused_at is None:
            self._paused_at = now
        elif message == "resume" and self._paused_at is not None:
            self._began += now - self._paused_at
            self._paused_at = None

    def _elapsed(self) -> float:
        return (time.monotonic() if self._paused_at is None else self._paused_at) - self._began

    def take(self) -> list[Event]:
        events = []
        while self._coming and self._coming[0][0] <= self._elapsed():
            events.append(self._coming.popleft()[1])
        return events

    def wait(self, timeout: float | None) -> bool:
        rest = 0.0
        if self._coming:
            rest = self._coming[0][0] - self._elapsed() if self._paused_at is None else float("inf")
        time.sleep(max(0.0, min(rest, float("inf") if timeout is None else timeout)))
        return bool(self._coming) and self._coming[0][0] <= self._elapsed()

    def stop(self) -> None:
        self._coming = deque([(0.0, Finished(seconds=self._elapsed(), stopped=True))])

    def close(self, grace: float) -> None:
        self._coming.clear()


class Snapshot:
    """What a run shows at the moment, for the person who asks to keep it only when they have seen it."""

    def __init__(self, name: str, where: Path) -> None:
        self._name = name
        self._where = where
        self._events: dict[object, Event] = {}  # the latest of each panel, and all that adds up

    def add(self, event: Event) -> None:
        """Take one event of the run in."""
        if isinstance(event, Beat):
            return
        panel = getattr(event, "panel", None)
        adds_up = isinstance(event, Scalars | Note | Claim)
        self._events[len(self._events) if adds_up else (type(event), panel)] = event

    def save(self) -> Path:
        """Record it in a new folder, and return the folder."""
        numbers = (f"-{k}" if k > 1 else "" for k in count(1))
        folder = next(path for n in numbers if not (path := self._where / f"{self._name}{n}").exists())
        with closing(Recorder(folder)) as recorder:
            for event in self._events.values():
                recorder.add(event)
            recorder.finish()
        return folder

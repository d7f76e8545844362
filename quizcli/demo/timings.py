"""How long demonstrations took on this machine: said while the next one starts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from quizcli.demo.events import Setting
from quizcli.file_reading import MEBIBYTE, UNDECODABLE, read_regular
from quizcli.file_writing import replace_file

_MOST = 300  # demonstrations that are remembered; the oldest make room


class Timing(Struct, frozen=True):
    """Seconds until the first event, and until the last."""

    start: float
    whole: float


class Timings:
    """The times of the last runs, in a file. Losing it loses nothing but a guess."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def of(self, name: str, settings: Mapping[str, Setting]) -> Timing | None:
        """How long the last run with just these settings took; None where there is none."""
        return self._all().get(_key(name, settings))

    def start(self) -> float | None:
        """How long the last worker took to start, whatever it ran."""
        return next((timing.start for timing in reversed(self._all().values())), None)

    def note(self, name: str, settings: Mapping[str, Setting], timing: Timing) -> None:
        """Remember a run that came to its end. Raises OSError."""
        known = self._all()
        known.pop(_key(name, settings), None)
        known[_key(name, settings)] = timing
        newest = dict(list(known.items())[-_MOST:])
        replace_file(self._file, msgspec.json.encode(newest))

    def _all(self) -> dict[str, Timing]:
        """Oldest first."""
        try:
            return msgspec.json.decode(read_regular(self._file, MEBIBYTE), type=dict[str, Timing])
        except (OSError, *UNDECODABLE):  # none yet, or not ours any more: the next run begins anew
            return {}


def _key(name: str, settings: Mapping[str, Setting]) -> str:
    return f"{name} {msgspec.json.encode(dict(settings), order='sorted').decode()}"

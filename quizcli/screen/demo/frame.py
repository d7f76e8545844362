"""A whole frame of a demonstration, while it runs and when it is over."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment

from quizcli.demo.events import Failed, Finished
from quizcli.demo.plain_text import plain_words
from quizcli.screen.demo.layout import Gallery
from quizcli.screen.demo.starting import Coming, opening_lines
from quizcli.screen.demo.state import Board
from quizcli.screen.demo.status import (
    change_lines,
    claim_lines,
    claims_in_full,
    failure_lines,
    footer,
    header,
    note_lines,
    progress_line,
)
from quizcli.screen.terminal.segments import Line

_AIRY, _AIRIER = 20, 28  # lines: from here on a blank line stands above the panels, and one below
_SHRUNK = 0.6  # of their lines the panels keep at least when all that is said shall stand in one window
_NOTES = 3  # lines at most while the demonstration runs


class Frames:
    """Composes the frames of one demonstration."""

    def __init__(self, board: Board, colour: bool = True, coming: Coming | None = None) -> None:
        self._board = board
        self._coming = coming
        self._gallery = Gallery(board, colour)
        self._room = 0  # lines that the panels had in the last frame

    def running(
        self,
        width: int,
        height: int,
        seconds: float,
        keys: Sequence[tuple[str, str]],
        message: str = "",
        *,
        paused: bool = False,
        knobs: Sequence[Line] = (),
    ) -> list[Line]:
        """At most `height` lines: header, panels, note, progress, claims, keys. Panels give way first.

        When the run is over, its last picture gets the lines of the progress and of the note, which follows.
        """
        board = self._board
        over = isinstance(board.last, Finished)
        top = [header(board, seconds, width)]
        bottom = [*(knobs if height >= 10 and not over else ()), footer(keys, message, width)]
        bottom = bottom if height >= 6 else []
        progress = (
            [progress_line(board.progress, width, paused=paused)]
            if board.progress and height >= 4 and not over
            else []
        )
        room = height - len(top) - len(bottom) - len(progress)
        opening = self._coming if board.started is None and board.last is None else None
        share = room // (3 if over else 4)
        most = 0 if opening else max(min(1, room), share, min(3, room - 6))  # the opening names them too
        claims = claim_lines(board, width, most)
        room -= len(claims)
        notes = (
            note_lines(plain_words(board.notes[-1].text), width, min(_NOTES, room // 5))
            if board.notes and not over
            else []
        )
        room -= len(notes)
        above: list[Line] = [[]] * (height >= _AIRY)
        below: list[Line] = [[]] * (height >= _AIRIER)
        self._room = room - len(above + below)
        panels = (
            opening_lines(opening, seconds, width, self._room) if opening else self._panels(width, self._room)
        )
        body = above + panels + below if panels else []
        return (top + body + notes + progress + claims + bottom)[:height]

    def final(self, width: int, height: int, seconds: float, *, debug: bool = False) -> list[Line]:
        """What stays in the scrollback: the panels as they were last, every note and claim in full."""
        board = self._board
        claims = claims_in_full(board, width)
        notes = [row for note in board.notes for row in note_lines(plain_words(note.text), width, 100)]
        failure = failure_lines(board.last, width, debug) if isinstance(board.last, Failed) else []
        around = [[header(board, seconds, width)], change_lines(board, width), notes, claims, failure]
        spare = height - 2 - sum(len(block) + 1 for block in around if block)  # a prompt follows below
        room = self._room or height - 4 - len(claims)
        if _SHRUNK * room <= spare:
            room = min(room, spare)
        blocks = [around[0], self._panels(width, room), *around[1:]]
        lines = [row for block in blocks if block for row in ([], *block)]
        return lines[1:]

    def _panels(self, width: int, height: int) -> list[Line]:
        """The panels, indented by one cell."""
        if width < 12 or height < 3:
            return []
        return [[Segment(" "), *row] if row else [] for row in self._gallery.draw(width - 2, height)]

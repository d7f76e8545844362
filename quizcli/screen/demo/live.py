"""The live view: a demonstration drawn while it runs, its last frame left in the scrollback."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct
from msgspec.structs import replace
from rich.console import Console
from rich.segment import Segment, Segments

from quizcli.demo.events import BEAT, Beat, Claim, Event, Failed, Finished, Setting, Started
from quizcli.demo.following import Polled, follow
from quizcli.demo.parameter import Parameter
from quizcli.errors import QuizError
from quizcli.screen.demo.frame import Frames
from quizcli.screen.demo.knob_bar import KnobBar
from quizcli.screen.demo.plain_log import Log
from quizcli.screen.demo.starting import TURNS, Coming, opening_text
from quizcli.screen.demo.state import Board
from quizcli.screen.terminal import theme
from quizcli.screen.terminal.alternate_screen import Stage, ending_cleanly
from quizcli.screen.terminal.segments import Line
from quizcli.text import tr

if TYPE_CHECKING:
    from quizcli.screen.terminal.keyboard import Keyboard

FASTEST = 1 / 10  # seconds between two frames at least
SHARE = 25  # after a frame that took c seconds the next one waits 25 c: drawing stays below 4 % of one core
_LOOK = 0.02  # seconds between two looks for events when nothing is to be drawn
_NAP = 0.05  # seconds between two looks at most, so that the end is not slept over
_PATIENCE = 5.0  # seconds to wait for the last event of a run that was told to stop


class Running(Polled, Protocol):
    """A demonstration that runs, `quizcli.demo.launcher.Run` or a recorded one."""

    def pause(self) -> None:
        """Rest at the next event."""
        ...

    def resume(self) -> None:
        """Go on."""
        ...

    led: bool

    def go(self) -> None:
        """A beat has been seen: who waits for it goes on."""
        ...

    def turn(self, option: str, value: Setting) -> None:
        """Set a knob at the next event."""
        ...

    def stop(self) -> None:
        """End soon; the last event still comes."""
        ...


class Watched(Struct, frozen=True):
    """What a demonstration came to. `last` is None if the person left before its last event."""

    started: Started | None
    claims: tuple[Claim, ...]
    last: Finished | Failed | None
    frames: int  # how often it was drawn
    start: float = 0.0  # seconds until its first event
    seconds: float = 0.0  # that it was watched from then on, pauses left out


def watch(
    run: Running,
    console: Console,
    *,
    keys: Keyboard | None = None,
    save: Callable[[Board], str] | None = None,
    shown: Callable[[Event], None] | None = None,
    expect: Sequence[str] = (),
    back: str | None = None,
    coming: Coming | None = None,
    pace: float = BEAT,
    knobs: Sequence[Parameter] = (),
    debug: bool = False,
) -> Watched:
    """Show a run until it is over or the person has had enough; its last frame stays in the scrollback.

    `save` keeps the board somewhere and says where; `shown` is told each event when it is seen. `expect` are
    ids of claims to announce before they are measured. `back` says where the q key leads, `coming` what is to
    be expected while a worker starts, `pace` how many seconds a beat takes; the live ones of `knobs` may be
    turned. With `debug` a failure shows its
    trace. Where the console cannot draw in place, lines are printed, and nobody waits for beats.
    """
    if keys is not None and not keys.interactive:
        keys = None  # keys in a pipe are meant for the session, not for this view
    back = back or tr("stop, back to the question", "停止并返回题目")
    viewer = _Viewer(run, console, Board(expect), keys, save, shown, back, coming, pace, KnobBar(knobs))
    if not console.is_terminal or console.is_dumb_terminal or console.legacy_windows:
        return viewer.logged(debug)
    with ending_cleanly(), Stage(console) as stage, _hooks(keys, stage):
        viewer.watch(stage)
        viewer.hold(stage)
    viewer.print_last(debug)
    if keys is not None:
        keys.flush()  # a q that came too late to stop the run must not end the session
    return viewer.outcome()


def run_unwatched(run: Running) -> Watched:
    """What a run comes to, without anybody watching."""
    board = Board()
    follow(run, board.add, lambda: False)
    return Watched(board.started, tuple(board.claims.values()), board.last, 0)


@contextmanager
def _hooks(keys: Keyboard | None, stage: Stage) -> Iterator[None]:
    """Let Ctrl-Z clear the stage before the shell has the terminal, and set it up again afterwards."""
    if keys is None:
        yield
        return
    before = keys.on_leave, keys.on_return
    keys.on_leave, keys.on_return = stage.leave, stage.enter
    try:
        yield
    finally:
        keys.on_leave, keys.on_return = before


class _Viewer:
    """One watching: the board, the clock, and what the keys have done."""

    def __init__(
        self,
        run: Running,
        console: Console,
        board: Board,
        keys: Keyboard | None,
        save: Callable[[Board], str] | None,
        shown: Callable[[Event], None] | None,
        back: str,
        coming: Coming | None,
        pace: float,
        knobs: KnobBar,
    ) -> None:
        self._run = run
        self._console = console
        self._board = board
        self._keys = keys
        self._save = save
        self._told = shown
        self._back = back
        self._opening = coming
        self._drawing = Frames(board, _has_colours(console), coming)
        self._pace = pace
        self._knobs = knobs
        self._coming: deque[Event] = deque()  # polled and not yet on the board
        self._due = 0.0  # when what comes behind a beat is to be seen
        self._beats = 0  # that have begun, and are not over
        self._paused = False
        self._cut = False  # it was stopped before all that has come was seen
        self._events = 0
        self._frames = 0
        self._shown: object = None  # what the last frame showed
        self._message = ""
        self._stopped_at: float | None = None
        self._left = False
        self._clock = 0.0  # seconds that it has been starting, then that it has run, pauses left out
        self._start = 0.0  # seconds until its first event
        self._began = self._looked = time.monotonic()

    def outcome(self) -> Watched:
        """What has come of it so far."""
        board = self._board
        return Watched(
            board.started, tuple(board.claims.values()), board.last, self._frames, self._start, self._clock
        )

    def logged(self, debug: bool) -> Watched:
        """Print plain lines until the run is over."""
        log = Log()
        if self._opening is not None and self._console.is_terminal:  # a file has time
            self._console.print(opening_text(self._opening), soft_wrap=True)

        def take(event: Event) -> None:
            self._add(event)
            if text := log(event):
                self._console.print(text, soft_wrap=True)

        def interrupted() -> bool:
            self._stop()
            return self._left

        follow(self._run, take, interrupted)
        if debug and isinstance(self._board.last, Failed):
            self._console.print(self._board.last.trace, soft_wrap=True)
        return self.outcome()

    def watch(self, stage: Stage) -> None:
        """Draw until the run is over or left: frames only as often as they are cheap, events at any time."""
        self._run.led = True
        due = 0.0
        while True:
            try:  # around the whole loop: Ctrl-C may come between two turns of it too
                while not self._left:
                    self._take_events()
                    if (self._run.over and not self._coming) or self._gave_up():
                        return
                    if time.monotonic() >= due and self._has_news():
                        cost = self._draw(stage)
                        due = time.monotonic() + max(FASTEST, SHARE * cost)
                    self._obey(self._next_key(min(max(_LOOK, due - time.monotonic()), _NAP)), stage)
                return
            except KeyboardInterrupt:
                stage.forget()
                self._stop()

    def hold(self, stage: Stage) -> None:
        """Keep the picture until a key is pressed, where the text that follows would push it out of sight."""
        while self._keys is not None and self._stopped_at is None and isinstance(self._board.last, Finished):
            width, height = self._console.size
            if len(self._drawing.final(width, height, self._clock)) < height:
                return
            self._draw(stage)
            if self._keys.read() not in ("resize", "ctrl-l"):
                return
            stage.forget()

    def print_last(self, debug: bool) -> None:
        """Print the last frame where the cursor stands: it goes into the scrollback like any text."""
        width, height = self._console.size
        lines = self._drawing.final(width, height, self._clock, debug=debug)
        self._console.print(Segments(_joined(lines)), end="", soft_wrap=True)

    def _take_events(self) -> None:
        now = time.monotonic()
        if self._paused:
            self._due += now - self._looked
        else:
            self._clock += now - self._looked
        self._looked = now
        while self._beats and self._stopped_at is None and self._is_due(now):
            self._beats -= 1
            self._run.go()
        self._coming += self._run.poll()
        # As in `follow`: what Ctrl-C leaves here comes at the next look.
        while self._coming and self._is_due(now):
            if isinstance(event := self._coming[0], Beat):
                self._due = max(self._due, now) + self._pace * event.length
                self._beats += 1
            elif not self._cut:
                self._add(event)
            elif isinstance(event, Finished | Failed):  # what was not seen yet is left unseen
                self._add(replace(event, stopped=True) if isinstance(event, Finished) else event)
            self._coming.popleft()
            self._events += 1

    def _is_due(self, now: float) -> bool:
        """Whether what comes next may be seen: beats hold it back, but not from who wants to see the end."""
        return self._stopped_at is not None or (now >= self._due and not self._paused)

    def _add(self, event: Event) -> None:
        """Put an event on the board; the first one ends the waiting."""
        if not self._start:
            self._start = time.monotonic() - self._began
            self._clock = 0.0
        self._board.add(event)
        if isinstance(event, Started):
            self._knobs.begin(event.settings)
        if self._told is not None:
            self._told(event)

    def _has_news(self) -> bool:
        """Whether a new frame would differ from the last one."""
        turns = 1 if self._board.started else TURNS
        clock = int(self._clock * turns)
        state = (
            self._events,
            self._console.size,
            clock,
            self._paused,
            self._message,
            self._knobs.state,
        )
        news, self._shown = state != self._shown, state
        return news

    def _draw(self, stage: Stage) -> float:
        """Show a frame; the seconds it took."""
        began = time.monotonic()
        width, height = self._console.size
        lines = self._drawing.running(
            width,
            height,
            self._clock,
            self._offered(),
            self._message,
            paused=self._paused,
            knobs=self._knobs.draw(width) if self._keys is not None else (),
        )
        stage.show(lines, (width, height))
        self._frames += 1
        return time.monotonic() - began

    def _offered(self) -> list[tuple[str, str]]:
        """The keys that do something now."""
        if self._keys is None:
            return [("ctrl-c", self._back)]
        if self._board.last is not None:
            return [(tr("any key", "任意键"), tr("what you saw", "说明"))]
        pause = tr("resume", "继续") if self._paused else tr("pause", "暂停")
        save = [("s", tr("save", "保存"))] if self._save else []
        return [("space", pause), *self._knobs.offered, *save, ("q", self._back)]

    def _next_key(self, timeout: float) -> str | None:
        if self._keys is not None:
            return self._keys.read(timeout)
        time.sleep(timeout)
        return None

    def _obey(self, key: str | None, stage: Stage) -> None:
        match key:
            case " " if self._stopped_at is None:
                self._run.resume() if self._paused else self._run.pause()
                self._paused = not self._paused
            case "s" if self._save is not None:
                self._keep(self._save)
            case "q" | "ctrl-c":
                self._stop()
            case "left" | "right" | "up" | "down" | "0" if self._stopped_at is None:
                if turned := self._knobs.press(key):
                    self._run.turn(*turned)
            case "resize" | "ctrl-l":
                stage.forget()
                self._shown = None
            case "eof":
                self._keys = None

    def _keep(self, save: Callable[[Board], str]) -> None:
        try:
            self._message = save(self._board)
        except QuizError as error:
            self._message = f"{theme.WRONG} {error.message}"

    def _stop(self) -> None:
        """Ask the run to end; who asks twice does not want to wait for it."""
        if self._stopped_at is not None:
            self._left = True
            return
        self._stopped_at = time.monotonic()
        self._cut = bool(self._coming)
        self._message = tr("stopping …", "正在停止 …")
        self._run.stop()

    def _gave_up(self) -> bool:
        return self._stopped_at is not None and time.monotonic() > self._stopped_at + _PATIENCE


def _has_colours(console: Console) -> bool:
    """Whether pictures can be drawn in colours: these need half blocks too, which only UTF has."""
    return bool(console.color_system) and not console.no_color and console.encoding.startswith("utf")


def _joined(lines: Sequence[Line]) -> list[Segment]:
    return [segment for line in lines for segment in (*line, Segment.line())]

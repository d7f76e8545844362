"""The live view: in a real pseudo-terminal, and without one."""

import io
import os
import re
import signal
import sys
import textwrap
import time
from collections.abc import Iterator
from typing import Self, cast

import pexpect
import pyte
import pytest
from rich.console import Console

from quizcli.demo.events import Beat, Event, Failed, Finished, Images, Points, Progress, Scalars
from quizcli.errors import QuizError
from quizcli.screen.demo.frame import Frames
from quizcli.screen.demo.live import FASTEST, watch
from quizcli.screen.demo.state import Board
from quizcli.screen.terminal.alternate_screen import Stage
from quizcli.screen.terminal.keyboard import Keyboard
from tests.places import ROOT
from tests.screen.boards import claims, vae
from tests.screen.drawing import floats, grey
from tests.screen.recorded import Recorded

CHILD = """
    import sys
    from quizcli.screen.terminal.keyboard import Keyboard
    from quizcli.screen.demo.live import watch
    from quizcli.screen.terminal.theme import make_console
    from msgspec.structs import replace
    from quizcli.demo.events import *
    from quizcli.demo.parameter import Parameter
    from tests.screen.boards import claims, vae
    from tests.screen.recorded import Recorded
    print("before")
    run = Recorded([*vae(), *claims(), {script}])
    with Keyboard() as keys:
        save = lambda board: f"saved {{len(board.panels)}} panels"
        outcome = watch(run, make_console(), keys=keys, save=save, knobs={knobs})
    print("after", *run.calls, *(claim.id for claim in outcome.claims), sep="|")
"""


class Window:
    """A terminal of two screens: `stage` while the alternate screen is on, `main` with its scrollback."""

    def __init__(self, script: str, columns: int = 80, rows: int = 24, knobs: str = "()") -> None:
        code = textwrap.dedent(CHILD).format(script=script, knobs=knobs)
        env = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
        self.child = pexpect.spawn(
            sys.executable,
            ["-c", code],
            env={**env, "TERM": "xterm-256color", "COLORTERM": "truecolor", "PYTHONPATH": str(ROOT)},
            cwd=str(ROOT),
            dimensions=(rows, columns),
            timeout=20,
        )
        self.main = pyte.HistoryScreen(columns, rows, history=1000)
        self.stage = pyte.Screen(columns, rows)
        self._screen: pyte.Screen = self.main
        self.raw = b""
        self._seen = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.child.close(force=True)

    def pump(self) -> bool:
        try:
            self.raw += self.child.read_nonblocking(65536, timeout=0.05)
        except pexpect.TIMEOUT:
            return True
        except pexpect.EOF:
            return False
        whole = self.raw.rfind(b"\x1b", self._seen)  # what may be half a sequence waits
        whole = len(self.raw) if whole < 0 or len(self.raw) - whole > 12 else whole
        self._feed(self.raw[self._seen : whole])
        self._seen = whole
        return True

    def _feed(self, data: bytes) -> None:
        for part in re.split(rb"(\x1b\[\?1049[hl])", data):
            if part == b"\x1b[?1049h":
                self._screen = self.stage
            elif part == b"\x1b[?1049l":
                self._screen = self.main
            else:
                pyte.ByteStream(self._screen).feed(part)

    def wait_for(self, text: str) -> str:
        """The stage as soon as it shows `text`."""
        end = time.monotonic() + 20
        while text not in (shown := "\n".join(self.stage.display)):
            alive = self.pump() and time.monotonic() < end
            assert alive, f"{text!r} is not to be seen:\n{shown}"
        return shown

    def end(self) -> str:
        """Everything on the main screen and in its scrollback, after the program has ended."""
        end = time.monotonic() + 20
        while self.pump():
            assert time.monotonic() < end, "still running"
        self._feed(self.raw[self._seen :])
        self.child.wait()
        above = ["".join(row[x].data for x in range(self.main.columns)) for row in self.main.history.top]
        return "\n".join(row.rstrip() for row in [*above, *self.main.display]).rstrip()


def test_the_last_frame_stays_and_the_terminal_is_as_before() -> None:
    with Window("0.3, Finished(seconds=1)") as window:
        stage = window.wait_for("elbo-reached")
        text = window.end()
    assert "q stop, back to the question" in stage
    assert text.splitlines()[0] == "before"
    assert re.search(r"VAE · MNIST, 60,000 images · cpu +done", text)
    assert "negative ELBO" in text
    assert "The KL term is never negative, whatever the encoder does" in " ".join(text.split())
    assert text.splitlines()[-1] == "after|kl-nonnegative|elbo-reached"
    assert "back to the question" not in text
    assert window.raw.count(b"\x1b[?1049h") == window.raw.count(b"\x1b[?1049l") == 1
    assert window.raw.count(b"\x1b[?2026h") == window.raw.count(b"\x1b[?2026l") > 0
    assert window.raw.rfind(b"\x1b[?25h") > window.raw.rfind(b"\x1b[?25l")


def test_a_picture_that_the_text_would_push_out_stays_until_a_key() -> None:
    with Window("0.3, Finished(seconds=1)", rows=12) as window:
        held = window.wait_for("any key what you saw")
        assert "done" in held
        window.child.send("x")
        text = window.end()
    assert "negative ELBO" in text
    assert "any key" not in text


@pytest.mark.parametrize("key", ["q", "\x03"])
def test_stopping_keeps_the_claims_so_far(key: str) -> None:
    with Window("60.0, Finished(seconds=60)") as window:
        window.wait_for("elbo-reached")
        window.child.send(key)
        text = window.end()
    assert re.search(r"VAE .* stopped", text)
    assert text.splitlines()[-1] == "after|stop|kl-nonnegative|elbo-reached"


def test_space_pauses_and_goes_on() -> None:
    with Window("0.5, Note(text={'en': 'and on'}), 60.0") as window:
        window.wait_for("elbo-reached")
        window.child.send(" ")
        assert "and on" not in window.wait_for("paused")
        window.child.send("x")  # means nothing here
        window.child.send(" ")
        window.wait_for("and on")
        window.child.send("q")
        assert window.end().splitlines()[-1].startswith("after|pause|resume|stop|")


def test_s_saves_and_says_where() -> None:
    with Window("60.0") as window:
        window.wait_for("elbo-reached")
        window.child.send("s")
        window.wait_for("saved 3 panels")
        window.child.send("q")
        window.end()


def test_a_new_size_is_drawn_at_once() -> None:
    with Window("60.0") as window:
        window.wait_for("elbo-reached")
        window.child.setwinsize(30, 110)
        window.stage.resize(30, 110)
        window.main.resize(30, 110)
        end = time.monotonic() + 10
        while not re.fullmatch(r" VAE .{90,} \d:\d\d *", window.stage.display[0]):
            alive = window.pump() and time.monotonic() < end
            assert alive, window.stage.display[0]
        window.child.send("q")
        assert "stopped" in window.end()


def test_an_error_restores_the_terminal() -> None:
    with Window("0.2, RuntimeError('broken')") as window:
        text = window.end()
    assert "RuntimeError: broken" in text
    assert window.raw.rfind(b"\x1b[?25h") > window.raw.rfind(b"\x1b[?25l")
    assert window.raw.count(b"\x1b[?1049l") == 1


def test_sigterm_restores_the_terminal() -> None:
    with Window("60.0") as window:
        window.wait_for("elbo-reached")
        window.child.kill(signal.SIGTERM)
        window.end()
        assert window.child.exitstatus == 128 + signal.SIGTERM
    assert window.raw.rfind(b"\x1b[?25h") > window.raw.rfind(b"\x1b[?25l")
    assert window.raw.count(b"\x1b[?1049l") == 1


def test_a_failure_is_told_after_the_last_frame() -> None:
    with Window("0.1, Failed(message='Out of memory', hint='Try --batch 64.', trace='Traceback')") as window:
        text = window.end()
    assert "✗ Out of memory" in text
    assert "Try --batch 64." in text
    assert "Traceback" not in text


def terminal() -> Console:
    return Console(file=io.StringIO(), force_terminal=True, color_system="truecolor", width=80, height=24)


def output(console: Console) -> str:
    return cast("io.StringIO", console.file).getvalue()


def test_plain_lines_where_nothing_can_be_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    console = Console(file=io.StringIO(), width=40)
    outcome = watch(Recorded([*vae(), *claims(), Finished(seconds=67)]), console)
    lines = output(console).splitlines()
    assert lines[0] == "VAE · MNIST, 60,000 images · cpu"
    assert lines[-1] == "done in 1:07"
    assert "\x1b" not in output(console)
    assert [claim.id for claim in outcome.claims] == ["kl-nonnegative", "elbo-reached"]
    monkeypatch.setenv("TERM", "dumb")
    dumb = Console(file=io.StringIO(), force_terminal=True, width=80)
    watch(Recorded([*vae(), Finished(seconds=1)]), dumb)
    assert "\x1b[?1049h" not in output(dumb)


def test_a_trace_in_plain_lines_only_for_who_asked() -> None:
    failed = Failed(message="Out of memory", hint="Try --batch 64.", trace="Traceback …")
    for debug in (False, True):
        console = Console(file=io.StringIO(), width=80)
        watch(Recorded([failed]), console, debug=debug)
        assert output(console).splitlines()[0] == "✗ Out of memory – Try --batch 64."
        assert ("Traceback" in output(console)) == debug


def test_no_half_blocks_where_the_encoding_has_none() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="latin-1", errors="replace")
    latin = Console(file=stream, force_terminal=True, color_system="truecolor", width=80, height=24)
    watch(Recorded([*vae(), 0.1, Finished(seconds=1)]), latin)
    stream.seek(0)
    assert "[48;2;255;255;255m" not in stream.read()
    colourful = terminal()
    watch(Recorded([*vae(), 0.1, Finished(seconds=1)]), colourful)
    assert "[48;2;255;255;255m" in output(colourful)


def test_without_keys() -> None:
    console = terminal()
    outcome = watch(Recorded([*vae(), 0.1, Finished(seconds=1)]), console)
    assert outcome.last == Finished(seconds=1)
    assert outcome.frames >= 1
    assert "ctrl-c" in output(console)


def test_keys_in_a_pipe_are_left_to_the_session() -> None:
    with Keyboard(io.StringIO("qd")) as keys:
        watch(Recorded([*vae(), Finished(seconds=1)]), terminal(), keys=keys)
        assert keys.read(0) == "q"


class Typed:
    """A keyboard on which these keys are pressed, one at each look."""

    interactive = True

    def __init__(self, *keys: str) -> None:
        self._keys = list(keys)
        self.flushed = False

    def on_leave(self) -> None: ...
    def on_return(self) -> None: ...

    def read(self, timeout: float | None = None) -> str | None:
        time.sleep(0.01)
        return self._keys.pop(0) if self._keys else None

    def flush(self) -> None:
        self.flushed = True


def test_who_asks_twice_does_not_wait() -> None:
    keys = Typed("q", "q")
    outcome = watch(Recorded([*vae(), 60.0], stubborn=True), terminal(), keys=cast("Keyboard", keys))
    assert outcome.last is None
    assert keys.flushed


def test_ctrl_c_without_keys_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Recorded([*vae(), 60.0])

    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("quizcli.screen.demo.live.time.sleep", interrupt)
    outcome = watch(run, terminal())
    assert outcome.last == Finished(seconds=1, stopped=True)


def test_a_save_that_fails_says_why() -> None:
    def save(board: Board) -> str:
        raise QuizError("the disk is full")

    console = terminal()
    keys = cast("Keyboard", Typed("s"))
    watch(Recorded([*vae(), 2.0, Finished(seconds=1)]), console, keys=keys, save=save)
    assert "✗ the disk is full" in output(console)


def test_frames_are_few_however_many_events_come() -> None:
    def flood() -> Iterator[Event | float]:
        yield from vae()
        for step in range(500):
            yield Scalars(panel="loss", x=step, values={"train": 1.0})
            yield 0.001
        yield Finished(seconds=1)

    began = time.monotonic()
    outcome = watch(Recorded(flood()), terminal())
    assert outcome.frames <= (time.monotonic() - began) / FASTEST + 2


def test_the_end_is_not_slept_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the next frame has to wait because the last one was dear."""
    monkeypatch.setattr("quizcli.screen.demo.live.SHARE", 100_000)
    began = time.monotonic()
    outcome = watch(Recorded([*vae(), 0.3, Finished(seconds=1)]), terminal())
    assert isinstance(outcome.last, Finished)
    assert time.monotonic() - began < 5


BEATEN: list[Event | float | Exception] = [*vae(), Beat(4), *[*claims()][:2], Beat(4), Finished(seconds=0)]


def test_beats_take_their_time_only_where_one_watches() -> None:
    for pace, least, most in ((0.1, 0.8, 5.0), (0.0, 0.0, 0.7)):
        began = time.monotonic()
        outcome = watch(Recorded(BEATEN), terminal(), pace=pace)
        assert least <= time.monotonic() - began < most
        assert [claim.id for claim in outcome.claims] == ["kl-nonnegative"]
        assert outcome.seconds >= least
    began = time.monotonic()
    watch(Recorded(BEATEN), Console(file=io.StringIO(), width=80), pace=2.0)
    assert time.monotonic() - began < 2.0


def test_what_was_not_seen_is_no_result() -> None:
    """The run itself has long been over when q is pressed during its beats."""
    unseen = "claim('unseen', 1, '>', 0, en='a', zh='b')"
    with Window(f"Beat(30), {unseen}, Finished(seconds=0.1)") as window:
        window.wait_for("elbo-reached")
        window.child.send("q")
        assert re.search(r"after\|stop\|kl-nonnegative\|elbo-reached\s*$", window.end())


def test_space_holds_the_beats_of_a_run_that_is_over() -> None:
    with Window("Beat(8), Note(text={'en': 'the end of it', 'zh': ''}), Finished(seconds=0.1)") as window:
        window.wait_for("kl-nonnegative")
        window.child.send(" ")
        window.wait_for("resume")
        time.sleep(1.0)
        window.pump()
        assert "the end of it" not in "\n".join(window.stage.display)
        window.child.send(" ")
        assert "the end of it" in window.end()


def test_a_frame_is_cheap() -> None:
    """Two curves of 1,000 points, a picture of 112 × 56, a scatter: 6 ms here, and room for others."""
    board = Board()
    for event in vae():
        board.add(event)
    stage, frames = Stage(terminal()), Frames(board)
    for step in range(1000):
        board.add(Scalars(panel="loss", x=step, values={"train": 100 + step % 7, "test": 104 + step % 11}))
    cost = []
    for step in range(20):
        board.add(Scalars(panel="loss", x=1000 + step, values={"train": 100, "test": 104}))
        board.add(Images(panel="samples", images=grey(1, 56, 112, step)))
        board.add(Points(panel="latent", xy=floats([(k * k) % 97 for k in range(2000)], 1000, 2)))
        board.add(Progress(done=step, total=20))
        began = time.process_time()
        stage.show(frames.running(80, 24, 1, [("q", "back")]), (80, 24))
        cost.append(time.process_time() - began)
    assert min(cost) < 0.024


def test_the_arrow_keys_turn_a_knob() -> None:
    script = (
        "0.5, Changed(option='beta', before=1.0, after=2.0, step=39), "
        "replace([c for c in claims() if isinstance(c, Claim)][0], by_hand=True), 60.0"
    )
    knob = "Parameter(name='beta', type='float', default=1.0, min=0, max=9, live=True)"
    with Window(script, knobs=f"[{knob}]") as window:
        window.wait_for("▸ beta 1")
        window.child.send("\x1b[A")
        window.wait_for("beta 1.5 (1)")
        window.child.send("0")
        window.wait_for("by your hand")
        window.child.send("q")
        assert window.end().splitlines()[-1].startswith("after|turn beta 1.5|turn beta 1.0|stop|")

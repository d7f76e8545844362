"""The worker: a child process that imports torch, runs one answer, and streams its events.

It reads frames from stdin (see `quizcli.demo.messages`) and writes frames to what was its stdout; whatever is
printed goes to stderr. It ends with its run, or when stdin ends: however the parent dies, nothing stays.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Generator, Iterator
from contextlib import closing, suppress
from importlib import import_module
from inspect import signature
from pathlib import Path
from types import ModuleType
from typing import BinaryIO, NoReturn

import msgspec
from msgspec.structs import replace

from quizcli.demo.events import (
    Beat,
    Changed,
    Claim,
    Event,
    Failed,
    Finished,
    Scalars,
    Setting,
    Started,
    encode,
)
from quizcli.demo.knobs import turn
from quizcli.demo.messages import Request, Turn, WorkerOrder
from quizcli.errors import QuizError
from quizcli.processes.frames import frame, read_frame
from quizcli.processes.pack_imports import Room, make_room
from quizcli.processes.private_pipes import take_pipes
from quizcli.settings import load_settings
from quizcli.text import tr, use_language
from quizcli.visible_text import clean


def main() -> NoReturn:
    """Serve one request and end the process. With `--warm` in argv, import torch while waiting for it."""
    _leave_a_guard()
    pipes = take_pipes()
    _share_the_cores()
    orders, outlet = _Orders(pipes[0]), _Outlet(pipes[1])
    threading.Thread(target=orders.listen, name="orders", daemon=True).start()
    if "--warm" in sys.argv:
        _warm_up()
        outlet.send(b"")
    _serve(orders.request(), outlet, orders)
    _end(0)


def _end(status: int) -> NoReturn:
    """End without the second that torch takes to tear itself down."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _leave_a_guard() -> None:
    """Have a process of our group end all of it once the parent has gone, whatever this one does then.

    While a long call into C lasts no thread of ours runs, and who is stopped does nothing.
    """
    worker = os.getpid()
    if not hasattr(os, "fork") or os.getpgrp() != worker or os.fork():
        return
    try:
        os.close(1)  # else the parent would not see the end of our events
        os.close(2)
        orders = select.poll()
        orders.register(0, 0)  # that its writer has gone is told unasked; what it says is not for us
        while not orders.poll(1000):
            if os.getppid() != worker:
                os._exit(0)
        os.killpg(0, signal.SIGKILL)
    finally:
        os._exit(1)


def _vanish() -> NoReturn:
    """End at once, children and all, because the parent has gone."""
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


class _Outlet:
    """Where events go."""

    def __init__(self, pipe: BinaryIO) -> None:
        self._fd = pipe.fileno()
        self._pipe = pipe  # open as long as this is here

    def send(self, payload: bytes) -> None:
        rest = memoryview(frame(payload))
        try:
            while rest:
                rest = rest[os.write(self._fd, rest) :]
        except BrokenPipeError:
            _vanish()


class _Orders:
    """Takes the request and the orders of the parent, in a thread of its own."""

    def __init__(self, inlet: BinaryIO) -> None:
        self._inlet = inlet
        self.stopped = False
        self._turns: deque[Turn] = deque()
        self._request: Request | None = None
        self._asked = threading.Event()
        self._may_go_on = threading.Event()
        self._may_go_on.set()
        self._seen = threading.Semaphore(0)  # beats

    def listen(self) -> NoReturn:
        """Read frames until stdin ends, then end the process."""
        while (payload := read_frame(self._inlet)) is not None:
            if self._request is None:
                self._request = msgspec.msgpack.decode(payload, type=Request)
                self._asked.set()
            else:
                self._obey(msgspec.msgpack.decode(payload, type=WorkerOrder))
        _vanish()

    def turned(self) -> dict[str, Setting]:
        """What has been turned since the last look, each to where it was turned last."""
        turns: dict[str, Setting] = {}
        while self._turns:
            each = self._turns.popleft()
            turns[each.option] = each.value
        return turns

    def _obey(self, order: WorkerOrder) -> None:
        if isinstance(order, Turn):
            self._turns.append(order)
            return
        if order == "pause":
            self._may_go_on.clear()
            return
        self.stopped = self.stopped or order == "stop"
        if order != "resume":
            self._seen.release()
        if order != "go":
            self._may_go_on.set()

    def request(self) -> Request:
        """Wait for the request."""
        self._asked.wait()
        assert self._request is not None
        return self._request

    def hold(self, *, until_seen: bool) -> None:
        """Wait while the run is paused, or until the beat has been seen."""
        if until_seen and not self.stopped:
            self._seen.acquire()
        self._may_go_on.wait()


def _share_the_cores() -> None:
    """Tell the numeric libraries, before they are loaded, that others need the cores too. What is set stands.

    By default the threads of OpenMP wait for each other in a busy loop. On two cores that others use too, a
    VAE trained on 150 to 400 images/s that way, and on 4,000 with threads that soon give up waiting; on quiet
    cores a short wait costs up to a tenth, going to sleep at once a quarter. A container may use fewer cores
    than the machine has, and the libraries do not look. Elsewhere torch's own choice of threads, the physical
    cores, stands.
    """
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")  # torch on Linux; others do not read it
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
    except OSError:  # no Linux, or no limit set here
        return
    if quota != "max" and (cores := max(1, int(quota) // int(period))) < (os.cpu_count() or 1):
        os.environ.setdefault("OMP_NUM_THREADS", str(cores))


def _warm_up() -> None:
    """Import what every answer needs. An optimizer's first step alone imports for two seconds."""
    import torch

    import quizcli.demo.texts  # noqa: F401 - and what reads the texts of answers

    with suppress(QuizError):  # told by whoever needs them; what reads them is read now
        load_settings()
    weight = torch.zeros(1, requires_grad=True)
    weight.grad = torch.ones(1)
    torch.optim.Adam([weight]).step()


def _serve(request: Request, outlet: _Outlet, orders: _Orders) -> None:
    """Run the answer to its end, an order to stop, or an exception; the last event tells which."""
    began = time.perf_counter()
    stopped = False
    last: Event
    try:
        use_language(load_settings().lang)
        room = make_room(Path(request.root), request.permit)
        # Closing runs the `finally` clauses of the answer.
        with closing(_events(request, room, orders)) as run:
            for event in run:
                outlet.send(encode(event))
                paused = time.perf_counter()
                orders.hold(until_seen=request.lockstep and isinstance(event, Beat))
                began += time.perf_counter() - paused
                if orders.stopped:
                    stopped = True
                    break
        room.check()
        last = Finished(seconds=time.perf_counter() - began, stopped=stopped)
    except QuizError as error:
        last = Failed(message=error.message, hint=error.hint)
    except BaseException as error:  # noqa: BLE001 - SystemExit too: all that an answer raises is told
        last = _failed(error)
    outlet.send(encode(last))


def _events(request: Request, room: Room, orders: _Orders) -> Generator[Event, None, None]:
    """The events of the answer. A Started comes first, the answer's or one made here, and says what runs.

    An answer that loads its data reports that, and only then names data and device: its Started comes later.
    Between two events the knobs are turned; what is measured from then on is measured by hand.
    """
    answer = import_module(request.module)
    stream = answer.demonstrate(**request.settings)
    if not isinstance(stream, Generator):
        raise TypeError(f"demonstrate() must be a generator of events, not {type(stream).__name__}")
    about = {
        "name": request.answer,
        "title": answer.TITLE,
        "settings": _all_settings(answer, request.settings),
    }
    hand = _Hand(about["settings"])
    with closing(stream):
        for number, event in enumerate(stream):
            room.check()  # the answer may have swallowed a refusal
            if not isinstance(event, Event) or isinstance(event, Finished | Failed):
                raise TypeError(f"demonstrate() yielded {event!r:.200}, which is no event of an answer")
            if isinstance(event, Started):
                event = replace(event, **about)
            elif number == 0:
                yield replace(Started(), **about)
            yield hand.signed(event)
            yield from hand.changes(orders.turned())


class _Hand:
    """The knobs of a run, and what has been done with them."""

    def __init__(self, settings: dict[str, Setting]) -> None:
        self._settings = dict(settings)
        self._step = 0.0
        self._turned = False

    def signed(self, event: Event) -> Event:
        """The event; a claim says if it was measured by hand."""
        if isinstance(event, Scalars):
            self._step = event.x
        return replace(event, by_hand=True) if self._turned and isinstance(event, Claim) else event

    def changes(self, turns: dict[str, Setting]) -> Iterator[Changed]:
        """Turn the knobs, and say so."""
        for option, value in turns.items():
            before = self._settings[option]
            if before != value:
                self._turned = True
                self._settings[option] = value
                turn(option, value)
                yield Changed(option=option, before=before, after=value, step=self._step)


def _all_settings(answer: ModuleType, given: dict[str, Setting]) -> dict[str, Setting]:
    parameters = signature(answer.demonstrate).parameters.values()
    return {parameter.name: given.get(parameter.name, parameter.default) for parameter in parameters}


def _failed(error: BaseException) -> Failed:
    from traceback import format_exception

    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next  # a reader wants to see the answer, not the worker
    name = type(error).__name__
    hint = ""
    if name in ("MemoryError", "OutOfMemoryError"):
        hint = tr("Try smaller settings, or another device.", "请减小设置的规模，或换用其他设备。")
    return Failed(
        message=clean(f"{name}: {error}" if str(error) else name),  # half of a surrogate pair cannot be sent
        hint=hint,
        trace=clean("".join(format_exception(type(error), error, trace))),
    )


if __name__ == "__main__":
    main()

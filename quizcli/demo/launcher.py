"""Starts workers and listens to them: the only way from the terminal process to a demonstration.

Its events are taken off the pipe in a thread, as they come, so that drawing never slows the training down;
of its stderr the end is kept. A worker serves one request.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Protocol

import msgspec

from quizcli.demo.events import Beat, Event, Failed, Finished, Setting, decode
from quizcli.demo.limits import LONGEST_EVENT, Limits
from quizcli.demo.messages import Request, Turn, WorkerOrder
from quizcli.file_reading import UNDECODABLE
from quizcli.file_writing import make_folder
from quizcli.processes.piped_child import PipedChild
from quizcli.processes.spawn import signal_name, spawn
from quizcli.settings import Settings
from quizcli.text import tr

__all__ = ["Request", "Run", "Worker", "environment", "start", "warm"]

GRACE = 2.0  # seconds from the order to stop until the worker is killed
_TAIL = 16_384  # bytes of stderr to keep
_BACKLOG = 256 * 2**20  # bytes of events nobody has polled; beyond that the worker has to wait


def environment(settings: Settings) -> dict[str, str]:
    """The variables through which a worker comes to the same settings as this process, flags included."""
    mine = {"LANG": settings.lang, "MIRROR": settings.mirror, "OFFLINE": str(int(settings.offline))}
    mine = {f"QUIZCLI_{name}": value for name, value in mine.items()}
    return {**_for_torch(settings), **os.environ, **mine}


def _for_torch(settings: Settings) -> dict[str, str]:
    """A folder of ours for torch: at the import of its optimizers it makes one, else among temporary files,
    where everybody sees it and nobody clears it away.
    """
    folder = settings.cache_dir / "torch"
    try:
        make_folder(folder)  # where there is none torch would make it, and those above it, less private
    except OSError:
        return {}
    return {"TORCHINDUCTOR_CACHE_DIR": str(folder)}


def warm(environ: Mapping[str, str] | None = None) -> Worker:
    """Start a worker that imports torch now and waits for its request, from any pack. Returns at once."""
    return Worker(environ, warm=True)


def start(request: Request, worker: Worker | None = None, environ: Mapping[str, str] | None = None) -> Run:
    """Run a demonstration, in `worker` where one is given and alive, else in a cold one."""
    if worker is not None and not worker.alive:
        worker.close()
        worker = None
    return Run(worker or Worker(environ, warm=False), request)


class Worker:
    """A worker process. Until it has its request it can only be closed."""

    def __init__(self, environ: Mapping[str, str] | None, *, warm: bool) -> None:
        self.ready = False  # torch is imported
        self._asked = False
        self._began = 0.0
        self._events: list[Event] = []
        self._backlog = 0  # bytes
        self._limits = Limits()
        self._news = threading.Condition()
        self._stopping = False
        self._told = False  # the last event has come
        self._tail = b""
        arguments = ["--warm"] if warm else []
        process = spawn("quizcli.demo.worker", environ, options=["-X", "faulthandler"], arguments=arguments)
        self._child = PipedChild(process, self._came, self._ended, self._hear, LONGEST_EVENT)
        self._deadline = threading.Timer(GRACE, self._child.kill)
        self._child.listen()

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._child.process.poll() is None

    def ask(self, request: Request) -> None:
        """Send the one request. Raises ValueError where there has been one."""
        if self._asked:
            raise ValueError("a worker serves one request")
        self._asked = True
        self._began = time.monotonic()
        self.send(request)

    def send(self, message: Request | WorkerOrder) -> None:
        """Send a frame. A worker that has gone does not hear it; its last event says why."""
        self._child.send(msgspec.msgpack.encode(message))

    def take(self) -> list[Event]:
        """What has come since the last call. Never blocks."""
        with self._news:
            events, self._events = self._events, []
            self._backlog = 0
            self._news.notify_all()
        return events

    def wait(self, timeout: float | None) -> bool:
        """Wait until there is something to take, or the time is over. Says whether there is."""
        with self._news:
            return self._news.wait_for(lambda: bool(self._events), timeout)

    def stop(self) -> None:
        """Ask the answer to end. Where it does not within the grace, it is killed."""
        with self._news:
            if self._stopping:
                return
            self._stopping = True
            self._news.notify_all()
        self.send("stop")
        self._deadline.daemon = True
        self._deadline.start()

    def close(self, grace: float = 0.0) -> None:
        """End the process and its children, at once or after the grace, and reap it. May be called twice."""
        self._child.wait_until_ended(grace)
        with self._news:
            self._stopping = True
            self._news.notify_all()
        self._deadline.cancel()
        self._child.close()

    def _came(self, payload: bytes) -> bool:
        """Put an event among those to take. Says whether another one is to come."""
        if not payload:
            self.ready = True
            return True
        try:
            event = decode(payload)
            self._limits.count(event, len(payload))
        except UNDECODABLE as error:  # the limits' too
            raise ValueError(str(error)) from error
        self._put(event, len(payload))
        self._told = isinstance(event, Finished | Failed)
        return not self._told

    def _put(self, event: Event, size: int) -> None:
        with self._news:
            self._news.wait_for(lambda: self._backlog < _BACKLOG or self._stopping)
            self._events.append(event)
            self._backlog += size
            self._news.notify_all()

    def _ended(self, wrong: str) -> None:
        """Say why where the last event does not."""
        if self._told:
            return
        if wrong:
            told = tr(f"the answer sent a broken event: {wrong}", f"答案发出了无效事件：{wrong}")
            self._put(Failed(message=told), 0)
            self._child.kill()  # what comes behind it would be read as something else
        else:
            self._put(self._obituary(), 0)

    def _obituary(self) -> Event:
        """The last event of a worker that ended without one."""
        from subprocess import TimeoutExpired

        process = self._child.process
        try:
            code = process.wait(GRACE)
        except TimeoutExpired:  # it closed its pipe and lives on
            self._child.kill()
            code = process.wait()
        if self._stopping:
            return Finished(seconds=time.monotonic() - self._began, stopped=True)
        self._child.hear_out(1.0)
        message, hint = _cause_of_death(code)
        return Failed(message=message, hint=hint, trace=self._tail.decode(errors="replace").strip())

    def _hear(self, chunk: bytes) -> None:
        """Keep the end of what is printed, however much that is."""
        self._tail = (self._tail + chunk)[-_TAIL:]


def _cause_of_death(code: int) -> tuple[str, str]:
    """Message and hint for an exit code; negative ones are signals."""
    if code >= 0:
        message = tr(
            f"the demonstration ended its process itself, with exit code {code}",
            f"演示自行结束了进程，退出码 {code}",
        )
        return message, ""
    name = signal_name(code)
    message = tr(f"the demonstration's process was killed by {name}", f"演示进程被 {name} 终止")
    if name != "SIGKILL":
        return message, ""
    return message, tr(
        "The memory may have run out: try smaller settings.", "可能是内存不足：请减小设置的规模。"
    )


class EventSource(Protocol):
    """Where the events of a run come from, a worker or a recording. `Worker` tells what each method does."""

    def ask(self, request: Request) -> None: ...
    def send(self, message: WorkerOrder) -> None: ...
    def take(self) -> list[Event]: ...
    def wait(self, timeout: float | None) -> bool: ...
    def stop(self) -> None: ...
    def close(self, grace: float) -> None: ...


class Run:
    """A demonstration that runs. Iterate over it, or poll it between two frames; close it in any case."""

    def __init__(self, source: EventSource, request: Request) -> None:
        self.request = request
        self.paused = False
        self.over = False  # the last event has been handed out
        self.led = False  # somebody says himself when a beat has been seen
        self.tap: Callable[[Event], None] | None = None  # is told every event that is handed out
        self._source = source
        source.ask(request)

    def poll(self) -> list[Event]:
        """The events that are new, in their order. Never blocks."""
        events = self._source.take()
        self.over = self.over or any(isinstance(event, Finished | Failed) for event in events)
        if self.request.lockstep and not self.led:
            for _ in [event for event in events if isinstance(event, Beat)]:
                self.go()
        if self.tap is not None:
            for event in events:
                self.tap(event)
        return events

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for at most `timeout` seconds. True if there is something new or the run is over."""
        return self.over or self._source.wait(timeout)

    def __iter__(self) -> Iterator[Event]:
        """Every event to come; blocks between them."""
        while not self.over:
            self.wait(0.5)  # a wait without a limit could not be interrupted on Windows
            yield from self.poll()

    def pause(self) -> None:
        """Let the answer rest at its next event."""
        self._order("pause", paused=True)

    def resume(self) -> None:
        """Let it go on."""
        self._order("resume", paused=False)

    def _order(self, order: WorkerOrder, *, paused: bool) -> None:
        if not self.over:
            self.paused = paused
            self._source.send(order)

    def go(self) -> None:
        """Say that a beat has been seen: in lockstep the answer waits for it."""
        if self.request.lockstep and not self.over:
            self._source.send("go")

    def turn(self, option: str, value: Setting) -> None:
        """Set a knob; a Changed follows once the answer has it."""
        if not self.over:
            self._source.send(Turn(option, value))

    def stop(self) -> None:
        """Ask the answer to end. Returns at once; the last event follows within GRACE seconds."""
        if not self.over:
            self._source.stop()

    def close(self) -> None:
        """Stop a run that is not over, and leave no process and no open pipe behind. May be called twice."""
        self.stop()
        self._source.close(grace=0 if self.over else GRACE)
        self.over = True

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

"""A run that plays a script: events, and seconds to wait between them."""

import time
from collections.abc import Iterable

from quizcli.demo.events import Event, Failed, Finished, Setting


class Recorded:
    """Shaped like `quizcli.demo.launcher.Run`. An exception in the script is raised by `poll`."""

    def __init__(self, script: Iterable[Event | float | Exception], stubborn: bool = False) -> None:
        self.over = False
        self.paused = False
        self.led = False
        self.calls: list[str] = []
        self._script = iter(script)
        self._stubborn = stubborn  # does not end when told to stop
        self._due = time.monotonic()

    def poll(self) -> list[Event]:
        events: list[Event] = []
        if "stop" in self.calls and not self._stubborn:
            events, self._script = [Finished(seconds=1, stopped=True)], iter(())
        while not (self.over or self.paused or time.monotonic() < self._due):
            step = next(self._script, None)
            if isinstance(step, float | int):
                self._due += step
            elif isinstance(step, Exception):
                raise step
            elif step is None:
                break
            else:
                events.append(step)
        self.over = self.over or any(isinstance(event, Finished | Failed) for event in events)
        return events

    def wait(self, timeout: float | None = None) -> bool:
        time.sleep(min(timeout or 0.0, 0.01))
        return True

    def pause(self) -> None:
        self.calls.append("pause")
        self.paused = True

    def resume(self) -> None:
        self.calls.append("resume")
        self.paused = False

    def go(self) -> None:
        self.calls.append("go")

    def turn(self, option: str, value: Setting) -> None:
        self.calls.append(f"turn {option} {value}")

    def stop(self) -> None:
        self.calls.append("stop")

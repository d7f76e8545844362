"""The knobs below a demonstration that runs: which one the keys turn, and where each stands."""

from __future__ import annotations

from collections.abc import Sequence

from quizcli.demo.events import Setting
from quizcli.demo.knob_steps import stepped
from quizcli.demo.parameter import Parameter
from quizcli.demo.spoken_settings import spoken_option, spoken_setting
from quizcli.screen.terminal.palette import ACCENT, KEY, QUIET
from quizcli.screen.terminal.segments import Line, cut, line, width_of
from quizcli.text import tr

KEYS = ("left", "right", "up", "down", "0")


class KnobBar:
    """The live settings of a run, as the person wants them: the run follows at its next event."""

    def __init__(self, parameters: Sequence[Parameter]) -> None:
        self._knobs = tuple(parameter for parameter in parameters if parameter.live)
        self._began: dict[str, Setting] = {}
        self._now: dict[str, Setting] = {}
        self._chosen = 0

    def begin(self, settings: dict[str, Setting]) -> None:
        """The settings that the run began with."""
        self._began = {knob.name: settings.get(knob.name, knob.default) for knob in self._knobs}
        self._now = self._began | self._now

    @property
    def state(self) -> object:
        """What a frame shows of it."""
        return self._chosen, tuple(self._now.items())

    @property
    def offered(self) -> list[tuple[str, str]]:
        """The keys that do something, as the key bar names them; none before the run has begun."""
        if not self._began:
            return []
        keys = [("↑↓", tr("turn", "调节"))]
        keys += [("←→", tr("choose", "选择"))] if len(self._knobs) > 1 else []
        return keys + ([("0", tr("as it was", "复原"))] if self._moved(self._knobs[self._chosen]) else [])

    def press(self, key: str) -> tuple[str, Setting] | None:
        """What a key of KEYS turns, and to which value; None where nothing is turned by it."""
        if not self._began:
            return None
        if key in ("left", "right"):
            self._chosen = (self._chosen + (1 if key == "right" else -1)) % len(self._knobs)
            return None
        knob = self._knobs[self._chosen]
        before = self._now[knob.name]
        self._now[knob.name] = self._began[knob.name] if key == "0" else stepped(knob, before, key == "up")
        return (knob.name, self._now[knob.name]) if self._now[knob.name] != before else None

    def draw(self, width: int) -> list[Line]:
        """One line; none where there are no knobs, or before the run has begun."""
        if not self._began:
            return []
        parts: Line = []
        for place, knob in enumerate(self._knobs):
            chosen, value = place == self._chosen, self._now[knob.name]
            style = KEY if chosen else QUIET
            parts += line(" ▸ " if chosen else "   ", (f"{spoken_option(knob.name)} ", style))
            parts += line((spoken_setting(value), ACCENT if self._moved(knob) else style))
            if self._moved(knob):
                parts += line((f" ({spoken_setting(self._began[knob.name])})", QUIET))
        about = line((f"   {self._knobs[self._chosen].help}", QUIET))
        return [cut(parts + about if width_of(parts + about) <= width else parts, width)]

    def _moved(self, knob: Parameter) -> bool:
        return self._now[knob.name] != self._began[knob.name]

"""A demonstration in plain lines, for pipes, logs and terminals that cannot draw."""

from __future__ import annotations

from quizcli.demo.events import Changed, Claim, Event, Failed, Finished, Note, Progress, Started
from quizcli.demo.plain_text import plain_words
from quizcli.screen.demo.status import (
    by_hand,
    change_text,
    claim_figures,
    claim_text,
    data_of,
    name_of,
    stand_in,
)
from quizcli.screen.terminal import theme
from quizcli.screen.terminal.numbers import duration, number
from quizcli.text import tr
from quizcli.visible_text import clean_line

_STEP = 10  # percent between two lines about the progress


class Log:
    """Call it with each event: a line where it is worth one, else None. No colours, no control characters."""

    def __init__(self) -> None:
        self._started: Started | None = None
        self._reported = 0  # percent
        self._doing = ""

    def __call__(self, event: Event) -> str | None:
        """The line for one event."""
        match event:
            case Started():
                self._started = event
                text = " · ".join(part for part in (name_of(event), data_of(event), event.device) if part)
            case Progress():
                text = self._progress(event)
            case Note():
                text = plain_words(event.text)
            case Changed():
                text = change_text(event)
            case Claim():
                text = self._claim(event)
            case Finished():
                clock = duration(event.seconds)
                text = (
                    tr(f"stopped after {clock}", f"已停止，用时 {clock}")
                    if event.stopped
                    else tr(f"done in {clock}", f"完成，用时 {clock}")
                )
            case Failed():
                text = f"{theme.WRONG} {event.message}" + (f" – {event.hint}" if event.hint else "")
            case _:
                text = ""
        return clean_line(text) or None

    def _progress(self, event: Progress) -> str:
        """Nothing unless the share has grown by a step, or something else is being done."""
        percent = int(100 * min(1.0, max(0.0, event.done / event.total))) if event.total > 0 else 0
        doing = plain_words(event.text)
        if percent < self._reported + _STEP and (percent >= self._reported and doing == self._doing):
            return ""
        self._reported, self._doing = percent - percent % _STEP, doing
        speed = "" if event.rate is None else f"{number(event.rate, 3)} {plain_words(event.unit)}/s"
        return "  ".join(part for part in (f"{percent:>3} %", doing, speed) if part)

    def _claim(self, claim: Claim) -> str:
        sign = theme.BY_HAND if claim.by_hand else theme.RIGHT if claim.holds else theme.WRONG
        synthetic = stand_in(self._started)
        hand = f"({by_hand()})" if claim.by_hand else ""
        parts = (
            claim.id,
            claim_figures(claim),
            f"({synthetic})" if synthetic else "",
            hand,
            claim_text(claim),
        )
        return f"{sign} " + "  ".join(part for part in parts if part)

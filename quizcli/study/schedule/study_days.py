"""Study days: they begin at an hour of the wall clock (4 am), not at midnight, wherever the person is.

A day is known by its number, `date.toordinal()` of the date on which it begins. Instants are milliseconds
since 1970 in UTC. Where clocks are put forward or back a study day lasts 23 or 25 hours: only the wall
clock counts.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date, datetime, timedelta, tzinfo

MINUTE = 60_000
DAY = 24 * 60 * MINUTE

Clock = Callable[[], int]  # milliseconds since 1970, UTC


def now_ms() -> int:
    """The system's clock."""
    return time.time_ns() // 1_000_000


class Days:
    """Turns instants into study days and back. Without a `zone`, the system's own zone holds."""

    def __init__(self, rollover_hour: int = 4, zone: tzinfo | None = None) -> None:
        self._hour = rollover_hour
        self._zone = zone

    def number(self, now: int) -> int:
        """The study day that an instant belongs to."""
        local = datetime.fromtimestamp(now / 1000, self._zone)
        day = local.toordinal() - (local.hour < self._hour)
        # Clocks put back over the rollover show its hour twice; the first time counts.
        if now >= self.start(day + 1):
            return day + 1
        if now < self.start(day):
            return day - 1
        return day

    def start(self, day: int) -> int:
        """The first instant of a study day.

        Where clocks are put forward over that hour, the day begins as though they had not been.
        """
        local = datetime.fromordinal(day) + timedelta(hours=self._hour)
        return round(local.replace(tzinfo=self._zone).timestamp() * 1000)

    def end(self, now: int) -> int:
        """The first instant of the next study day."""
        return self.start(self.number(now) + 1)


def iso(day: int) -> str:
    """The date on which a study day begins: "2025-03-30"."""
    return date.fromordinal(day).isoformat()

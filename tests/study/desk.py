"""What a test of the study wing has on its desk: a clock to turn, and times of day in a zone."""

from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

BERLIN = ZoneInfo("Europe/Berlin")
MINUTE = 60_000
HOUR = 60 * MINUTE


class Wall:
    """A clock that only a test turns; calling it reads it (ms since 1970, UTC)."""

    def __init__(self, now: int) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now

    def pass_by(self, milliseconds: int) -> None:
        self.now += milliseconds


def at(*when: int, zone: tzinfo, fold: int = 0) -> int:
    """A date and a time of day in a zone, as ms since 1970 in UTC."""
    return round(datetime(*when, tzinfo=zone, fold=fold).timestamp() * 1000)  # type: ignore[misc, arg-type]

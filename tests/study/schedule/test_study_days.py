import time
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizcli.study.schedule.study_days import Days, iso
from tests.study.desk import BERLIN, HOUR, at

NEW_YORK = ZoneInfo("America/New_York")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")  # half an hour of daylight saving
ZONES = [
    BERLIN,
    NEW_YORK,
    LORD_HOWE,
    *map(ZoneInfo, ("Asia/Shanghai", "Asia/Kolkata", "Pacific/Chatham", "Pacific/Apia")),
]


def number(*when: int) -> int:
    return date(*when).toordinal()


def test_a_day_begins_at_four_on_the_wall_clock() -> None:
    days = Days(4, BERLIN)
    assert days.number(at(2025, 6, 2, 3, 59, 59, zone=BERLIN)) == number(2025, 6, 1)
    assert days.number(at(2025, 6, 2, 4, zone=BERLIN)) == number(2025, 6, 2)
    assert days.number(at(2025, 6, 3, 0, zone=BERLIN)) == number(2025, 6, 2)
    assert iso(days.number(at(2025, 6, 3, 0, zone=BERLIN))) == "2025-06-02"


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        (BERLIN, (2025, 3, 29), 23),  # the night to 30 March loses an hour
        (BERLIN, (2025, 10, 25), 25),
        (NEW_YORK, (2025, 3, 8), 23),
        (NEW_YORK, (2025, 11, 1), 25),
        (LORD_HOWE, (2025, 10, 4), 23.5),
        (LORD_HOWE, (2025, 4, 5), 24.5),
        (BERLIN, (2025, 6, 2), 24),
    ],
)
def test_clocks_that_change_make_days_shorter_and_longer(
    zone: ZoneInfo, day: tuple[int, int, int], hours: float
) -> None:
    days, first = Days(4, zone), number(*day)
    start, end = days.start(first), days.start(first + 1)
    assert end - start == hours * HOUR
    assert start == at(*day, 4, zone=zone)
    assert [days.number(t) for t in (start - 1, start, end - 1, end)] == [first - 1, first, first, first + 1]


def test_an_hour_shown_twice_begins_the_day_once() -> None:
    days = Days(2, BERLIN)  # on 26 October it is two o'clock twice
    first, second = (at(2025, 10, 26, 2, zone=BERLIN, fold=fold) for fold in (0, 1))
    assert second - first == HOUR
    assert days.start(number(2025, 10, 26)) == first
    assert days.number(first) == days.number(first + HOUR // 2) == days.number(second) == number(2025, 10, 26)


def test_an_hour_that_is_left_out_begins_the_day_too() -> None:
    days = Days(2, BERLIN)  # on 30 March two o'clock is left out
    three = at(2025, 3, 30, 3, zone=BERLIN)
    assert days.start(number(2025, 3, 30)) == three
    assert days.number(three - 1) == number(2025, 3, 29)
    assert days.number(three) == number(2025, 3, 30)


def test_a_date_that_is_left_out_has_no_study_day() -> None:
    apia = ZoneInfo("Pacific/Apia")  # 30 December 2011 did not happen
    days = Days(4, apia)
    assert days.number(at(2011, 12, 31, 3, 59, zone=apia)) == number(2011, 12, 29)
    assert days.number(at(2011, 12, 31, 4, zone=apia)) == number(2011, 12, 31)


@given(st.sampled_from(ZONES), st.integers(0, 23), st.integers(1_262_304_000_000, 2_208_988_800_000))
def test_every_instant_lies_in_its_day(zone: ZoneInfo, hour: int, now: int) -> None:
    days = Days(hour, zone)
    day = days.number(now)
    assert days.start(day) <= now < days.start(day + 1) == days.end(now)


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="this system cannot change its zone")
@pytest.mark.parametrize("zone", ZONES, ids=str)
def test_the_systems_zone_is_as_good_as_a_named_one(zone: ZoneInfo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", zone.key)
    time.tzset()
    try:
        local, named = Days(4), Days(4, zone)
        for month in range(1, 13):
            for day in range(1, 28):
                now = at(2025, month, day, 3, 30, zone=zone)
                assert local.number(now) == named.number(now)
                assert local.end(now) == named.end(now)
    finally:
        monkeypatch.undo()
        time.tzset()

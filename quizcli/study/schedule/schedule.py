"""When a card comes back: FSRS-6 (the `fsrs` package) on study days, with reproducible fuzz.

`fsrs` costs 40 ms to import, so that happens with the first grade, not with the first question.
FSRS counts whole days between answers. It is given study days as midnights in UTC, so that an evening and the
next morning are one day apart, whatever the hours, the zone and daylight saving do.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from quizcli.errors import ExitStatus, QuizError
from quizcli.fsrs_parameters import RETENTION, convert_parameters
from quizcli.study.schedule import fuzz
from quizcli.study.schedule.card import Card, Rating, State
from quizcli.study.schedule.seeded_random import chance
from quizcli.study.schedule.study_days import DAY, MINUTE, Days
from quizcli.text import tr

if TYPE_CHECKING:
    import fsrs

ALGORITHM = "FSRS-6"
MAXIMUM_INTERVAL = 36_500  # days

_STEPS = (MINUTE, 10 * MINUTE)
_RELEARNING_STEPS = (10 * MINUTE,)
# A hard answer to the only step waits 1.5 times as long, and fuzz adds up to a quarter.
_LONGEST_WAIT = 20 * MINUTE


class Interval(Struct, frozen=True):
    """When a card would come back: `due` in ms, `wait` in ms from now, `days` in study days (0: the same)."""

    due: int
    wait: int
    days: int

    def __str__(self) -> str:
        if self.days == 0:
            minutes = round(self.wait / MINUTE)
            return tr(f"{minutes}m", f"{minutes}分钟")
        if self.days < 31:
            return tr(f"{self.days}d", f"{self.days}天")
        if self.days < 365:
            return tr(f"{self.days / 30.4:.1f}mo", f"{self.days / 30.4:.1f}个月")
        return tr(f"{self.days / 365:.1f}y", f"{self.days / 365:.1f}年")


class Schedule:
    """FSRS with its parameters, on the study days of one person. Raises QuizError for impossible settings."""

    def __init__(
        self,
        days: Days,
        retention: float = 0.9,
        parameters: Sequence[float] = (),  # 17, 19 or 21 numbers; none: those of FSRS-6
        maximum_interval: int = MAXIMUM_INTERVAL,
        fuzz_version: int = fuzz.VERSION,
    ) -> None:
        low, high = RETENTION
        if not low <= retention <= high:
            raise QuizError(
                tr(
                    f"retention must lie between {low:.2f} and {high:.2f}, not {retention:g}.",
                    f"目标记忆保持率（retention）须在 {low:.2f} 与 {high:.2f} 之间，不能是 {retention:g}。",
                ),
                tr("0.9 suits most people.", "一般取 0.9。"),
                ExitStatus.USAGE,
            )
        if fuzz_version not in fuzz.VERSIONS:
            raise QuizError(
                tr(
                    f"The store has answers whose intervals a newer quizcli chose (fuzz {fuzz_version}).",
                    f"学习记录中有些间隔由更新版本的 quizcli 算出（fuzz {fuzz_version}）。",
                ),
                tr("Update quizcli.", "请升级 quizcli。"),
            )
        self.days = days
        self._retention = retention
        self._parameters = _six(parameters)
        self._maximum = maximum_interval
        self._fuzz = fuzz_version

    @classmethod
    def from_terms(cls, terms: str) -> Schedule:
        """The inverse of `terms`, to replay answers; the system's study days."""
        raw = msgspec.json.decode(terms)
        return cls(Days(), raw["retention"], raw["parameters"], raw["maximum_interval"], raw["fuzz"])

    @cached_property
    def terms(self) -> str:
        """All that a grade depends on, as JSON: stored once and named by each answer in the log."""
        return msgspec.json.encode(
            {
                "parameters": self._fsrs.parameters,
                "retention": self._retention,
                "steps": _STEPS,
                "relearning_steps": _RELEARNING_STEPS,
                "maximum_interval": self._maximum,
                "fuzz": self._fuzz,
            }
        ).decode()

    def grade(self, card: Card, rating: Rating, now: int) -> Card:
        """The card after an answer: due when its study day begins, or in minutes to the millisecond.

        That instant is what the preview tells. A card that waits for days is asked by the number of its day:
        wherever the person is then, it may begin at another instant.
        """
        day = self.days.number(now)
        after, wait = self.remember(card, rating, day)
        if after.interval == 0:
            return replace(after, due=now + fuzz.delayed(wait, _place(card)))
        # Shortly before the rollover, "tomorrow" must not come sooner than ten minutes would.
        return replace(after, due=max(self.days.start(day + after.interval), now + _LONGEST_WAIT))

    def preview(self, card: Card, now: int) -> dict[Rating, Interval]:
        """What each of the four grades would do, were it given at this instant."""
        after = {rating: self.grade(card, rating, now) for rating in Rating}
        return {
            rating: Interval(graded.due, graded.due - now, graded.interval)
            for rating, graded in after.items()
            if graded.due is not None
        }

    def remember(self, card: Card, rating: Rating, day: int) -> tuple[Card, int]:
        """The card after an answer, all but its `due`; and the ms to wait where it stays within the day."""
        after, wait = self._reviewed(card, rating, day)
        interval = self._interval(card, rating, day, wait)
        lapsed = card.state == State.REVIEW and rating == Rating.AGAIN
        remembered = replace(
            card,
            state=State(after.state),
            step=after.step,
            stability=after.stability,
            difficulty=after.difficulty,
            interval=interval,
            last_day=day,
            introduced=day if card.introduced is None else card.introduced,
            reviews=card.reviews + 1,
            lapses=card.lapses + lapsed,
            buried_until=0,
            buried_on=None,
            due_day=day + interval if interval else None,
        )
        return remembered, wait // timedelta(milliseconds=1) % DAY

    def _reviewed(self, card: Card, rating: Rating, day: int) -> tuple[fsrs.Card, timedelta]:
        """What FSRS makes of the card; and how long it would have it wait, without fuzz."""
        import fsrs

        before = fsrs.Card(
            card_id=0,
            state=fsrs.State(card.state or State.LEARNING),
            step=card.step,
            stability=card.stability,
            difficulty=card.difficulty,
            due=_midnight(day),
            last_review=None if card.last_day is None else _midnight(card.last_day),
        )
        after, _ = self._fsrs.review_card(before, fsrs.Rating(rating), _midnight(day))
        return after, after.due - _midnight(day)

    def _interval(self, card: Card, rating: Rating, day: int, wait: timedelta) -> int:
        """The days until the card comes back, where FSRS would have it wait for `wait`; 0: within the day.

        As in Anki, "good" is a day more than "hard" at least, and "easy" a day more than "good": also where
        "good" leads to one more learning step. Only the maximum makes them alike.
        """
        if wait.days == 0:
            return 0
        if self._fuzz == 1:
            return fuzz.fuzzed_by_version_1(wait.days, _place(card), self._maximum)
        elapsed = 0 if card.last_day is None else max(0, day - card.last_day)
        days = 0
        for grade in (Rating.HARD, Rating.GOOD, Rating.EASY)[: rating - 1]:
            after, wait = self._reviewed(card, grade, day)
            if grade == Rating.HARD and wait.days == 0:
                continue
            unrounded = self.unrounded(after.stability or 0.0)
            shortest = max(days + 1, fuzz.not_back(unrounded, elapsed))
            days = fuzz.fuzzed(unrounded, _place(card), shortest, self._maximum)
        return days

    def unrounded(self, stability: float) -> float:
        """The days until recall has fallen to the desired retention (FSRS-6's curve)."""
        decay = -self._fsrs.parameters[20]
        return stability * float((self._retention ** (1 / decay) - 1) / (0.9 ** (1 / decay) - 1))

    @cached_property
    def _fsrs(self) -> fsrs.Scheduler:
        import fsrs
        from fsrs.scheduler import DEFAULT_PARAMETERS

        return fsrs.Scheduler(
            parameters=self._parameters or DEFAULT_PARAMETERS,
            desired_retention=self._retention,
            learning_steps=[timedelta(milliseconds=step) for step in _STEPS],
            relearning_steps=[timedelta(milliseconds=step) for step in _RELEARNING_STEPS],
            maximum_interval=self._maximum,
            enable_fuzzing=False,  # its own is not seeded: a preview would not be kept
        )


def _place(card: Card) -> float:
    """Where within the range of fuzz it lies, in [0, 1): the same for every grade until it is answered."""
    return chance(card.id, card.reviews)


def _six(parameters: Sequence[float]) -> tuple[float, ...]:
    """The parameters as FSRS-6 takes them; none for its own."""
    try:
        return convert_parameters(parameters) if parameters else ()
    except ValueError as error:
        raise QuizError(
            tr(
                f"These are no parameters of {ALGORITHM}: {error}.",
                f"这些不是有效的 {ALGORITHM} 参数：{error}。",
            ),
            tr("Set them right, or leave them out.", "请改正，或去掉该设置。"),
            ExitStatus.USAGE,
        ) from error


def _midnight(day: int) -> datetime:
    return datetime.fromordinal(day).replace(tzinfo=UTC)

"""A study session: which card comes next, and what becomes of it.

What the person did is on the disk when the method returns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import tzinfo
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

from msgspec import Struct

from quizcli.bank.needs import seen_first
from quizcli.errors import ExitStatus, QuizError
from quizcli.study.agenda import Portion, draw_up
from quizcli.study.card_locks import Asking
from quizcli.study.day_cards import Mark, cards_of_the_day, last_day_before, marked
from quizcli.study.due_cards import coming_cards
from quizcli.study.new_cards import Taught, lesson
from quizcli.study.schedule.card import Act, Card, Rating, State
from quizcli.study.schedule.schedule import Interval, Schedule
from quizcli.study.schedule.study_days import MINUTE, Clock, Days, now_ms
from quizcli.study.store.rows import LogEntry
from quizcli.study.store.store import LONGEST_ANSWER, AnsweredElsewhereError, Store
from quizcli.text import tr

if TYPE_CHECKING:
    from quizcli.settings import Settings

T = TypeVar("T", bound=Taught)


class Counts(Struct, frozen=True):
    """How the study day stands. `remaining` counts the card that is shown."""

    done: int
    right: int
    wrong: int
    remaining: int
    minutes: float
    held_back: int = 0  # reviews that are due and left for the coming days
    days_away: int = 0  # since the last answer of an earlier day
    learning: int = 0  # of those that remain: answered already, and back within minutes


class Session(Generic[T]):
    """The cards of today: what is due, then new ones. `current` stays until it is answered or put aside."""

    def __init__(
        self,
        store: Store,
        items: Mapping[str, T],
        needed: Mapping[str, frozenset[str]],
        schedule: Schedule,
        portion: Portion,
        clock: Clock,
        asking: Asking,
    ) -> None:
        self._store = store
        self._items = items
        self._needed = needed
        self._schedule = schedule
        self._days = schedule.days
        self._portion = portion
        self._clock = clock
        self._asking = asking
        self._current: T | None
        self._card: Card | None
        self._refresh()

    @classmethod
    def open(
        cls,
        store: Store,
        questions: Iterable[T],
        settings: Settings,
        clock: Clock = now_ms,
        *,
        topics: Iterable[str] = (),
        mark: Mark = "",
        mode: Literal["today", "review"] = "today",
        zone: tzinfo | None = None,
    ) -> Session[T]:
        """Begin or go on with today's session. `questions` stand in the order in which topics are opened.

        `topics` narrows it down (none: all of them), and so does `mark`, whose cards come whether they are
        due or not. The mode "review" shows nothing new. What was asked for by its topic comes beyond the
        daily limits. Raises QuizError for an unknown topic, a wrong retention or wrong parameters.
        """
        items = {question.id: question for question in questions}
        wanted = set(topics)
        known = {question.topic for question in items.values()}
        if unknown := sorted(wanted - known):
            from quizcli.did_you_mean import did_you_mean, in_a_row, nearest

            raise QuizError(
                tr(f"There is no topic {unknown[0]!r}.", f"没有 {unknown[0]!r} 这个主题。"),
                in_a_row(
                    did_you_mean(nearest(unknown[0], known, 1)),
                    tr("There are: ", "现有主题：") + ", ".join(sorted(known)),
                ),
                ExitStatus.USAGE,
            )
        if wanted:
            items = {name: question for name, question in items.items() if question.topic in wanted}
        days = Days(settings.rollover_hour, zone)
        new = settings.new_per_day if mode == "today" else 0
        portion = Portion(new, settings.reviews_per_day, mark)
        if wanted:  # so many more, whatever the day has brought
            begun = len(store.introduced_on(days.number(clock())))
            portion = Portion(new and new + begun, None, mark)
        schedule = Schedule(days, settings.retention, settings.parameters)
        asking = Asking(settings.cache_dir / "asking")
        return cls(store, items, seen_first(items.values()), schedule, portion, clock, asking)

    @property
    def current(self) -> T | None:
        """The question to show; None when nothing is left for now."""
        return self._current

    @property
    def card(self) -> Card:
        """What the schedule knows about the current question. Raises LookupError where there is none."""
        if self._card is None:
            raise LookupError("no card is left")
        return self._card

    @property
    def counts(self) -> Counts:
        """The answers of today, in every session, and what is left in this one."""
        remaining = len(self._agenda) + (self._current is not None)
        wrong = self._done - self._right
        return Counts(
            self._done,
            self._right,
            wrong,
            remaining,
            self._milliseconds / MINUTE,
            self._agenda.held_back,
            self._days_away,
            len(self._agenda.learning) + (self._card is not None and self._card.learning),
        )

    @property
    def next_due(self) -> int | None:
        """When the next card of this session comes (ms); None where none ever will."""
        now = self._clock()
        if self._portion.mark:  # each comes once a day
            soon = [self._days.end(now)] if marked(self._store, self._portion.mark) else []
            return min([due for due, _ in self._agenda.learning[:1]] + soon, default=None)
        times = [
            max(instant, 0 if day is None else self._days.start(day))
            for card_id, instant, day in coming_cards(self._store, self._days.number(now), now)
            if card_id in self._items
        ]
        fresh = cards_of_the_day(self._store, now, self._agenda.day)
        if self._agenda.held_back or (self._portion.new > 0 and self._items.keys() - fresh.met - fresh.away):
            times.append(self._days.end(now))
        return min(times, default=None)

    def coming(self, count: int) -> list[T]:
        """The current question and those that are likely to follow it, `count` at most."""
        ids = [self._card.id] if self._card else []
        for queue in (self._agenda.reviews, self._agenda.new):
            ids += list(queue)[: max(0, count - len(ids))]
        return [self._items[card_id] for card_id in ids]

    def preview(self) -> dict[Rating, Interval]:
        """What each grade would do to the current card."""
        return self._schedule.preview(self.card, self._clock())

    def answer(self, rating: int, duration: int) -> Card | None:
        """Commit a grade for the current card, given after `duration` ms, and move on. Returns that card.

        None where another process has answered it since it was shown: that answer counts, this one does not.
        """
        before, now = self.card, self._clock()
        try:
            after = self._store.answer(before.id, Rating(rating), duration, now, self._schedule, before)
        except AnsweredElsewhereError:
            self._refresh()
            return None
        self._done += 1
        self._right += rating > Rating.AGAIN
        self._milliseconds += min(max(0, duration), LONGEST_ANSWER)
        if before.state == State.NEW and before.due is not None:
            self._refresh()  # it was pulled forward and has taken the place of another new card
        else:
            self._agenda.put(after)
            self._advance(now)
        return after

    def undo(self) -> LogEntry | None:
        """Take back the newest act or answer, also of an earlier run, and show its card again.

        Returns what was undone; None where nothing is left to undo.
        """
        now = self._clock()
        undone = self._store.undo(now, self._days.number(now))
        self._refresh()
        return undone

    @property
    def newest(self) -> LogEntry | None:
        """What `undo` would take back; None where nothing is left."""
        return self._store.newest()

    @property
    def today(self) -> int:
        """The study day that it is now."""
        return self._days.number(self._clock())

    def suspend(self) -> None:
        """Put the current card aside for good and move on; one that is aside is brought back."""
        self._act(self.card.id, "resume" if self.card.suspended else "suspend")
        self._refresh()

    def bury(self) -> None:
        """Put the current card aside until tomorrow and move on."""
        self._act(self.card.id, "bury")
        self._refresh()

    def flag(self) -> bool:
        """Set or remove the flag of the current card; returns whether it is set now."""
        self._card = self._act(self.card.id, "unflag" if self.card.flagged else "flag")
        return self._card.flagged

    def further(self, number: int) -> tuple[int, int]:
        """How many new cards the study day has seen begun, and how many of `number` more there would be."""
        day, now = self._agenda.day, self._clock()
        more = lesson(self._items, self._needed, cards_of_the_day(self._store, now, day), number)
        return len(self._store.introduced_on(day)), len(list(more))

    def turn_to(self, card_id: str) -> None:
        """Show this card, where it is among today's."""
        self._refresh(card_id)

    def requeue(self, card_ids: Iterable[str]) -> None:
        """Make cards due today; what FSRS remembers of them stays as it is."""
        for card_id in card_ids:
            self._act(card_id, "requeue")
        self._refresh()

    def _act(self, card_id: str, act: Act) -> Card:
        now = self._clock()
        return self._store.act(card_id, act, now, self._days.number(now))

    def _refresh(self, first: str = "") -> None:
        """Draw up the agenda anew and choose a card from it."""
        now = self._clock()
        self._version = self._store.version()
        self._agenda = draw_up(self._store, self._items, self._needed, self._days, now, self._portion)
        last = last_day_before(self._store, self._agenda.day)
        self._days_away = 0 if last is None else self._agenda.day - last
        if first:
            self._agenda.prefer(first)
        tally = self._store.tally(self._agenda.day)
        self._done, self._right, self._milliseconds = tally.answers, tally.right, tally.milliseconds
        self._choose(now)

    def _advance(self, now: int) -> None:
        changed = self._agenda.disordered or self._agenda.elsewhere or self._store.version() != self._version
        if now >= self._agenda.end or changed:
            self._refresh()
        else:
            self._choose(now)

    def _choose(self, now: int) -> None:
        """Make the next card current that nobody has dealt with elsewhere, nor is asked there now."""
        self._current, self._card = None, None
        passed = 0
        while (card_id := self._agenda.take(now)) is not None:
            card = self._store.card(card_id)
            if not self._agenda.allows(card, now):
                continue
            if self._asking.take(card_id):
                self._current, self._card = self._items[card_id], card or Card(card_id)
                break
            passed += 1
        else:
            self._asking.leave()
        self._agenda.elsewhere += passed

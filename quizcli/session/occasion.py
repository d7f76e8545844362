"""How a card comes up, and what the person decides about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from quizcli.bank.prediction import answer_form
from quizcli.bank.types import AnyQuestion, Choice, Option, Order
from quizcli.screen.cards.question import CardHeader

if TYPE_CHECKING:
    from quizcli.screen.cards.answer import TickedClaim

Verb = Literal["grade", "undo", "suspend", "bury", "edit", "quit"]
AGAIN = 1


class Decision(Struct, frozen=True):
    """What the person decided about a card. `rating`, 1 to 4, is set where the verb is "grade"."""

    verb: Verb
    rating: int = 0
    milliseconds: int = 0
    interrupted: bool = False  # quit by Ctrl-C

    @property
    def right(self) -> bool:
        """Whether the grade says that the answer was known."""
        return self.rating > AGAIN


class Occasion(Struct, frozen=True, kw_only=True):
    """How a card comes up: the question, the line above it, and what the session knows about it."""

    question: AnyQuestion
    header: CardHeader
    permutation: tuple[int, ...] = ()  # of items or options: shown place → place in the bank; (): as there
    intervals: Callable[[], Mapping[int, str]] | None = None  # None: a round that leaves the schedule alone
    claims: Callable[[], Sequence[TickedClaim]] = tuple
    follow: Sequence[AnyQuestion] = ()  # what an interviewer asks next
    suspended: bool = False  # it is asked all the same
    flag: Callable[[], bool] | None = None
    asks_before_undo: Callable[[], str] = (
        str  # what is said before `u` reaches far back; "" where it does not
    )
    undoable: bool = True  # whether there is anything to take back
    message: str = ""  # what became of the key before this card, shown until the next key
    write: bool = False  # a code question that was asked for by its name: its editor opens at once
    warm: bool = False  # a card that can run is near: have a worker ready


def shuffle_options(question: AnyQuestion, count: int) -> tuple[int, ...]:
    """In which order a question shows its items or options, for the `count`th time; empty: as written.

    Options stand as written the first time, and change their places from then on: what is to be known is
    which one is right, not where it stands. Options that speak of those above them keep their places.
    """
    form = answer_form(question)
    lines: Sequence[object] = ()
    if isinstance(form, Order):
        lines = form.items
    elif isinstance(question, Choice) and count and not any(map(_speaks_of_places, question.choices)):
        lines = question.choices
    if not lines:
        return ()
    from quizcli.study.schedule.seeded_random import permutation

    return permutation(len(lines), question.id, count)


def _speaks_of_places(option: Option) -> bool:
    words = (option.text.en.casefold(), option.text.zh)
    return any(place in text for text in words for place in ("above", "below", "以上", "上述", "以下"))

"""What the schedule knows about a question: a card, the grades, and the acts that are no answers."""

from enum import IntEnum
from typing import Annotated, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace


class Rating(IntEnum):
    """How well a question was answered, with FSRS's numbers."""

    AGAIN = 1
    HARD = 2
    GOOD = 3
    EASY = 4


class State(IntEnum):
    """Where a card is in its life, with FSRS's numbers."""

    NEW = 0  # never answered
    LEARNING = 1
    REVIEW = 2
    RELEARNING = 3


Act = Literal["suspend", "resume", "bury", "flag", "unflag", "requeue"]


# What can stand in the store: years 6 to 9987, and numbers that FSRS can go on with. Checked when it is read.
Instant = Annotated[int, Meta(ge=-62_000_000_000_000, le=253_000_000_000_000)]  # ms since 1970, UTC
Day = Annotated[int, Meta(ge=1, le=3_650_000)]
_Count = Annotated[int, Meta(ge=0, le=1_000_000_000)]


class Card(Struct, frozen=True, array_like=True):
    """A question as the schedule sees it. The fields are the columns of the table `card`, in their order."""

    id: str
    state: State = State.NEW
    step: _Count | None = None  # which (re)learning step comes next
    stability: Annotated[float, Meta(gt=0, le=1e9)] | None = None  # days until recall falls to 90 %
    difficulty: Annotated[float, Meta(ge=1, le=10)] | None = None  # 1…10
    due: Instant | None = None  # ms, by the clock of its last answer; None: new, waits for its turn
    interval: _Count = 0  # days from the last answer to `due`; 0 inside a day
    last_day: Day | None = None  # study day of the last answer
    introduced: Day | None = None  # study day of the first answer
    reviews: _Count = 0
    lapses: _Count = 0  # how often it was forgotten after it had been learnt
    suspended: bool = False
    buried_until: Instant = 0  # ms; of burials before there was `buried_on`
    flagged: bool = False
    due_day: Day | None = None  # in review: the study day on which it comes back
    buried_on: Day | None = None  # study day on which it was put aside until the next one

    @property
    def learning(self) -> bool:
        """Whether it comes back within minutes."""
        return self.state in (State.LEARNING, State.RELEARNING)

    def is_buried(self, day: int, now: int) -> bool:
        """Whether it is put aside for the rest of this study day."""
        return self.buried_until > now or (self.buried_on or 0) >= day


def after_act(card: Card, act: Act, day: int, due: int | None) -> Card:
    """The card after an act of a study day that is no answer, which leaves FSRS's memory as it is.

    `due` (ms) matters to "requeue": from when on. Burials have one in the logs of older stores alone, where
    an instant ended them and not the study day.
    """
    match act:
        case "suspend" | "resume":
            return replace(card, suspended=act == "suspend")
        case "flag" | "unflag":
            return replace(card, flagged=act == "flag")
        case "bury" if due is not None:
            return replace(card, buried_until=due)
        case "bury":
            return replace(card, buried_on=day)
        case "requeue":
            return replace(
                card,
                due=min(each for each in (card.due, due) if each is not None),
                due_day=None if card.due_day is None else min(card.due_day, day),
                buried_until=0,
                buried_on=None,
            )

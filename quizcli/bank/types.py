"""The records of a bank: frozen, checked, the same in memory and in the compiled cache."""

from collections.abc import Sequence

from msgspec import Struct

from quizcli.text import LANGS, Lang, Text

KINDS = ("recall", "choice", "truth", "cloze", "number", "order", "code", "predict")
SHOWN = ("range", "median", "least", "most")  # of the values of several seeds
JUDGED = ("gradients", "dtype", "precision")  # what a judge may look at beside the values

Setting = bool | int | float | str  # of a demonstration


class DemoLink(Struct, frozen=True, omit_defaults=True, gc=False):
    """The demonstration that shows an answer: its name, settings to run it with, the claims it settles."""

    run: str
    set: dict[str, Setting] = {}
    claims: tuple[str, ...] = ()


class Option(Struct, frozen=True, omit_defaults=True, gc=False):
    """One line of a choice question; `why` says why a wrong one is wrong."""

    text: Text
    correct: bool = False
    why: Text | None = None


class Figure(Struct, frozen=True, omit_defaults=True, gc=False):
    """A number that the prose quotes: what a claim measured, over the seeds of the record.

    `run` and `set` say of which run; left out, it is the question's. `show` is the range, the median, the
    least or the most, with `digits` significant digits. `exact` is what theory says, which the prose may have
    beside it.
    """

    claim: str
    run: str = ""
    set: dict[str, Setting] = {}
    show: str = "range"
    digits: int = 2
    percent: bool = False
    exact: float | None = None


class Question(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", gc=False):
    """What every kind of question has. `id` is its identity for ever: progress hangs on it."""

    id: str
    topic: str
    level: int  # 1 warm-up, 2 standard, 3 senior
    ask: Text
    answer: Text | None = None  # the model answer; for self-checking kinds the explanation
    points: tuple[Text, ...] = ()
    pitfalls: tuple[Text, ...] = ()
    hint: Text | None = None
    demo: DemoLink | None = None
    follow: tuple[str, ...] = ()
    measured: dict[str, Figure] = {}  # by the name that the prose has for it: "{ratio}"
    needs: tuple[str, ...] = ()  # ids or topics to be seen before this is a new card
    source: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """The word that a bank uses for this record: one of KINDS."""
        return str(self.__struct_config__.tag)


class Recall(Question, frozen=True, tag="recall"):
    """Answered aloud, graded by the person."""


class Choice(Question, frozen=True, tag="choice"):
    """One or more of the options are correct."""

    choices: tuple[Option, ...]


class Truth(Question, frozen=True, tag="truth"):
    """A statement that is true or false."""

    correct: bool


class Cloze(Question, frozen=True, tag="cloze"):
    """`text` hides what stands in {{c1::answer}} or {{c1::answer::hint}}; all blanks are asked at once.

    `accept` has further right answers by the blank, in either language.
    """

    text: Text
    accept: dict[str, tuple[str, ...]] = {}


class Number(Question, frozen=True, tag="number"):
    """Right within `tolerance` (absolute, in `unit`) of `value`.

    `accept` has values that are as right: the same amount in another unit, within the same share of itself;
    the square of the value, where both sides are typed (13 × 13); any other to its own digits.
    """

    value: float
    tolerance: float = 0.0
    unit: Text | None = None
    accept: tuple[float, ...] = ()


class Order(Question, frozen=True, tag="order"):
    """`items` in the right order; the session shows them shuffled.

    `any_order` has groups of neighbours, counted from 1, that may change places among themselves.
    """

    items: tuple[Text, ...]
    any_order: tuple[tuple[int, ...], ...] = ()


class Code(Question, frozen=True, tag="code"):
    """The person writes `entry` in their editor, beginning with `starter`; a judge runs it.

    `check` names the judge in the pack's answers, "judges.vae.check_kl_divergence"; `solution` the object
    whose source is the model answer, "models.losses:softmax". `avoid` are names of PyTorch's that would
    answer in one word; `judged` is what the judge looks at beside the values.
    """

    entry: str
    starter: Text
    check: str
    solution: str
    avoid: tuple[str, ...] = ()
    judged: tuple[str, ...] = ()


class Outcome(Struct, frozen=True, omit_defaults=True, gc=False):
    """One range of what may be measured: from the `below` of the outcome before it up to its own."""

    text: Text
    below: float | None = None  # the last outcome has none
    why: Text | None = None


class Contender(Struct, frozen=True, gc=False):
    """One of the things whose measured values are put in order."""

    text: Text
    claim: str


class Predict(Question, frozen=True, tag="predict"):
    """The person says what the demonstration will measure; it runs, and what it measured decides.

    One of three forms. With `tolerance` (absolute) or `factor` the value of `claim` is predicted; with
    `outcomes`, from the smallest range to the largest, the one that it falls into; with `items` the order of
    the values of several claims, from the smallest to the largest.
    """

    claim: str = ""
    tolerance: float | None = None
    factor: float | None = None
    unit: Text | None = None  # of what is measured
    outcomes: tuple[Outcome, ...] = ()
    items: tuple[Contender, ...] = ()

    @property
    def claims(self) -> tuple[str, ...]:
        """The claims whose measured values decide."""
        return tuple(item.claim for item in self.items) or (self.claim,)


AnyQuestion = Recall | Choice | Truth | Cloze | Number | Order | Code | Predict


class Bank(Struct, frozen=True):
    """One YAML file of questions about one topic."""

    topic: str
    title: Text
    questions: Sequence[AnyQuestion]
    path: str  # the file it came from, relative to the root of its pack: "questions/vae.yaml"
    languages: tuple[Lang, ...] = LANGS
    after: tuple[str, ...] = ()  # topics that a teacher would take first

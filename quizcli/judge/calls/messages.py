"""What passes between terminal, referee and candidate, as msgpack in frames (quizcli.processes.frames)."""

from __future__ import annotations

from msgspec import Struct

from quizcli.demo.events import Words
from quizcli.judge.calls.tensor_codec import Value
from quizcli.permit import NOTHING, Permit

# Referee and candidate


class CandidateSource(Struct, frozen=True, tag="source"):
    """What the person wrote, and what of it is to be called."""

    text: str
    name: str  # of the file, as the person knows it
    entry: str
    avoid: tuple[str, ...] = ()  # what it is to do without


class Ask(Struct, frozen=True, tag="ask"):
    """Call the entry once; with `timed` again and again, for the time that it takes.

    The random generators begin at `seed`, or where the last call left them (GO_ON). With `anew` the source is
    run from its start before, as in a process of its own.
    """

    args: tuple[Value, ...]
    kwargs: dict[str, Value]
    calls: tuple[tuple[str, tuple[Value, ...]], ...] = ()
    grad: tuple[int, ...] = ()  # places of the arguments by which gradients are wanted
    seed: int = 0
    timed: bool = False
    anew: bool = False
    operators: bool = False  # look at each operator of PyTorch that runs: loops take 20 times as long


class Gave(Struct, frozen=True, tag="gave"):
    """What the call came to: output, arguments afterwards, gradients where asked for, and its seconds.

    `state` is a checksum of torch's generator afterwards, `seeded` says whose generator was given a seed;
    `left` what it changed and nobody asked for, see leavings.py; `used` what it should have done without, and
    where.
    """

    output: Value = None
    after: Value = None
    gradients: Value = None
    seconds: float = 0.0
    state: int = 0
    seeded: str = ""
    left: str = ""
    used: tuple[str, int] | None = None


class Raised(Struct, frozen=True, tag="raised"):
    """What the candidate's code raised, and where in it."""

    sort: str
    message: str
    line: int = 0  # in the person's file, 0 where none of its lines took part
    text: str = ""  # that line


Reply = Gave | Raised

# Terminal and referee


class Judgement(Struct, frozen=True, tag="judgement"):
    """Judge this source. `seed` draws the inputs, `judged` says what is compared beside the values.

    `ahead`: there is nothing to judge yet; draw the cases and ask the model answer while nobody waits.
    `prove`: prove judge and question instead with so many seeds, see proof.py; `mutants`: judge mutants of
    the model answer too, all (0) or so many.
    """

    root: str  # of the pack
    check: str
    solution: str
    source: CandidateSource
    seed: int
    judged: tuple[str, ...] = ()
    ahead: bool = False
    prove: bool = False
    rounds: int = 3
    mutants: int | None = None
    permit: Permit = NOTHING  # what of the pack's code may run


class TensorWindow(Struct, frozen=True):
    """A small window on a value: numbers as text, row by row, and which of them are marked."""

    label: str  # "q", "expected"
    about: str  # "float32 (2, 3)"
    rows: tuple[tuple[str, ...], ...]
    marked: tuple[tuple[int, int], ...] = ()
    place: str = ""  # which part of the value it shows, "[0, :, 2:8]"; "" for all of it


class CaseResult(Struct, frozen=True, tag="case"):
    """One case: whether it passed, and where not, what is to be seen of it."""

    name: Words
    passed: bool
    why: Words = {}  # what differs, in a sentence
    trap: Words = {}  # the known mistake that does the same
    grids: tuple[TensorWindow, ...] = ()
    raised: Raised | None = None


class Speed(Struct, frozen=True, tag="speed"):
    """Seconds of one call of the largest case: the person's, ours, and PyTorch's where there is one."""

    theirs: float
    ours: float
    torchs: float = 0.0


class Over(Struct, frozen=True, tag="over"):
    """The judgement is over. `broken` says what is wrong with the judge itself, which judges nobody then;

    `refused` which of its code is not what the person has trusted, and `hint` what to do.
    """

    passed: bool
    seed: int
    seconds: float
    printed: str = ""  # the beginning of what the candidate printed
    broken: str = ""
    refused: str = ""
    hint: str = ""


class Mutants(Struct, frozen=True):
    """How many mutants of a model answer were judged, refused, and known to compute the same."""

    made: int
    killed: int
    equivalent: int


class Proof(Struct, frozen=True, tag="proof"):
    """What is wrong with a code question; nothing where it is sound."""

    faults: tuple[str, ...]
    mutants: Mutants | None = None


News = CaseResult | Speed | Over | Proof

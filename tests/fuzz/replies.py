"""What a candidate may answer: any bytes and values; none passes that is not right, or stops the referee."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import torch
from torch import Generator, Tensor

from quizcli.judge.calls.messages import Ask, CaseResult, Gave, Raised, Reply
from quizcli.judge.calls.tensor_codec import Flat, Keyed, Many, Strange, Value
from quizcli.judge.candidate.launcher import GoneError
from quizcli.judge.case import Case, judge
from quizcli.judge.judging.judging import Trial
from quizcli.judge.judging.trusted_functions import Local
from quizcli.screen.cards.code_verdict import news_lines
from tests.fuzz.program import PATIENCE, at_most


def scaled(x: Tensor, factor: float = 2.0) -> tuple[Tensor, float]:
    """The model answer of this fuzz."""
    return x * factor, factor


@judge()
def check_scaled(random: Generator) -> Iterator[Case]:
    """Three simple ones."""
    yield Case({"en": "one", "zh": "一"}, (torch.randn(2, 3, generator=random),), grad=True)
    yield Case({"en": "two", "zh": "二"}, (torch.randn(3, generator=random), 3.0))
    yield Case({"en": "three", "zh": "三"}, (torch.randn(0, 4, generator=random),), {"factor": -1.0})


class _Babbler:
    """A candidate that answers anything."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self.honest = True

    def ask(self, call: Ask) -> Reply:
        right = Local(scaled).ask(call)
        assert isinstance(right, Gave)
        if self._chance.random() < 0.5:
            return right
        changed = _changed(right, self._chance)
        self.honest = self.honest and changed == right
        payload = msgspec.msgpack.encode(changed)
        if self._chance.random() < 0.3:
            self.honest = False
            payload = _scrambled(payload, self._chance)
        try:
            return msgspec.msgpack.decode(payload, type=Reply)  # type: ignore[no-any-return]
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise GoneError(str(error)) from error


def one(folder: Path, seed: int) -> list[str]:
    """One judgement of a candidate that babbles."""
    chance = random.Random(seed)
    babbler = _Babbler(chance)
    trial = Trial(check_scaled, scaled, seed % 1000, ("gradients",))
    with at_most(PATIENCE):
        try:
            news = list(trial.run(babbler))
            for piece in news:
                news_lines(piece, 80)
        except Exception as error:  # noqa: BLE001 - that is what is looked for
            return [f"{type(error).__name__}: {error}"]
    cases = [piece for piece in news if isinstance(piece, CaseResult)]
    return (
        [] if cases and (babbler.honest or len(cases) == 3 or not cases[-1].passed) else ["it passed early"]
    )


def _changed(right: Gave, chance: random.Random) -> Reply:
    match chance.randrange(6):
        case 0:
            return Raised(_text(chance), _text(chance), chance.randrange(-5, 10**6), _text(chance))
        case 1:
            return msgspec.structs.replace(right, output=_value(chance, 0))
        case 2:
            return msgspec.structs.replace(right, after=_value(chance, 0))
        case 3:
            return msgspec.structs.replace(right, gradients=_value(chance, 0))
        case 4:
            used = (_text(chance), chance.randrange(-1, 99)) if chance.random() < 0.5 else None
            return msgspec.structs.replace(right, state=chance.randrange(-1, 2**40), used=used)
    return Gave(seconds=chance.choice((0.0, -1.0, float("nan"), float("inf"), 1e300)))


def _value(chance: random.Random, depth: int) -> Value:
    match chance.randrange(10 if depth < 4 else 6):
        case 0:
            return chance.choice((None, True, 0, -1, 2**62, 0.0, float("nan"), float("inf"), 1e-300))
        case 1:
            return _text(chance)
        case 2:
            return Strange(_text(chance))
        case 3 | 4 | 5:
            shapes: Any = (
                (),
                (0,),
                (3,),
                (2, 3),
                (-1,),
                (2**62,),
                (2**32, 2**32),
                (0, 2**62),
                (1,) * 70,
                (3, 2),
            )
            shape = chance.choice(shapes)
            kind = chance.choice(
                ("float32", "float64", "int64", "bool", "bfloat16", "uint8", "quint8", "device", "")
            )
            return Flat(kind, shape, chance.randbytes(chance.choice((0, 1, 4, 8, 12, 24, 48))))
        case 6:
            return Keyed({_text(chance): _value(chance, depth + 1) for _ in range(chance.randrange(4))})
    sort = chance.choice(("list", "tuple", "set", ""))
    return Many(sort, tuple(_value(chance, depth + 1) for _ in range(chance.randrange(5))))


def _text(chance: random.Random) -> str:
    pool = (
        "",
        "x",
        "\x1b]52;c;QQ==\x07",
        "\x1b[2J",
        "\u202e",
        "\x9b31m",
        "中文",
        "\n\n",
        "x" * 3000,
        "\ufeff",
        "💥",
        "[b]",
    )
    return "".join(chance.choice(pool) for _ in range(chance.randrange(4)))


def _scrambled(payload: bytes, chance: random.Random) -> bytes:
    data = bytearray(payload)
    for _ in range(chance.choice((1, 1, 3, 10))):
        place = chance.randrange(len(data) + 1)
        match chance.randrange(3):
            case 0:
                data[place : place + 1] = bytes([chance.randrange(256)])
            case 1:
                del data[place : place + chance.randrange(20)]
            case 2:
                data[place:place] = chance.randbytes(chance.randrange(9))
    return bytes(data)

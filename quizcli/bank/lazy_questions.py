"""Questions of which only the head has been read: a day shows few of them, and its first one at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import overload

import msgspec
from msgspec import Raw, Struct

from quizcli.bank.types import AnyQuestion, Bank


class Head(Struct, frozen=True, array_like=True, gc=False):
    """What the schedule must know of a question; `demo` is the name of the demonstration that it runs."""

    id: str
    topic: str
    level: int
    needs: tuple[str, ...]
    demo: str | None


def head(question: AnyQuestion) -> Head:
    """The head of a question."""
    demo = question.demo.run if question.demo else None
    return Head(question.id, question.topic, question.level, question.needs, demo)


class Unread(Sequence[AnyQuestion]):
    """Questions as the cache holds them. Each is decoded when it is asked for, and whole."""

    def __init__(self, heads: tuple[Head, ...], bodies: tuple[Raw, ...]) -> None:
        self.heads = heads
        self.bodies = bodies

    def __len__(self) -> int:
        return len(self.heads)

    @overload
    def __getitem__(self, place: int) -> AnyQuestion: ...

    @overload
    def __getitem__(self, place: slice) -> tuple[AnyQuestion, ...]: ...

    def __getitem__(self, place: int | slice) -> AnyQuestion | tuple[AnyQuestion, ...]:
        if isinstance(place, slice):
            return tuple(map(_decoded, self.bodies[place]))
        return _decoded(self.bodies[place])

    def __eq__(self, other: object) -> bool:
        return tuple(self) == tuple(other) if isinstance(other, (Unread, tuple)) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.heads)


class ById(Mapping[str, AnyQuestion]):
    """Every question by its id, in the order of the banks."""

    def __init__(self, banks: Iterable[Bank]) -> None:
        self._places = {item.id: (bank, n) for bank in banks for n, item in enumerate(heads_of(bank))}

    def bank(self, question_id: str) -> Bank:
        """The bank that the question stands in."""
        return self._places[question_id][0]

    def __getitem__(self, question_id: str) -> AnyQuestion:
        bank, place = self._places[question_id]
        return bank.questions[place]

    def __contains__(self, question_id: object) -> bool:
        return question_id in self._places

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def heads_of(bank: Bank) -> Sequence[Head | AnyQuestion]:
    """What the schedule must know of each question of a bank, without reading the rest."""
    questions = bank.questions
    return questions.heads if isinstance(questions, Unread) else questions


def _decoded(body: Raw) -> AnyQuestion:
    question: AnyQuestion = msgspec.msgpack.decode(body, type=AnyQuestion)
    return question

"""Answers as strangers write them: right ones in every style, and wrong ones that look right.

A module for each module of judges. A right answer must pass with every seed, a wrong one with none; where
`told` is given, the mistake must be named by a text that holds these words, and "" says that none may be.
"""

from collections.abc import Callable
from typing import Any, NamedTuple


class Stranger(NamedTuple):
    """Somebody's answer to a question."""

    question: str
    answer: Callable[..., Any]
    right: bool
    told: str | None = None


STRANGERS: list[Stranger] = []


def right(question: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """An answer that must pass."""
    return lambda answer: _kept(Stranger(question, answer, True))


def wrong(question: str, told: str | None = None) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """An answer that must be refused."""
    return lambda answer: _kept(Stranger(question, answer, False, told))


def _kept(stranger: Stranger) -> Callable[..., Any]:
    STRANGERS.append(stranger)
    return stranger.answer

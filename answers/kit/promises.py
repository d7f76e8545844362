"""Claims that hold only at settings at which there is something to measure."""

from collections.abc import Generator

from quizcli.demo.events import Note, Words


def promise(condition: bool, otherwise: Words) -> Generator[Note, None, bool]:
    """Whether a claim is made; else a note says why not: `if (yield from promise(p > 0, says("none"))):`."""
    if not condition:
        yield Note(text=otherwise)
    return condition

"""Claims that hold only at settings at which there is something to measure."""

from collections.abc import Generator

from quizcli.demo.events import Note, Words


def promise(condition: bool, otherwise: Words) -> Generator[Note, None, bool]:
    """Whether a claim is made; where it is not, a note says why: `if (yield from promise(p > 0, says("…"))):`."""
    if not condition:
        yield Note(text=otherwise)
    return condition

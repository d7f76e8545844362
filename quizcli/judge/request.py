"""What the referee is asked, of a code question and the source that answers it."""

from __future__ import annotations

import random
from pathlib import Path

from quizcli.bank.types import Code
from quizcli.judge.calls.messages import CandidateSource, Judgement
from quizcli.permit import NOTHING, Permit
from quizcli.visible_text import clean


def judgement_of(
    question: Code, root: Path, text: str, file: str, permit: Permit = NOTHING, seed: int | None = None
) -> Judgement:
    """The request; `file` is what the source is called, `root` the pack. Without a seed one is drawn."""
    return Judgement(
        root=str(root),
        check=question.check,
        solution=question.solution,
        source=CandidateSource(text, clean(file), question.entry, question.avoid),
        seed=random.randrange(10_000) if seed is None else seed,
        judged=question.judged,
        permit=permit,
    )

"""What stands below a question once its answer is out. Draws only, as the card does.

Apart from the card, because the first question of the day must be on the screen before this is imported.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from rich.cells import cell_len
from rich.text import Text as RichText

from quizcli.bank.types import AnyQuestion, Predict
from quizcli.screen.cards.prediction import NOTHING, Findings, prediction_lines
from quizcli.screen.cards.question import MARGIN, as_question, hanging, indented
from quizcli.screen.cards.solution import Graded, sign, solution_lines
from quizcli.screen.markup.markdown import render, visible
from quizcli.screen.markup.wrap import Styled, wrap
from quizcli.screen.terminal import theme
from quizcli.text import Text, tr

if TYPE_CHECKING:
    from quizcli.study.grading.grade import Response


class TickedClaim(Struct, frozen=True):
    """A claim of the question's demonstration as it was measured before: "min KL 19.8 nats ≥ 0"."""

    id: str
    holds: bool
    numbers: str
    label: str = ""


def answer_lines(
    question: AnyQuestion,
    width: int,
    response: Response | None = None,
    verdict: Graded | None = None,
    permutation: Sequence[int] = (),
    claims: Sequence[TickedClaim] = (),
    follow: Sequence[AnyQuestion] = (),
    findings: Findings = NOTHING,
) -> list[RichText]:
    """All that stands below the box once the answer is out.

    `follow`: the questions that question.follow names, where they are at hand. `findings`: what a run has
    measured, for a prediction.
    """
    inner = width - 2 * MARGIN
    if isinstance(question, Predict):
        solution = prediction_lines(question, inner, response, verdict, permutation, findings)
    else:
        solution = solution_lines(question, inner, response, verdict, permutation)
    sections = [
        solution,
        render(str(question.answer), inner) if question.answer is not None else [],
        _listed(tr("a complete answer mentions", "完整的回答应提到"), question.points, theme.BULLET, inner),
        _listed(tr("watch out", "常见误区"), question.pitfalls, theme.NOTE, inner),
        _claims(claims, inner),
        _references(question, follow, inner),
    ]
    lines: list[RichText] = []
    for section in sections:
        if section:
            lines += [RichText(), *(indented(line) for line in section)]
    return lines


def _listed(label: str, texts: Sequence[Text], sign: str, width: int) -> list[RichText]:
    """A quiet label and a list below it; nothing where the list is empty."""
    if not texts:
        return []
    lines = [RichText(label, theme.QUIET)]
    for text in texts:
        lines += render(str(text), width, mark=[Styled(f"{sign} ")])
    return lines


def _claims(claims: Sequence[TickedClaim], width: int) -> list[RichText]:
    """The claims that a demonstration of this question has settled before, their numbers in a column."""
    if not claims:
        return []
    names = [visible(claim.label or claim.id) for claim in claims]
    column = max(cell_len(name) for name in names)
    aligned = column + max(cell_len(claim.numbers) for claim in claims) + 4 <= width
    lines = [RichText(tr("measured", "实测"), theme.QUIET)]
    for claim, name in zip(claims, names, strict=True):
        padding = " " * (column - cell_len(name) + 2) if aligned else " "
        parts = [
            Styled(name),
            Styled(padding, solid=aligned),
            Styled(visible(claim.numbers), theme.QUIET),
        ]
        lines += wrap(parts, width, [sign(claim.holds), Styled(" ")])
    return lines


def _references(question: AnyQuestion, follow: Sequence[AnyQuestion], width: int) -> list[RichText]:
    """The interviewer's next question, in full where it is at hand, and the sources."""
    asked = [as_question(coming) for coming in follow] or list(question.follow)
    lines: list[RichText] = []
    if asked:
        lines += hanging(tr("follow-up", "追问"), asked[0], width)
    if question.source:
        lines += hanging(tr("source   ", "出处"), "; ".join(question.source), width)
    return lines

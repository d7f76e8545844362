"""What became of a prediction: the measured value, and what was predicted beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from rich.cells import cell_len
from rich.text import Text as RichText

from quizcli.bank.prediction import decides, outcome_of, ranking
from quizcli.bank.types import Predict
from quizcli.demo.typed_settings import as_options
from quizcli.screen.cards.solution import Graded, said_lines, sign, typed
from quizcli.screen.markup.markdown import numbered, render, visible
from quizcli.screen.markup.wrap import Styled, wrap
from quizcli.screen.terminal import theme
from quizcli.screen.terminal.numbers import aligned, number
from quizcli.text import tr

if TYPE_CHECKING:
    from quizcli.study.grading.grade import Response


class Findings(Struct, frozen=True):
    """What a run measured, by the ids of the claims; `stand_in` names the data where they were made up."""

    values: Mapping[str, float] = {}
    stand_in: str = ""


NOTHING = Findings()


def prediction_lines(
    question: Predict,
    width: int,
    response: Response | None,
    verdict: Graded | None,
    permutation: Sequence[int],
    findings: Findings,
) -> list[RichText]:
    """What was measured, what was predicted, ✓ or ✗. Before anything is measured it says just that."""
    decided = decides(question, findings.values)
    lines = _head(question, width, findings, decided=decided)
    if question.outcomes:
        found = outcome_of(question, findings.values[question.claim]) if decided else None
        chosen = response if isinstance(response, frozenset) else frozenset()
        return [*lines, *_outcomes(question, found, chosen, width)]
    if question.items:
        order = ranking(question, findings.values) if decided else range(len(question.items))
        lines += _items(question, order, permutation, verdict, findings, width)
    return [*lines, *said_lines(typed(response, verdict), width)]


def rules(question: Predict) -> str:
    """What is right, where that is not plain, and what will run to decide it."""
    sign = tr("; ", "；")
    own = f"{_margin(question)}{sign}" if not question.outcomes and not question.items else ""
    if question.items:
        own = tr("smallest value first", "数值小的在前") + sign
    if question.demo is None:
        return own
    command = f"{question.demo.run} {as_options(question.demo.set)}".rstrip()
    return own + tr(f"decided by a run of {command}", f"答完即运行 {command}，以实测为准")


def _margin(question: Predict) -> str:
    """How near a predicted number has to be."""
    if question.factor is not None:
        return tr(f"within a factor of {question.factor:g}", f"相差不超过 {question.factor:g} 倍")
    return f"± {question.tolerance or 0:g}"


def _head(question: Predict, width: int, findings: Findings, *, decided: bool) -> list[RichText]:
    """The measured value; of an order only its unit, the values stand beside the items."""
    if not decided:
        return wrap([Styled(theme.WAITING + " "), Styled(tr("not measured", "尚未测得"), theme.QUIET)], width)
    unit = f" {visible(str(question.unit))}" if question.unit else ""
    parts = []
    if question.items:
        parts.append(Styled(unit.strip(), theme.QUIET))
    else:
        parts.append(Styled(number(findings.values[question.claim]) + unit, theme.STRONG))
    if not question.items and not question.outcomes:
        parts.append(_aside(_margin(question)))
    if findings.stand_in:
        parts.append(_aside(visible(findings.stand_in)))
    return wrap(parts, width, [Styled(tr("measured  ", "实测  "), theme.QUIET)])


def _aside(text: str) -> Styled:
    return Styled(tr(f" ({text})", f"（{text}）"), theme.QUIET)


def _outcomes(question: Predict, found: int | None, chosen: frozenset[int], width: int) -> Iterator[RichText]:
    """Every outcome: whether it was predicted, whether it came, and what speaks for or against it."""
    for place, outcome in enumerate(question.outcomes):
        mark = [Styled(theme.CHOSEN if place in chosen else " ", theme.ACCENT), Styled(" ")]
        mark += [] if found is None else [sign(place == found), Styled(" ")]
        mark += numbered(place + 1)
        yield from render(str(outcome.text), width, mark=mark)
        if outcome.why is not None:
            indent = sum(len(span.text) for span in mark)
            yield from render(str(outcome.why), width, theme.QUIET, [Styled(" " * indent)])


def _items(
    question: Predict,
    order: Sequence[int],
    permutation: Sequence[int],
    verdict: Graded | None,
    findings: Findings,
    width: int,
) -> Iterator[RichText]:
    """The items, smallest value first, with the numbers they were shown under and what was measured."""
    shown = {item: place for place, item in enumerate(permutation, start=1)}
    claims = [question.items[item].claim for item in order]
    values = aligned([findings.values[name] for name in claims]) if decides(question, findings.values) else []
    column = max((cell_len(value) for value in values), default=0)
    for place, item in enumerate(order):
        mark = [] if verdict is None else [sign(place not in verdict.wrong), Styled(" ")]
        mark += numbered(shown.get(item, item + 1))
        if values:
            mark += [Styled(f"{values[place]:>{column}}", theme.STRONG), Styled("  ")]
        yield from render(str(question.items[item].text), width, mark=mark)

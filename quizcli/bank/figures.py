"""Numbers that a demonstration measured, as the prose of a question quotes them: `{name}`, never typed.

What is shown comes from the pack's record (measured_record.py), which a command writes by running the
demonstrations with several seeds.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import replace

from quizcli.bank.full_names import split_name
from quizcli.bank.markdown import around, spans
from quizcli.bank.measured_record import MeasuredRun, RunKey, key
from quizcli.bank.types import (
    AnyQuestion,
    Choice,
    Contender,
    DemoLink,
    Figure,
    Option,
    Order,
    Outcome,
    Predict,
)
from quizcli.text import LANGS, Lang, Text

_REFERENCE = re.compile(r"\{([a-z0-9]+(?:-[a-z0-9]+)*)\}")


def link_of(question: AnyQuestion, figure: Figure) -> DemoLink | None:
    """What is run for a figure: its own demonstration and settings, else those of the question."""
    if figure.run:
        return DemoLink(figure.run, figure.set)
    if question.demo is None:
        return None
    return DemoLink(question.demo.run, figure.set or question.demo.set)


def names_in(text: str) -> Iterator[str]:
    """The names that a text refers to; what stands in code and formulas is none."""
    for span in spans(text):
        if span.sort == "prose":
            yield from _REFERENCE.findall(span.text)


def fill_figures(question: AnyQuestion, record: Mapping[RunKey, MeasuredRun]) -> AnyQuestion:
    """The question with the measured numbers in its prose. What is not recorded is shown as …

    The record is of the pack of the question, which knows no full names.
    """
    entries: dict[str, MeasuredRun | None] = {}
    for name, figure in question.measured.items():
        link = link_of(question, figure)
        entries[name] = None if link is None else record.get(key(split_name(link.run)[1], link.set))

    def filled(text: Text) -> Text:
        return Text(*(_filled(text[lang], question.measured, entries, lang) for lang in LANGS))

    def maybe(text: Text | None) -> Text | None:
        return None if text is None else filled(text)

    known = [entry for entry in entries.values() if entry is not None]
    changed = replace(
        question,
        ask=filled(question.ask),
        answer=maybe(question.answer),
        points=tuple(map(filled, question.points)),
        pitfalls=tuple(map(filled, question.pitfalls)),
        hint=maybe(question.hint),
        source=tuple(dict.fromkeys((*question.source, *map(describe_run, known)))),
    )
    match changed:
        case Choice(choices=choices):
            options = (Option(filled(each.text), each.correct, maybe(each.why)) for each in choices)
            return replace(changed, choices=tuple(options))
        case Order(items=items):
            return replace(changed, items=tuple(map(filled, items)))
        case Predict(outcomes=outcomes, items=contenders):
            return replace(
                changed,
                outcomes=tuple(Outcome(filled(o.text), o.below, maybe(o.why)) for o in outcomes),
                items=tuple(Contender(filled(each.text), each.claim) for each in contenders),
            )
    return changed


def asks_with_figures(question: AnyQuestion) -> bool:
    """Whether the card shows a measured number before it is answered."""
    return any(
        f"{{{name}}}" in text[lang]
        for name in question.measured
        for text in front(question)
        for lang in LANGS
    )


def front(question: AnyQuestion) -> Iterator[Text]:
    """What a card shows before it is answered, and may quote a number."""
    yield question.ask
    if question.hint is not None:
        yield question.hint
    match question:
        case Choice(choices=parts) | Predict(outcomes=parts) if parts:
            yield from (part.text for part in parts)
        case Order(items=items):
            yield from items
    if isinstance(question, Predict):
        yield from (item.text for item in question.items)


def describe_run(entry: MeasuredRun) -> str:
    """Where a number comes from: "measured with PyTorch 2.14.1, 10 seeds, cpu x86_64, MNIST"."""
    parts = (f"PyTorch {entry.torch}", f"{entry.seeds} seeds", entry.machine, entry.data)
    return "Measured with " + ", ".join(part for part in parts if part)


def _filled(
    text: str, figures: Mapping[str, Figure], entries: Mapping[str, MeasuredRun | None], lang: Lang
) -> str:
    """The text with every reference in its prose replaced; code and formulas stay."""

    def number(name: str) -> str:
        figure = figures.get(name)
        if figure is None:
            return f"{{{name}}}"
        entry = entries[name]
        values = entry.claims.get(figure.claim, ()) if entry is not None else ()
        return format_figure(values, figure, lang) if values else "…"

    first, *rest = _REFERENCE.split(text)
    if not rest:
        return text
    whole = first
    for name, span, after in zip(rest[::2], around([first, *rest[1::2]]), rest[1::2], strict=True):
        whole += (number(name) if span.sort == "prose" else f"{{{name}}}") + after
    return whole


def format_figure(values: Sequence[float], figure: Figure, lang: Lang) -> str:
    """The values of several seeds as one reads them: "0.45 to 0.75", or one number where they agree.

    Of an even number the median is the upper one of the two in the middle.
    """
    scale = 100.0 if figure.percent else 1.0
    percent = " %" if lang == "en" else "%"
    unit = percent if figure.percent else ""
    scaled = sorted(value * scale for value in values)
    if figure.show != "range":
        place = {"median": len(scaled) // 2, "least": 0, "most": -1}[figure.show]
        return _number(scaled[place], figure.digits) + unit
    low, high = _even(*(_number(value, figure.digits) for value in (scaled[0], scaled[-1])))
    between = " to " if lang == "en" else "～"
    return (low if low == high else f"{low}{between}{high}") + unit


def _even(low: str, high: str) -> tuple[str, str]:
    """Two ends without the zeros at the end of one that the other has no decimals for: 8 to 24, not 8.0."""
    decimals = [len(end.partition(".")[2]) for end in (low, high)]
    if low[-1:] == "$" or high[-1:] == "$" or decimals[0] == decimals[1]:
        return low, high
    longer, most = (low, decimals[1]) if decimals[0] > decimals[1] else (high, decimals[0])
    while len(longer.partition(".")[2]) > most and longer[-1] == "0":
        longer = longer[:-1].removesuffix(".")
    return (longer, high) if decimals[0] > decimals[1] else (low, longer)


def _number(value: float, digits: int) -> str:
    """About `digits` significant digits: 0.45, 11,000, and 3.2·10²⁹ as a formula."""
    if not math.isfinite(value) or value == 0:
        return f"{value:g}"
    magnitude = math.floor(math.log10(abs(value)))
    rounded = round(value, digits - 1 - magnitude)
    magnitude = math.floor(math.log10(abs(rounded)))  # 9.96 is 10
    if not -4 <= magnitude < 6:
        mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
        return rf"${mantissa}\cdot10^{{{int(exponent)}}}$"
    return f"{rounded:,.{max(0, digits - 1 - magnitude)}f}"

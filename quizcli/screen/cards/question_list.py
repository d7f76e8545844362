"""Many questions as one line each, under their topics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from rich.cells import cell_len
from rich.text import Text as RichText

from quizcli.bank.types import AnyQuestion
from quizcli.screen.markup.markdown import in_one_line
from quizcli.screen.terminal import theme
from quizcli.text import tr


class Listed(NamedTuple):
    """A question, and how its card stands, in a word."""

    question: AnyQuestion
    standing: str


def listing_lines(
    rows: Sequence[Listed], titles: Mapping[str, str], width: int | None, marked: Sequence[str] = ()
) -> list[RichText]:
    """One line a question, cut at `width` (None: never); topics come with their title and their size.

    `marked`: words that are made to stand out, wherever a line shows them.
    """
    lines = []
    for topic, group in groupby(rows, lambda row: row.question.topic):
        its = list(group)
        count = tr(f"{len(its)} question{'s' * (len(its) != 1)}", f"{len(its)} 题")
        lines.append(
            RichText.assemble(
                (topic, theme.STRONG), (f" {theme.DOT} {titles[topic]} {theme.DOT} {count}", theme.QUIET)
            )
        )
        lines += _aligned(its, marked)
    if width is not None:
        for line in lines:
            line.truncate(width, overflow="ellipsis")
    return lines


def _aligned(rows: Sequence[Listed], marked: Sequence[str]) -> list[RichText]:
    """The lines of one topic in columns: id, kind, level, standing, question."""
    widest = max(cell_len(row.question.id) for row in rows)
    kinds = max(cell_len(row.question.kind) for row in rows)
    standings = max(cell_len(row.standing) for row in rows)
    lines = []
    for question, standing in rows:
        line = RichText.assemble(
            f"  {question.id:<{widest}}  ",
            (f"{question.kind:<{kinds}} {question.level}  ", theme.QUIET),
            (standing + " " * (standings - cell_len(standing)) + "  ", theme.QUIET),
            _asked(question),
        )
        if marked:
            line.highlight_words(marked, theme.ACCENT, case_sensitive=False)
        lines.append(line)
    return lines


def _asked(question: AnyQuestion) -> RichText:
    """The first paragraph of what is asked, in one line, its formulas drawn where that takes no more."""
    return in_one_line(str(question.ask))

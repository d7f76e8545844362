"""YAML that cannot be read as a whole: questions that break it are left out, the others are read."""

from __future__ import annotations

import re
from functools import partial

from quizcli.bank.yaml.nodes import Node, ReportMistake, parse

_BEGINS = re.compile(r"( *)- +id:")
_MOST_READ = 16 << 20  # characters in all: each question that is left out costs a reading of the rest


def parse_most(source: str, report: ReportMistake) -> tuple[Node | None, set[int]]:
    """The tree of what can be read, and the lines (from 1) that were left out. Every mistake is reported.

    None where the fault is none of a question's, or hits everything.
    """
    lines = source.split("\n")
    left_out: set[int] = set()
    for _ in range(1 + _MOST_READ // max(1, len(source))):
        told: list[tuple[int, int, str]] = []
        root = parse("\n".join(lines), partial(_note, told))
        part = _question_around(lines, told[-1][0]) if root is None and told else range(0)
        for mistake in told[-1:] if part else told:
            report(*mistake)
        if not part:
            return root, left_out
        for number in part:
            lines[number - 1] = ""
        left_out.update(part)
    return None, left_out


def _note(told: list[tuple[int, int, str]], line: int, column: int, message: str) -> None:
    told.append((line, column, message))


def _question_around(lines: list[str], line: int) -> range:
    """The lines (from 1) of the question that a line belongs to; none where it belongs to no question."""
    start = next((n for n in range(min(line, len(lines)), 0, -1) if _BEGINS.match(lines[n - 1])), 0)
    if not start:
        return range(0)
    indent = _indent(lines[start - 1])
    after = range(start + 1, len(lines) + 1)
    end = next((n for n in after if _is_next(lines[n - 1], indent)), len(lines) + 1)
    return range(start, end) if line < end else range(0)


def _is_next(line: str, indent: int) -> bool:
    """Whether a line begins the next question, a key of the bank or another document."""
    if begins := _BEGINS.match(line):
        return len(begins[1]) <= indent
    return re.match(r"[a-z]+:|---|[.]{3}", line) is not None


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))

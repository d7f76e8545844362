"""Lines of code that are longer than the page: they go on below, with a sign in the margin.

The sign tells them from lines of the program, and the indentation is further in than Python's next level.
"""

from __future__ import annotations

from rich.cells import chop_cells
from rich.text import Text as RichText

from quizcli.screen.terminal import theme

MARGIN = 2  # cells before code; the sign stands in them
_FURTHER_IN = 8  # cells: a suite is 4
_QUOTES = "\"'"
_SHORTEST = 0.4  # of a line that is broken at a good place rather than at its end


def folded(line: RichText, width: int) -> list[RichText]:
    """A line of code with its margin, in rows of at most `width` cells, margin included."""
    room = max(width - MARGIN, 2)
    indent = _indent_of(line.plain)
    further = min(indent + _FURTHER_IN, room // 2)
    rows: list[RichText] = []
    used = 0  # cells of the hanging indent that the row begins with
    while used + line.cell_len > room:
        place = _place(line.plain, room - used, 0 if rows else indent)
        first, line = line.divide([place])
        first.rstrip()
        rows.append(_row(first, used, bool(rows)))
        line = line[_indent_of(line.plain) :]
        used = further
    return [*rows, _row(line, used, bool(rows))]


def _row(code: RichText, used: int, continued: bool) -> RichText:
    if not code and not continued:
        return RichText()
    margin = (f"{theme.CONTINUED} ", theme.QUIET) if continued else " " * MARGIN
    return RichText.assemble(margin, " " * used).append_text(code)


def _indent_of(code: str) -> int:
    return len(code) - len(code.lstrip())


def _place(code: str, room: int, indent: int) -> int:
    """Where to cut: at a space within as few brackets as can be, in no string; else where the row is full."""
    full = len(chop_cells(code, room)[0])
    spaces = [(place, depth) for place, depth in _spaces(code) if indent < place <= full]
    late = [(place, depth) for place, depth in spaces if place >= indent + _SHORTEST * (full - indent)]
    if late:
        return min(late, key=lambda found: (found[1], -found[0]))[0]
    any_space = code.rfind(" ", indent + 1, full + 1)  # in a string or a comment
    return any_space if any_space > indent else max(full, 1)


def _spaces(code: str) -> list[tuple[int, int]]:
    """The spaces of a line that stand in no string and no comment, each with the brackets it is within."""
    found = []
    depth = 0
    quote = ""
    for place, char in enumerate(code):
        if quote:
            quote = "" if char == quote and code[place - 1] != "\\" else quote
        elif char in _QUOTES:
            quote = char
        elif char == "#":
            break
        elif char == " ":
            found.append((place, depth))
        depth += 0 if quote else (char in "([{") - (char in ")]}")
    return found

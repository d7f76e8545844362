"""Lines of code that are longer than the page."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text as RichText

from quizcli.screen.markup.folding import folded
from quizcli.screen.markup.listing import source_lines


@pytest.mark.parametrize(
    ("line", "width", "rows"),
    [
        ("x = 1", 20, ["  x = 1"]),
        ("", 20, [""]),
        (
            "    weights = torch.softmax(scores, dim=-1)",
            38,
            ["      weights = torch.softmax(scores,", "↪             dim=-1)"],
        ),
        (  # within as few brackets as can be
            "    loss = first(a, b, c) + second(a, b, c)",
            38,
            ["      loss = first(a, b, c) +", "↪             second(a, b, c)"],
        ),
        (  # in no string
            "raise ValueError('one two three four', x)",
            40,
            ["  raise ValueError('one two three four',", "↪         x)"],
        ),
        (  # but in a comment
            "# a comment that is longer than it may be",
            30,
            ["  # a comment that is longer", "↪         than it may be"],
        ),
        ("x" * 25, 20, ["  " + "x" * 18, "↪         " + "x" * 7]),
    ],
)
def test_what_is_left_of_a_line_goes_on_behind_a_sign(line: str, width: int, rows: list[str]) -> None:
    assert [row.plain for row in folded(RichText(line), width)] == rows


@given(st.text(st.sampled_from("ab, ()[]'#中\\"), max_size=80), st.integers(0, 3), st.integers(20, 60))
def test_rows_put_together_again_are_the_line(text: str, level: int, width: int) -> None:
    """Nothing is lost or added but the sign, the indentation and spaces where the line was cut."""
    line = " " * 4 * level + text.strip()
    first, *others = folded(RichText(line), width)
    assert all(row.cell_len <= width for row in (first, *others))
    assert all(row.plain.startswith("↪ ") for row in others)
    assert not first.plain.startswith("↪")
    joined = first.plain + "".join(row.plain.removeprefix("↪") for row in others)
    assert "".join(joined.split()) == "".join(line.split())


def test_the_listing_of_a_model_answer_keeps_lines_of_python_apart() -> None:
    source = "def attend(query, key, value, mask=None):\n    return softmax(query @ key.T) @ value\n"
    rows = [row.plain for row in source_lines(source, "models/attention.py: attend", 31)]
    assert rows == [
        "",
        "  models/attention.py: attend",
        "",
        "  def attend(query, key, value,",
        "↪         mask=None):",
        "      return softmax(query @",
        "↪             key.T) @ value",
    ]

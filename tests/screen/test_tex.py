"""What a reader could take for something else: formulas that must tell apart what differs."""

from __future__ import annotations

import pytest

from quizcli.screen.box import Box
from quizcli.screen.maths import display, inline, inline_parts, unshowable

RELATIONS = [
    (r"x := y", "x := y"),
    (r"x : = y", "x := y"),
    (r"x ::= y =: z", "x ::= y =: z"),
    (r"x :\!\!= y \colon= z", "x := y := z"),
    (r"a \coloneqq b \eqqcolon c \Coloneqq d", "a := b =: c ::= d"),
    ("a ≔ b ≕ c", "a := b =: c"),
    (r"a << b >> c, a :\Leftrightarrow b", "a << b >> c, a :⇔ b"),
    (r"x \vcentcolon= y, x :=_L y", "x := y, x :=_L y"),
    (r"f: X \to Y, a :: b", "f: X → Y, a:: b"),
    (r"a =\; \le b", "a = ≤ b"),
]


@pytest.mark.parametrize(("latex", "row"), RELATIONS)
def test_relations_side_by_side_are_one(latex: str, row: str) -> None:
    assert inline(latex) == Box.of(row)
    assert unshowable(latex) is None


def test_no_line_ends_within_a_relation() -> None:
    assert [box.text.strip() for box in inline_parts("x := y", 40)] == ["x", ":= y"]

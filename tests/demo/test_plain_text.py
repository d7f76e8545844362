"""Texts of events are plain: what an author marked as in Markdown is shown without its marks."""

import pytest

from quizcli.demo.events import Note
from quizcli.demo.plain_text import unmarked
from quizcli.screen.demo.plain_log import Log


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("for `patience` epochs", "for patience epochs"),
        ("``a`b``", "a`b"),
        ("**never** and `x`", "never and x"),
        ("is $x^2$", "is x^2"),
        ("$5 and $6", "$5 and $6"),
        ("x ** 2 ** 3", "x ** 2 ** 3"),
        ("a ` alone", "a ` alone"),
    ],
)
def test_marks_around_words_are_taken_away(text: str, plain: str) -> None:
    assert unmarked(text) == plain
    assert Log()(Note(text={"en": text, "zh": text})) == plain

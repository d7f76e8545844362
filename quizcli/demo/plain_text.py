"""What the texts of events say. They are plain: what is marked as in Markdown is shown without its marks."""

from __future__ import annotations

import re
from collections.abc import Mapping

from quizcli.text import words

_MARKED = re.compile(
    r"(`+|\*\*|\$\$?)(?=\S)(.+?)(?<=\S)\1(?!\d)"
)  # code, bold, a formula; $5 and $6 are prices


def plain_words(text: Mapping[str, str] | str) -> str:
    """A text of an event in the language in use, without the signs of Markdown around words."""
    return unmarked(words(text))


def unmarked(text: str) -> str:
    """The text without backticks, double asterisks and dollars that stand around words."""
    return _MARKED.sub(r"\2", text) if "`" in text or "**" in text or "$" in text else text

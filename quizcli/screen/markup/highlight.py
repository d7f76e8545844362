"""Source code in the terminal's own colours."""

from __future__ import annotations

from rich.style import Style
from rich.syntax import ANSISyntaxTheme, Syntax
from rich.text import Text as RichText

# Pygments' own themes bring backgrounds, or yellow and blue that one background or the other swallows.
# The keys are Pygments' token types, which are tuples.
_THEME = ANSISyntaxTheme(
    {
        ("Comment",): Style(dim=True),
        ("Keyword",): Style(color="magenta"),
        ("Operator", "Word"): Style(color="magenta"),
        ("Name", "Builtin"): Style(color="cyan"),
        ("Name", "Decorator"): Style(color="magenta"),
        ("Name", "Function"): Style(bold=True),
        ("Name", "Class"): Style(bold=True),
        ("Literal", "Number"): Style(color="cyan"),
        ("Literal", "String"): Style(color="green"),
    }
)


def highlighted(source: str, language: str) -> RichText:
    """The text of a program, coloured; plain where the language is unknown."""
    text = Syntax(source, language, theme=_THEME).highlight(source)
    text.rstrip()
    return text

"""The model answer of a code question, as a page shows it."""

from __future__ import annotations

from rich.text import Text as Line

from quizcli.bank.links import solution_source
from quizcli.bank.types import Code
from quizcli.cli.opened import origin
from quizcli.errors import QuizError
from quizcli.screen.source import source_lines
from quizcli.settings import Settings


def model_answer(question: Code, settings: Settings, width: int) -> list[Line]:
    """The source of our own answer; nothing where it cannot be read, as `bank check` says."""
    try:
        source = solution_source(origin(question.id, settings).pack.root, question.solution)
    except (LookupError, QuizError):
        return []
    module, _, name = question.solution.partition(":")
    return source_lines(source, f"{module.replace('.', '/')}.py: {name}", width)

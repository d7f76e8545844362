"""The model answer of a code question, as a page shows it."""

from __future__ import annotations

from msgspec import to_builtins
from rich.text import Text as RichText

from quizcli.bank.checking.code_links import solution_source
from quizcli.bank.types import AnyQuestion, Code
from quizcli.errors import QuizError
from quizcli.packs.library import origin
from quizcli.screen.markup.listing import source_lines
from quizcli.settings import Settings


def model_answer(question: Code, settings: Settings, width: int) -> list[RichText]:
    """The source of our own answer; nothing where it cannot be read, as `bank check` says."""
    if (source := _source(question, settings)) is None:
        return []
    module, _, name = question.solution.partition(":")
    return source_lines(source, f"{module.replace('.', '/')}.py: {name}", width)


def with_source(question: AnyQuestion, settings: Settings) -> object:
    """The question as a mapping, that of a code question with the source of our own answer."""
    told: dict[str, object] = to_builtins(question, enc_hook=str)
    source = _source(question, settings) if isinstance(question, Code) else None
    return told if source is None else {**told, "solution_source": source}


def _source(question: Code, settings: Settings) -> str | None:
    try:
        return solution_source(origin(question.id, settings).pack.root, question.solution)
    except (LookupError, QuizError):
        return None

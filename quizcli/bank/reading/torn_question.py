"""What can be read of a question with mistakes: not to be shown, but to be checked for all the others."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from quizcli.bank.reading import question_fields
from quizcli.bank.reading.question_rules import note_rules
from quizcli.bank.reading.reading_log import EnoughError, Notes, Spot
from quizcli.bank.types import AnyQuestion, Recall
from quizcli.bank.yaml.nodes import Mapping, Node, Scalar
from quizcli.text import Text

_STAND_IN = Text("…", "…")


class Torn(Struct, frozen=True):
    """A question with stand-ins; only what is said of its `sound` fields is true."""

    question: AnyQuestion
    sound: frozenset[str]


def names_of(question: AnyQuestion) -> tuple[str, ...]:
    """The fields of a question that is whole."""
    return question.__struct_fields__


def torn_question(node: Node, topic: str, notes: Notes, *, ruled: bool) -> Torn | None:
    """The question with those of its fields that are right. What breaks a rule beside is noted.

    The mistakes of single fields have been noted before; where `ruled`, those between fields too.
    """
    if not isinstance(node, Mapping):
        return None
    given = {key.text: (key, value) for key, value in node.entries if isinstance(key, Scalar)}
    kind = given["kind"][1] if "kind" in given else None
    word = kind.text if isinstance(kind, Scalar) and kind.text in question_fields.RECORDS else ""
    known = question_fields.question(word).fields if word else question_fields.COMMON
    values: dict[str, Any] = {
        name: value
        for name, (key, inner) in given.items()
        if name in known and (value := _sound(known[name].shape, key, inner, name, notes)) is not None
    }
    sound = frozenset(values)
    values = {"level": 1, "ask": _STAND_IN, **values} | {"id": notes.question, "topic": topic}
    values.pop("kind", None)
    try:
        question = question_fields.RECORDS[word or "recall"](**values)
    except TypeError:  # what its kind cannot be without is among the mistakes
        common: dict[str, Any] = {name: values[name] for name in Recall.__struct_fields__ if name in values}
        return Torn(Recall(**common), sound)
    if word and not ruled and set(given) <= sound:
        note_rules(question, notes)
    return Torn(question, sound)  # type: ignore[arg-type]


def _sound(shape: Any, key: Scalar, node: Node, name: str, notes: Notes) -> Any:
    """The value of a field; None where anything is wrong with it."""
    quiet = Notes(notes.path)
    quiet.languages = notes.languages
    try:
        value = shape.read(node, Spot(name, key.line, key.column), quiet)
    except EnoughError:
        return None
    return None if quiet.mistakes else value

"""A person's own wording of single questions, each in a small bank of its own, apart from where it is from:

an upgrade or a `git pull` neither loses the wording nor stumbles over it.
"""

from __future__ import annotations

import textwrap
from pathlib import Path

import msgspec

from quizcli.bank.types import AnyQuestion, Bank
from quizcli.packs.pack import Loaded, Pack


def edits_at(folder: Path) -> Pack:
    """The edits in a folder, as a pack."""
    return Pack("edits", folder)


def excerpt(source: str, question_id: str) -> str:
    """A bank with one question of the bank `source`, each in the words of the source.

    Raises LookupError where no such question can be found.
    """
    import yaml

    try:
        root = yaml.compose(source, yaml.CSafeLoader)
    except (yaml.YAMLError, RecursionError) as error:
        raise LookupError(question_id) from error
    header: list[str] = []
    found = ""
    for key, value in root.value if isinstance(root, yaml.MappingNode) else []:
        if key.value != "questions" or not isinstance(value, yaml.SequenceNode):
            header.append(source[key.start_mark.index : value.end_mark.index].rstrip())
            continue
        for node in value.value:
            pairs = node.value if isinstance(node, yaml.MappingNode) else []
            if any(key.value == "id" and value.value == question_id for key, value in pairs):
                # All its lines but the first stand as far in as its first key.
                lines = " " * node.start_mark.column + source[node.start_mark.index : node.end_mark.index]
                found = textwrap.indent(textwrap.dedent(lines.rstrip()), "    ").lstrip()
    if not found:
        raise LookupError(question_id)
    return "\n".join([*header, "questions:", f"  - {found}", ""])


def merge_edits(loaded: Loaded, edits: Loaded) -> Loaded:
    """The banks with the edited questions in place of their originals; broken edits change nothing."""
    own = {question.id: question for bank in edits.banks for question in bank.questions}
    banks = tuple(_with(bank, own) for bank in loaded.banks)
    return Loaded(banks, loaded.mistakes + edits.mistakes)


def _with(bank: Bank, own: dict[str, AnyQuestion]) -> Bank:
    if own.keys().isdisjoint(question.id for question in bank.questions):
        return bank
    questions = tuple(
        msgspec.structs.replace(own[question.id], topic=question.topic) if question.id in own else question
        for question in bank.questions
    )
    return msgspec.structs.replace(bank, questions=questions)

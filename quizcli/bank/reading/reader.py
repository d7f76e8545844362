"""One bank: from the bytes of a YAML file to its records, with every mistake in it."""

from __future__ import annotations

import re
from collections.abc import Collection

from msgspec import Struct

from quizcli.bank.diagnostic import Mistake
from quizcli.bank.files import MAX_BYTES
from quizcli.bank.reading import question_fields
from quizcli.bank.reading.container_types import Record
from quizcli.bank.reading.field_types import KEBAB
from quizcli.bank.reading.mapping import read_entries
from quizcli.bank.reading.question_rules import note_rules
from quizcli.bank.reading.reading_log import EnoughError, Notes, Places, Spot
from quizcli.bank.reading.torn_question import Torn, names_of, torn_question
from quizcli.bank.types import KINDS, AnyQuestion, Bank
from quizcli.bank.yaml.nodes import Listing, Mapping, Node, Scalar
from quizcli.bank.yaml.salvage import parse_most
from quizcli.text import tr

_END = (MAX_BYTES, 0)  # a place behind every place
_TOP = (*question_fields.BANK, "questions")
_ID_LINE = re.compile(r"[ ]*(?:- +)?id: *([a-z0-9-]{1,80}) *(?:#|$)")


class Reading(Struct, frozen=True):
    """What a file gave. `bank` holds its healthy questions; None where not even topic and title can be read.

    `places` has the line and column of every question, broken ones too, under its id, of every field
    under "id.field".
    """

    bank: Bank | None
    mistakes: tuple[Mistake, ...]
    places: Places
    torn: tuple[Torn, ...] = ()


def read(data: bytes, path: str) -> Reading:
    """Read a bank. Never raises on any bytes: what is wrong is in the mistakes."""
    notes = Notes(path)
    bank, torn = None, list[Torn]()
    try:
        source = _decoded(data, notes)
        if source is not None:
            root, left_out = parse_most(source, lambda *mistake: _near(notes, source, *mistake))
            if root is not None or not notes.mistakes:
                bank = _bank(root, notes, torn, left_out)
                _ids(source, notes, left_out)
            else:
                _ids(source, notes, range(1, source.count("\n") + 2))
    except EnoughError:
        pass  # noted; what was read so far would be a torso
    return Reading(bank, tuple(sorted(notes.mistakes)), notes.places, tuple(torn))


def _decoded(data: bytes, notes: Notes) -> str | None:
    if len(data) > MAX_BYTES:
        limit = MAX_BYTES >> 20
        notes.report(1, 1, tr(f"larger than {limit} MB; split the bank", f"超过 {limit} MB，请拆分题库"))
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8-sig", "replace")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        notes.report(
            line,
            column,
            tr("this is not UTF-8; save the file as UTF-8", "不是 UTF-8 编码，请把文件另存为 UTF-8"),
        )
        return None


def _ids(source: str, notes: Notes, lines: Collection[int]) -> None:
    """Where YAML gives up, at least the ids are known, so that links to them are not called wrong."""
    for number, line in enumerate(source.split("\n") if lines else (), 1):
        if number in lines and (found := _ID_LINE.match(line)):
            notes.places[found[1]] = (number, found.start(1) + 1)


def _near(notes: Notes, source: str, line: int, column: int, message: str) -> None:
    """Note a mistake of the YAML itself under the last id that stands above it."""
    above = source.split("\n", line)[:line]
    found = next((found for text in reversed(above) if (found := _ID_LINE.match(text))), None)
    notes.question = found[1] if found else ""
    notes.report(line, column, message)
    notes.question = ""


def _bank(root: Node | None, notes: Notes, torn: list[Torn], left_out: set[int]) -> Bank | None:
    """The bank. Questions with mistakes go to `torn`; `left_out`: lines that could not be read."""
    if not isinstance(root, Mapping):
        where = (root.line, root.column) if root is not None else (1, 1)
        notes.report(
            *where,
            tr(
                "a bank has the keys topic, title and questions",
                "题库应包含 topic、title 与 questions 三个键",
            ),
        )
        return None
    spot = Spot("", root.line, root.column)
    top = read_entries(root, spot, notes, _TOP)
    if "languages" in top:
        key, node = top["languages"]
        shape = question_fields.BANK["languages"].shape
        notes.languages = shape.read(node, Spot("languages", key.line, key.column), notes) or notes.languages
    header = [top[name] for name in question_fields.BANK if name in top and name != "languages"]
    values = Record(question_fields.BANK).read(Mapping([*header], root.line, root.column), spot, notes)
    if "questions" not in top:
        notes.wrong(Spot("questions", root.line, root.column), tr("is missing", "缺失"))
        return None
    key, node = top["questions"]
    if left_out and isinstance(node, Scalar) and not node.text:
        questions: tuple[AnyQuestion, ...] = ()  # what is wrong with them all has been noted
    else:
        questions = _questions(key, node, notes, (values or {}).get("topic", ""), torn, left_out)
    if values is None:
        torn += [Torn(question, frozenset(names_of(question))) for question in questions]
        return None
    return Bank(questions=questions, path=notes.path, languages=notes.languages, **values)


def _questions(
    key: Scalar, node: Node, notes: Notes, topic: str, torn: list[Torn], left_out: set[int]
) -> tuple[AnyQuestion, ...]:
    """The healthy questions; the others go to `torn`."""
    if not isinstance(node, Listing) or not node.items:
        message = tr(
            "must be a list of questions, each beginning with `- id:`", "应为题目列表，每题以 `- id:` 开头"
        )
        notes.wrong(Spot("questions", key.line, key.column), message)
        return ()
    healthy: list[AnyQuestion] = []
    ends = [(child.line, child.column) for child in node.items[1:]] + [_END]
    for number, (child, end) in enumerate(zip(node.items, ends, strict=True), 1):
        notes.question = _label(child, number)
        start, before = (child.line, child.column), len(notes.mistakes)
        # What YAML itself has to say (an alias, an escape) has been noted before the questions are read.
        noted = [(mistake.line, mistake.column) for mistake in notes.mistakes]
        broken = any(start <= place < end and place[0] not in left_out for place in noted)
        if notes.question in notes.places:
            first = notes.places[notes.question][0]
            notes.report(
                *start, tr(f"this id stands in line {first} already", f"这个 id 已在第 {first} 行出现")
            )
        else:
            notes.places[notes.question] = start
        question = _question(child, topic, notes)
        if question is not None and not broken and len(notes.mistakes) == before:
            healthy.append(question)
        elif (rest := torn_question(child, topic, notes, ruled=question is not None)) is not None:
            torn.append(rest)
    notes.question = ""
    return tuple(healthy)


def _label(node: Node, number: int) -> str:
    """The id of a question where it has a readable one, else its number."""
    for key, value in node.entries if isinstance(node, Mapping) else []:
        if not (isinstance(key, Scalar) and key.text == "id" and isinstance(value, Scalar)):
            continue
        if len(value.text) <= 80 and re.fullmatch(KEBAB, value.text):
            return value.text
    return tr(f"question {number}", f"第 {number} 题")


def _question(node: Node, topic: str, notes: Notes) -> AnyQuestion | None:
    spot = Spot("", node.line, node.column)
    kind = _kind(node, notes)
    if kind is None:
        return None
    before = len(notes.mistakes)
    values = question_fields.question(kind).read(node, spot, notes)
    if values is None or len(notes.mistakes) > before:
        return None
    del values["kind"]
    question = question_fields.RECORDS[kind](topic=topic, **values)
    note_rules(question, notes)
    return question  # type: ignore[return-value]


def _kind(node: Node, notes: Notes) -> str | None:
    """The kind of a question. Where it is wrong, the keys that all kinds share are still looked at."""
    if not isinstance(node, Mapping):
        notes.report(
            node.line,
            node.column,
            tr("a question is a mapping that begins with `- id:`", "每道题应为以 `- id:` 开头的映射"),
        )
        return None
    for key, value in node.entries:
        if isinstance(key, Scalar) and key.text == "kind":
            if isinstance(value, Scalar) and value.text in KINDS:
                return value.text
            break
    shared = [
        e
        for e in node.entries
        if isinstance(e[0], Scalar) and (e[0].text in question_fields.COMMON or _stray(e[0]))
    ]
    Record(question_fields.COMMON).read(
        Mapping(shared, node.line, node.column), Spot("", node.line, node.column), notes
    )
    return None


def _stray(key: Scalar) -> bool:
    """Whether no kind of question has this key."""
    return not any(key.text in own for own in question_fields.OWN.values())

"""One bank: from the bytes of a YAML file to its records, with every mistake in it."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from msgspec import Struct

from quizcli.bank import fields
from quizcli.bank.cloze import blanks
from quizcli.bank.compound import Record
from quizcli.bank.entries import named
from quizcli.bank.files import MAX_BYTES
from quizcli.bank.mistake import Mistake
from quizcli.bank.notes import EnoughError, Notes, Places, Spot, place_of
from quizcli.bank.shapes import KEBAB
from quizcli.bank.tree import Listing, Mapping, Node, Scalar, parse
from quizcli.bank.types import KINDS, AnyQuestion, Bank, Choice, Cloze, Number, Order, Predict, Question
from quizcli.text import LANGS, Text, tr

_END = (MAX_BYTES, 0)  # a place behind every place
_TOP = (*fields.BANK, "questions")
_ID_LINE = re.compile(r"[ ]*(?:- +)?id: *([a-z0-9-]{1,80}) *(?:#|$)")


class Reading(Struct, frozen=True):
    """What a file gave. `bank` holds its healthy questions; None where not even topic and title can be read.

    `places` has the line and column of every question, broken ones too, under its id, of every field
    under "id.field".
    """

    bank: Bank | None
    mistakes: tuple[Mistake, ...]
    places: Places


def read(data: bytes, path: str) -> Reading:
    """Read a bank. Never raises on any bytes: what is wrong is in the mistakes."""
    notes = Notes(path)
    bank = None
    try:
        source = _decoded(data, notes)
        if source is not None:
            root = parse(source, lambda *mistake: _near(notes, source, *mistake))
            if root is not None or not notes.mistakes:
                bank = _bank(root, notes)
            else:
                _ids(source, notes)
    except EnoughError:
        pass  # noted; what was read so far would be a torso
    return Reading(bank, tuple(sorted(notes.mistakes)), notes.places)


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


def _ids(source: str, notes: Notes) -> None:
    """Where YAML gives up, at least the ids are known, so that links to them are not called wrong."""
    for number, line in enumerate(source.split("\n"), 1):
        if found := _ID_LINE.match(line):
            notes.places[found[1]] = (number, found.start(1) + 1)


def _near(notes: Notes, source: str, line: int, column: int, message: str) -> None:
    """Note a mistake of the YAML itself under the last id that stands above it."""
    above = source.split("\n", line)[:line]
    found = next((found for text in reversed(above) if (found := _ID_LINE.match(text))), None)
    notes.question = found[1] if found else ""
    notes.report(line, column, message)
    notes.question = ""


def _bank(root: Node | None, notes: Notes) -> Bank | None:
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
    top = named(root, spot, notes, _TOP)
    if "languages" in top:
        key, node = top["languages"]
        shape = fields.BANK["languages"].shape
        notes.languages = shape.read(node, Spot("languages", key.line, key.column), notes) or notes.languages
    header = [top[name] for name in fields.BANK if name in top and name != "languages"]
    values = Record(fields.BANK).read(Mapping([*header], root.line, root.column), spot, notes)
    if "questions" not in top:
        notes.wrong(Spot("questions", root.line, root.column), tr("is missing", "缺失"))
        return None
    questions = _questions(*top["questions"], notes, (values or {}).get("topic", ""))
    if values is None:
        return None
    return Bank(questions=questions, path=notes.path, languages=notes.languages, **values)


def _questions(key: Scalar, node: Node, notes: Notes, topic: str) -> tuple[AnyQuestion, ...]:
    """The healthy questions."""
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
        broken = any(start <= (mistake.line, mistake.column) < end for mistake in notes.mistakes)
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
    values = fields.question(kind).read(node, spot, notes)
    if values is None or len(notes.mistakes) > before:
        return None
    del values["kind"]
    question = fields.RECORDS[kind](topic=topic, **values)
    for name, message in _rules(question):
        notes.wrong(Spot(name, *place_of(notes.places, question.id, name)), message)
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
        e for e in node.entries if isinstance(e[0], Scalar) and (e[0].text in fields.COMMON or _stray(e[0]))
    ]
    Record(fields.COMMON).read(
        Mapping(shared, node.line, node.column), Spot("", node.line, node.column), notes
    )
    return None


def _stray(key: Scalar) -> bool:
    """Whether no kind of question has this key."""
    return not any(key.text in own for own in fields.OWN.values())


def _rules(question: Question) -> list[tuple[str, str]]:
    """What no single field can know: the name of a field and what is wrong with it."""
    if isinstance(question, Choice):
        return _choice_rules(question)
    if isinstance(question, Cloze):
        return _cloze_rules(question)
    if isinstance(question, Order):
        return _twins("items.{}", question.items) + _exchange_rules(question)
    if isinstance(question, Predict):
        return _predict_rules(question)
    if isinstance(question, Number) and question.tolerance == 0 and not question.value.is_integer():
        return [
            ("tolerance", tr("must be above 0 where 'value' is not whole", "'value' 不是整数时必须大于 0"))
        ]
    return []


def _exchange_rules(question: Order) -> list[tuple[str, str]]:
    """Only neighbours change places, and each item belongs to one group."""
    wrong: list[tuple[str, str]] = []
    met: set[int] = set()
    for number, group in enumerate(question.any_order, 1):
        message = ""
        if max(group) > len(question.items):
            message = tr(f"has no item {max(group)}", f"没有第 {max(group)} 项")
        elif max(group) - min(group) + 1 != len(group):
            message = tr("must be of items next to each other", "只能是相邻的几项")
        elif met & set(group):
            message = tr("has an item of another group", "含有另一组中的项")
        if message:
            wrong.append((f"any_order.{number}", message))
        met |= set(group)
    return wrong


def _choice_rules(question: Choice) -> list[tuple[str, str]]:
    wrong: list[tuple[str, str]] = []
    right = sum(option.correct for option in question.choices)
    if right == 0:
        wrong.append(("choices", tr("has no choice with `correct: true`", "没有标 `correct: true` 的选项")))
    if right == len(question.choices):
        wrong.append(("choices", tr("has no wrong choice", "没有错误选项")))
    for number, option in enumerate(question.choices, 1):
        if not option.correct and option.why is None:
            wrong.append(
                (
                    f"choices.{number}.why",
                    tr("is missing: say why this choice is wrong", "缺失：请说明这个选项错在哪里"),
                )
            )
    return wrong + _twins("choices.{}.text", [option.text for option in question.choices])


def _predict_rules(question: Predict) -> list[tuple[str, str]]:
    wrong: list[tuple[str, str]] = []
    given = {
        "tolerance": question.tolerance is not None,
        "factor": question.factor is not None,
        "outcomes": bool(question.outcomes),
        "items": bool(question.items),
    }
    if sum(given.values()) != 1:
        forms = ", ".join(given)
        wrong.append(
            ("kind", tr(f"predict takes exactly one of {forms}", f"predict 须且只须有 {forms} 之一"))
        )
    if not question.items and not question.claim:
        wrong.append(("claim", tr("is missing", "缺失")))
    if question.items and question.claim:
        wrong.append(
            ("claim", tr("does not go with items, which have their own", "与 items 冲突：每一项已各有 claim"))
        )
    claims = question.claims
    wrong += [
        (f"items.{number}.claim", tr("is the claim of another item too", "与另一项的 claim 相同"))
        for number, claim in enumerate(claims, 1)
        if claim in claims[: number - 1]
    ]
    wrong += _border_rules([outcome.below for outcome in question.outcomes])
    wrong += _twins("outcomes.{}.text", [outcome.text for outcome in question.outcomes])
    return wrong + _twins("items.{}.text", [item.text for item in question.items])


def _border_rules(borders: Sequence[float | None]) -> list[tuple[str, str]]:
    """Every outcome ends where the next one begins, so that there are neither gaps nor overlaps."""
    wrong: list[tuple[str, str]] = []
    before = -math.inf
    for number, below in enumerate(borders, 1):
        message = ""
        if number == len(borders):
            if below is not None:
                message = tr("is left out in the last outcome, which has no end", "最后一项没有上界，应省略")
        elif below is None:
            message = tr("is missing: only the last outcome has no end", "缺失：只有最后一项没有上界")
        elif below <= before:
            message = tr("must be above that of the outcome before", "必须大于前一项的 below")
        else:
            before = below
        if message:
            wrong.append((f"outcomes.{number}.below", message))
    return wrong


def _twins(name: str, texts: Sequence[Text]) -> list[tuple[str, str]]:
    """The texts that read like an earlier one in a language, so that nobody can tell them apart."""
    message = tr("reads like another one in this list", "与列表中的另一项内容相同")
    first = {
        (lang, text[lang]): number for number, text in reversed([*enumerate(texts, 1)]) for lang in LANGS
    }
    return [
        (name.format(number), message)
        for number, text in enumerate(texts, 1)
        if any(first[lang, text[lang]] < number for lang in LANGS)
    ]


def _cloze_rules(question: Cloze) -> list[tuple[str, str]]:
    wrong: list[tuple[str, str]] = []
    for lang in LANGS:
        text = question.text[lang]
        found = blanks(text)
        if not found:
            wrong.append(
                (
                    f"text.{lang}",
                    tr("hides nothing: write {{c1::the answer}}", "没有挖空，请写成 {{c1::答案}}"),
                )
            )
        elif text.count("{{c") != len(found):
            wrong.append(
                (f"text.{lang}", tr("has a blank that is never closed with `}}`", "有未以 `}}` 闭合的挖空"))
            )
        elif not all(blank.answer for blank in found):
            wrong.append((f"text.{lang}", tr("has an empty blank", "有空的挖空")))
    if question.text.en == question.text.zh:  # one text for both: say it once
        wrong = [("text", message) for _, message in wrong[:1]]
    en, zh = ({blank.group for blank in blanks(question.text[lang])} for lang in LANGS)
    if not wrong and en != zh:
        wrong.append(("text", tr("hides other blanks in Chinese than in English", "中英文的挖空编号不一致")))
    strangers = sorted(question.accept.keys() - en - zh)
    return wrong + [
        (f"accept.{group}", tr("is no blank of this text", "文中没有这个空")) for group in strangers
    ]

"""What no single field of a question can know: whether its fields go together."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from quizcli.bank.cloze import blanks
from quizcli.bank.reading.reading_log import Notes, Spot, place_of
from quizcli.bank.types import Choice, Cloze, Number, Order, Predict, Question
from quizcli.text import LANGS, Text, tr

_DIGITS_WANTED = re.compile(r"\b(?:decimals?|digits?)\b|小数|有效数字", re.IGNORECASE)


def note_rules(question: Question, notes: Notes) -> None:
    """Write down what is wrong between the fields of a question, each at its place."""
    for name, message in broken_rules(question):
        notes.wrong(Spot(name, *place_of(notes.places, question.id, name)), message)


def broken_rules(question: Question) -> list[tuple[str, str]]:
    """The name of a field and what is wrong with it, for each rule that the question breaks."""
    if isinstance(question, Choice):
        return _choice_rules(question)
    if isinstance(question, Cloze):
        return _cloze_rules(question)
    if isinstance(question, Order):
        return _twins("items.{}", question.items) + _exchange_rules(question)
    if isinstance(question, Predict):
        return _predict_rules(question)
    if isinstance(question, Number):
        return _number_rules(question)
    return []


def _number_rules(question: Number) -> list[tuple[str, str]]:
    """What is not whole is not exact; and whoever rounds to two digits, or to a whole number, is right."""
    if question.tolerance == 0:
        message = tr("must be above 0 where 'value' is not whole", "'value' 不是整数时必须大于 0")
        return [] if question.value.is_integer() else [("tolerance", message)]
    if float(f"{question.value:.3g}") == question.value:
        return []  # three digits are typed as they are
    rounded = float(f"{question.value:.2g}") if abs(question.value) < 100 else float(round(question.value))
    off = min(abs(rounded - each) for each in (question.value, *question.accept))
    if off <= question.tolerance or _DIGITS_WANTED.search(f"{question.ask.en} {question.ask.zh}"):
        return []
    return [
        (
            "tolerance",
            tr(
                f"refuses {rounded:g}, the value rounded: raise it, or say how many digits are wanted",
                f"会把四舍五入后的 {rounded:g} 判错：请调大，或在题目中说明要几位小数",
            ),
        )
    ]


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

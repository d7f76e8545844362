"""The strict check of content: what is well written YAML and still not fit to be shown to a person.

Pure functions over banks that have been read. What lies outside of banks (demonstrations, the drawing of
formulas) is handed in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain, islice
from typing import Any, Protocol

from msgspec import Struct
from msgspec.structs import replace

from quizcli.bank.checking.figure_rules import figure_faults
from quizcli.bank.checking.unshowable import plain_only, unshowable_markdown
from quizcli.bank.cloze import filled
from quizcli.bank.diagnostic import Mistake, shown
from quizcli.bank.figures import link_of
from quizcli.bank.markdown import formulas, spans
from quizcli.bank.measured_record import MeasuredRun, RunKey
from quizcli.bank.needs import mistaken, never_begun, seen_first
from quizcli.bank.reading.reading_log import MAX_MISTAKES, Places, place_of
from quizcli.bank.reading.torn_question import Torn
from quizcli.bank.types import AnyQuestion, Bank, Choice, Cloze, Code, DemoLink, Number, Order, Predict
from quizcli.did_you_mean import nearest_known
from quizcli.errors import QuizError
from quizcli.text import LANGS, Lang, Text, tr

MIN_CHOICES = 6  # fewer choice questions show no habit
_MIN_WORDS = 4  # up to three words may be names: "Batch Normalization", "Adam"

ContentFinding = tuple[str, str, str]  # question id, field, message


class Named(Protocol):
    """A setting of a demonstration."""

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def default(self) -> object: ...  # noqa: D102


class AnswerInfo(Protocol):
    """What a bank wants to know of a demonstration."""

    @property
    def parameters(self) -> Sequence[Named]: ...  # noqa: D102

    @property
    def claims(self) -> Sequence[str]: ...  # noqa: D102


class Outside(Struct, frozen=True):
    """What banks point at: the demonstrations of their pack by name, and who judges settings and formulas.

    `check_settings` raises QuizError; `unshowable` gives the reason why a formula cannot be shown, or None;
    `broken_links` gives the fields of a code question that point nowhere, each with what is wrong.
    """

    answers: Mapping[str, AnswerInfo]
    check_settings: Callable[[Any, Mapping[str, object]], object]
    unshowable: Callable[[str], str | None]
    broken_links: Callable[[Code], Iterable[tuple[str, str]]] = lambda question: ()
    broken: frozenset[str] = frozenset()  # demonstrations that cannot be read: no link to them is judged
    record: Mapping[RunKey, MeasuredRun] = {}  # what demonstrations measured
    code: Callable[[str], str] = lambda run: ""  # digests the code of a demonstration
    mistakes: tuple[Mistake, ...] = ()  # what is wrong with the pack's code, as far as it shows unrun


def check(
    banks: Sequence[Bank],
    places: Mapping[str, Places],
    outside: Outside,
    torn: Mapping[str, Sequence[Torn]] | None = None,
) -> list[Mistake]:
    """Every fault of the banks of one pack, at its place; `torn` are their questions with mistakes of form.

    `places` is by the path of the bank, banks that cannot be read included: their ids may be linked to.
    """
    ids = {name for known in places.values() for name in known if "." not in name}
    twins = _twins(banks)
    needed = seen_first(question for bank in banks for question in bank.questions)
    rounds = never_begun(banks, needed)
    topics = {bank.topic for bank in banks}
    mistakes: list[Mistake] = []
    for bank in banks:
        where = places.get(bank.path, {})
        found = chain(
            _bank(bank, ids, twins, outside), mistaken(bank, needed, ids, topics), _round(bank, rounds)
        )
        for question, field, message in islice(found, MAX_MISTAKES):
            named = f"{shown(field)} {message}" if field else message
            mistakes.append(Mistake(bank.path, *place_of(where, question, field), question, named))
    for path, pieces in (torn or {}).items():
        where = places.get(path, {})
        for piece in pieces:
            for question, field, message in islice(_torn(piece, ids, outside), MAX_MISTAKES):
                told = f"{shown(field)} {message}"
                mistakes.append(Mistake(path, *place_of(where, question, field), question, told))
    return sorted(mistakes)


def _torn(piece: Torn, ids: set[str], outside: Outside) -> Iterator[ContentFinding]:
    """What is wrong with the fields of a question that can be read."""
    question = piece.question
    found: Iterator[ContentFinding] = chain(
        _written(question, outside.unshowable),
        _follow(question, ids),
        ((question.id, *fault) for fault in (_demo(question.demo, outside) if question.demo else ())),
    )
    return (finding for finding in found if finding[1].partition(".")[0] in piece.sound)


def _bank(bank: Bank, ids: set[str], twins: Mapping[str, str], outside: Outside) -> Iterator[ContentFinding]:
    yield from longest_is_right(bank)
    for question in bank.questions:
        yield from _languages(bank, question)
        yield from _written(question, outside.unshowable)
        yield from _follow(question, ids)
        if question.demo is not None:
            yield from ((question.id, *fault) for fault in _demo(question.demo, outside))
        if isinstance(question, Predict):
            yield from ((question.id, *fault) for fault in _predicted(question, outside))
        if isinstance(question, Code):
            yield from ((question.id, *fault) for fault in outside.broken_links(question))
        yield from (
            (question.id, *fault)
            for fault in figure_faults(
                question, texts(question), outside.record, outside.code, partial(_sizes, outside)
            )
        )
        for name, figure in question.measured.items():
            if (link := link_of(question, figure)) is not None:
                named = replace(link, claims=(figure.claim,))
                yield from ((question.id, f"measured.{name}", told) for _, told in _demo(named, outside))
        if question.id in twins:
            twin = twins[question.id]
            yield question.id, "ask", tr(f"is the same question as {twin}", f"与 {twin} 是同一道题")


def _round(bank: Bank, rounds: Mapping[str, str]) -> Iterator[ContentFinding]:
    if bank.after and bank.topic in rounds:
        way = rounds[bank.topic]
        yield "", "after", tr(f"goes round in a circle: {way}", f"形成循环：{way}")


def _sizes(outside: Outside, link: DemoLink) -> Iterator[object]:
    """The settings that a demonstration runs with."""
    answer = outside.answers.get(link.run)
    for parameter in answer.parameters if answer is not None else ():
        yield link.set.get(parameter.name, parameter.default)


def texts(question: AnyQuestion) -> Iterator[tuple[str, Text]]:
    """Every text of a question with the name of its field: "ask", "points.2", "choices.1.why"."""
    yield "ask", question.ask
    optional = [("answer", question.answer), ("hint", question.hint)]
    lists = [("points", question.points), ("pitfalls", question.pitfalls)]
    if isinstance(question, Choice):
        for number, option in enumerate(question.choices, 1):
            optional += [(f"choices.{number}.text", option.text), (f"choices.{number}.why", option.why)]
    elif isinstance(question, Cloze):
        optional.append(("text", question.text))
    elif isinstance(question, Number):
        optional.append(("unit", question.unit))
    elif isinstance(question, Order):
        lists.append(("items", question.items))
    elif isinstance(question, Predict):
        optional.append(("unit", question.unit))
        for number, outcome in enumerate(question.outcomes, 1):
            optional += [(f"outcomes.{number}.text", outcome.text), (f"outcomes.{number}.why", outcome.why)]
        optional += [(f"items.{number}.text", item.text) for number, item in enumerate(question.items, 1)]
    yield from ((name, text) for name, text in optional if text is not None)
    for name, listed in lists:
        yield from ((f"{name}.{number}", text) for number, text in enumerate(listed, 1))


def _renderings(question: AnyQuestion) -> Iterator[tuple[str, str]]:
    """Every string of a question with its field; a text that is the same in both languages comes once."""
    for name, text in texts(question):
        if text.en == text.zh:
            yield name, text.en
        else:
            yield from ((f"{name}.{lang}", text[lang]) for lang in LANGS)


_HAN = re.compile(r"[\u3400-\u9fff]")
_WORD = re.compile(r"[^\W\d_]{2,}")


def _languages(bank: Bank, question: AnyQuestion) -> Iterator[ContentFinding]:
    """English without Chinese characters, and Chinese with some, wherever there is prose."""
    for name, text in texts(question):
        prose = {lang: " ".join(s.text for s in spans(text[lang]) if s.sort == "prose") for lang in LANGS}
        if "zh" in bank.languages and not _HAN.search(prose["zh"]) and _words(prose["zh"]) >= _MIN_WORDS:
            yield question.id, _in(name, "zh", text), tr("holds no Chinese", "没有中文内容")
        if "en" in bank.languages and _HAN.search(prose["en"]):
            yield question.id, _in(name, "en", text), tr("holds Chinese characters", "英文文本中含有汉字")


def _words(prose: str) -> int:
    return len(_WORD.findall(prose))


def _in(name: str, lang: Lang, text: Text) -> str:
    return name if text.en == text.zh else f"{name}.{lang}"


def _written(question: AnyQuestion, unshowable: Callable[[str], str | None]) -> Iterator[ContentFinding]:
    """Markdown and formulas that a card cannot show; of a cloze text, with its blanks filled in."""
    for field, written in _renderings(question):
        if field.partition(".")[0] == "unit":
            yield from ((question.id, field, message) for message in plain_only(written))
            continue
        if field.startswith("text"):
            written = filled(written)
        for message in unshowable_markdown(written):
            yield question.id, field, message
        for latex in formulas(written):
            if reason := unshowable(latex):
                reason = " ".join(reason.split())
                yield (
                    question.id,
                    field,
                    tr(
                        f"has a formula that cannot be shown: {shown(latex)}: {reason}",
                        f"含有无法显示的公式 {shown(latex)}：{reason}",
                    ),
                )


def _follow(question: AnyQuestion, ids: set[str]) -> Iterator[ContentFinding]:
    for number, follow in enumerate(question.follow, 1):
        if follow == question.id:
            yield question.id, f"follow.{number}", tr("is the question itself", "指向了题目自身")
        elif follow not in ids:
            near = nearest_known(follow, ids)
            message = tr(f"names an unknown question {follow!r}", f"指向未知的题目 {follow!r}")
            yield question.id, f"follow.{number}", message + near


def _demo(link: DemoLink, outside: Outside) -> Iterator[tuple[str, str]]:
    answer = outside.answers.get(link.run)
    if link.run in outside.broken:
        return
    if answer is None:
        message = tr(f"names an unknown demonstration {link.run!r}", f"指向未知的演示 {link.run!r}")
        yield "demo.run", message + nearest_known(link.run, outside.answers)
        return
    settings = [parameter.name for parameter in answer.parameters]
    for name, value in link.set.items():
        field = f"demo.set.{name}"
        if name not in settings:
            yield (
                field,
                tr(f"is no setting of {link.run}", f"不是 {link.run} 的参数") + nearest_known(name, settings),
            )
            continue
        try:
            outside.check_settings(answer, {name: value})
        except QuizError as error:
            yield field, tr(f"does not fit: {error.message}", f"取值不符：{error.message}")
    for number, claim in enumerate(link.claims, 1):
        if claim not in answer.claims:
            message = tr(f"names an unknown claim {claim!r}", f"指向未知的结论 {claim!r}")
            yield f"demo.claims.{number}", message + nearest_known(claim, answer.claims)


def _predicted(question: Predict, outside: Outside) -> Iterator[tuple[str, str]]:
    """Claims to predict that its demonstration does not know."""
    answer = outside.answers.get(question.demo.run) if question.demo is not None else None
    for number, claim in enumerate(question.claims, 1):
        if answer is not None and claim not in answer.claims:
            field = f"items.{number}.claim" if question.items else "claim"
            message = tr(f"names an unknown claim {claim!r}", f"指向未知的结论 {claim!r}")
            yield field, message + nearest_known(claim, answer.claims)


def _twins(banks: Iterable[Bank]) -> dict[str, str]:
    """Each question that shows the same card front as an earlier one, and that one."""
    first: dict[tuple[str, ...], str] = {}
    twins: dict[str, str] = {}
    for bank in banks:
        for question in bank.questions:
            owner = first.setdefault(_front(question), question.id)
            if owner != question.id:
                twins[question.id] = owner
    return twins


def _front(question: AnyQuestion) -> tuple[str, ...]:
    """What a person sees before answering, without capitals and white space."""
    seen = [question.ask]
    if isinstance(question, Choice):
        seen += sorted((option.text for option in question.choices), key=lambda text: text.en)
    elif isinstance(question, Cloze):
        seen.append(question.text)
    elif isinstance(question, Order):
        seen += sorted(question.items, key=lambda text: text.en)
    elif isinstance(question, Predict):
        seen += [outcome.text for outcome in question.outcomes]
        seen += sorted((item.text for item in question.items), key=lambda text: text.en)
    return tuple("".join(text.en.casefold().split()) for text in seen)


def longest_is_right(bank: Bank) -> Iterator[ContentFinding]:
    """Whether "take the longest" passes more than half of the choice questions of a bank."""
    choices = [question for question in bank.questions if isinstance(question, Choice)]
    if len(choices) < MIN_CHOICES:
        return
    for lang in bank.languages:
        given_away = [question for question in choices if _longest_is_right(question, lang)]
        if 2 * len(given_away) > len(choices):
            share = f"{len(given_away)}/{len(choices)}"
            yield (
                given_away[0].id,
                "choices",
                tr(
                    f"is one of {share} whose longest choice is the right one ({lang}); vary the lengths",
                    f"是 {share} 道“最长选项即正确”的题目之一 ({lang})，请调整选项长短",
                ),
            )


def _longest_is_right(question: Choice, lang: Lang) -> bool:
    """Whether one choice is longer than all others, and right."""
    by_length = sorted(question.choices, key=lambda option: len(option.text[lang]))
    longest, second = by_length[-1], by_length[-2]
    return longest.correct and len(longest.text[lang]) > len(second.text[lang])

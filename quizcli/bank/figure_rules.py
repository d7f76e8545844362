"""What is wrong with the measured numbers of a question: unknown, unused, unrecorded, stale, or typed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from quizcli.bank.figures import link_of, names_in
from quizcli.bank.markdown import spans
from quizcli.bank.mistake import did_you_mean, shown
from quizcli.bank.recorded import FEWEST_SEEDS, Entry, Key, key
from quizcli.bank.types import AnyQuestion, DemoLink, Predict
from quizcli.text import LANGS, Text, tr

_FILLED = re.compile(r"(answer|points\.\d+|pitfalls\.\d+|(choices|outcomes)\.\d+\.why)")
_NUMBER = re.compile(r"(?<![\w.,{])(\d[\d,]*(?:\.\d+)?)( ?%)?(?![\w}])")
_SEEDS = re.compile(r"\bseeds? \d|\d seeds\b|种子 ?\d|\d ?个(?:随机)?种子")

Fault = tuple[str, str]  # field, message


def figure_faults(
    question: AnyQuestion,
    texts: Iterable[tuple[str, Text]],
    record: Mapping[Key, Entry],
    code: Callable[[str], str],
) -> Iterator[Fault]:
    """`texts` are all texts of the question with their fields; `code` digests the code of a demonstration."""
    listed = list(texts)
    for name, figure in question.measured.items():
        link = link_of(question, figure)
        if link is None:
            yield f"measured.{name}", tr("has no demonstration: name one with run", "缺少演示：请用 run 指定")
        else:
            yield from _recorded(name, link, figure.claim, record, code)
    yield from _references(question, listed)
    yield from _typed(question, listed, record)


def _recorded(
    name: str, link: DemoLink, claim: str, record: Mapping[Key, Entry], code: Callable[[str], str]
) -> Iterator[Fault]:
    entry = record.get(key(link.run, link.set))
    cure = tr("run `quizcli bank measure`", "请运行 `quizcli bank measure`")
    if entry is None or claim not in entry.claims:
        yield f"measured.{name}", tr(f"is not recorded: {cure}", f"没有记录：{cure}")
    elif entry.code != code(link.run):
        told = tr(
            f"is stale: the code of {link.run} has changed since; {cure}",
            f"已过期：{link.run} 的代码有改动；{cure}",
        )
        yield f"measured.{name}", told
    elif entry.seeds < FEWEST_SEEDS:
        told = tr(
            f"is of {entry.seeds} seeds, fewer than {FEWEST_SEEDS}; {cure}",
            f"只用了 {entry.seeds} 个种子，少于 {FEWEST_SEEDS} 个；{cure}",
        )
        yield f"measured.{name}", told


def _references(question: AnyQuestion, texts: list[tuple[str, Text]]) -> Iterator[Fault]:
    """Every number is quoted in both languages, and every quotation has a number."""
    if not question.measured:
        return
    quoted: dict[str, set[str]] = {lang: set() for lang in LANGS}
    for field, text in texts:
        for lang in LANGS:
            for name in names_in(text[lang]):
                if name not in question.measured:
                    near = did_you_mean(name, question.measured)
                    told = tr(f"refers to {{{name}}}, which is not measured", f"引用了未定义的 {{{name}}}")
                    yield f"{field}.{lang}", told + near
                elif not _FILLED.fullmatch(field):
                    yield (
                        f"{field}.{lang}",
                        tr("quotes a measured number: only answers can", "此处不能引用实测数字"),
                    )
                quoted[lang].add(name)
    for name in question.measured:
        for lang in LANGS:
            if name not in quoted[lang]:
                yield f"measured.{name}", tr(f"is quoted nowhere ({lang})", f"没有被引用（{lang}）")


def _typed(
    question: AnyQuestion, texts: list[tuple[str, Text]], record: Mapping[Key, Entry]
) -> Iterator[Fault]:
    """Numbers in the prose that are what a demonstration measured, and talk of seeds beside them."""
    values = dict(_measured(question, record))
    for field, text in texts:
        if not _FILLED.fullmatch(field):
            continue
        for lang in LANGS:
            prose = " ".join(span.text for span in spans(text[lang]) if span.sort == "prose")
            for digits, percent in _NUMBER.findall(prose):
                for claim in (c for c, seen in values.items() if _is_one_of(digits, bool(percent), seen)):
                    told = tr(
                        f"has {shown(digits)} typed, which is what {claim} measured: quote it with measured",
                        f"直接写了 {shown(digits)}，而这是 {claim} 的实测值：请用 measured 引用",
                    )
                    yield f"{field}.{lang}", told
            if isinstance(question, Predict) and _SEEDS.search(prose):
                told = tr(
                    "says which seeds were run: quote the numbers with measured",
                    "写明了种子：请用 measured 引用数字",
                )
                yield f"{field}.{lang}", told


def _measured(question: AnyQuestion, record: Mapping[Key, Entry]) -> Iterator[tuple[str, tuple[float, ...]]]:
    """The recorded values of all claims of the question that hang on the seed."""
    links = [
        (link, figure.claim) for figure in question.measured.values() if (link := link_of(question, figure))
    ]
    if question.demo is not None:
        claims = (*question.demo.claims, *(question.claims if isinstance(question, Predict) else ()))
        links += [(question.demo, claim) for claim in claims]
    for link, claim in links:
        entry = record.get(key(link.run, link.set))
        values = entry.claims.get(claim, ()) if entry is not None else ()
        if values and max(values) - min(values) > 1e-3 * max(map(abs, values)):
            yield claim, values


def _is_one_of(digits: str, percent: bool, values: tuple[float, ...]) -> bool:
    """Whether a typed number of two digits or more is an end, the middle or the first of the values."""
    plain = digits.replace(",", "")
    if len(plain.replace(".", "").strip("0")) < 2:
        return False
    decimals = len(plain.partition(".")[2])
    scale = 100.0 if percent else 1.0
    ordered = sorted(values)
    ends = (ordered[0], ordered[-1], ordered[len(values) // 2], values[0])
    return any(f"{value * scale:.{decimals}f}" == plain for value in ends)

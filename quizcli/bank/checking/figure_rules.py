"""What is wrong with the measured numbers of a question: unknown, unused, unrecorded, stale, or typed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from quizcli.bank.checking.typed_numbers import MeasuredRange, lies_in, typed
from quizcli.bank.diagnostic import shown
from quizcli.bank.figures import link_of, names_in
from quizcli.bank.markdown import spans
from quizcli.bank.measured_record import FEWEST_SEEDS, MeasuredRun, RunKey, key
from quizcli.bank.types import AnyQuestion, DemoLink, Figure, Number, Predict
from quizcli.did_you_mean import nearest_known
from quizcli.text import LANGS, Text, tr

_QUOTING = re.compile(
    r"ask|hint|answer|(points|pitfalls|items)\.\d+|(choices|outcomes)\.\d+\.(text|why)|items\.\d+\.text"
)
_LATER = re.compile(r"answer|(points|pitfalls)\.\d+|(choices|outcomes)\.\d+\.why")  # shown with the answer
_SEEDS = re.compile(r"\bseeds? \d|\d seeds\b|种子 ?\d|\d ?个(?:随机)?种子")

Fault = tuple[str, str]  # field, message


def figure_faults(
    question: AnyQuestion,
    texts: Iterable[tuple[str, Text]],
    record: Mapping[RunKey, MeasuredRun],
    code: Callable[[str], str],
    sizes: Callable[[DemoLink], Iterable[object]] = lambda link: (),
) -> Iterator[Fault]:
    """`texts` are all texts of the question with their fields; `code` digests the code of a demonstration.

    `sizes` are the settings that a demonstration runs with: not measured, wherever they stand.
    """
    listed = list(texts)
    for name, figure in question.measured.items():
        link = link_of(question, figure)
        if link is None:
            yield f"measured.{name}", tr("has no demonstration: name one with run", "缺少演示：请用 run 指定")
        else:
            yield from _recorded(name, link, figure.claim, record, code)
    yield from _references(question, listed)
    yield from _given_away(question, listed, record)
    yield from _typed(question, listed, record, sizes)
    yield from _seeds(question, listed)


def _recorded(
    name: str, link: DemoLink, claim: str, record: Mapping[RunKey, MeasuredRun], code: Callable[[str], str]
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
                    near = nearest_known(name, question.measured)
                    told = tr(f"refers to {{{name}}}, which is not measured", f"引用了未定义的 {{{name}}}")
                    yield f"{field}.{lang}", told + near
                elif not _QUOTING.fullmatch(field):
                    yield f"{field}.{lang}", tr("cannot quote a measured number", "此处不能引用实测数字")
                quoted[lang].add(name)
    for name in question.measured:
        for lang in LANGS:
            if name not in quoted[lang]:
                yield f"measured.{name}", tr(f"is quoted nowhere ({lang})", f"没有被引用（{lang}）")


def _given_away(
    question: AnyQuestion, texts: list[tuple[str, Text]], record: Mapping[RunKey, MeasuredRun]
) -> Iterator[Fault]:
    """Numbers that are asked for and stand in the question."""
    asked = {name for name, figure in question.measured.items() if _asks_for(question, figure, record)}
    for field, text in texts:
        for lang in LANGS:
            for name in asked.intersection(names_in(text[lang])) if not _LATER.fullmatch(field) else ():
                told = tr(f"gives away {{{name}}}, which is asked for", f"泄露了题目所问的 {{{name}}}")
                yield f"{field}.{lang}", told


def _asks_for(question: AnyQuestion, figure: Figure, record: Mapping[RunKey, MeasuredRun]) -> bool:
    link = link_of(question, figure)
    if link is None:
        return False
    if isinstance(question, Number):
        entry = record.get(key(link.run, link.set))
        values = entry.claims.get(figure.claim, ()) if entry is not None else ()
        return (
            bool(values)
            and min(values) - question.tolerance <= question.value <= max(values) + question.tolerance
        )
    if isinstance(question, Predict) and question.demo is not None:
        return figure.claim in question.claims and key(link.run, link.set) == key(
            question.demo.run, question.demo.set
        )
    return False


def _typed(
    question: AnyQuestion,
    texts: list[tuple[str, Text]],
    record: Mapping[RunKey, MeasuredRun],
    sizes: Callable[[DemoLink], Iterable[object]],
) -> Iterator[Fault]:
    """Numbers that lie where a demonstration measured: beside a quoted one anywhere, else outside of code.

    The borders of outcomes may be repeated by their texts.
    """
    figures = list(_of_figures(question, texts, record))
    claims = list(_of_claims(question, record))
    links = {key(link.run, link.set): link for link, _ in figures + claims}
    known = {size for link in links.values() for size in sizes(link) if isinstance(size, int | float)}
    borders = {o.below for o in question.outcomes} if isinstance(question, Predict) else set()
    for field, text in texts:
        border = borders if field.startswith("outcomes.") else ()
        for lang in LANGS:
            told: dict[tuple[str, str], None] = {}
            for span in spans(text[lang]):
                among = [*figures, *([] if span.sort in ("code", "fence") else claims)]
                for number in typed(span.text):
                    if number.value in border:
                        continue
                    found = (measured.what for _, measured in among if lies_in(number, measured, known))
                    if (what := next(found, None)) is not None:
                        told[number.text, what] = None
            for digits, what in told:
                yield (
                    f"{field}.{lang}",
                    tr(
                        f"has {shown(digits)} typed, which may be what {what} measured: quote it with "
                        "measured; what theory says is named with exact",
                        f"直接写了 {shown(digits)}，而这可能是 {what} 的实测值：请用 measured 引用；"
                        "若是理论值，请用 exact 注明",
                    ),
                )


def _of_figures(
    question: AnyQuestion, texts: list[tuple[str, Text]], record: Mapping[RunKey, MeasuredRun]
) -> Iterator[tuple[DemoLink, MeasuredRange]]:
    """What the question quotes, as far as it hangs on the seed: the others are exact."""
    everything = "\n".join(text[lang] for _, text in texts for lang in LANGS)
    for name, figure in question.measured.items():
        link = link_of(question, figure)
        values = _values(link, figure.claim, record)
        if link is None or not values:
            continue
        ends = [float(f"{end:.{figure.digits - 1}e}") for end in (values[0], values[-1])]  # as shown
        per_cent = not figure.percent and re.search(rf"\{{{name}\}} ?\\?%", everything) is not None
        low, high = min(values[0], *ends), max(values[-1], *ends)
        yield link, MeasuredRange(figure.claim, low, high, per_cent, figure.exact)


def _of_claims(
    question: AnyQuestion, record: Mapping[RunKey, MeasuredRun]
) -> Iterator[tuple[DemoLink, MeasuredRange]]:
    """What the demonstration of the question measured beside that."""
    if question.demo is None:
        return
    quoted = {
        (key(link.run, link.set), figure.claim)
        for figure in question.measured.values()
        if (link := link_of(question, figure)) is not None
    }
    for claim in (*question.demo.claims, *(question.claims if isinstance(question, Predict) else ())):
        values = _values(question.demo, claim, record)
        if values and (key(question.demo.run, question.demo.set), claim) not in quoted:
            yield question.demo, MeasuredRange(claim, values[0], values[-1], values[-1] > 1)


def _values(link: DemoLink | None, claim: str, record: Mapping[RunKey, MeasuredRun]) -> list[float]:
    """The values of a claim in order; none where they do not hang on the seed."""
    entry = record.get(key(link.run, link.set)) if link is not None else None
    values = sorted(entry.claims.get(claim, ())) if entry is not None else []
    return values if values and values[-1] - values[0] > 1e-3 * max(map(abs, values)) else []


def _seeds(question: AnyQuestion, texts: list[tuple[str, Text]]) -> Iterator[Fault]:
    """Talk of seeds where a record says them."""
    if not question.measured and not isinstance(question, Predict):
        return
    said = [(f"{field}.{lang}", text[lang]) for field, text in texts for lang in LANGS]
    said += [(f"source.{number}", line) for number, line in enumerate(question.source, 1)]
    for field, text in said:
        if _SEEDS.search(" ".join(span.text for span in spans(text) if span.sort == "prose")):
            told = tr(
                "says which seeds were run: quote the numbers with measured",
                "写明了种子：请用 measured 引用数字",
            )
            yield field, told

"""The Markdown of a bank: what a card can show of it, where its formulas are, and what it cannot show.

A card shows paragraphs, lists (`-`, `1.`), fences, `code`, **bold**, *italic*, $formulas$ and $$formulas$$.
Every pattern here takes linear time: texts may come from a stranger.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from quizcli.text import tr


class Span(Struct, frozen=True):
    """A stretch of text of one sort, without its marks. A fence keeps its first line (the language)."""

    sort: Literal["prose", "code", "fence", "maths", "display"]
    text: str


_INLINE = re.compile(
    r"""
    \\[$*`]  # the sign itself
  | \$\$(?P<display>(?:\\.|[^$\\])+)\$\$
  | \$(?P<maths>(?![\s$])(?:\\.|[^$\\])+(?<!\s))\$(?!\d)  # "from $5 to $6" is no formula
  | (?<!`)(?P<ticks>`{1,2})(?!`)(?P<code>.+?)(?<!`)(?P=ticks)(?!`)
    """,
    re.DOTALL | re.VERBOSE,
)
_FENCE = re.compile(r" {0,3}```\s*[\w+-]*\s*$")
_BLANK_MARKS = re.compile(r"\{\{c[0-9]{1,3}::|\}\}")
_SPAN = "\ufffc"  # stands for a formula or a piece of code while the prose around it is looked at


def spans(text: str) -> Iterator[Span]:
    """The text cut into its spans, in order. A fence that never closes reaches to the end."""
    prose: list[str] = []
    fence: list[str] | None = None
    for line in text.split("\n"):
        if _FENCE.match(line):
            if fence is None:
                yield from _inline("\n".join(prose))
                prose, fence = [], [line.strip().removeprefix("```")]
            else:
                yield Span("fence", "\n".join(fence))
                fence = None
        else:
            (prose if fence is None else fence).append(line)
    yield from [Span("fence", "\n".join(fence))] if fence is not None else _inline("\n".join(prose))


def _inline(text: str) -> Iterator[Span]:
    start = 0
    for found in _INLINE.finditer(text):
        if found.lastgroup is None:
            continue
        if found.start() > start:
            yield Span("prose", text[start : found.start()])
        sort: Literal["code", "maths", "display"] = found.lastgroup  # type: ignore[assignment]
        yield Span(sort, found[found.lastgroup])
        start = found.end()
    if start < len(text):
        yield Span("prose", text[start:])


def formulas(text: str) -> Iterator[str]:
    """The LaTeX of every formula."""
    return (span.text.strip() for span in spans(text) if span.sort in ("maths", "display"))


def reads_alike(text: str) -> bool:
    """Whether a text is the same in every language: numbers, signs, formulas and code, but no words."""
    prose = "".join(span.text for span in spans(text) if span.sort == "prose")
    return not any(character.isalpha() for character in _BLANK_MARKS.sub("", prose))


def unshowable_markdown(text: str) -> Iterator[str]:
    """What a card cannot show, each as the end of a sentence that begins with the name of the field."""
    if sum(_FENCE.match(line) is not None for line in text.split("\n")) % 2:
        yield tr("has a ``` fence that is never closed", "有未闭合的 ``` 代码块")
    prose = "".join(span.text if span.sort == "prose" else _SPAN for span in spans(text))
    lines = prose.split("\n")
    if any(_is_table(line) for line in lines):
        yield tr("holds a table; a card shows lists", "含有表格，卡片只能显示列表")
    for pattern, (en, zh) in _LINE_RULES:
        if any(pattern.match(line) for line in lines):
            yield tr(en, zh)
    for pattern, (en, zh) in _PROSE_RULES:
        if pattern.search(prose):
            yield tr(en, zh)
    if prose.count("**") % 2:
        yield tr("has an unpaired `**`", "`**` 不成对")


def _is_table(line: str) -> bool:
    return "|" in line and "---" in line and set(line) <= set("|:- \t")


_LINE_RULES = (
    (re.compile(r" {0,3}#{1,6}(?: |$)"), ("holds a heading; a card shows none", "含有标题，卡片不显示标题")),
    (
        re.compile(r" {0,3}(?:={3,}|-{3,}|\*{3,}|_{3,})[ \t]*$"),
        (
            "holds a rule or an underlined heading; a card shows neither",
            "含有分隔线或下划线式标题，卡片无法显示",
        ),
    ),
    (re.compile(r" {0,3}>"), ("holds a block quote; a card shows none", "含有引用块，卡片无法显示")),
    (
        re.compile(r"[ \t]*[*+] +\S"),
        ("has a list that does not begin with `-` or `1.`", "列表应以 `-` 或 `1.` 开头"),
    ),
    (
        re.compile(r" {0,3}\[[^\[\]]+\]:"),
        ("holds a link reference; a card shows bare text", "含有链接引用，卡片只显示纯文本"),
    ),
)
_PROSE_RULES = (
    (re.compile(r"!\[[^\[\]]*\]\("), ("holds a picture; a card shows none", "含有图片，卡片无法显示")),
    (
        re.compile(r"(?<!!)\[[^\[\]\n]*\]\("),
        (
            "holds a link; write the address as text, and code in backticks",
            "含有链接；请把地址写成文本，代码放进反引号",
        ),
    ),
    (
        re.compile(r"</?[A-Za-z][A-Za-z0-9-]*(?: +[A-Za-z-]+=[^<>]*)?/?>|<!--|&[a-z]{2,8};"),
        ("holds HTML; put code in backticks", "含有 HTML；代码请放进反引号"),
    ),
    (
        re.compile(r"(?<!\w)__?[^\W_][^_\n]*__?(?!\w)|~~"),
        (
            "is marked with `_` or `~~`; a card shows *italic* and **bold**",
            "使用了 `_` 或 `~~` 标记；卡片只支持 *斜体* 与 **粗体**",
        ),
    ),
    (
        re.compile(r"(?<!\\)\$"),
        (r"has an unpaired `$`; a dollar sign is written `\$`", r"`$` 不成对；美元符号请写成 `\$`"),
    ),
    (re.compile(r"(?<!\\)`"), ("has an unpaired backtick", "反引号不成对")),
)

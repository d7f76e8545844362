"""What a card cannot show of a Markdown text: ends of sentences that begin with the name of the field."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from quizcli.bank.markdown import Block, CodeBlock, Formula, Paragraph, blocks, is_plain
from quizcli.text import tr

_ATOM_SIGN = "\ufffc"  # stands for a formula, a piece of code or an escaped sign


def unshowable_markdown(text: str) -> Iterator[str]:
    """The faults of a text. What is told here would be printed with its marks."""
    found = blocks(text)
    if any(isinstance(block, CodeBlock) and not block.closed for block in found):
        yield tr("has a ``` fence that is never closed", "有未闭合的 ``` 代码块")
    paragraphs = [
        _prose(block, last) for last, block in pairwise([None, *found]) if isinstance(block, Paragraph)
    ]
    lines = [line for prose in paragraphs for line in prose.split("\n")]
    if any(_is_table(line) for line in lines):
        yield tr("holds a table; a card shows lists", "含有表格，卡片只能显示列表")
    for pattern, (en, zh) in _LINE_RULES:
        if any(pattern.match(line) for line in lines):
            yield tr(en, zh)
    for pattern, (en, zh) in _PROSE_RULES:
        if any(pattern.search(prose) for prose in paragraphs):
            yield tr(en, zh)
    yield from _dollars(paragraphs)


def _prose(paragraph: Paragraph, last: Block | None) -> str:
    """What is left of a paragraph when formulas and code are out; after a formula it goes on."""
    goes_on = isinstance(last, Formula) and not paragraph.mark.strip()
    spans = "".join(span.text if span.sort == "prose" else _ATOM_SIGN for span in paragraph.spans)
    return _ATOM_SIGN * goes_on + spans


def plain_only(text: str) -> Iterator[str]:
    """The fault of a text that is shown as it is, a unit: marks would be printed."""
    if not is_plain(text):
        yield tr("is shown as it is; write it without marks", "会原样显示；请不要使用任何标记")


def _dollars(paragraphs: list[str]) -> Iterator[str]:
    if any("$$" in prose for prose in paragraphs):
        yield tr(
            "has a `$$` formula with an empty line or a list item in it, or an unpaired `$$`",
            "`$$` 公式中有空行或列表项，或 `$$` 不成对",
        )
    elif any(_BLANKS_INSIDE.search(prose) for prose in paragraphs):
        yield tr(
            "has a formula with blanks inside its dollars, `$ x $`; write `$x$`",
            "公式的 `$` 内侧有空格（`$ x $`）；请写成 `$x$`",
        )
    elif any("$" in prose for prose in paragraphs):
        yield tr(r"has an unpaired `$`; a dollar sign is written `\$`", r"`$` 不成对；美元符号请写成 `\$`")


def _is_table(line: str) -> bool:
    return "|" in line and "---" in line and set(line) <= set("|:- \t")


_BLANKS_INSIDE = re.compile(r"\$(?:\s+[^\s$][^$]*|[^\s$0-9][^$]*\s)\$")
_LINE_RULES = (
    (re.compile(r"[ \t]*#{1,6}(?: |$)"), ("holds a heading; a card shows none", "含有标题，卡片不显示标题")),
    (
        re.compile(r"[ \t]*(?:={3,}|(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,})$"),
        (
            "holds a rule or an underlined heading; a card shows neither",
            "含有分隔线或下划线式标题，卡片无法显示",
        ),
    ),
    (re.compile(r"[ \t]*>"), ("holds a block quote; a card shows none", "含有引用块，卡片无法显示")),
    (
        re.compile(r"[ \t]*[-*+] +\S"),  # a `-` only where it follows the `-` of its item
        ("has a list that does not begin with `-` or `1.`", "列表应以 `-` 或 `1.` 开头"),
    ),
    (
        re.compile(r"[ \t]*\[[^\[\]]+\]:"),
        ("holds a link reference; a card shows bare text", "含有链接引用，卡片只显示纯文本"),
    ),
    (
        re.compile(r".*\\$"),
        ("ends a line with a backslash; a card begins no new line there", "行末有反斜杠；卡片不会在此换行"),
    ),
)
_PROSE_RULES = (
    (re.compile(r"!\[[^\[\]]*\]\("), ("holds a picture; a card shows none", "含有图片，卡片无法显示")),
    (
        re.compile(r"(?<!!)\[[^\[\]\n]*\]\(|<https?:"),
        (
            "holds a link; write the address as text, and code in backticks",
            "含有链接；请把地址写成文本，代码放进反引号",
        ),
    ),
    (
        re.compile(
            r"</?[A-Za-z][A-Za-z0-9-]*(?: +[A-Za-z-]+=[^<>]*)?/?>|<!--"
            r"|&(?:[A-Za-z][A-Za-z0-9]{1,20}|\#[0-9]{1,7}|\#[xX][0-9A-Fa-f]{1,6});"
        ),
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
        re.compile(r"\\(?:[()\[\]]|[A-Za-z])"),
        (
            "has LaTeX outside of dollars, or code outside of backticks",
            "`$` 之外有 LaTeX，或反引号之外有代码",
        ),
    ),
    (re.compile(r"`"), ("has an unpaired backtick", "反引号不成对")),
    (re.compile(r"\*\*"), ("has an unpaired `**`", "`**` 不成对")),
    (
        re.compile(r"(?<![A-Za-z0-9*])\*(?=[^\W_])"),
        (r"has an unpaired `*`; a star is written `\*`", r"`*` 不成对；星号请写成 `\*`"),
    ),
)

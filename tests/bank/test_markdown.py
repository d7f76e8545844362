"""What a card can show, and what it refuses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizcli.bank.checking.unshowable import plain_only, unshowable_markdown
from quizcli.bank.markdown import (
    CodeBlock,
    Formula,
    Gap,
    MarkedSpan,
    Paragraph,
    around,
    blocks,
    formulas,
    inline,
    reads_alike,
    spans,
)


def test_a_text_is_cut_into_spans() -> None:
    text = "By `x[i]` and $a_i$:\n\n$$\nb\n$$\n\n```python\nprint('$')\n```\n\nfor \\$5."
    assert list(spans(text)) == [
        MarkedSpan("prose", "By "),
        MarkedSpan("code", "x[i]"),
        MarkedSpan("prose", " and "),
        MarkedSpan("maths", "a_i"),
        MarkedSpan("prose", ":"),
        *[MarkedSpan("prose", "\n")] * 2,
        MarkedSpan("display", "b"),
        *[MarkedSpan("prose", "\n")] * 2,
        MarkedSpan("fence", "python\nprint('$')"),
        *[MarkedSpan("prose", "\n")] * 2,
        MarkedSpan("prose", "for "),
        MarkedSpan("escaped", "$"),
        MarkedSpan("prose", "5."),
    ]
    assert list(formulas(text)) == ["a_i", "b"]


def test_blocks() -> None:
    assert blocks("a $$x$$ b\n\n- c\n```py\nd\n```\n```\ne") == [
        Paragraph((MarkedSpan("prose", "a "),)),
        Formula("x"),
        Paragraph((MarkedSpan("prose", " b"),)),
        Gap(),
        Paragraph((MarkedSpan("prose", "c"),), "-"),
        CodeBlock("d", "py"),
        CodeBlock("e", closed=False),
    ]


def test_bold_and_italic_go_through_code_and_formulas() -> None:
    assert inline("**a `b`** *c*") == (
        MarkedSpan("prose", "a ", bold=True),
        MarkedSpan("code", "b", bold=True),
        MarkedSpan("prose", " "),
        MarkedSpan("prose", "c", italic=True),
    )
    assert inline("***a* b**") == (
        MarkedSpan("prose", "a", bold=True, italic=True),
        MarkedSpan("prose", " b", bold=True),
    )


def test_what_stands_around_a_gap() -> None:
    """Also where lines are set in, and signs stand for themselves."""
    sorts = [span.sort for span in around(["- a\n  ", " \\$ `", "` $x_{", "}$\n\n```\n", "\n```"])]
    assert sorts == ["prose", "code", "maths", "fence"]
    assert [span.bold for span in around(["**a ", "** ", ""])] == [True, False]


@pytest.mark.parametrize(("unit", "fine"), [("MB", True), ("m²", True), ("$m^2$", False), ("`x`", False)])
def test_a_unit_is_shown_as_it_is(unit: str, fine: bool) -> None:
    assert (list(plain_only(unit)) == []) == fine


@pytest.mark.parametrize(
    "text",
    [
        "A paragraph with **bold**, *italic*, `code_with_under_scores` and $x_1 < y_1$.",
        "- one\n- two\n\n1. first\n2. second",
        "```python\n# a comment, no heading\nx = [i](j)\n| a | b |\n```",
        "$$\\|x\\| > 0$$",
        "a < b, b > c, 3 * 4 * 5, |x| = 1, x # y, snake_case, R&D",
        "costs \\$5, stars \\*, ticks \\`",
        "``a `tick` inside``",
        "a list of links: https://example.org/a_b_c",
        "− 3 dB",
    ],
)
def test_what_a_card_shows(text: str) -> None:
    assert list(unshowable_markdown(text)) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("# Heading", "holds a heading; a card shows none"),
        ("text\n\n### Deep", "holds a heading; a card shows none"),
        ("Title\n=====", "holds a rule or an underlined heading; a card shows neither"),
        ("a\n\n---\n\nb", "holds a rule or an underlined heading; a card shows neither"),
        ("a | b\n--|---\n1 | 2", "holds a table; a card shows lists"),
        ("> quoted", "holds a block quote; a card shows none"),
        ("* one\n* two", "has a list that does not begin with `-` or `1.`"),
        ("[1]: https://example.org", "holds a link reference; a card shows bare text"),
        ("![a cat](cat.png)", "holds a picture; a card shows none"),
        (
            "see [the paper](https://example.org)",
            "holds a link; write the address as text, and code in backticks",
        ),
        ("one<br>two", "holds HTML; put code in backticks"),
        ("the <pad> token", "holds HTML; put code in backticks"),
        ("one&nbsp;two", "holds HTML; put code in backticks"),
        ("an __important__ word", "is marked with `_` or `~~`; a card shows *italic* and **bold**"),
        ("a _word_", "is marked with `_` or `~~`; a card shows *italic* and **bold**"),
        ("costs $5", r"has an unpaired `$`; a dollar sign is written `\$`"),
        ("from $5 to $6", r"has an unpaired `$`; a dollar sign is written `\$`"),
        ("$ x$", "has a formula with blanks inside its dollars, `$ x $`; write `$x$`"),
        ("$x $", "has a formula with blanks inside its dollars, `$ x $`; write `$x$`"),
        (
            "$$x\n\ny$$",
            "has a `$$` formula with an empty line or a list item in it, or an unpaired `$$`",
        ),
        ("a ```fence in a line```", "has an unpaired backtick"),
        ("an `open one", "has an unpaired backtick"),
        ("an **open one", "has an unpaired `**`"),
        ("```python\nx", "has a ``` fence that is never closed"),
    ],
)
def test_what_a_card_refuses(text: str, message: str) -> None:
    assert list(unshowable_markdown(text)) == [message]


@pytest.mark.parametrize(
    "text", ["12", "≤ 0.5", "$\\mathrm{KL} + \\text{word}$", "`eval()`", "28 × 28 → 14 × 14", "$a$ / $b$"]
)
def test_what_reads_the_same_in_both_languages(text: str) -> None:
    assert reads_alike(text)


@pytest.mark.parametrize("text", ["12 nats", "一", "`eval()` mode", "$a$ and $b$", "Adam", "\\$ x"])
def test_what_does_not(text: str) -> None:
    assert not reads_alike(text)


@given(st.text(st.sampled_from("ab \n$`*_<>[]()!#|-\\中"), max_size=60))
def test_no_character_of_prose_is_lost(text: str) -> None:
    """What spans hold stands in the text, in its order, and looking for faults never fails."""
    rest = iter(text)
    held = "".join(span.text for span in spans(text) if span.sort != "fence")
    assert all(char in rest for char in "".join(held.split()))
    assert all(isinstance(message, str) for message in unshowable_markdown(text))


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    "piece", ["```x\n", "$", "$$", "`", "[", "![", "<a", "<a b=", "_a", "**", "|-", "\\", "&a", "{{c1::"]
)
def test_a_hostile_text_takes_linear_time(piece: str) -> None:
    text = piece * 100_000
    list(unshowable_markdown(text))
    assert sum(len(span.text) for span in spans(text)) <= len(text)

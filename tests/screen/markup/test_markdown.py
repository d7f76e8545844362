"""The Markdown of banks, as lines of text."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text as RichText

from quizcli.bank.checking.unshowable import unshowable_markdown
from quizcli.bank.markdown import spans
from quizcli.screen.latex.layout import inline
from quizcli.screen.markup.markdown import in_one_line, render, visible
from quizcli.screen.markup.wrap import Styled


def _plain(text: str, width: int = 40) -> list[str]:
    return [line.plain for line in render(text, width)]


def _styled(line: RichText) -> dict[str, str]:
    """Each styled stretch of a line with its style."""
    return {line.plain[span.start : span.end]: str(span.style).strip() for span in line.spans}


def test_paragraphs_keep_one_empty_line_between_them() -> None:
    assert _plain("one\nline\n\n\ntwo\n") == ["one line", "", "two"]


def test_emphasis_and_code() -> None:
    (line,) = render("**bold**, *it*, `x[i]` and ``a`b``, **bold `c`**", 60)
    assert line.plain == "bold, it, x[i] and a`b, bold c"
    assert _styled(line) == {
        "bold": "bold",
        "it": "italic",
        "x[i]": "cyan",
        "a`b": "cyan",
        "c": "bold cyan",
    }


@pytest.mark.parametrize(
    "text",
    [
        "2 * 3 * 4",
        "a*b*c",
        "an open ` tick, **bold and $x",
        "costs $5 or $10",
        "snake_case [x](y) :smile: [bold]",
        "x[i] = a[:key:] [/mask]",
        "# no heading",
    ],
)
def test_what_is_no_markup_stays(text: str) -> None:
    assert _plain(text, 60) == [text]


# What two grammars, one of the checker and one of the card, would take differently.
DISPUTED = [
    ("`$$x$$` and `**`", "$$x$$ and **", ""),
    ("**a $x**y$ b**", "a x * *y b", ""),
    ("***both*** and **bold *it***", "both and bold it", ""),
    ("**a $$x$$ b**", "a x b", ""),
    (r"snake\_case \<pad\> \# \\ \{x\}", r"snake_case <pad> # \ {x}", ""),
    (r"$\text{if $x$}$ and $y$", "if x and y", ""),
    ("a\u2028b\r\n`c\u00a0d`", "a b c d", ""),
    ("$$a +\n\nb$$", "$$a + b$$", "$$"),
    ("$a\n\nb$", "$a b$", "unpaired `$`"),
    ("`a\n\nb`", "`a b`", "backtick"),
    ("- **a\n- b**", "• **a • b**", "unpaired `**`"),
    ("$ a + b $", "$ a + b $", "blanks inside"),
    ("$a + b $ costs", "$a + b $ costs", "blanks inside"),
    ("from $5 to $6", "from $5 to $6", "unpaired `$`"),
    ("** a ** and ****b****", "** a ** and ****b****", "unpaired `**`"),
    ("an *open star", "an *open star", "unpaired `*`"),
    ("* one", "* one", "does not begin"),
    (r"\(x\) or \alpha", r"\(x\) or \alpha", "LaTeX outside"),
    ("one\\\ntwo", "one\\ two", "backslash"),
    ("<https://a.org>", "<https://a.org>", "a link"),
    ("a&#39;b &hellip;", "a&#39;b &hellip;", "HTML"),
]


@pytest.mark.parametrize(("text", "shown", "told"), DISPUTED)
def test_what_is_printed_with_its_marks_is_told_by_the_checker(text: str, shown: str, told: str) -> None:
    lines = [line.plain.strip() for line in render(text, 200)]
    assert " ".join(line for line in lines if line) == shown
    messages = list(unshowable_markdown(text))
    assert [told in message for message in messages] == [True] * bool(told)


def _marks_printed(text: str, mark: str) -> int:
    """How many of a mark the card prints that stand neither in code nor in a formula nor for themselves."""
    shown = 0
    for span in spans(text):
        if span.sort in ("maths", "display"):
            shown += sum(row.count(mark) for row in inline(span.text).rows)
        elif span.sort != "prose":
            shown += span.text.count(mark)
    return sum(line.plain.count(mark) for line in render(text, 500)) - shown


_SOUP = st.lists(
    st.sampled_from(
        [
            *"ab `$*\n",
            "**",
            "***",
            "``",
            "$$",
            "```\n",
            "\n\n",
            "- ",
            "1. ",
            "  ",
            "\\$",
            "\\*",
            "\\`",
            "中",
            "x_i",
        ]
    ),
    max_size=25,
).map("".join)


@given(_SOUP)
def test_the_checker_tells_of_a_mark_just_where_the_card_prints_it(text: str) -> None:
    told = " ".join(unshowable_markdown(text))
    assert (_marks_printed(text, "$") > 0) == ("$" in told)
    assert (_marks_printed(text, "`") > 0) == ("backtick" in told)
    if not told:
        assert all("**" not in span.text for span in spans(text) if span.sort == "prose")


_WORDS = st.sampled_from(["loss", "均值", "x*y", "2 * 3", "50%"])
_WHOLE = st.one_of(
    st.sampled_from(["`a*b`", "``a`b``", "`$x$ **`"]),
    st.sampled_from(["$x_i$", "$a*b*c$", "$\\text{if $x$}$", "\\$", "\\*"]),
    _WORDS,
)


@given(st.lists(st.tuples(st.sampled_from(["", "*", "**", "***"]), st.lists(_WHOLE, min_size=1)), max_size=4))
def test_what_is_well_marked_is_accepted_and_shown_without_marks(parts: list[tuple[str, list[str]]]) -> None:
    text = " ".join(mark + " ".join(inner) + mark for mark, inner in parts)
    assert list(unshowable_markdown(text)) == []
    assert all(_marks_printed(text, mark) == 0 for mark in "$`")
    assert {span.bold for span in spans(text)} >= {"**" in mark for mark, _ in parts}


def test_a_text_in_one_line() -> None:
    """Marks are not shown there either; a formula of several rows stays as it is written."""
    text = "**Why** is $\\sum_{q(z|x)}$ no `sum` of $\\frac12$?\n- a\n\nMore."
    assert in_one_line(text).plain == "Why is $\\sum_{q(z|x)}$ no sum of 1/2? a"


def test_code_that_runs_over_a_line_end_stays_in_one_line() -> None:
    assert _plain("see `nn.Linear(2,\n3)`") == ["see nn.Linear(2, 3)"]
    assert _plain("`**\n**`") == ["** **"]


def test_escapes() -> None:
    assert _plain(r"\$5, \*not italic\*, \`tick") == ["$5, *not italic*, `tick"]


def test_chinese_emphasis_needs_no_spaces() -> None:
    (line,) = render("这是**证据下界**和*重点*。", 40)
    assert line.plain == "这是证据下界和重点。"
    assert _styled(line) == {"证据下界": "bold", "重点": "italic"}


def test_formulas_in_the_line_and_on_their_own() -> None:
    assert _plain(r"The loss $\frac{1}{2}x^2$ is $\|w\|_2$:") == ["The loss (1/2)x² is ‖w‖₂:"]
    assert _plain("so\n$$\n\\frac{a}{b}\n$$\nis") == ["so", "   a", "  ╶─╴", "   b", "is"]
    assert _plain(r"so $$x^2$$ is") == ["so", "  x²", "is"]
    assert _plain(r"`$x$` and \$y$") == ["$x$ and $y$"]


def test_a_formula_wider_than_the_line() -> None:
    long = r"$a_1 = b_1 + c_1 + d_1 + e_1$"
    assert _plain(long, 12) == ["a₁ = b₁ + c₁", "+ d₁ + e₁"]
    assert _plain(f"${long}$", 12) == ["  a₁ = b₁", "    + c₁", "    + d₁", "    + e₁"]
    assert _plain(r"$\text{averyveryverylongword}$", 12) == ["averyveryver", "ylongword"]
    assert _plain(r"$\foo{averyverylongargument}$", 12) == [r"$\foo{averyv", "erylongargum", "ent}$"]


def test_lists_hang() -> None:
    text = "Two terms:\n- reconstruction of the input\n  1. nested item\n10) ten"
    assert _plain(text, 18) == [
        "Two terms:",
        "• reconstruction",
        "  of the input",
        "  1. nested item",
        "10) ten",
    ]


def test_a_program() -> None:
    text = "```python\ndef f(x):\n\n    return 'long' + 'longer' + 'still longer'\n```\nafter"
    lines = render(text, 30)
    assert [line.plain for line in lines] == [
        "  def f(x):",
        "",
        "      return 'long' + 'longer'",
        "↪             + 'still longer'",
        "after",
    ]
    assert "magenta" in _styled(lines[0])["def"]


def test_a_program_without_language_or_end() -> None:
    assert _plain("```\n**x** $y$\n") == ["  **x** $y$"]
    assert _plain("```nonsense-language\nx\n```") == ["  x"]


def test_the_mark_stands_before_the_first_line() -> None:
    mark = [Styled("1", "bold"), Styled("  ")]
    assert [line.plain for line in render("some words\n\nmore", 9, mark=mark)] == [
        "1  some",
        "   words",
        "",
        "   more",
    ]
    assert [line.plain for line in render("- a\n- b", 20, mark=mark)] == ["1", "   • a", "   • b"]


def test_nothing_a_terminal_obeys_gets_through() -> None:
    assert visible("\x1b[31mred\x07\x7f") == r"\x1b[31mred\x07\x7f"
    assert visible("safe\u202etxt\u2066") == r"safe\u202etxt\u2066"
    assert visible("a\tb\r\nc\u00a0d\u2028e\ud800") == "a   b\nc d\ne\\ud800"
    assert _plain("`\x1b]0;title\x07`") == [r"\x1b]0;title\x07"]
    assert _plain("```python\nx = '\x1b[2J'\n```") == [r"  x = '\x1b[2J'"]


_PIECES = st.sampled_from(
    [
        "**",
        "*",
        "`",
        "``",
        "```",
        "```python",
        "$",
        "$$",
        "\n",
        "\n\n",
        "- ",
        "1. ",
        "  ",
        "\\$",
        "\x1b[",
        "word ",
        "中文，",
        "\\frac{1}{2}",
        "x_i",
        "（",
        " = ",
    ]
)


@given(st.lists(_PIECES, max_size=30).map("".join), st.integers(12, 60))
def test_no_line_is_wider_than_it_may_be(text: str, width: int) -> None:
    for line in render(text, width):
        assert line.cell_len <= width
        assert "\x1b" not in line.plain
        assert "\n" not in line.plain


@pytest.mark.parametrize(
    "unit", ["`", "*", "**", "$", "$$", "[", "- ", "***a", "``a`", "$a\\", "_", "(", "**a *b "]
)
def test_hostile_text_takes_no_time(unit: str) -> None:
    begun = time.process_time()
    render(unit * (4000 // len(unit)), 40)
    assert time.process_time() - begun < 2

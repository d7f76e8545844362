"""Line breaking: exact widths, Chinese rules, boxes on baselines."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text as RichText

from quizcli.screen.markup.wrap import Inset, Styled, wrap
from quizcli.screen.terminal.text_box import Box

FRACTION = Box((" a ", "╶─╴", " b "), 1)


def _plain(lines: list[RichText]) -> list[str]:
    return [line.plain for line in lines]


def _wrapped(text: str, width: int) -> list[str]:
    return _plain(wrap([Styled(text)], width))


def test_english_breaks_at_spaces() -> None:
    assert _wrapped("The loss is the negative evidence lower bound.", 16) == [
        "The loss is the",
        "negative",
        "evidence lower",
        "bound.",
    ]


def test_chinese_breaks_between_characters_to_the_last_cell() -> None:
    assert _wrapped("变分自编码器的损失", 8) == ["变分自编", "码器的损", "失"]
    assert _wrapped("变分自编码器的损失", 9) == ["变分自编", "码器的损", "失"]


def test_punctuation_does_not_begin_a_line_nor_an_opening_bracket_end_one() -> None:
    assert _wrapped("重构项，再加", 6) == ["重构", "项，再", "加"]
    assert _wrapped("编码（后验）很窄", 6) == ["编码", "（后", "验）很", "窄"]
    assert _wrapped("它叫“后验坍塌”。", 8) == ["它叫“后", "验坍", "塌”。"]
    assert _wrapped("自编码器(VAE)的损失", 9) == ["自编码器", "(VAE)的损", "失"]


def test_words_and_numbers_within_chinese_stay_whole() -> None:
    assert _wrapped("用softmax归一化", 10) == ["用softmax", "归一化"]
    assert _wrapped("约为3.69nat左右", 8) == ["约为", "3.69nat", "左右"]
    assert _wrapped("用 softmax 归一化", 10) == ["用 softmax", "归一化"]


def test_a_line_end_between_chinese_characters_is_no_space() -> None:
    assert _wrapped("损失由两项\n组成：KL\n与重构", 40) == ["损失由两项组成：KL 与重构"]


def test_code_keeps_its_spaces_and_stays_whole() -> None:
    assert _plain(wrap([Styled("call "), Styled("f(a,  b)", "cyan", solid=True), Styled(", then")], 12)) == [
        "call",
        "f(a,  b),",
        "then",
    ]


def test_what_is_wider_than_the_line_is_cut() -> None:
    assert _wrapped("see vae-posterior-collapse now", 10) == ["see", "vae-poster", "ior-collap", "se now"]


def test_boxes_stand_on_the_baseline() -> None:
    lines = wrap([Styled("so "), Inset(FRACTION), Styled(", since")], 9)
    assert _plain(lines) == ["    a", "so ╶─╴,", "    b", "since"]
    two = wrap([Inset(FRACTION), Styled(" = "), Inset(Box(("x", "y"), 0))], 20)
    assert _plain(two) == [" a", "╶─╴ = x", " b    y"]


def test_styles_follow_their_text() -> None:
    (line,) = wrap([Styled("a "), Styled("bold word", "bold"), Styled(" z")], 20)
    assert line.plain == "a bold word z"
    assert [(span.start, span.end, span.style) for span in line.spans] == [(2, 11, "bold")]


def test_the_mark_hangs_on_the_baseline_of_the_first_line() -> None:
    mark = [Styled("1", "bold"), Styled("  ")]
    assert _plain(wrap([Styled("one two three")], 10, mark)) == ["1  one two", "   three"]
    assert _plain(wrap([Inset(FRACTION)], 10, mark)) == ["    a", "1  ╶─╴", "    b"]
    assert _plain(wrap([], 10, mark)) == ["1"]


_TEXT = st.text(st.sampled_from("ab 中文，。（）()“”…\n1é\u0301😀"), max_size=60)
_PARTS = st.one_of(
    st.builds(Styled, _TEXT, st.sampled_from(["", "bold"]), st.just(False)),
    st.builds(
        Styled,
        st.text(st.sampled_from("ab= 中"), min_size=1, max_size=12),
        st.just("cyan"),
        st.just(True),
    ),
    st.builds(Inset, st.sampled_from([FRACTION, Box.of("x²"), Box(("𝔼    ", " q(z)"), 0)])),
)


@given(st.lists(_PARTS, max_size=6), st.integers(6, 40))
def test_no_line_is_wider_than_it_may_be(parts: list[Styled | Inset], width: int) -> None:
    for line in wrap(parts, width):
        assert line.cell_len <= width
        assert line.plain == line.plain.rstrip()


@given(
    st.lists(st.sampled_from(["中", "中文，", "（中", "中）。", "abc ", "“好”，", "3 "])), st.integers(12, 40)
)
def test_no_forbidden_character_begins_or_ends_a_line(parts: list[str], width: int) -> None:
    text = "".join(parts)
    lines = _wrapped(text, width)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert not any(line[0] in "，。）”" for line in lines if line)
    assert not any(line[-1] in "（“" for line in lines[:-1] if line)

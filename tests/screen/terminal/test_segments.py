"""Lines of segments: widths in cells, Chinese included."""

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment

from quizcli.screen.terminal.segments import beside, cut, fit, justified, line, padded, width_of
from tests.screen.drawing import shown

TEXT = st.text(alphabet="ab 变分自编码器·…\t\x1b", max_size=20)
LINES = st.lists(TEXT.map(lambda text: Segment(fit(text, 40))), max_size=4)


@given(TEXT, st.integers(0, 20))
def test_fit_never_exceeds_the_width(text: str, width: int) -> None:
    fitted = fit(text, width)
    assert cell_len(fitted) <= width
    assert fitted.isprintable()


def test_fit_marks_what_was_cut() -> None:
    assert fit("reconstruction", 6) == "recon…"
    assert fit("变分自编码器", 6) == "变分…"
    assert fit("exactly", 7) == "exactly"


@given(LINES, st.integers(0, 30))
def test_padded_is_exact(parts: list[Segment], width: int) -> None:
    assert width_of(padded(parts, width)) == width
    assert width_of(cut(parts, width)) <= width


def test_justified_keeps_the_right_end() -> None:
    assert shown([justified(line("a long left side"), line("0:07"), 12)]) == ["a lon…  0:07"]
    assert shown([justified(line("left"), line("a right side"), 6)]) == ["left"]


def test_beside_aligns_chinese_by_cells() -> None:
    blocks = [(6, [line("变分"), line("ab")]), (3, [line("x"), line("y"), line("z")])]
    assert shown(beside(blocks, line(" │ "))) == ["变分   │ x", "ab     │ y", "       │ z"]

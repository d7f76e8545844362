"""Blanks of cloze texts: where they begin and end, whatever stands in them."""

from hypothesis import given
from hypothesis import strategies as st

from quizcli.bank.cloze import Blank, blanks, filled, pieces


def test_a_text_is_cut_into_what_is_seen_and_what_is_hidden() -> None:
    text = "scale by {{c1::1/(1-p)::a fraction}} in {{c2::training}}"
    assert pieces(text) == (
        "scale by ",
        Blank("c1", "1/(1-p)", "a fraction"),
        " in ",
        Blank("c2", "training"),
    )
    assert filled(text) == "scale by 1/(1-p) in training"


def test_braces_of_a_formula_belong_to_the_blank() -> None:
    assert blanks(r"{{c1::$\frac{1}{\sqrt{d_k}}$}}.") == (Blank("c1", r"$\frac{1}{\sqrt{d_k}}$"),)


def test_what_is_no_blank_stays_visible() -> None:
    for text in ("", "{{x}}", "{{c1::open", "{{c1::open}", "$x^{{a}}$", "{{c::x}}"):
        assert blanks(text) == ()
        assert filled(text) == text


def test_an_open_blank_does_not_swallow_the_next() -> None:
    assert pieces("{{c1::a {{c2::b}}") == ("{{c1::a ", Blank("c2", "b"))


@given(
    st.lists(st.sampled_from(["{{c1::", "{{c2::", "}}", "{", "}", "::", "a", " ", "$"]), max_size=20).map(
        "".join
    )
)
def test_nothing_is_invented(text: str) -> None:
    """What is seen and what is hidden stand in the text, in this order."""
    place = 0
    for piece in pieces(text):
        parts = (piece,) if isinstance(piece, str) else (piece.answer, piece.hint)
        for part in parts:
            place = text.find(part, place) + len(part)
            assert place >= len(part)
    assert len(text) >= len(filled(text)) + len("{{c1::}}") * len(blanks(text))

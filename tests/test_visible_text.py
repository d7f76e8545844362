"""What a terminal would obey, or what deceives the eye, is shown; what is only writing stays."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizcli.visible_text import _deceptive, _plain, clean, clean_line, escaped

# Controls, direction, tags, fillers, joiners and variants, beside letters of several scripts.
ALPHABET = (
    "a1中é\u0301\u200d\u200c\ufe0f\ufe00\U000e0100🔥❤म\u200b\u202e\x1b\n\r\t\u20e3\ud800\udc80\x9b\U000e0041"
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]52;c;AAAA\x07", r"\x1b]52;c;AAAA\x07"),
        ("\x9b2J\x7f\x08", r"\x9b2J\x7f\x08"),
        ("safe\u202etxt.exe\u2066\u061c\u200f", r"safe\u202etxt.exe\u2066\u061c\u200f"),
        ("\U000e0001\U000e0041", r"\U000e0001\U000e0041"),
        ("\ufeffa\u200bb\xadc\u3164", r"\ufeffa\u200bb\xadc\u3164"),
        ("pay\u200dpal", r"pay\u200dpal"),
        ("题\u200d目", r"题\u200d目"),
        ("a\ufe0f\U000e0101", r"a\ufe0f\U000e0101"),
        ("half \ud800", r"half \ud800"),
        ("one\rtwo\r\nthree\x0b", "one\\rtwo\nthree\\x0b"),
    ],
)
def test_what_is_shown(text: str, shown: str) -> None:
    assert clean(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "题目，「答案」：\u3000全角",
        "e\u0301 naïve Å",
        "می\u200cخواهم",
        "क्\u200dष",
        "👩\u200d🔬 ❤\ufe0f\u200d🔥 1\ufe0f\u20e3",
        "葛\U000e0100城",
        "a\tb\nc",
        "∑ᵢ xᵢ² ≤ 1",
        "⣿⠤⠀▀",
    ],
)
def test_what_stays(text: str) -> None:
    assert clean(text) == text


@given(st.text(alphabet=ALPHABET, max_size=12))
def test_what_is_clean_is_clean(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert not any(c != "\n" and c != "\t" and unicodedata.category(c) in ("Cc", "Cs", "Zl") for c in once)
    assert not {"\u202e", "\u200b", "\U000e0041"} & set(once)
    assert "\n" not in clean_line(text)


def test_the_quick_look_agrees_with_the_close_one() -> None:
    assert not [hex(i) for i in range(0x110000) if _plain(chr(i)) and _deceptive().search(chr(i))]


@given(st.text(alphabet=ALPHABET.replace("\ud800", "").replace("\udc80", ""), max_size=12))
def test_json_says_the_same(text: str) -> None:
    said = escaped(json.dumps({"text": text}, ensure_ascii=False))
    assert json.loads(said) == {"text": text}
    assert clean(said) == said

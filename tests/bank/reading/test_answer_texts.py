"""The texts beside an answer: read with every mistake in them, and said with numbers in both languages."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizcli.bank.checking.text_links import MAX_FILES, text_mistakes
from quizcli.bank.reading.answer_texts import read_answer_texts
from quizcli.demo.texts import texts
from quizcli.errors import QuizError
from quizcli.text import Text, use_language

GOOD = """
gap: {en: "the gap, {gap:.2f}", zh: "差距 {gap:.2f}"}
what-you-saw:
  en: >-
    A sentence that is folded
    over two lines.
  zh: 一句话。
"""


def test_texts_are_read_and_said(tmp_path: Path) -> None:
    found, mistakes = read_answer_texts(GOOD, "coin.yaml")
    assert mistakes == []
    assert found["what-you-saw"] == Text("A sentence that is folded over two lines.", "一句话。")
    (tmp_path / "coin.yaml").write_text(GOOD, encoding="utf-8")
    says = texts(str(tmp_path / "coin.py"))
    assert says("gap", gap=0.125) == {"en": "the gap, 0.12", "zh": "差距 0.12"}
    with pytest.raises(KeyError):
        says("nothing")


@pytest.mark.parametrize(
    ("source", "line", "told"),
    [
        ("a: {en: x}", 1, "'a' has no Chinese (zh)"),
        ("a: x", 1, "'a' must be in both languages"),
        ("- a", 1, "must be names with their texts"),
        ("\nA b: {en: x, zh: y}", 2, "'A b' must be lower-case words with hyphens"),
        ("a: {en: 'x {n}', zh: y}", 1, "'a' has other numbers in Chinese than in English"),
        ("a: {en: '{', zh: '{'}", 1, "'a' has braces that are no place for a number, as in {gap:.2f}"),
        (
            "a: {en: '{n:zz}', zh: '{n:zz}'}",
            1,
            "'a' has braces that are no place for a number, as in {gap:.2f}",
        ),
        ("a: {en: '`x`', zh: y}", 1, "'a' is shown as it is: no Markdown here"),
        ("a: {en: x, zh: y}\na: {en: x, zh: y}", 2, "'a' stands here twice"),
        ("a: {en: x, zh: y", 1, ""),
    ],
)
def test_every_mistake_has_its_place(source: str, line: int, told: str, tmp_path: Path) -> None:
    use_language("en")
    _, mistakes = read_answer_texts(source, "coin.yaml")
    assert [mistake for mistake in mistakes if mistake.line == line and told in mistake.message], mistakes
    (tmp_path / "coin.yaml").write_text(source, encoding="utf-8")
    with pytest.raises(QuizError, match=rf"coin\.yaml:{line}:"):
        texts(str(tmp_path / "coin.py"))


def test_an_answer_without_its_texts_says_so(tmp_path: Path) -> None:
    with pytest.raises(QuizError, match=r"coin\.yaml: cannot be read"):
        texts(str(tmp_path / "coin.py"))


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(source: str) -> None:
    found, mistakes = read_answer_texts(source, "coin.yaml")
    assert all(isinstance(text, Text) for text in found.values())
    assert all(mistake.message for mistake in mistakes)


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("says = texts(__file__)\nsays('gap', gap=1)\nsays('what-you-saw')", []),
        ("says = texts(__file__)\nsays('gap', gap=1)", ["nobody says 'what-you-saw'"]),
        (
            "says = texts(__file__)\nsays('gap', gap=1)\nsays('what-you-saw')\nsays('more')",
            ["answers/coins/coin.yaml has no text 'more'"],
        ),
        (
            "says = texts(__file__)\nsays('gap')\nsays('what-you-saw', more=1)",
            ["'gap' is said without gap"],
        ),
        ("says = texts(__file__)\nsays('gap', **numbers)\nsays('what-you-saw')", []),
        ("says = texts(__file__)\nsays(name)", []),  # what is not written down cannot be followed
        ("def (", []),  # told where the code is read
    ],
)
def test_texts_and_code_are_compared(tmp_path: Path, code: str, told: list[str]) -> None:
    use_language("en")
    folder = tmp_path / "answers" / "coins"
    folder.mkdir(parents=True)
    (folder / "coin.yaml").write_text(GOOD, encoding="utf-8")
    (folder / "coin.py").write_text(code, encoding="utf-8")
    assert [mistake.message for mistake in text_mistakes(tmp_path)] == told


def test_where_texts_and_code_part_is_said_by_line(tmp_path: Path) -> None:
    folder = tmp_path / "answers" / "coins"
    folder.mkdir(parents=True)
    (folder / "coin.yaml").write_text(GOOD + "last: {en: more, zh: 更多}\n", encoding="utf-8")
    (folder / "coin.py").write_text("says = texts(__file__)\nsays('what-you-saw')\n\nsays('gap')\n")
    where = {(mistake.path, mistake.line) for mistake in text_mistakes(tmp_path)}
    assert where == {
        ("answers/coins/coin.yaml", GOOD.count("\n") + 1),
        ("answers/coins/coin.py", 4),
    }
    (folder / "coin.yaml").unlink()
    (mistake,) = text_mistakes(tmp_path)
    assert str(mistake) == "answers/coins/coin.py:2:1: says texts of coin.yaml, which is missing"


def test_nobody_reads_files_of_texts_without_end(tmp_path: Path) -> None:
    use_language("en")
    (tmp_path / "answers").mkdir()
    for number in range(MAX_FILES + 1):
        (tmp_path / "answers" / f"n{number}.yaml").touch()
    assert [mistake.message for mistake in text_mistakes(tmp_path)] == ["more than 1000 files of texts"]

"""Questions as one line each: columns that align in both languages, nothing wider than the window."""

from collections.abc import Iterator

import pytest
from rich.cells import cell_len

from quizcli.bank.types import Recall, Truth
from quizcli.screen.cards.question_list import Listed, listing_lines
from quizcli.text import Text, use_language

TITLES = {"vae": "Variational autoencoders", "gan": "GANs"}


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    yield
    use_language("en")


def recall(name: str, ask: str, topic: str = "vae") -> Recall:
    return Recall(id=name, topic=topic, level=2, ask=Text(ask, ask))


def shown(*rows: Listed, width: int | None = 80, marked: tuple[str, ...] = ()) -> list[str]:
    return [line.plain for line in listing_lines(rows, TITLES, width, marked)]


def test_topics_come_with_title_and_size() -> None:
    lines = shown(
        Listed(recall("a", "One?"), "new"),
        Listed(recall("b", "Two?"), "new"),
        Listed(recall("c", "Three?", "gan"), "new"),
    )
    assert lines == [
        "vae · Variational autoencoders · 2 questions",
        "  a  recall 2  new  One?",
        "  b  recall 2  new  Two?",
        "gan · GANs · 1 question",
        "  c  recall 2  new  Three?",
    ]


def test_columns_align_with_chinese_standings() -> None:
    use_language("zh")
    truth = Truth(id="long-name", topic="vae", level=1, ask=Text("?", "零是偶数"), correct=True)
    lines = shown(
        Listed(recall("a", "二"), "学习中 · 旗标"),
        Listed(truth, "新卡"),
        Listed(recall("c", "三"), "重学"),
    )
    assert lines[0] == "vae · Variational autoencoders · 3 题"
    starts = [
        cell_len(line[: line.index(ask)]) for line, ask in zip(lines[1:], ("二", "零", "三"), strict=True)
    ]
    assert len(set(starts)) == 1


@pytest.mark.parametrize("width", [20, 44, 80])
def test_lines_are_cut_at_the_width_of_the_window(width: int) -> None:
    ask = "为什么变分自编码器的损失里有 KL 散度,而不只有重构误差?" * 3
    lines = shown(Listed(recall("vae-kl", ask), "新卡"), width=width)
    assert max(map(cell_len, lines)) <= width
    assert lines[1].endswith("…") or width == 20
    assert shown(Listed(recall("vae-kl", ask), "新卡"), width=None)[1].endswith(ask)


def test_the_first_paragraph_in_one_line_with_its_formulas_drawn() -> None:
    assert shown(Listed(recall("a", "Is `x` above\n$\\sigma^2$?\n\n```python\nx = 1\n```"), "new"))[
        1
    ].endswith("new  Is x above σ²?")


def test_a_formula_of_several_rows_stays_in_latex() -> None:
    ask = r"Is $\begin{pmatrix} a \\ b \end{pmatrix}$ a column?"
    assert shown(Listed(recall("a", ask), "new"))[1].endswith(ask)


def test_what_looks_like_markup_stays() -> None:
    assert shown(Listed(recall("a", "What is x[i] in [/mask] :smile:?"), "new"))[1].endswith(
        "What is x[i] in [/mask] :smile:?"
    )


def test_words_are_marked_where_they_are_seen() -> None:
    _, line = listing_lines([Listed(recall("vae-kl", "Why KL?"), "new")], TITLES, 80, ["kl", "absent"])
    marked = [line.plain[span.start : span.end] for span in line.spans if span.style == "cyan"]
    assert marked == ["kl", "KL"]


def test_nothing_to_list() -> None:
    assert shown() == []

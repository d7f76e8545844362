"""Attention in one sentence, drawn: its words beside the rows and above the columns."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from quizcli.demo.events import Heatmap, Label, Table, Words, array

QUERY, KEY = {"en": "query", "zh": "查询"}, {"en": "key", "zh": "键"}
NO_MASK: Words = {"en": "no mask", "zh": "无掩码"}


class Pictures:
    """What can be drawn of attention among these words."""

    def __init__(self, words: tuple[str, ...]) -> None:
        self._words = words

    def matrix(
        self, values: Tensor, title: Words, caption: Words, panel: str = "weights", limit: float = 0.0
    ) -> Heatmap:
        """Queries down, keys across. A `limit` draws scores of both signs, else weights from 0 to 1."""
        return Heatmap(
            panel=panel,
            values=array(values),
            low=-limit,
            high=limit or 1.0,
            diverging=bool(limit),
            x_ticks=self._words,
            y_ticks=self._words[-len(values) :],
            y_label=QUERY,
            x_label=KEY,
            title=title,
            caption=caption,
        )

    def step(self, number: int, dots: Tensor, weights: Tensor, width: int) -> Heatmap:
        """Step 1, 2 or 3 from dot products (n, n) to weights (n, n): q·k, ÷ √d, softmax."""
        if number == 3:
            title = {"en": "3 · softmax over the keys", "zh": "3 · 沿键做 softmax"}
            return self.matrix(weights, title, {"en": "each row sums to 1", "zh": "每行之和为 1"})
        scores = dots / (1 if number == 1 else math.sqrt(width))
        titles = (
            {"en": "1 · scores q·k", "zh": "1 · 得分 q·k"},
            {"en": f"2 · divided by √{width}", "zh": f"2 · 除以 √{width}"},
        )
        caption = {"en": "red: they fit, blue: they do not", "zh": "红：匹配，蓝：不匹配"}
        return self.matrix(scores, titles[number - 1], caption, limit=dots.abs().max().item())

    def steps(self, columns: Sequence[Tensor], width: int) -> Table:
        """The steps so far of the last word's query, a column (n) each."""
        last = self._words[-1]
        names = ("q·k", f"÷√{width}", "softmax")[: len(columns)]
        return self._table((KEY, *names), columns, {"en": f"the query of “{last}”", "zh": f"“{last}”的查询"})

    def values(self, shown: Tensor, total: Tensor | None, limit: float) -> Heatmap:
        """Values (n, d) without a total; or weighted values, and below them their sum Σ (d)."""
        below = torch.full_like(shown[0], math.nan) if total is None else total
        title = (
            {"en": "4 · values v", "zh": "4 · 值 v"}
            if total is None
            else {"en": "4 · weight × value, sum Σ", "zh": "4 · 权重 × 值，求和 Σ"}
        )
        return Heatmap(
            panel="beside",
            values=array(torch.cat([shown, below[None]])),
            low=-limit,
            high=limit,
            diverging=True,
            y_ticks=(*self._words, "Σ"),
            title=title,
            caption={"en": "Σ is the output of this head", "zh": "Σ 就是这个头的输出"},
        )

    def changes(self, names: Sequence[Label], columns: Sequence[Tensor], title: Words) -> Table:
        """How far each word's output moved, in columns (n) of these names."""
        return self._table(("", *names), columns, title)

    def alternatives(self, old: Tensor, new: Tensor, title: Words, caption: Words) -> Heatmap:
        """Two rows of weights (n), A and B."""
        return Heatmap(
            panel="weights",
            values=array(torch.stack([old, new])),
            low=0.0,
            high=1.0,
            x_ticks=self._words,
            y_ticks=("A", "B"),
            title=title,
            caption=caption,
        )

    def exchange(self, old: Tensor, new: Tensor, title: Words) -> Table:
        """The same two rows of weights as numbers, a word a line."""
        return self._table((KEY, "A", "B"), (old, new), title)

    def _table(self, names: tuple[Label, ...], columns: Sequence[Tensor], title: Words) -> Table:
        rows = zip(self._words, *(column.tolist() for column in columns), strict=True)
        return Table(
            panel="beside",
            columns=names,
            rows=tuple((word, *(f"{value:z.2f}".replace("-", "−") for value in row)) for word, *row in rows),
            title=title,
        )

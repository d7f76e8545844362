"""Attention in one sentence, drawn: its words beside the rows and above the columns."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from quizcli.demo.events import Heatmap, Label, Table, Words, array
from quizcli.demo.texts import texts

says = texts(__file__)

QUERY, KEY = says("query"), says("key")


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
            return self.matrix(weights, says("softmax"), says("rows-sum-to-one"))
        title = says("scores") if number == 1 else says("divided", width=width)
        scores = dots if number == 1 else dots / math.sqrt(width)
        return self.matrix(scores, title, says("red-and-blue"), limit=dots.abs().max().item())

    def steps(self, columns: Sequence[Tensor], width: int) -> Table:
        """The steps so far of the last word's query, a column (n) each."""
        names = (KEY, "q·k", f"÷√{width}", "softmax")[: len(columns) + 1]
        return self.table(names, columns, says("query-of", word=self._words[-1]))

    def values(self, shown: Tensor, total: Tensor | None, limit: float) -> Heatmap:
        """Values (n, d) without a total; or weighted values, and below them their sum Σ (d)."""
        below = torch.full_like(shown[0], math.nan) if total is None else total
        title = says("values") if total is None else says("weighted-values")
        return Heatmap(
            panel="beside",
            values=array(torch.cat([shown, below[None]])),
            low=-limit,
            high=limit,
            diverging=True,
            y_ticks=(*self._words, "Σ"),
            title=title,
            caption=says("sum-is-the-output"),
        )

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

    def table(self, names: tuple[Label, ...], columns: Sequence[Tensor], title: Words) -> Table:
        """A word a line, with its number in each column (n); `names` has one more, that of the words."""
        numbers = zip(self._words, *(column.tolist() for column in columns), strict=True)
        rows = tuple((word, *(f"{value:z.2f}".replace("-", "−") for value in row)) for word, *row in numbers)
        return Table(panel="beside", columns=names, rows=rows, title=title)

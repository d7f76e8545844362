"""What a reading of one bank writes down: its mistakes, and where everything stands in the file."""

from __future__ import annotations

from msgspec import Struct

from quizcli.bank.diagnostic import Mistake, shown
from quizcli.bank.yaml.nodes import Node
from quizcli.text import Lang, tr

MAX_MISTAKES = 200  # of one file; more help nobody, and a hostile file could hold a million


Places = dict[str, tuple[int, int]]  # "question" or "question.field" → line, column


def place_of(places: Places, question: str, field: str = "") -> tuple[int, int]:
    """Where a field stands, or what should hold it; (1, 1) where nothing is known."""
    name = f"{question}.{field}"
    while name and name not in places:
        name = name.rpartition(".")[0]
    return places.get(name, (1, 1))


class Spot(Struct, frozen=True):
    """A field as a person finds it: its name ("choices.2.why"), and where its key (or list item) stands."""

    name: str
    line: int
    column: int

    def item(self, number: int, node: Node) -> Spot:
        """The spot of one item of a list, counted from 1."""
        return Spot(f"{self.name}.{number}", node.line, node.column)

    def key(self, word: str, node: Node) -> Spot:
        """The spot of one key of a mapping."""
        return Spot(f"{self.name}.{word}" if self.name else word, node.line, node.column)


class EnoughError(Exception):
    """So many mistakes that the rest of the file is not read."""


class Notes:
    """Collects while a bank is read. `question` is the one being read: its id, or a stand-in."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.languages: tuple[Lang, ...] = ("en", "zh")
        self.question = ""
        self.mistakes: list[Mistake] = []
        self.places: Places = {}

    def report(self, line: int, column: int, message: str) -> None:
        """Write a mistake down; raises EnoughError after too many."""
        if len(self.mistakes) >= MAX_MISTAKES:
            self.mistakes.append(
                Mistake(
                    self.path,
                    line,
                    column,
                    "",
                    tr(
                        f"more than {MAX_MISTAKES} mistakes; the rest is not listed",
                        f"错误超过 {MAX_MISTAKES} 处，其余不再列出",
                    ),
                )
            )
            raise EnoughError
        self.mistakes.append(Mistake(self.path, line, column, self.question, message))

    def wrong(self, spot: Spot, message: str) -> None:
        """Write down what is wrong with a field; the message goes on after the field's name."""
        self.report(spot.line, spot.column, f"{shown(spot.name)} {message}")

    def seen(self, spot: Spot) -> None:
        """Remember where a field stands, under "question.field"."""
        self.places[f"{self.question}.{spot.name}"] = (spot.line, spot.column)

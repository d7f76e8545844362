"""The shapes that a field of a bank can have.

Each reads a node and describes itself as JSON schema, so that what the program accepts and what an editor
suggests are written down once. `read` returns None where the node is wrong, after noting why.
"""

from __future__ import annotations

import re
from typing import Any, Protocol

from msgspec import Struct

from quizcli.bank.diagnostic import shown
from quizcli.bank.markdown import reads_alike
from quizcli.bank.reading.mapping import read_entries
from quizcli.bank.reading.reading_log import Notes, Spot
from quizcli.bank.yaml.nodes import Listing, Mapping, Node, Scalar
from quizcli.bank.yaml.scalars import is_whole, not_number, not_text
from quizcli.did_you_mean import nearest_known
from quizcli.text import LANGS, Text, tr

Schema = dict[str, Any]
KEBAB = "^[a-z0-9]+(-[a-z0-9]+)*$"
_MAX_WORD = 80
_MOST_ITEMS = 99


class Shape(Protocol):
    """What a field must look like."""

    def read(self, node: Node, spot: Spot, notes: Notes) -> Any:
        """The value of the field, or None after its mistakes were noted."""

    def schema(self) -> Schema:
        """The same as JSON schema."""


def string(node: Node, spot: Spot, notes: Notes) -> str | None:
    """Any text, stripped of the white space around it."""
    if isinstance(node, Mapping):
        notes.wrong(spot, _mapping_for_text(node))
    elif isinstance(node, Listing):
        notes.wrong(
            spot,
            tr(
                "must be text, not a list; a text that begins with `[` or `- ` needs quotes",
                "应为文本而不是列表；以 `[` 或 `- ` 开头的文本需要加引号",
            ),
        )
    elif trap := not_text(node):
        notes.wrong(spot, tr(f"must be text: {trap}", f"应为文本：{trap}"))
    elif node.commented:
        notes.wrong(
            spot,
            tr(
                "is cut off at ` #`, which begins a comment; quote the text or move the comment",
                "在 ` #` 处被截断（` #` 开始注释），请给文本加引号，或把注释移到单独一行",
            ),
        )
    elif not node.text.strip():
        notes.wrong(spot, tr("is empty", "是空的"))
    else:
        return node.text.strip()
    return None


def _mapping_for_text(node: Mapping) -> str:
    first = node.entries[0][0] if node.entries else None
    word = shown(first.text) if isinstance(first, Scalar) else "{"
    return tr(
        f"must be text, not a mapping with {word}; a text that holds `: ` or begins with `{{` needs quotes",
        f"应为文本，而不是含 {word} 的映射；含 `: ` 或以 `{{` 开头的文本需要加引号",
    )


class WordField(Struct, frozen=True):
    """A text that is the same in every language: an id, a name, a source."""

    pattern: str = ""
    rule: tuple[str, str] = ("", "")  # the pattern in words, in English and in Chinese

    def read(self, node: Node, spot: Spot, notes: Notes) -> str | None:
        """The word."""
        if self.pattern and isinstance(node, Scalar):
            node = Scalar(node.text, node.line, node.column, node.plain)  # a comment after an id is harmless
        word = string(node, spot, notes)
        if (
            word is not None
            and self.pattern
            and (len(word) > _MAX_WORD or not re.fullmatch(self.pattern, word))
        ):
            notes.wrong(
                spot,
                tr(f"must be {self.rule[0]}, not {shown(word)}", f"应为{self.rule[1]}，不能是 {shown(word)}"),
            )
            return None
        return word

    def schema(self) -> Schema:  # noqa: D102
        return (
            {"type": "string", "pattern": self.pattern}
            if self.pattern
            else {"type": "string", "minLength": 1}
        )


class OneOf(Struct, frozen=True):
    """One of a few known words."""

    words: tuple[str, ...]

    def read(self, node: Node, spot: Spot, notes: Notes) -> str | None:
        """The word."""
        if isinstance(node, Scalar) and node.text in self.words:
            return node.text
        given = node.text if isinstance(node, Scalar) else "…"
        known = ", ".join(self.words)
        near = nearest_known(given, self.words)
        notes.wrong(
            spot,
            tr(f"must be one of {known}, not {shown(given)}", f"只能是 {known}，不能是 {shown(given)}")
            + near,
        )
        return None

    def schema(self) -> Schema:  # noqa: D102
        return {"enum": list(self.words)}


class TextField(Struct, frozen=True):
    """A text in both languages, or one that reads the same in both. Markdown with $LaTeX$."""

    def read(self, node: Node, spot: Spot, notes: Notes) -> Text | None:
        """The text; where the bank is in one language, the same string twice."""
        if isinstance(node, Mapping) and _speaks(node):
            return self.pair(node, spot, notes)
        one = string(node, spot, notes)
        if one is None:
            return None
        if len(notes.languages) > 1 and not reads_alike(one):
            notes.wrong(
                spot,
                tr("must be in both languages: {en: …, zh: …}", "必须中英文都有：{en: …, zh: …}"),
            )
            return None
        return Text(one, one)

    def pair(self, node: Mapping, spot: Spot, notes: Notes) -> Text | None:
        """The text of {en: …, zh: …}."""
        fields = read_entries(node, spot, notes, LANGS)
        read: dict[str, str] = {}
        for lang, (key, value) in fields.items():
            inner = spot.key(lang, key)
            notes.seen(inner)
            if (one := string(value, inner, notes)) is not None:
                read[lang] = one
        if missing := [lang for lang in notes.languages if lang not in fields]:
            lack = tr(
                {"en": "English", "zh": "Chinese"}[missing[0]], {"en": "英文", "zh": "中文"}[missing[0]]
            )
            notes.wrong(spot, tr(f"has no {lack} ({missing[0]})", f"缺少{lack} ({missing[0]})"))
        if any(lang not in read for lang in notes.languages):
            return None
        return Text(read.get("en") or read["zh"], read.get("zh") or read["en"])

    def schema(self) -> Schema:  # noqa: D102
        return {"$ref": "#/definitions/text"}


def _speaks(node: Mapping) -> bool:
    """Whether a mapping is meant as {en: …, zh: …} rather than being a text with an unquoted colon."""
    return any(isinstance(key, Scalar) and key.text in LANGS for key, _ in node.entries)


class WholeField(Struct, frozen=True):
    """One of a few integers."""

    allowed: tuple[int, ...]

    def read(self, node: Node, spot: Spot, notes: Notes) -> int | None:
        """The integer."""
        if isinstance(node, Scalar) and is_whole(node) and int(node.text) in self.allowed:
            return int(node.text)
        en, zh = (
            f"{', '.join(map(str, self.allowed[:-1]))} {word} {self.allowed[-1]}" for word in ("or", "或")
        )
        given = shown(node.text) if isinstance(node, Scalar) else "…"
        why = f" ({trap})" if isinstance(node, Scalar) and (trap := _number_trap(node)) else ""
        notes.wrong(spot, tr(f"must be {en}, not {given}", f"只能是 {zh}，不能是 {given}") + why)
        return None

    def schema(self) -> Schema:  # noqa: D102
        return {"enum": list(self.allowed)}


class Ordinal(Struct, frozen=True):
    """The number of a thing in a list, counted from 1."""

    def read(self, node: Node, spot: Spot, notes: Notes) -> int | None:
        """The number."""
        if isinstance(node, Scalar) and is_whole(node) and 1 <= int(node.text) <= _MOST_ITEMS:
            return int(node.text)
        given = shown(node.text) if isinstance(node, Scalar) else "…"
        notes.wrong(
            spot,
            tr(
                f"must be the number of an item, counted from 1, not {given}",
                f"应为某一项的序号（从 1 数起），不能是 {given}",
            ),
        )
        return None

    def schema(self) -> Schema:  # noqa: D102
        return {"type": "integer", "minimum": 1, "maximum": _MOST_ITEMS}


def _number_trap(node: Scalar) -> str:
    """The explanation where a word looks like a number and is none, else ""."""
    return not_number(node) if re.match(r"[-+.]?[0-9]", node.text) else ""


class Decimal(Struct, frozen=True):
    """A finite number, possibly with a lower limit."""

    low: float | None = None

    def read(self, node: Node, spot: Spot, notes: Notes) -> float | None:
        """The number."""
        if not isinstance(node, Scalar):
            notes.wrong(spot, tr("must be a number", "应为数字"))
        elif trap := not_number(node):
            notes.wrong(
                spot,
                tr(
                    f"must be a number, not {shown(node.text)}: {trap}",
                    f"应为数字，不能是 {shown(node.text)}：{trap}",
                ),
            )
        elif self.low is not None and float(node.text) < self.low:
            notes.wrong(
                spot,
                tr(
                    f"must be at least {self.low:g}, not {node.text}",
                    f"至少为 {self.low:g}，不能是 {node.text}",
                ),
            )
        else:
            return float(node.text)
        return None

    def schema(self) -> Schema:  # noqa: D102
        return {"type": "number"} if self.low is None else {"type": "number", "minimum": self.low}


class Flag(Struct, frozen=True):
    """true or false."""

    def read(self, node: Node, spot: Spot, notes: Notes) -> bool | None:
        """The truth value."""
        if isinstance(node, Scalar) and node.plain and node.text in ("true", "false"):
            return node.text == "true"
        given = shown(node.text) if isinstance(node, Scalar) else "…"
        notes.wrong(
            spot,
            tr(
                f"must be true or false without quotes, not {given}",
                f"只能是不加引号的 true 或 false，不能是 {given}",
            ),
        )
        return None

    def schema(self) -> Schema:  # noqa: D102
        return {"type": "boolean"}

"""The shapes that hold other shapes: lists, mappings with known keys, the settings of a demonstration."""

from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Mapping as MappingOf
from typing import Any

from msgspec import Struct

from quizcli.bank.reading.field_types import Schema, string
from quizcli.bank.reading.mapping import read_entries
from quizcli.bank.reading.reading_log import Notes, Spot
from quizcli.bank.types import Setting
from quizcli.bank.yaml.nodes import Listing, Mapping, Node, Scalar
from quizcli.bank.yaml.scalars import is_plain_number, is_whole, not_number, type_of
from quizcli.text import tr


class ListOf(Struct, frozen=True):
    """A list of things of one shape, no two of them equal."""

    item: Any  # a Shape
    at_least: int = 1

    def read(self, node: Node, spot: Spot, notes: Notes) -> tuple[Any, ...] | None:
        """The items that are right; the others have been noted."""
        if not isinstance(node, Listing):
            notes.wrong(
                spot,
                tr(
                    "must be a list: [one, two], or one `- ` line each",
                    "应为列表：[甲, 乙]，或每项一行、以 `- ` 开头",
                ),
            )
            return None
        if len(node.items) < self.at_least:
            notes.wrong(
                spot,
                tr(
                    f"needs at least {self.at_least}, has {len(node.items)}",
                    f"至少要有 {self.at_least} 项，现有 {len(node.items)} 项",
                ),
            )
        items: list[Any] = []
        seen: set[Any] = set()
        for number, child in enumerate(node.items, 1):
            inner = spot.item(number, child)
            notes.seen(inner)
            value = self.item.read(child, inner, notes)
            if value is not None and value in seen:
                notes.wrong(inner, tr("stands in this list twice", "在列表中重复"))
            elif value is not None:
                items.append(value)
                seen.add(value)
        return tuple(items)

    def schema(self) -> Schema:  # noqa: D102
        limits = {"minItems": self.at_least} if self.at_least else {}
        return {"type": "array", "items": self.item.schema(), **limits, "uniqueItems": True}


class MapOf(Struct, frozen=True):
    """A mapping whose keys follow a pattern, its values of one shape."""

    pattern: str
    value: Any  # a Shape

    def read(self, node: Node, spot: Spot, notes: Notes) -> dict[str, Any] | None:
        """The values that are right; the others have been noted."""
        if not isinstance(node, Mapping):
            notes.wrong(spot, tr("must be a mapping: {name: value}", "应为映射：{名称: 值}"))
            return None
        read: dict[str, Any] = {}
        for name, (key, value) in read_entries(node, spot, notes).items():
            inner = spot.key(name, key)
            notes.seen(inner)
            if not re.fullmatch(self.pattern, name):
                notes.wrong(inner, tr("is no name that can stand here", "不能用作这里的名称"))
                continue
            one = self.value.read(value, inner, notes)
            if one is not None:
                read[name] = one
        return read

    def schema(self) -> Schema:  # noqa: D102
        return {
            "type": "object",
            "patternProperties": {self.pattern: self.value.schema()},
            "additionalProperties": False,
        }


class SettingsField(Struct, frozen=True):
    """The settings that a demonstration runs with."""

    def read(self, node: Node, spot: Spot, notes: Notes) -> dict[str, Setting] | None:
        """Each setting in the type it is written in; whether the demonstration takes it is not asked here."""
        if not isinstance(node, Mapping):
            notes.wrong(spot, tr("must be a mapping: {name: value}", "应为映射：{名称: 值}"))
            return None
        read: dict[str, Setting] = {}
        for name, (key, value) in read_entries(node, spot, notes).items():
            inner = spot.key(name, key)
            notes.seen(inner)
            one = _setting(value, inner, notes)
            if one is not None:
                read[name] = one
        return read

    def schema(self) -> Schema:  # noqa: D102
        return {"type": "object", "additionalProperties": {"type": ["boolean", "number", "string"]}}


def _setting(node: Node, spot: Spot, notes: Notes) -> Setting | None:
    if not isinstance(node, Scalar):
        notes.wrong(spot, tr("must be one value", "应为单个值"))
        return None
    if node.plain and node.text in ("true", "false"):
        return node.text == "true"
    if is_plain_number(node):
        return int(node.text) if is_whole(node) else float(node.text)
    if node.plain and (type_of(node) in ("int", "float") or re.match(r"[-+.]?[0-9]", node.text)):
        notes.wrong(spot, tr(f"must be one value: {not_number(node)}", f"应为单个值：{not_number(node)}"))
        return None
    return string(node, spot, notes)


class Field(Struct, frozen=True):
    """One key of a mapping. `about` says what it is for, in English and in Chinese."""

    shape: Any  # a Shape
    about: tuple[str, str]
    required: bool = False


class Record(Struct, frozen=True):
    """A mapping with known keys. `more` adds to its schema what the fields alone cannot say."""

    fields: MappingOf[str, Field]
    build: Callable[..., Any] = dict
    more: Schema = {}

    def read(self, node: Node, spot: Spot, notes: Notes) -> Any:
        """What `build` makes of the fields, if all that are required are there and right."""
        if not isinstance(node, Mapping):
            keys = ", ".join(self.fields)
            notes.wrong(spot, tr(f"must be a mapping with the keys {keys}", f"应为映射，可用的键：{keys}"))
            return None
        found = read_entries(node, spot, notes, tuple(self.fields))
        values: dict[str, Any] = {}
        for name, (key, value) in found.items():
            inner = spot.key(name, key)
            notes.seen(inner)
            one = self.fields[name].shape.read(value, inner, notes)
            if one is not None:
                values[name] = one
        for name, field in self.fields.items():
            if field.required and name not in found:
                notes.wrong(spot.key(name, node), tr("is missing", "缺失"))
        if any(field.required and name not in values for name, field in self.fields.items()):
            return None
        return self.build(**values)

    def schema(self) -> Schema:  # noqa: D102
        properties = {
            name: {"description": " ".join(field.about), **field.shape.schema()}
            for name, field in self.fields.items()
        }
        required = [name for name, field in self.fields.items() if field.required]
        return {
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": False,
            **self.more,
        }

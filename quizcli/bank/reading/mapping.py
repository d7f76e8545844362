"""The entries of a YAML mapping by key, and what can be wrong with a key."""

from __future__ import annotations

from quizcli.bank.diagnostic import shown
from quizcli.bank.reading.reading_log import Notes, Spot
from quizcli.bank.yaml.nodes import Mapping, Node, Scalar
from quizcli.did_you_mean import nearest_known
from quizcli.text import tr


def read_entries(
    node: Mapping, spot: Spot, notes: Notes, known: tuple[str, ...] | None = None
) -> dict[str, tuple[Scalar, Node]]:
    """The entries of a mapping by key; doubled keys, keys that are no words and unknown keys are noted."""
    found: dict[str, tuple[Scalar, Node]] = {}
    for key, value in node.entries:
        if not isinstance(key, Scalar):
            notes.report(
                key.line,
                key.column,
                tr(
                    "a key must be one word; a text that begins with `{` or `[` needs quotes",
                    "键必须是一个词；以 `{` 或 `[` 开头的文本需要加引号",
                ),
            )
        elif key.text in found:
            notes.wrong(spot.key(key.text, key), tr("stands here twice", "重复出现"))
        elif known is not None and key.text not in known:
            notes.report(key.line, key.column, _unknown(key, value, known))
        else:
            found[key.text] = (key, value)
    return found


def _unknown(key: Scalar, value: Node, known: tuple[str, ...]) -> str:
    # In {en: one, two, zh: …} "two" is a key without a colon: its empty value stands at its very end.
    if (value.line, value.column) == (key.line, key.column + len(key.text)):
        return tr(
            f"{shown(key.text)} was cut off by a comma; inside `{{ }}` a text with a comma needs quotes",
            f"{shown(key.text)} 被逗号截断；`{{ }}` 里含逗号的文本需要加引号",
        )
    return tr(f"unknown key {shown(key.text)}", f"未知的键 {shown(key.text)}") + nearest_known(
        key.text, known
    )

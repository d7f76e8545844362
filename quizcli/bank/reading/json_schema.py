"""The JSON schema of a bank, made of the same shapes that read it: editors check while one types."""

from __future__ import annotations

import json
from typing import Any

from quizcli.bank.reading import question_fields
from quizcli.bank.reading.container_types import Record
from quizcli.bank.types import KINDS

_TEXT = {
    "description": "Markdown with $LaTeX$ in both languages; plain where it reads alike. "
    "中英双语的 Markdown，可含 $LaTeX$；两种语言写法相同时可直接写文本。",
    "anyOf": [
        {"$ref": "#/definitions/string"},
        {
            "type": "object",
            "properties": {"en": {"$ref": "#/definitions/string"}, "zh": {"$ref": "#/definitions/string"}},
            "minProperties": 1,
            "additionalProperties": False,
        },
    ],
}


def schema() -> dict[str, Any]:
    """The schema as plain data (draft 7, which every editor knows)."""
    bank = Record(question_fields.BANK).schema()
    bank["properties"]["questions"] = {
        "type": "array",
        "minItems": 1,
        "items": {"oneOf": [{"$ref": f"#/definitions/{kind}"} for kind in KINDS]},
    }
    bank["required"].append("questions")
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "quizcli bank",
        **bank,
        "definitions": {
            "string": {"type": ["string", "number"], "minLength": 1},
            "text": _TEXT,
            **{kind: _question(kind) for kind in KINDS},
        },
    }


def _question(kind: str) -> dict[str, Any]:
    made = question_fields.question(kind).schema()
    made["properties"]["kind"] = {"const": kind}
    return made


def as_json() -> str:
    """The schema as the file `schema.json` holds it."""
    return json.dumps(schema(), ensure_ascii=False, indent=1) + "\n"

"""What a look at one thing that quizcli needs has found."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class Check(Struct, frozen=True):
    """One line of the report. A "missing" finding makes the command fail; a "note" does not."""

    name: str  # the same in every language
    state: Literal["ok", "note", "missing"]
    detail: str
    advice: str = ""

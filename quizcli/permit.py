"""What of a pack's code may run: decided by the terminal process, obeyed by those that import."""

from __future__ import annotations

from msgspec import Struct


class Permit(Struct, frozen=True):
    """The files of code that a person has trusted: SHA-256 by path from the pack's root, with slashes.

    Without a pack's name nothing is permitted but the code that came with the program.
    """

    pack: str = ""
    files: dict[str, str] = {}


NOTHING = Permit()

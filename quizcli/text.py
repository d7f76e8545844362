"""Text in the two languages of the program, and the language in use."""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

Lang = Literal["en", "zh"]
LANGS: tuple[Lang, Lang] = ("en", "zh")

_current: Lang = "en"


class Text(Struct, frozen=True, gc=False):
    """One sentence or paragraph, in English and in Chinese."""

    en: str
    zh: str

    def __getitem__(self, lang: Lang) -> str:
        return self.zh if lang == "zh" else self.en

    def __str__(self) -> str:
        return self[_current]


def use_language(lang: Lang) -> None:
    """Choose the language of everything that is said from now on. Called once, before anything is printed."""
    global _current
    _current = lang


def language() -> Lang:
    """The language in use."""
    return _current


def tr(en: str, zh: str) -> str:
    """The rendering in the language in use. Both stand side by side so that neither is forgotten."""
    return zh if _current == "zh" else en


def words(text: Mapping[str, str] | str) -> str:
    """What an event's {"en": …, "zh": …} says in the language in use, else in the other one.

    A plain string says the same in every language.
    """
    if isinstance(text, str):
        return text
    return text.get(_current) or next(iter(text.values()), "")

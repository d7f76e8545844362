"""The long texts of an answer, in a YAML file beside it: who translates one needs no Python.

A name, then {en: …, zh: …}. `{gap:.2f}` in a text is a place for a number, as in Python's `str.format`.
"""

from __future__ import annotations

import re
from contextlib import suppress
from string import Formatter

from quizcli.bank.diagnostic import Mistake
from quizcli.bank.markdown import is_plain
from quizcli.bank.reading.field_types import TextField
from quizcli.bank.reading.mapping import read_entries
from quizcli.bank.reading.reading_log import EnoughError, Notes, Spot
from quizcli.bank.yaml.nodes import Mapping, parse
from quizcli.text import LANGS, Text, tr

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def read_answer_texts(source: str, path: str) -> tuple[dict[str, Text], list[Mistake]]:
    """The texts of a file by name, and every mistake in it; `path` is how the mistakes call the file."""
    notes = Notes(path)
    texts: dict[str, Text] = {}
    try:
        root = parse(source, notes.report)
        if isinstance(root, Mapping):
            for name, (key, value) in read_entries(root, Spot("", root.line, root.column), notes).items():
                spot = Spot(name, key.line, key.column)
                if not _NAME.fullmatch(name):
                    notes.wrong(
                        spot, tr("must be lower-case words with hyphens", "须为小写单词，以连字符相连")
                    )
                elif not isinstance(value, Mapping):
                    told = tr("must be in both languages: {en: …, zh: …}", "必须中英文都有：{en: …, zh: …}")
                    notes.wrong(spot, told)
                elif (text := TextField().pair(value, spot, notes)) is not None:
                    texts[name] = text
                    _check(text, spot, notes)
        elif root is not None:
            notes.report(1, 1, tr("must be names with their texts", "须为名称及其文本"))
    except EnoughError:
        pass  # that there are more is in the notes
    return texts, notes.mistakes


def _check(text: Text, spot: Spot, notes: Notes) -> None:
    places = [_places(text[lang]) for lang in LANGS]
    if None in places:
        told = tr("has braces that are no place for a number, as in {gap:.2f}", "花括号应形如 {gap:.2f}")
        notes.wrong(spot, told)
    elif places[0] != places[1]:
        notes.wrong(spot, tr("has other numbers in Chinese than in English", "中英文引用的数字不同"))
    if not all(is_plain(text[lang]) for lang in LANGS):
        notes.wrong(spot, tr("is shown as it is: no Markdown here", "会原样显示，不能使用 Markdown"))


def numbers_of(text: Text) -> set[str]:
    """The names of the numbers in a text that is whole."""
    return _places(text.en) or set()


def _places(text: str) -> set[str] | None:
    """The names of the numbers in a text; None where its braces are wrong."""
    try:
        found = [(name, form) for _, name, form, _ in Formatter().parse(text) if name is not None]
    except ValueError:
        return None
    places = [(re.split(r"[.[]", name)[0], form) for name, form in found]  # {ends[0]} is one of `ends`
    whole = all(name.isidentifier() and _can_format(form or "") for name, form in places)
    return {name for name, _ in places} if whole else None


def _can_format(form: str) -> bool:
    """Whether a number or a word can be written so."""
    for value in (1.5, 1, "a"):
        with suppress(ValueError):
            format(value, form)
            return True
    return False

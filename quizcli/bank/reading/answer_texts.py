"""The long texts of an answer, in a YAML file beside it: who translates one needs no Python.

A name, then {en: …, zh: …}. `{gap:.2f}` in a text is a place for a number, as in Python's `str.format`.
"""

from __future__ import annotations

import re
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
        notes.wrong(spot, tr("has a brace that is no place for a number", "含有不成对的花括号"))
    elif places[0] != places[1]:
        notes.wrong(spot, tr("has other numbers in Chinese than in English", "中英文引用的数字不同"))
    if not all(is_plain(text[lang]) for lang in LANGS):
        notes.wrong(spot, tr("is shown as it is: no Markdown here", "会原样显示，不能使用 Markdown"))


def _places(text: str) -> set[str] | None:
    """The names of the numbers in a text; None where its braces are wrong."""
    try:
        return {name for _, name, _, _ in Formatter().parse(text) if name is not None}
    except ValueError:
        return None

"""Whether the texts beside an answer are those that it says: none is missing, none is left over."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from quizcli.bank.diagnostic import Mistake
from quizcli.bank.reading.answer_texts import numbers_of, read_answer_texts
from quizcli.bank.yaml.nodes import Mapping, Scalar, parse
from quizcli.file_reading import MEBIBYTE, NO_PYTHON, read_text
from quizcli.text import tr

MAX_FILES = 1000  # of one pack; a stranger may have made any number of them


class _Call(NamedTuple):
    """A place where a module says one of its texts."""

    name: str
    line: int
    numbers: frozenset[str] | None  # that it gives; None where they cannot be told from the code


def text_mistakes(root: Path) -> Iterator[Mistake]:
    """What is wrong with the texts of a pack's answers, by file and line."""
    for ending, what in (("yaml", tr("files of texts", "文本文件")), ("py", tr("modules", "模块"))):
        files = [*islice((root / "answers").rglob(f"*.{ending}"), MAX_FILES + 1)]
        if len(files) > MAX_FILES:
            told = tr(f"more than {MAX_FILES} {what}", f"{what}超过 {MAX_FILES} 个")
            yield Mistake("answers", 1, 1, "", told)
            return
        for path in sorted(files):
            yield from _of_texts(path, root) if ending == "yaml" else _without_texts(path, root)


def _of_texts(path: Path, root: Path) -> Iterator[Mistake]:
    """The mistakes in a file of texts, and between it and the module that says them."""
    name = path.relative_to(root).as_posix()
    try:
        source = read_text(path, MEBIBYTE, within=root)
    except OSError as error:
        yield Mistake(name, 1, 1, "", str(error.strerror))
        return
    texts, mistakes = read_answer_texts(source, name)
    yield from mistakes
    calls = _calls(path.with_suffix(".py"), root)
    if calls is None or mistakes:
        return
    for left_over in sorted(texts.keys() - {call.name for call in calls}):
        told = tr(f"nobody says {left_over!r}", f"没有用到 {left_over!r}")
        yield Mistake(name, _line_of(left_over, source), 1, "", told)
    module = path.with_suffix(".py").relative_to(root).as_posix()
    for call in calls:
        if call.name not in texts:
            told = tr(f"{name} has no text {call.name!r}", f"{name} 中没有文本 {call.name!r}")
            yield Mistake(module, call.line, 1, "", told)
        elif call.numbers is not None and (lacking := numbers_of(texts[call.name]) - call.numbers):
            lost = ", ".join(sorted(lacking))
            told = tr(f"{call.name!r} is said without {lost}", f"使用 {call.name!r} 时缺少 {lost}")
            yield Mistake(module, call.line, 1, "", told)


def _without_texts(path: Path, root: Path) -> Iterator[Mistake]:
    """A module that says texts of a file that is not there."""
    texts = path.with_suffix(".yaml").relative_to(root)
    calls = None if (root / texts).is_file() else _calls(path, root)
    if calls:
        told = tr(f"says texts of {texts.name}, which is missing", f"所用的 {texts.name} 不存在")
        yield Mistake(path.relative_to(root).as_posix(), calls[0].line, 1, "", told)


def _line_of(name: str, source: str) -> int:
    """Where a text begins in a file that has been read without a mistake."""
    root = parse(source, lambda *_: None)
    keys = [key for key, _ in root.entries] if isinstance(root, Mapping) else []
    return next((key.line for key in keys if isinstance(key, Scalar) and key.text == name), 1)


def _calls(path: Path, root: Path) -> list[_Call] | None:
    """What a module says of its texts, by line; None where not all names are literal."""
    try:
        tree = ast.parse(read_text(path, MEBIBYTE, within=root))
    except (OSError, *NO_PYTHON):  # told where the code is read
        return None
    names = {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and ast.unparse(node.value) == "texts(__file__)"
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    calls: list[_Call] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
            match node.args:
                case [ast.Constant(value=str(name))]:
                    given = [keyword.arg for keyword in node.keywords]
                    known = frozenset(arg for arg in given if arg is not None)
                    calls.append(_Call(name, node.lineno, None if None in given else known))
                case _:
                    return None
    return sorted(calls, key=lambda call: call.line)

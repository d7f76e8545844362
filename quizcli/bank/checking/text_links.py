"""Whether the texts beside an answer are those that it says: none is missing, none is left over."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from quizcli.bank.diagnostic import Mistake
from quizcli.bank.reading.answer_texts import read_answer_texts
from quizcli.file_reading import MEBIBYTE, NO_PYTHON, read_text
from quizcli.text import tr

MAX_FILES = 1000  # of one pack; a stranger may have made any number of them


def text_mistakes(root: Path) -> Iterator[Mistake]:
    """What is wrong with the texts of a pack's answers, by file and line."""
    files = [*islice((root / "answers").rglob("*.yaml"), MAX_FILES + 1)]
    if len(files) > MAX_FILES:
        told = tr(f"more than {MAX_FILES} files of texts", f"文本文件超过 {MAX_FILES} 个")
        yield Mistake("answers", 1, 1, "", told)
        return
    for path in sorted(files):
        name = path.relative_to(root).as_posix()
        try:
            texts, mistakes = read_answer_texts(read_text(path, MEBIBYTE, within=root), name)
        except OSError as error:
            yield Mistake(name, 1, 1, "", str(error.strerror))
            continue
        yield from mistakes
        said = _said(path.with_suffix(".py"), root)
        if said is None or mistakes:
            continue
        for left_over in sorted(texts.keys() - said.keys()):
            yield Mistake(name, 1, 1, "", tr(f"nobody says {left_over!r}", f"没有用到 {left_over!r}"))
        source = path.with_suffix(".py").relative_to(root).as_posix()
        for missing in sorted(said.keys() - texts.keys()):
            told = tr(f"{name} has no text {missing!r}", f"{name} 中没有文本 {missing!r}")
            yield Mistake(source, said[missing], 1, "", told)


def _said(path: Path, root: Path) -> dict[str, int] | None:
    """The names that a module asks its texts for, and their lines; None where they are not all literal."""
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
    said: dict[str, int] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
            match node.args:
                case [ast.Constant(value=str(name))]:
                    said.setdefault(name, node.lineno)
                case _:
                    return None
    return said

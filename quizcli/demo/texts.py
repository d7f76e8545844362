"""The long texts of an answer, from the YAML file beside it. Imported by answers, in the worker."""

from __future__ import annotations

from pathlib import Path

from quizcli.bank.reading.answer_texts import read_answer_texts
from quizcli.demo.events import Words
from quizcli.errors import QuizError
from quizcli.file_reading import MEBIBYTE, read_text
from quizcli.text import LANGS, Text, tr


class Texts:
    """The texts by name: `says("what-you-saw")`, `claim("gap", gap, "<", 1, text=says("gap", p=p))`."""

    def __init__(self, texts: dict[str, Text]) -> None:
        self._texts = texts

    def __call__(self, name: str, /, **numbers: object) -> Words:
        """The text in both languages, with these numbers in it. KeyError for a name there is not."""
        text = self._texts[name]
        return {lang: text[lang].format(**numbers) for lang in LANGS}


def texts(answer: str) -> Texts:
    """The texts beside an answer: `says = texts(__file__)` reads `vae.yaml` beside `vae.py`.

    QuizError names every mistake by file and line.
    """
    path = Path(answer).with_suffix(".yaml")
    try:
        found, mistakes = read_answer_texts(read_text(path, MEBIBYTE), str(path))
    except OSError as error:
        message = tr(f"{path}: cannot be read: {error.strerror}", f"{path}：无法读取：{error.strerror}")
        raise QuizError(message, tr("The answer needs its texts.", "该答案需要它的文本文件。")) from error
    if mistakes:
        hint = tr(
            "`quizcli bank check` lists the mistakes of a pack.", "`quizcli bank check` 会列出题库包的错误。"
        )
        raise QuizError("\n".join(map(str, mistakes)), hint)
    return Texts(found)

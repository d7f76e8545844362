"""`quizcli search`: the questions that hold some words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Annotated

import typer

from quizcli.bank.prediction import answer_form
from quizcli.bank.types import AnyQuestion, Choice, Cloze, Order
from quizcli.cli.question_listing import AsJson, print_questions
from quizcli.did_you_mean import did_you_mean, in_a_row, nearest
from quizcli.errors import ExitStatus, QuizError
from quizcli.packs.library import all_questions, load_banks
from quizcli.text import Text, tr

_WORD = re.compile(r"[a-z][a-z0-9]{2,}")  # of a language that writes words apart


def command(
    ctx: typer.Context,
    words: Annotated[
        list[str], typer.Argument(metavar="WORD...", help=tr("All of these must occur.", "须全部出现的词。"))
    ],
    as_json: AsJson = False,
) -> int:
    """Print the questions that hold all the words, in either language; exit 1 if there is none, like grep."""
    wanted = [folded(word) for word in words]
    if not all(word.strip() for word in wanted):
        raise QuizError(
            tr("an empty word is in every question", "空词会匹配所有题目"),
            tr("`quizcli list` lists them all.", "`quizcli list` 列出全部题目。"),
            ExitStatus.USAGE,
        )
    loaded = load_banks(ctx.obj)
    texts = [(question, _text_of(question)) for question in all_questions(loaded).values()]
    found = [question for question, text in texts if all(word in text for word in wanted)]
    if not found and not as_json:
        all_words = tr(" and ", "、").join(map(repr, words))
        raise QuizError(
            tr(f"no question holds {all_words}", f"没有题目同时包含 {all_words}"),
            in_a_row(
                _near_words(wanted, (text for _, text in texts)),
                tr("Try fewer words, or `quizcli list`.", "可减少词语，或用 `quizcli list` 查看全部题目。"),
            ),
        )
    print_questions(ctx.obj, loaded, found, as_json, words)
    return ExitStatus.OK if found else ExitStatus.ERROR


def _near_words(wanted: Iterable[str], texts: Iterable[str]) -> str:
    """For each word that stands nowhere, what stands somewhere and is like it; "" where nothing is."""
    everything = "\n".join(texts)
    lost = [word for word in wanted if word not in everything]
    known = sorted(set(_WORD.findall(everything))) if lost else []
    return did_you_mean([near for word in lost for near in nearest(word, known, 1)])


def folded(text: str) -> str:
    """Text for comparison: full-width and half-width, capitals and small letters are the same."""
    return unicodedata.normalize("NFKC", text).casefold()


def _text_of(question: AnyQuestion) -> str:
    """Everything that a search looks at."""
    texts: list[Text | None] = [question.ask, question.answer, *question.points, *question.pitfalls]
    match answer_form(question):
        case Choice(choices=choices):
            texts += [option.text for option in choices]
        case Order(items=items):
            texts += items
        case Cloze(text=text):
            texts.append(text)
    parts = [
        question.id,
        question.topic,
        *(part for text in texts if text is not None for part in (text.en, text.zh)),
    ]
    return folded("\n".join(parts))

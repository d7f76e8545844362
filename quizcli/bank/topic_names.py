"""Topics as a person names them: by id or by the title that a card shows, in either language and case."""

from __future__ import annotations

from collections.abc import Iterable

from quizcli.bank.types import Bank
from quizcli.errors import ExitStatus, QuizError
from quizcli.text import tr


def topics_named(words: Iterable[str], banks: Iterable[Bank]) -> list[str]:
    """The ids of the topics that are named. QuizError for a word that names none."""
    ids: dict[str, str] = {}  # what names a topic → its id
    titles: dict[str, str] = {}
    for bank in banks:
        titles.setdefault(bank.topic, str(bank.title))
        for title in (bank.topic, bank.title.en, bank.title.zh):
            ids.setdefault(_folded(title), bank.topic)
    return [
        word if word in titles else ids.get(_folded(word)) or _refuse(word, titles, ids) for word in words
    ]


def _folded(title: str) -> str:
    return " ".join(title.casefold().split())


def _refuse(word: str, titles: dict[str, str], ids: dict[str, str]) -> str:
    from quizcli.did_you_mean import did_you_mean, in_a_row, nearest

    near = nearest(word, titles, 1) or [ids[title] for title in nearest(_folded(word), ids, 1)]
    listed = tr(", ", "、").join(
        tr(f"{topic} ({title})", f"{topic}（{title}）") for topic, title in sorted(titles.items())
    )
    raise QuizError(
        tr(f"there is no topic {word!r}", f"没有主题 {word!r}"),
        in_a_row(did_you_mean(near), tr(f"There are: {listed}", f"现有：{listed}")),
        ExitStatus.USAGE,
    )

"""Questions as a person names them: by id, by topic (its id or title, in either language), kind and level."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from quizcli.bank.types import AnyQuestion, Bank
from quizcli.did_you_mean import did_you_mean, in_a_row, nearest
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
    near = nearest(word, titles, 1) or [ids[title] for title in nearest(_folded(word), ids, 1)]
    listed = tr(", ", "、").join(
        tr(f"{topic} ({title})", f"{topic}（{title}）") for topic, title in sorted(titles.items())
    )
    raise QuizError(
        tr(f"there is no topic {word!r}", f"没有主题 {word!r}"),
        in_a_row(did_you_mean(near), tr(f"There are: {listed}", f"现有：{listed}")),
        ExitStatus.USAGE,
    )


def question_named(question_id: str, questions: Mapping[str, AnyQuestion]) -> AnyQuestion:
    """The question of that id. QuizError where there is none, with the nearest ids."""
    question = questions.get(question_id)
    if question is None:
        hint = did_you_mean(nearest(question_id, questions)) or tr(
            "`quizcli list` names them all.", "`quizcli list` 可列出全部题目。"
        )
        raise QuizError(
            tr(f"there is no question {question_id!r}", f"没有题目 {question_id!r}"), hint, ExitStatus.USAGE
        )
    return question


def chosen_questions(
    questions: Collection[AnyQuestion], topics: list[str], kinds: list[str], level: int | None
) -> list[AnyQuestion]:
    """Those of these topics and kinds and this level; a QuizError for a kind that is none."""
    _known(kinds, {q.kind for q in questions}, tr("kind", "题型"))
    return [
        q
        for q in questions
        if (not topics or q.topic in topics) and (not kinds or q.kind in kinds) and level in (None, q.level)
    ]


def _known(words: Iterable[str], known: set[str], what: str) -> None:
    for word in words:
        if word not in known:
            listed = ", ".join(sorted(known))
            raise QuizError(
                tr(f"there is no {what} {word!r}", f"没有{what} {word!r}"),
                in_a_row(
                    did_you_mean(nearest(word, known, 1)), tr(f"There are: {listed}", f"现有：{listed}")
                ),
                ExitStatus.USAGE,
            )

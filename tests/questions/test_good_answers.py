"""What a good candidate might type is taken, and what is near and wrong is not.

The answers to the bank questions/<topic>.yaml stand in tests/questions/good_answers/<topic>.yaml, written by
a second reader: `<question id>: {right: [...], wrong: [...]}`, the blanks of a cloze separated by `;`.
"""

from contextlib import suppress
from pathlib import Path

import pytest
import yaml

from quizcli.bank.reading.reader import read
from quizcli.bank.types import Cloze, Number
from quizcli.errors import QuizError
from quizcli.study.grading.grade import grade
from quizcli.text import LANGS, use_language
from tests.places import ROOT

ANSWERS = Path(__file__).parent / "good_answers"
BANKS = ROOT / "questions"
FEWEST = 10  # good answers to each question

CASES = [
    (question, answers)
    for path in sorted(BANKS.glob("*.yaml"))
    if (bank := read(path.read_bytes(), path.name).bank) is not None
    for question in bank.questions
    if isinstance(question, Cloze | Number)
    for answers in [
        (yaml.safe_load((ANSWERS / path.name).read_text("utf-8")) or {}).get(question.id)
        if (ANSWERS / path.name).exists()
        else None
    ]
]


def is_taken(question: Cloze | Number, typed: str) -> bool:
    """Whether it is right in one of the languages: where words stand in another order, blanks do too."""
    taken = False
    for lang in LANGS:
        use_language(lang)
        with suppress(QuizError):  # cannot be read: not taken
            taken |= grade(question, typed).right
    use_language("en")
    return taken


@pytest.mark.parametrize(("question", "answers"), CASES, ids=[question.id for question, _ in CASES])
def test_good_answers_are_taken(question: Cloze | Number, answers: dict[str, list[str]] | None) -> None:
    assert answers is not None, "nobody has written down what a good candidate might type"
    assert len({*answers["right"]}) >= FEWEST
    assert [typed for typed in answers["right"] if not is_taken(question, typed)] == []
    assert answers["wrong"], "a near miss shows that not everything is taken"
    assert [typed for typed in answers["wrong"] if is_taken(question, typed)] == []

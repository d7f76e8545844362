"""A person's own wording of single questions."""

from __future__ import annotations

from pathlib import Path

import pytest

from quizcli.bank.reading.reader import read
from quizcli.packs.pack import Pack, builtin, load
from quizcli.packs.rewording import edits_at, excerpt, merge_edits

BANK = """
# a comment
questions:
  # another
  - kind: truth
    id: one
    level: 1
    ask: {en: One is odd., zh: 一是奇数。}
    correct: true
    answer:
      en: |
        It leaves
          a rest.
      zh: 有余数。
    source: [Euclid]
  - {id: two, kind: truth, level: 1, ask: {en: Two is odd., zh: 二是奇数。}, correct: false,
     answer: {en: It is even., zh: 二是偶数。}, source: [Euclid]}
title: {en: Numbers, zh: 数}
topic: numbers
"""


def test_an_excerpt_of_any_question_reads_as_that_question() -> None:
    pack = builtin()
    for bank in load(pack, None).banks:
        source = (pack.root / bank.path).read_text(encoding="utf-8")
        for question in bank.questions:
            alone = excerpt(source, question.id)
            reading = read(alone.encode(), "alone.yaml")
            assert not reading.mistakes
            assert reading.bank is not None
            assert reading.bank.questions == (question,)
            assert excerpt(alone, question.id) == alone


@pytest.mark.parametrize("name", ["one", "two"])
def test_an_excerpt_keeps_every_style_of_yaml(name: str) -> None:
    whole, alone = read(BANK.encode(), "whole.yaml"), read(excerpt(BANK, name).encode(), "alone.yaml")
    assert not whole.mistakes
    assert not alone.mistakes
    assert whole.bank is not None
    assert alone.bank is not None
    assert alone.bank.questions == tuple(q for q in whole.bank.questions if q.id == name)
    assert (alone.bank.topic, alone.bank.title) == (whole.bank.topic, whole.bank.title)


@pytest.mark.parametrize("source", ["", "questions: [", "[]", "topic: x", BANK])
def test_what_is_not_there_is_not_found(source: str) -> None:
    with pytest.raises(LookupError, match="three"):
        excerpt(source, "three")


def test_an_edit_takes_the_place_of_its_question_only(tmp_path: Path) -> None:
    pack, edits = Pack("pack", tmp_path / "pack"), edits_at(tmp_path / "edits")
    for folder in (pack.questions, edits.questions):
        folder.mkdir(parents=True)
    (pack.questions / "numbers.yaml").write_text(BANK, encoding="utf-8")
    own = excerpt(BANK, "one").replace("One is odd.", "1 is odd.").replace("topic: numbers", "topic: other")
    (edits.questions / "one.yaml").write_text(own, encoding="utf-8")
    (edits.questions / "gone.yaml").write_text(own.replace("id: one", "id: gone"), encoding="utf-8")
    (edits.questions / "two.yaml").write_text(
        excerpt(BANK, "two").replace("level: 1", "level: 9"), encoding="utf-8"
    )
    both = merge_edits(load(pack, None), load(edits, None))
    (bank,) = both.banks
    assert [question.id for question in bank.questions] == ["one", "two"]
    assert bank.questions[0].ask.en == "1 is odd."
    assert bank.questions[0].topic == "numbers"
    assert bank.questions[1].level == 1  # a broken edit changes nothing, and is named
    (mistake,) = both.mistakes
    assert "two.yaml" in str(mistake)

"""The questions of an added pack get full names; what they say stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from quizcli.bank.full_names import split_name
from quizcli.packs.namespace import with_full_names
from quizcli.packs.pack import Pack, load

BANK = """
topic: t
title: {en: T, zh: 题}
questions:
  - {id: one, kind: truth, level: 1, ask: '1', correct: true, answer: '1', source: [x], follow: [two],
     demo: {run: own-one, set: {n: 3}, claims: [c]}}
  - {id: two, kind: truth, level: 1, ask: '2', correct: true, answer: '1', source: [x], demo: {run: vae}}
  - {id: three, kind: truth, level: 1, ask: '3', correct: true, answer: '1', source: [x]}
"""


def test_ids_links_and_own_demonstrations(tmp_path: Path) -> None:
    (tmp_path / "questions").mkdir()
    (tmp_path / "questions" / "t.yaml").write_text(BANK, encoding="utf-8")
    (tmp_path / "answers").mkdir()
    (tmp_path / "answers" / "own_one.py").write_text("")
    pack = Pack("mine", tmp_path)
    bare = load(pack, None)
    (bank,) = with_full_names(pack, bare).banks
    one, two, three = bank.questions
    assert [q.id for q in bank.questions] == ["mine/one", "mine/two", "mine/three"]
    assert one.follow == ("mine/two",)
    assert one.demo is not None
    assert (one.demo.run, one.demo.set, one.demo.claims) == ("mine/own-one", {"n": 3}, ("c",))
    assert two.demo is not None
    assert two.demo.run == "vae", "the pack has none of this name: it is the program's"
    assert three.demo is None
    assert three.ask == bare.banks[0].questions[2].ask


@pytest.mark.parametrize(("name", "parts"), [("vae", ("", "vae")), ("mine/vae", ("mine", "vae"))])
def test_parted(name: str, parts: tuple[str, str]) -> None:
    assert split_name(name) == parts

from pathlib import Path

import pytest

from quizcli.bank import lazy_questions
from quizcli.bank.files import bank_files, content
from quizcli.bank.lazy_questions import ById, Head, Unread, head, heads_of
from quizcli.bank.reading.reader import read
from quizcli.bank.types import Bank
from quizcli.packs.cache import Stored
from quizcli.packs.pack import builtin, load


@pytest.fixture(scope="module")
def banks() -> list[Bank]:
    files, mistakes = bank_files(builtin().questions)
    assert not mistakes
    read_ = [read(content(file), file.name).bank for file in files]
    return [bank for bank in read_ if bank is not None]


def test_every_question_comes_out_of_the_cache_as_it_was_read(banks: list[Bank], tmp_path: Path) -> None:
    load(builtin(), tmp_path)
    known = load(builtin(), tmp_path).banks
    assert all(isinstance(bank.questions, Unread) for bank in known)
    assert list(known) == banks
    assert [Stored.of(bank).bank for bank in known] == banks
    for bank, own in zip(banks, known, strict=True):
        assert heads_of(own) == tuple(map(head, bank.questions))
        assert own.questions[1:3] == tuple(bank.questions)[1:3]
        assert own.questions[-1] == bank.questions[-1]
        assert hash(own.questions) == hash(Stored.of(bank).bank.questions)
    assert known[0].questions != known[1].questions
    assert known[0].questions != [*known[0].questions]  # a list is no tuple either


def test_questions_by_id(banks: list[Bank]) -> None:
    for found in (ById(banks), ById([Stored.of(bank).bank for bank in banks])):
        assert list(found) == [question.id for bank in banks for question in bank.questions]
        assert list(found.values()) == [question for bank in banks for question in bank.questions]
        assert len(found) == sum(len(bank.questions) for bank in banks)
        assert "vae-code-loss" in found
        assert found["vae-code-loss"].topic == "vae"
        assert found.bank("vae-code-loss").topic == "vae"
        assert "nothing" not in found
        assert found.get("nothing") is None


def test_only_what_is_looked_at_is_decoded(banks: list[Bank], monkeypatch: pytest.MonkeyPatch) -> None:
    decoded = []
    whole = lazy_questions._decoded

    def counted(body: object) -> object:
        decoded.append(body)
        return whole(body)  # type: ignore[arg-type]

    known = [Stored.of(bank).bank for bank in banks]
    monkeypatch.setattr(lazy_questions, "_decoded", counted)
    found = ById(known)
    assert all(isinstance(item, Head) for bank in known for item in heads_of(bank))
    assert not decoded
    assert found["vae-code-loss"].id == "vae-code-loss"
    assert len(decoded) == 1

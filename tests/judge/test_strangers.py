"""The judges, tried with answers as strangers write them."""

from functools import lru_cache
from importlib import import_module
from pathlib import Path

import pytest

from quizcli.bank.types import Code
from quizcli.judge.calls.messages import CaseResult
from quizcli.judge.judging import judging
from quizcli.judge.judging.judging import Trial
from quizcli.judge.judging.judging import load as load_trial
from quizcli.judge.judging.trusted_functions import Local
from quizcli.judge.request import judgement_of
from quizcli.packs.pack import builtin, load
from tests.judge import strangers
from tests.judge.strangers import STRANGERS, Stranger
from tests.places import ROOT

SEED, OTHERS = 1, range(2, 21)  # what fails or passes by chance, one time in ten, shows itself
for file in sorted(Path(strangers.__path__[0]).rglob("[a-z]*.py")):
    import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))

CODES = {q.id: q for bank in load(builtin(), None).banks for q in bank.questions if isinstance(q, Code)}


@lru_cache(maxsize=len(CODES))
def trial_of(question: str, seed: int) -> Trial:
    """The cases of a question, kept with all that is expected: many strangers answer one."""
    code = CODES[question]
    return load_trial(judgement_of(code, Path(), str(code.starter), "answer.py", seed=seed), seed)


def verdict(stranger: Stranger, seed: int) -> CaseResult:
    """The last case of a judgement: the one that failed, if any did."""
    trial = trial_of(stranger.question, seed)
    avoid = CODES[stranger.question].avoid if stranger.right else ()  # what is wrong may use what it will
    answer = Local(stranger.answer, avoid, stranger.answer.__code__.co_filename)
    return [news for news in trial.run(answer) if isinstance(news, CaseResult)][-1]


@pytest.fixture(autouse=True)
def without_haste(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy the machine is, all cases are looked at before a mistake is named."""
    monkeypatch.setattr(judging, "_LOOK_ON", 60.0)


@pytest.mark.parametrize("stranger", STRANGERS, ids=lambda one: f"{one.question}-{one.answer.__name__}")
def test_a_right_answer_passes_and_a_wrong_one_does_not(stranger: Stranger) -> None:
    last = verdict(stranger, SEED)
    assert is_as_it_should_be(stranger, last), last


@pytest.mark.other_seeds
@pytest.mark.parametrize("seed", OTHERS)
@pytest.mark.parametrize("question", sorted({one.question for one in STRANGERS}))
def test_with_other_numbers_too(question: str, seed: int) -> None:
    asked = [(one.answer.__name__, one, verdict(one, seed)) for one in STRANGERS if one.question == question]
    assert [(name, last) for name, one, last in asked if not is_as_it_should_be(one, last)] == []


def is_as_it_should_be(stranger: Stranger, last: CaseResult) -> bool:
    told = last.trap.get("en", "")
    named = stranger.told is None or (stranger.told in told if stranger.told else not told)
    return last.passed == stranger.right and named

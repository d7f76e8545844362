"""The code of a pack, as the referee imports it: what was trusted when the judgement was asked for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from quizcli.errors import QuizError
from quizcli.judge.calls.messages import CandidateSource, Judgement, News, Over, Proof
from quizcli.judge.referee.launcher import Referee, unless_refused
from quizcli.permit import NOTHING, Permit
from tests.permits import permit_for

JUDGE = '''
from collections.abc import Iterator
import torch
from torch import Generator
from quizcli.judge.case import Case, judge
from models.twice import FACTOR
@judge(reference=lambda x: FACTOR * x)
def check_double(random: Generator) -> Iterator[Case]:
    """Two cases; for the second one something is imported."""
    yield Case({"en": "one", "zh": "一"}, (torch.randn(3, generator=random),))
    try:
        from models import late
    except Exception:
        late = None
    yield Case({"en": "two", "zh": "二"}, (torch.randn(3, generator=random),))
'''
TWICE = "FACTOR = 2\ndef double(x):\n    return FACTOR * x\n"
RIGHT = "def double(x):\n    return x + x\n"


@pytest.fixture(scope="module")
def referee() -> Iterator[Referee]:
    with Referee() as one:
        yield one


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in {
        "answers/judges/doubling.py": JUDGE,
        "models/twice.py": TWICE,
        "models/late.py": "",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def judged(
    referee: Referee, root: Path, permit: Permit, *, prove: bool = False, ahead: bool = False
) -> list[News]:
    judgement = Judgement(
        str(root),
        "judges.doubling.check_double",
        "models.twice:double",
        CandidateSource(RIGHT, "mine.py", "double"),
        seed=1,
        prove=prove,
        permit=permit,
    )
    if ahead:
        referee.prepare(judgement)
    return list(referee.judge(judgement))


def refusal(news: list[News]) -> str:
    assert isinstance(news[-1], Over)
    assert not news[-1].passed
    assert not news[-1].broken
    assert "`quizcli pack trust " in news[-1].hint
    return news[-1].refused


def spoil(path: Path) -> None:
    path.write_text(f"open({str(path.parent / 'ran')!r}, 'w')\n{path.read_text()}")


def ran(root: Path) -> bool:
    return any(root.rglob("ran"))


def test_what_was_trusted_judges(referee: Referee, root: Path) -> None:
    over = judged(referee, root, permit_for(root, "mine"))[-1]
    assert isinstance(over, Over)
    assert over.passed
    assert isinstance(judged(referee, root, permit_for(root, "mine"), prove=True)[-1], Proof)


@pytest.mark.parametrize("name", ["answers/judges/doubling.py", "models/twice.py", "models/late.py"])
@pytest.mark.parametrize("how", [{}, {"prove": True}, {"ahead": True}])
def test_what_was_changed_since_does_not(
    referee: Referee, root: Path, name: str, how: dict[str, bool]
) -> None:
    permit = permit_for(root, "mine")
    spoil(root / name)
    news = judged(referee, root, permit, **how)
    assert refusal(news) == f"{name} has changed since you trusted it"
    assert not ran(root)
    with pytest.raises(QuizError, match=name):
        list(unless_refused(iter(news)))


def test_nothing_was_trusted(referee: Referee, root: Path) -> None:
    assert "nobody has trusted" in refusal(judged(referee, root, NOTHING))


def test_what_is_loaded_goes_on_as_it_was_trusted(referee: Referee, root: Path) -> None:
    permit = permit_for(root, "mine")
    judged(referee, root, permit)
    spoil(root / "models" / "twice.py")
    spoil(root / "models" / "late.py")
    over = judged(referee, root, permit)[-1]
    assert isinstance(over, Over)
    assert over.passed
    assert not ran(root)
    judged(referee, root, permit_for(root, "mine"))  # trusted anew
    assert ran(root)


def test_what_is_as_it_was_again_runs_again(referee: Referee, root: Path) -> None:
    permit = permit_for(root, "mine")
    spoil(root / "models" / "late.py")
    refusal(judged(referee, root, permit))
    (root / "models" / "late.py").write_text("")
    for ahead in (True, False):
        over = judged(referee, root, permit, ahead=ahead)[-1]
        assert isinstance(over, Over)
        assert over.passed

"""The claims of a question's demonstration, ticked as they were last measured."""

from __future__ import annotations

import time
from typing import cast

from quizcli.bank.types import AnyQuestion, Predict
from quizcli.screen.cards.answer import TickedClaim
from quizcli.screen.cards.prediction import NOTHING, Findings
from quizcli.study.store.store import Store
from quizcli.text import tr


def tick_claims(store: Store, question: AnyQuestion) -> list[TickedClaim]:
    """What a run with just this question's settings found: the claims it names, or all of them.

    A prediction shows what decides it elsewhere: of its demonstration only the claims that it names besides.
    """
    if question.demo is None:
        return []
    from quizcli.demo.events import Claim, Relation
    from quizcli.screen.demo.status import claim_figures
    from quizcli.study.claims import claims_for

    found = claims_for(store, question.demo.run, question.demo.set)
    lines = []
    wanted = question.demo.claims or (() if isinstance(question, Predict) else found)
    for name in wanted:
        if (measured := found.get(name)) is not None:
            claim = Claim(
                id=name,
                text={},
                measured=measured.measured,
                expected=measured.expected,
                relation=cast(Relation, measured.relation),
                tolerance=measured.tolerance,
                unit=measured.unit,
            )
            day = day_of(measured.at / 1000)
            where = tr("synthetic digits, ", "合成数字，") if measured.synthetic else ""
            lines.append(TickedClaim(name, measured.holds, f"{claim_figures(claim)}  ({where}{day})"))
    return lines


def findings(store: Store, question: AnyQuestion) -> Findings:
    """What earlier runs with just this question's settings measured for a prediction."""
    if not isinstance(question, Predict) or question.demo is None:
        return NOTHING
    from quizcli.study.claims import claims_for

    found = claims_for(store, question.demo.run, question.demo.set)
    stand_in = tr("synthetic data", "合成数据") if any(claim.synthetic for claim in found.values()) else ""
    return Findings({name: claim.measured for name, claim in found.items()}, stand_in)


def day_of(seconds: float) -> str:
    """The local day of a moment, as a person says it where it is today."""
    day, today = (time.strftime("%Y-%m-%d", time.localtime(at)) for at in (seconds, None))
    return tr("today", "今天") if day == today else day

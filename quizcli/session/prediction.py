"""A prediction while it is on the page: what was measured so far, and what that makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from quizcli.bank.prediction import decides
from quizcli.bank.types import Predict
from quizcli.screen.cards.prediction import NOTHING, Findings
from quizcli.session.measured_claims import day_of
from quizcli.text import tr

if TYPE_CHECKING:
    from quizcli.demo.recordings.kept import Earlier
    from quizcli.screen.demo.live import Watched
    from quizcli.study.grading.grade import Response, Verdict


def replay_offer(earlier: Earlier) -> list[tuple[str, str]]:
    """The keys that decide what a prediction is judged by: an earlier run, or a new one."""
    day = day_of(earlier.at)
    return [
        (tr("space", "空格"), tr(f"judge by the run of {day}", f"用 {day} 的运行来判定")),
        ("r", tr("replay it", "重放那次运行")),
        ("d", tr("run anew", "重新运行")),
        ("?", tr("all keys", "全部按键")),
        ("q", tr("quit", "退出")),
    ]


class Prediction:
    """What the runs of a question's demonstration have measured for it."""

    def __init__(self, question: Predict, permutation: Sequence[int]) -> None:
        self.findings: Findings = NOTHING
        self._question = question
        self._permutation = permutation

    def check(self, response: Response) -> None:
        """Raise QuizError for a prediction that cannot be read: before the demonstration runs."""
        from quizcli.study.grading.prediction import check_readable

        check_readable(self._question, response)

    def take(self, outcome: Watched) -> str:
        """Keep what a run measured; where that decides nothing, what to tell the person.

        A run that was stopped too early takes nothing away from an earlier one.
        """
        from quizcli.demo.events import Failed
        from quizcli.screen.demo.status import stand_in

        values = {claim.id: claim.measured for claim in outcome.claims}
        if decides(self._question, values):
            self.findings = Findings(values, stand_in(outcome.started))
            return ""
        if isinstance(outcome.last, Failed):
            return tr("the run failed: d tries again, or grade yourself", "运行失败：按 d 重试，或自行评分")
        if outcome.last is None or outcome.last.stopped:
            return tr(
                "stopped before it was measured: d runs it again, or grade yourself",
                "未测得结果就停止了：按 d 重新运行，或自行评分",
            )
        return tr("this run decides nothing: grade yourself", "这次运行不足以判定，请自行评分")

    def verdict(self, response: Response | None) -> Verdict | None:
        """The verdict on a prediction; None where there is none, or nothing to judge it by."""
        if response is None:
            return None
        from quizcli.study.grading.prediction import judge

        return judge(self._question, response, self.findings.values, self._permutation)

"""`quizcli verify`: run demonstrations without a screen and check what they claim."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from msgspec import Struct
from msgspec.structs import replace

from quizcli.bank.prediction import decides, outcome_of, ranking
from quizcli.bank.types import Bank, Predict
from quizcli.cli import completion
from quizcli.demo.events import Claim, Setting
from quizcli.demo.typed_settings import as_options
from quizcli.errors import ExitStatus
from quizcli.json_output import print_json_line
from quizcli.settings import Settings
from quizcli.text import tr

if TYPE_CHECKING:
    from quizcli.demo.answer_source import Answer

_NAMES_HELP = tr("Which ones; all if none is named.", "要验证的演示；省略则验证全部。")
_QUICK_HELP = tr("The short forms.", "使用简短形式。")
_QUESTIONS_HELP = tr(
    "With the settings and for the claims of the questions.", "按题目所用的设置运行，核对题目引用的结论。"
)
_JSON_HELP = tr("A line of JSON for each claim.", "每条结论输出一行 JSON。")
_SEED_HELP = tr("The seed of those that take one.", "为接受随机种子的演示指定种子。")


class Job(Struct, frozen=True):
    """A demonstration to run, and the claims it must measure; none named: whatever it measures.

    Those of `predictions` are measured to settle predictions: they need not hold.
    """

    answer: Answer
    settings: dict[str, Setting]
    claims: tuple[str, ...] = ()
    predictions: tuple[Predict, ...] = ()
    asked: dict[str, Setting] = {}  # the settings that questions ask for

    @property
    def label(self) -> str:
        """As a command line has it: "vae --beta 0"."""
        return f"{self.answer.name} {as_options(self.asked)}".rstrip()


class Checked(Struct, frozen=True):
    """What came of one claim or of one prediction, or why there is none to speak of."""

    job: Job
    holds: bool
    claim: Claim | None = None
    prediction: Predict | None = None
    measured: dict[str, float] = {}  # what settles the prediction, by the ids of the claims
    error: str = ""
    synthetic: bool = False  # measured on a stand-in for the data


def command(
    ctx: typer.Context,
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", autocompletion=completion.demonstrations, help=_NAMES_HELP),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help=_QUICK_HELP)] = False,
    questions: Annotated[bool, typer.Option("--questions", help=_QUESTIONS_HELP)] = False,
    as_json: Annotated[bool, typer.Option("--json", help=_JSON_HELP)] = False,
    seed: Annotated[int | None, typer.Option("--seed", help=_SEED_HELP)] = None,
) -> int:
    """Run demonstrations and compare what they measure with what they claim."""
    from quizcli.notices import tell
    from quizcli.packs.demos import find_demonstration, runnable_demonstrations
    from quizcli.packs.library import load_banks

    answers = (
        [find_demonstration(name, ctx.obj) for name in names]
        if names
        else runnable_demonstrations(ctx.obj, tell)
    )
    jobs = [Job(answer, settings_of(answer, quick=quick, seed=seed)) for answer in answers]
    if questions:
        jobs = [job for job in jobs for job in linked(job, load_banks(ctx.obj).banks)]
    report = _print_json if as_json else _table(jobs)
    failures = total = 0
    for job in jobs:
        for verdict in verdicts(job, ctx.obj):
            report(verdict)
            total += 1
            failures += not verdict.holds
    print(_summary(len(jobs), total, failures), file=sys.stderr)
    return ExitStatus.CHECK_FAILED if failures else ExitStatus.OK


def settings_of(answer: Answer, *, quick: bool, seed: int | None) -> dict[str, Setting]:
    """The settings to verify an answer with; a seed goes to those that take one."""
    chosen = dict(answer.quick) if quick else {}
    if seed is not None and any(parameter.name == "seed" for parameter in answer.parameters):
        chosen["seed"] = seed
    return chosen


def linked(job: Job, banks: Iterable[Bank]) -> Iterator[Job]:
    """The job once for each way in which questions run it, with all that they name and predict of it."""
    ways: dict[bytes, Job] = {}
    for question in (question for bank in banks for question in bank.questions):
        link = question.demo
        if link is not None and link.run == job.answer.name:
            key = msgspec.json.encode(link.set, order="sorted")
            way = ways.get(key) or Job(job.answer, {**job.settings, **link.set}, asked=link.set)
            claims = tuple(dict.fromkeys(way.claims + link.claims))
            predictions = (question,) if isinstance(question, Predict) else ()
            ways[key] = replace(way, claims=claims, predictions=way.predictions + predictions)
    yield from ways.values()


def verdicts(job: Job, settings: Settings) -> Iterator[Checked]:
    """Run a job and judge its claims as they come. One that breaks or does not measure them is at fault."""
    from quizcli.demo.events import Failed, Finished, Started
    from quizcli.demo.launcher import environment, start
    from quizcli.packs.demos import make_request

    synthetic = False
    claimed: dict[str, float] = {}
    with start(make_request(job.answer, job.settings, settings), environ=environment(settings)) as run:
        for event in run:
            match event:
                case Started():
                    synthetic = event.synthetic
                case Claim():
                    claimed[event.id] = event.measured
                    if event.id in job.claims or not (job.claims or job.predictions):
                        yield Checked(job, event.holds, event, synthetic=synthetic)
                case Failed():
                    if settings.debug:
                        print(event.trace, file=sys.stderr)
                    yield Checked(job, False, error=f"{event.message} {event.hint}".strip())
                case Finished() if not claimed:
                    error = tr("it claims nothing", "没有给出任何结论")
                    yield Checked(job, False, error=error)
                case Finished():
                    for name in job.claims:
                        if name not in claimed:
                            error = tr(f"{name} was not measured", f"未测得 {name}")
                            yield Checked(job, False, error=error)
                    yield from (_settled(job, question, claimed, synthetic) for question in job.predictions)


def _settled(job: Job, question: Predict, claimed: Mapping[str, float], synthetic: bool) -> Checked:
    """Whether a run settles a prediction, whichever way."""
    measured = {name: claimed[name] for name in question.claims if name in claimed}
    if decides(question, measured):
        return Checked(job, True, prediction=question, measured=measured, synthetic=synthetic)
    error = tr("this run decides nothing", "这次运行不足以判定")
    return Checked(job, False, prediction=question, measured=measured, error=error, synthetic=synthetic)


def _print_json(verdict: Checked) -> None:
    from quizcli.demo.events import to_json

    row: dict[str, object] = {"demo": verdict.job.answer.name, "holds": verdict.holds}
    if verdict.job.asked:
        row["settings"] = verdict.job.asked
    if verdict.error:
        row["error"] = verdict.error
    if verdict.prediction is not None:
        question, measured = verdict.prediction, verdict.measured
        row |= {"synthetic": verdict.synthetic, "question": question.id, "measured": measured}
        if verdict.holds and question.outcomes:
            row["outcome"] = outcome_of(question, measured[question.claim]) + 1
        if verdict.holds and question.items:
            row["order"] = [place + 1 for place in ranking(question, measured)]
    if verdict.claim is not None:
        row |= {"synthetic": verdict.synthetic, **msgspec.json.decode(to_json(verdict.claim))}
    print_json_line(row)


def _table(jobs: Sequence[Job]) -> Callable[[Checked], None]:
    """Print the head of the table; returns what prints a row. Columns are as wide as the catalogue says."""
    from rich.cells import set_cell_size

    from quizcli.screen.demo.status import claim_figures
    from quizcli.screen.terminal import theme

    console = theme.make_console()
    heads = tr("demonstration", "演示"), tr("claim", "结论"), tr("measured and expected", "实测与预期")
    widest_name = max([len(job.label) for job in jobs] + [13])
    widest_claim = max(len(name) for job in jobs for name in ("claim", *_names(job)))

    def row(sign: str, name: str, claim: str, figures: str, style: str) -> None:
        cells = f"{set_cell_size(name, widest_name)}  {set_cell_size(claim, widest_claim)}  {figures}"
        console.print(f"{sign} {cells}", style=style, soft_wrap=True)

    def print_row(verdict: Checked) -> None:
        sign, style = (theme.RIGHT, theme.PLAIN) if verdict.holds else (theme.WRONG, theme.BAD)
        claim, question = verdict.claim, verdict.prediction
        figures = verdict.error if claim is None else claim_figures(claim)
        if question is not None and verdict.holds:
            figures = _came_out(question, verdict.measured)
        if verdict.synthetic:
            figures += tr("  (synthetic data)", "  （合成数据）")
        name = claim.id if claim is not None else question.id if question is not None else ""
        row(sign, verdict.job.label, name, figures, style)

    row(" ", *heads, style=theme.QUIET)
    return print_row


def _names(job: Job) -> Sequence[str]:
    """The names that stand in the second column."""
    questions = tuple(question.id for question in job.predictions)
    return job.claims + questions or job.answer.claims


def _came_out(question: Predict, measured: Mapping[str, float]) -> str:
    """What settles a prediction: the value, which outcome that is, or the order of the items."""
    from quizcli.screen.terminal.numbers import number

    unit = f" {question.unit}" if question.unit else ""
    if question.items:
        order = ranking(question, measured)
        values = " < ".join(number(measured[question.items[place].claim]) for place in order)
        return " ".join(str(place + 1) for place in order) + f"  ({values}{unit})"
    value = measured[question.claim]
    which = outcome_of(question, value)
    return number(value) + unit + (f"  → {which + 1}" if question.outcomes else "")


def _summary(demos: int, total: int, failures: int) -> str:
    held = total - failures
    return tr(
        f"{held} of {total} hold, in {demos} demonstration{'s' * (demos != 1)}",
        f"{demos} 个演示，共 {total} 项，{held} 项成立",
    )

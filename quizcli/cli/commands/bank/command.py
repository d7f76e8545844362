"""`quizcli bank new`, `bank check` and `bank schema`: for people who write questions."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from quizcli.cli.help import Command
from quizcli.errors import ExitStatus, QuizError
from quizcli.settings import Settings
from quizcli.text import LANGS, tr

if TYPE_CHECKING:
    from quizcli.bank.checking.content import Outside
    from quizcli.bank.diagnostic import Mistake
    from quizcli.cli.commands.bank.check_code import Proved
    from quizcli.demo.answer_source import Flaw
    from quizcli.packs.check import Examined, Target

app = typer.Typer()


@app.command(
    cls=Command,
    help=tr(
        "Begin a bank: questions/TOPIC.yaml, in both languages or with --lang in one.",
        "新建题库 questions/TOPIC.yaml：默认中英双语，加 --lang 则只用一种语言。",
    ),
)
def new(
    ctx: typer.Context,
    topic: Annotated[
        str,
        typer.Argument(
            metavar="TOPIC",
            help=tr("Lower-case words joined by `-`.", "以 `-` 连接的小写英文单词。"),
        ),
    ],
) -> int:
    """Write a starter that passes the check, and print its path; an existing bank is left alone."""
    from quizcli.bank.template import schema_for, starter

    settings: Settings = ctx.obj
    folder = _questions_here()
    bank = folder / f"{_topic(topic)}.yaml"
    twin = next((path for path in (bank, bank.with_suffix(".yml")) if os.path.lexists(path)), None)
    if twin is not None:
        raise _there_already(twin)
    folder.mkdir(exist_ok=True)  # in a folder of the person's own, for others to read if they like
    text = starter(topic, (settings.lang,) if settings.one_lang else LANGS, schema_for(bank.resolve()))
    try:
        with bank.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError as error:
        raise _there_already(bank) from error
    print(bank)
    print(
        tr(
            "  Write over its questions. Then `quizcli bank check`",
            "  请改写其中的题目，然后执行 `quizcli bank check`",
        )
        + _adding(folder.resolve().parent, settings),
        file=sys.stderr,
    )
    return ExitStatus.OK


@app.command(
    cls=Command,
    help=tr(
        "Check banks: the form, both languages, sources, formulas, and every link to a demonstration.",
        "检查题库：格式、双语、出处、公式，以及指向演示的每个链接。",
    ),
)
def check(
    ctx: typer.Context,
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[PATH]...",
            help=tr(
                "A bank, a folder `questions`, or a pack; else the pack here, or the built-in one.",
                "题库文件、`questions` 文件夹或题库包；默认为当前目录的题库包或内置题库包。",
            ),
        ),
    ] = None,
    run: Annotated[
        bool,
        typer.Option(
            "--run",
            help=tr(
                "Prove code questions too: starters fail, answers pass, traps are told.",
                "同时验证代码题：起始代码不通过、参考答案通过、陷阱能被识别。",
            ),
        ),
    ] = False,
    mutants: Annotated[
        bool,
        typer.Option(
            "--mutants",
            help=tr("With --run: judge mutants of each model answer.", "配合 --run：评判参考答案的变异体。"),
        ),
    ] = False,
    sample: Annotated[
        int,
        typer.Option(
            "--sample",
            min=0,
            metavar="N",
            help=tr("Only N mutants of each answer; 0: all.", "每个答案只取 N 个变异体；0 为全部。"),
        ),
    ] = 0,
    seeds: Annotated[
        int,
        typer.Option("--seeds", min=1, metavar="N", help=tr("Prove with N seeds.", "用 N 个种子验证。")),
    ] = 3,
    only: Annotated[
        str, typer.Option("--only", metavar="ID", help=tr("Prove this question.", "只验证这道题。"))
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help=tr("As JSON.", "输出 JSON。"))] = False,
) -> int:
    """Print every mistake, one a line; exit 3 if there is one."""
    from quizcli.cli.commands.bank.check_code import Proved, Thoroughness, prove
    from quizcli.packs.check import Examined, examine

    if (mutants or only) and not run:
        message = tr("--mutants and --only go with --run", "--mutants 与 --only 须配合 --run")
        hint = tr(
            "As in `quizcli bank check --run --mutants`.", "例如 `quizcli bank check --run --mutants`。"
        )
        raise QuizError(message, hint, ExitStatus.USAGE)
    plan = Thoroughness(seeds, sample if mutants else None, only)
    reports: list[Examined] = []
    proofs: list[Proved] = []
    for target in _targets(paths or []):
        report = examine(target, _outside)
        root = target.pack.root
        proofs.append(prove(target, ctx.obj, plan) if run else Proved())
        mistakes = [*report.mistakes, *proofs[-1].mistakes]
        moved = [msgspec.structs.replace(m, path=_seen_from_here(root, m.path)) for m in mistakes]
        reports.append(Examined(report.banks, report.questions, tuple(moved)))
    whole = Examined(
        sum(report.banks for report in reports),
        sum(report.questions for report in reports),
        tuple(mistake for report in reports for mistake in report.mistakes),
    )
    _report(whole, proofs, as_json)
    return ExitStatus.CHECK_FAILED if whole.mistakes else ExitStatus.OK


@app.command(
    cls=Command,
    help=tr(
        "Measure the numbers that questions quote and keep them in answers/measured.json.",
        "用多个种子测出题目引用的数字，记入 answers/measured.json。",
    ),
)
def measure(
    ctx: typer.Context,
    demos: Annotated[
        list[str] | None,
        typer.Argument(metavar="[DEMO]...", help=tr("Only these demonstrations.", "只测这些演示。")),
    ] = None,
    seeds: Annotated[
        int, typer.Option("--seeds", min=10, metavar="N", help=tr("Run with N seeds.", "用 N 个种子运行。"))
    ] = 10,
    anew: Annotated[
        bool, typer.Option("--anew", help=tr("What is up to date too.", "已是最新的也重新测量。"))
    ] = False,
) -> int:
    """Measure for the pack here, or the built-in one. What is up to date is left as it is."""
    from quizcli.cli.commands.bank.measure import measure as bring_up_to_date

    (target,) = _targets([])
    return bring_up_to_date(target.pack, ctx.obj, demos or (), seeds, anew=anew)


@app.command(
    cls=Command,
    help=tr("Print the JSON schema of a bank, for editors.", "输出题库的 JSON Schema，供编辑器使用。"),
)
def schema() -> int:
    """Print the schema that `quizcli/bank/schema.json` holds."""
    from quizcli.bank.reading.json_schema import as_json

    print(as_json(), end="")
    return ExitStatus.OK


def _report(whole: Examined, proofs: list[Proved], as_json: bool) -> None:
    """Mistakes on stdout; on stderr how many there are, and what became of the mutants."""
    from quizcli.cli.commands.bank.check_code import total

    figures = total(proved.mutants for proved in proofs)
    if as_json:
        told = {**msgspec.to_builtins(whole), **({"mutants": figures} if figures is not None else {})}
        print(msgspec.json.format(msgspec.json.encode(told), indent=2).decode())
    else:
        for mistake in whole.mistakes:
            print(mistake)
    print(_summary(whole), file=sys.stderr)
    if figures is not None:
        questions = sum(proved.questions for proved in proofs)
        en = f"{_count(questions, 'code question')}: {figures.made:,} mutants, {figures.killed:,} killed"
        zh = f"{questions} 道代码题：{figures.made:,} 个变异体，{figures.killed:,} 个被拒"
        print(
            tr(f"{en}, {figures.equivalent:,} equivalent", f"{zh}，{figures.equivalent:,} 个等价"),
            file=sys.stderr,
        )


def _questions_here() -> Path:
    """The folder of the banks of the pack here; of a pack that begins with this one, where there is none."""
    here = Path()
    if here.resolve().name == "questions" and not (here / "questions").is_dir():
        return here
    return here / "questions"


def _topic(word: str) -> str:
    """The topic, if it can be one. QuizError (USAGE) with a spelling that can."""
    from quizcli.bank.reading.field_types import KEBAB
    from quizcli.did_you_mean import did_you_mean

    if re.fullmatch(KEBAB, word):
        return word
    near = re.sub("[^a-z0-9]+", "-", word.lower()).strip("-")
    raise QuizError(
        tr(
            f"{word!r}: a topic is lower-case words joined by `-`",
            f"{word!r}：主题须为以 `-` 连接的小写英文单词",
        ),
        did_you_mean([near] if near else []),
        ExitStatus.USAGE,
    )


def _there_already(bank: Path) -> QuizError:
    return QuizError(
        tr(f"{bank}: there already; nothing was written", f"{bank}：已存在，未写入任何内容"),
        tr("Add questions to it, or choose another topic.", "请在其中添加题目，或换一个主题。"),
        ExitStatus.USAGE,
    )


def _adding(root: Path, settings: Settings) -> str:
    """What is left to type before the pack is studied, if anything."""
    from quizcli.packs.pack import builtin
    from quizcli.packs.registry import added_packs

    if str(root) in [str(builtin().root), *(entry.root for entry in added_packs(settings))]:
        return ""
    command = f"`quizcli pack add {os.path.relpath(root)}`"
    return tr(f" and {command}", f" 与 {command}")


def _targets(paths: list[Path]) -> list[Target]:
    from quizcli.packs.check import Target, target_at
    from quizcli.packs.pack import builtin

    if not paths:
        here = Path()
        paths = [here] if (here / "questions").is_dir() else []
    return [target_at(path) for path in paths] or [Target(builtin())]


def _outside(root: Path) -> Outside:
    """What the banks of a pack point at. A bank knows neither demonstrations nor the screen.

    A demonstration that the pack lacks is that of the program.
    """
    from quizcli.bank.checking.code_links import broken_links
    from quizcli.bank.checking.content import Outside
    from quizcli.bank.checking.text_links import text_mistakes
    from quizcli.bank.measured_record import read_record
    from quizcli.demo.answer_files import file_at
    from quizcli.demo.answer_source import check_settings
    from quizcli.demo.catalogue import find_answers, look_for_answers
    from quizcli.packs.code_digest import code_digest
    from quizcli.packs.pack import builtin
    from quizcli.screen.latex.layout import unshowable

    found, flaws = look_for_answers(root)
    record, damages = read_record(root)
    answers = {**find_answers(builtin().root), **found}
    return Outside(
        answers,
        check_settings,
        unshowable,
        partial(broken_links, root),
        frozenset(file_at(flaw.path, root).name for flaw in flaws if flaw.path.suffix == ".py"),
        record,
        cache(lambda run: code_digest(answers[run].root, answers[run].path) if run in answers else ""),
        (*_code_mistakes(root, flaws), *text_mistakes(root), *damages),
    )


def _code_mistakes(root: Path, flaws: Iterable[Flaw]) -> Iterator[Mistake]:
    """What is wrong with the code of a pack, as far as it shows without running it."""
    from quizcli.bank.diagnostic import Mistake
    from quizcli.packs.trust import survey

    _, faults = survey(root)
    unfit = {fault.path for fault in faults}
    yield from (Mistake(fault.path or ".", 1, 1, "", fault.reason) for fault in faults)
    for flaw in flaws:
        name = flaw.path.relative_to(root).as_posix()
        if name not in unfit:
            yield Mistake(name, flaw.line or 1, 1, "", flaw.message)


def _seen_from_here(root: Path, name: str) -> str:
    """The path of a bank as a person in this folder would write it."""
    path = root / name
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)


def _summary(whole: Examined) -> str:
    en = f"{_count(whole.banks, 'bank')}, {_count(whole.questions, 'sound question')}: "
    zh = f"{whole.banks} 个题库，{whole.questions} 道合格题目："
    if not whole.mistakes:
        return tr(en + "no mistakes", zh + "没有错误")
    return tr(en + _count(len(whole.mistakes), "mistake"), zh + f"{len(whole.mistakes)} 处错误")


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"

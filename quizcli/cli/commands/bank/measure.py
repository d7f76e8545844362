"""`quizcli bank measure`: write the record of the numbers that the questions of a pack quote."""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Collection, Iterable, Iterator
from importlib.metadata import version
from math import isclose

from msgspec import Struct
from msgspec.structs import replace

from quizcli.bank.figures import link_of
from quizcli.bank.measured_record import MeasuredRun, RunKey, key, load_record, write_record
from quizcli.bank.types import Bank, Setting
from quizcli.demo.answer_source import Answer
from quizcli.demo.events import Claim, Failed, Started
from quizcli.demo.launcher import environment, start
from quizcli.demo.typed_settings import as_options
from quizcli.errors import ExitStatus, QuizError
from quizcli.packs.code_digest import code_digest
from quizcli.packs.demos import find_demonstration, make_request
from quizcli.packs.pack import Pack, load
from quizcli.settings import Settings
from quizcli.text import tr

_DATA_SET = re.compile(r"[\w-]+, [\d,]+ images")
_ALIKE = 1e-6  # relative: a run of the same code, on the same machine with the same torch


class Way(Struct, frozen=True):
    """One way in which a demonstration is run, and the claims that questions quote of it."""

    run: str
    set: dict[str, Setting]
    claims: tuple[str, ...]

    @property
    def key(self) -> RunKey:
        """What its entry is found by."""
        return key(self.run, self.set)

    @property
    def label(self) -> str:
        """As a command line has it."""
        return f"{self.run} {as_options(self.set)}".rstrip()


class Ran(Struct, frozen=True):
    """What one run measured, and on what."""

    claims: dict[str, float]
    machine: str
    data: str


def ways_to_measure(banks: Iterable[Bank], only: Collection[str] = ()) -> list[Way]:
    """Every way that the questions quote, once; `only` these demonstrations."""
    found: dict[RunKey, Way] = {}
    for question in (question for bank in banks for question in bank.questions):
        for figure in question.measured.values():
            link = link_of(question, figure)
            if link is None or (only and link.run not in only):
                continue
            way = found.setdefault(key(link.run, link.set), Way(link.run, link.set, ()))
            claims = tuple(dict.fromkeys((*way.claims, figure.claim)))
            found[way.key] = replace(way, claims=claims)
    return list(found.values())


def measure(pack: Pack, settings: Settings, only: Collection[str], seeds: int, *, anew: bool) -> int:
    """Bring the record up to date, one way after the other; each is kept as soon as it is measured.

    What is recorded is measured again where the code has changed, unless the first seed gives the same
    numbers as before, or where `anew`. Entries that no question quotes any more are dropped.
    """
    banks = load(pack, None).banks
    wanted = ways_to_measure(banks, only)
    if only and not wanted:
        raise QuizError(
            tr(f"no question quotes {', '.join(only)}", f"没有题目引用 {', '.join(only)}"),
            tr("Quote a claim with `measured:` first.", "请先在题目中用 `measured:` 引用结论。"),
            ExitStatus.USAGE,
        )
    record = load_record(pack.root)
    quoted = {way.key for way in ways_to_measure(banks)}
    record = {name: entry for name, entry in record.items() if name in quoted}
    for way in wanted:
        old = None if anew else record.get(way.key)
        print(f"{way.label}: ", end="", file=sys.stderr, flush=True)
        entry, told = _entry(way, old, pack, settings, seeds)
        record[way.key] = entry
        write_record(pack.root, record.values())
        print(told, file=sys.stderr)
    return ExitStatus.OK


def _entry(
    way: Way, old: MeasuredRun | None, pack: Pack, settings: Settings, seeds: int
) -> tuple[MeasuredRun, str]:
    """The entry of a way, and what is said of it."""
    answer = find_demonstration(way.run, settings)
    code = code_digest(answer.root, answer.path)
    if old is not None and old.seeds >= seeds and old.claims.keys() >= set(way.claims):
        if old.code == code:
            return old, tr("up to date", "已是最新")
        first = _ran(answer, way, 0, settings)
        if _is_as_recorded(first, old):
            return replace(old, code=code), tr("as before", "与之前一致")
    takes_seed = any(parameter.name == "seed" for parameter in answer.parameters)
    runs = []
    for seed in range(seeds if takes_seed else 1):
        runs.append(_ran(answer, way, seed, settings))
        print(".", end="", file=sys.stderr, flush=True)
    runs *= 1 if takes_seed else seeds
    common = set.intersection(*(set(run.claims) for run in runs))
    if missing := sorted(set(way.claims) - common):
        raise QuizError(
            tr(f"{way.label} did not measure {missing[0]}", f"{way.label} 没有测得 {missing[0]}"),
            tr("Quote a claim that every run measures.", "请引用每次运行都会测得的结论。"),
        )
    entry = MeasuredRun(
        run=way.run,
        set=way.set,
        code=code,
        seeds=seeds,
        torch=version("torch").partition("+")[0],
        machine=runs[0].machine,
        data=runs[0].data,
        claims={name: tuple(_short(run.claims[name]) for run in runs) for name in sorted(common)},
    )
    return entry, tr(f" {seeds} seeds", f" {seeds} 个种子")


def _is_as_recorded(ran: Ran, old: MeasuredRun) -> bool:
    """Whether a run with seed 0 measured what the record has of it."""
    return ran.claims.keys() >= old.claims.keys() and all(
        isclose(values[0], ran.claims[name], rel_tol=_ALIKE, abs_tol=1e-12)
        for name, values in old.claims.items()
    )


def _short(value: float) -> float:
    """Eight digits tell all that anybody shows, and make a record that one can read."""
    return float(f"{value:.8g}")


def _ran(answer: Answer, way: Way, seed: int, settings: Settings) -> Ran:
    """Run it once, without pauses. QuizError where it breaks, or runs on a stand-in for its data."""
    chosen: dict[str, Setting] = dict(way.set)
    for parameter in answer.parameters:
        if parameter.name == "seed":
            chosen["seed"] = seed
    claims: dict[str, float] = {}
    began = Started()
    for event in _events(answer, chosen, settings):
        match event:
            case Started():
                began = event
            case Claim():
                claims[event.id] = event.measured
            case Failed():
                raise QuizError(f"{way.label}: {event.message}", event.hint)
    if began.synthetic:
        raise QuizError(
            tr(f"{way.label} ran on synthetic data", f"{way.label} 使用了合成数据"),
            tr(
                "Name a folder with the real data in QUIZCLI_DATA.",
                "请用 QUIZCLI_DATA 指定真实数据。",
            ),
        )
    label = began.data if isinstance(began.data, str) else began.data["en"]
    label = label if _DATA_SET.fullmatch(label) else ""  # the others say what is looked at
    return Ran(claims, f"{began.device.partition(' ')[0]} {platform.machine()}", label)


def _events(answer: Answer, chosen: dict[str, Setting], settings: Settings) -> Iterator[object]:
    with start(make_request(answer, chosen, settings), environ=environment(settings)) as run:
        yield from run

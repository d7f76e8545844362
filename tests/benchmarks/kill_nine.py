"""kill -9 in the middle of studying: is every answer there that was acknowledged?

    python -m tests.benchmarks.kill_nine [KILLS]

A child studies and says the UUID of each log entry after its commit. It is killed at a random moment; then
the entries that it acknowledged must be in the store, the file must be whole, and at the end the cards must
be what the log says.
"""

import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from msgspec import Struct

from quizcli.settings import Settings
from quizcli.study.session import Session
from quizcli.study.store.replay import drift
from quizcli.study.store.store import Store
from tests.study.many import questions

PATIENCE = 60.0  # seconds that a child may take to begin


class Report(Struct, frozen=True):
    """What the kills did. `ahead` counts entries that were committed, but not said any more."""

    kills: int
    acknowledged: int
    lost: int
    ahead: int
    faults: tuple[str, ...]


def settings_in(folder: Path) -> Settings:
    """Settings with the store in `folder` and no limit to new cards."""
    return Settings(
        config_file=folder / "config.toml",
        store_file=folder / "quizcli.db",
        cache_dir=folder,
        data_sets=None,
        new_per_day=9999,
    )


def study(folder: Path, seed: int) -> None:
    """The child: study without end, and print the UUID of each entry once it is committed."""
    settings, dice = settings_in(folder), random.Random(seed)
    with Store.open(settings.store_file) as store:
        session = Session.open(store, questions(5000), settings)
        session.answer(3, 1000)  # fsrs is imported now: it goes fast from here on
        print("ready", flush=True)
        while True:
            acts = (session.flag, session.bury, session.suspend, session.undo)
            if dice.random() < 0.8:
                session.answer(dice.randint(1, 4), 1000)
            else:
                dice.choice(acts)()
            print(*store.one("SELECT uuid FROM log ORDER BY seq DESC LIMIT 1"), flush=True)


def kill_one(folder: Path, seed: int, longest: float) -> list[str]:
    """Start a child and kill it within `longest` seconds, while it starts or while it studies; its UUIDs."""
    dice = random.Random(seed)
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.kill_nine", "--study", str(folder), str(seed)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    try:
        if dice.random() < 0.9 and child.stdout.readline() != "ready\n":
            raise RuntimeError(f"the child ended by itself with status {child.wait(PATIENCE)}")
        time.sleep(dice.uniform(0, longest))
    finally:
        child.kill()
    # Not `communicate`: it would miss what `readline` has taken from the pipe beyond its line.
    with child.stdout as stream:
        rest = stream.read()
    child.wait(PATIENCE)
    # The last line may have been cut off in the middle of being printed.
    return [line for line in rest.splitlines(keepends=True) if line.endswith("\n") and line != "ready\n"]


def survive(folder: Path, kills: int, seed: int = 0, longest: float = 0.25) -> Report:
    """Kill `kills` children that study in the same store, one after the other."""
    path = settings_in(folder).store_file
    acknowledged: set[str] = set()
    faults = []
    for number in range(kills):
        acknowledged |= {line.strip() for line in kill_one(folder, seed + number, longest)}
        with Store.open(path) as store:
            if fault := store.check():
                faults.append(fault)
    with Store.open(path) as store:
        stored = {entry.uuid for entry in store.log()}
        faults += [f"{card} is not what the log says" for card in drift(store)]
    lost = len(acknowledged - stored)
    return Report(kills, len(acknowledged), lost, len(stored - acknowledged), tuple(faults))


def main(kills: int = 200) -> None:
    """Print the report; exit 1 if anything was lost."""
    with tempfile.TemporaryDirectory() as folder:
        report = survive(Path(folder), kills, seed=time.time_ns())
    print(f"{report.kills} kills, {report.acknowledged} acknowledged entries, {report.lost} lost")
    print(
        f"{report.ahead} entries were committed but not acknowledged yet; faults: {report.faults or 'none'}"
    )
    if report.lost or report.faults:
        raise SystemExit(1)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--study"]:
        study(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        main(*map(int, sys.argv[1:]))

"""kill -9 in the middle of backups and restores: is the store the old one or the new one, and whole?

    python -m tests.benchmarks.kill_restore [KILLS]

Two states are backed up. A child restores the one that is not there, or makes a backup, and is killed at a
random moment; then the store must be one of the two states, and every file with a backup's name sound.
"""

import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from msgspec import Struct

from quizcli.settings import Settings
from quizcli.study.backups.archive import write
from quizcli.study.backups.kept_backups import backups
from quizcli.study.restore.candidate import candidate
from quizcli.study.restore.put_back import restore
from quizcli.study.store.store import Store
from tests.benchmarks.kill_nine import settings_in
from tests.study.damaging import real_store

PATIENCE = 60.0  # seconds that a child may take to begin


class Report(Struct, frozen=True):
    """What the kills did."""

    kills: int
    old: int  # times that the store was as before
    new: int
    faults: tuple[str, ...]


def entries(settings: Settings) -> tuple[int, str]:
    """How long the log is, and what is wrong with the store."""
    with Store.open(settings.store_file) as store:
        return len(list(store.log())), store.check()


def work(folder: Path, goals: list[Path]) -> None:
    """The child: restore one after the other, and back up in between, without end."""
    settings = settings_in(folder)
    print("ready", flush=True)
    while True:
        for goal in goals:
            with candidate(goal, settings) as found:
                restore(found, settings)
            write(settings)


def survive(folder: Path, kills: int, seed: int = 0, longest: float = 0.4) -> Report:
    """Kill `kills` children, one after the other."""
    settings, dice = settings_in(folder), random.Random(seed)
    real_store(settings.store_file, 60)
    small = entries(settings)[0]
    goals = [write(settings, goal=folder / "small.zip").path]
    real_store(settings.store_file, 120)
    large = entries(settings)[0]
    goals.append(write(settings, goal=folder / "large.zip").path)
    seen = {small: 0, large: 0}
    faults = []
    for _ in range(kills):
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.kill_restore", "--work", str(folder), *map(str, goals)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert child.stdout is not None
        if child.stdout.readline() != "ready\n":
            raise RuntimeError(f"the child ended by itself with status {child.wait(PATIENCE)}")
        time.sleep(dice.uniform(0, longest))
        child.kill()
        child.communicate(timeout=PATIENCE)
        length, fault = entries(settings)
        faults += [fault] if fault else []
        if length not in seen:
            faults.append(f"{length} entries are neither {small} nor {large}")
        else:
            seen[length] += 1
        for each in backups(settings.store_file):
            with candidate(each.path, settings):
                pass
            each.path.unlink()
    return Report(kills, seen[small], seen[large], tuple(faults))


def main(kills: int = 50) -> None:
    """Print the report; exit 1 if anything was not whole."""
    with tempfile.TemporaryDirectory() as folder:
        report = survive(Path(folder), kills, seed=time.time_ns())
    print(f"{report.kills} kills: {report.old} times the one state, {report.new} times the other")
    print(f"faults: {report.faults or 'none'}")
    if report.faults:
        raise SystemExit(1)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--work"]:
        work(Path(sys.argv[2]), list(map(Path, sys.argv[3:])))
    else:
        main(*map(int, sys.argv[1:]))

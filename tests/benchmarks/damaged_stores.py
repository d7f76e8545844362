"""Many stores damaged by chance, by seed: is every damage told as what it is, and no answer lost unsaid?

python -m tests.benchmarks.damaged_stores [STORES] [FIRST_SEED]
"""

import random
import shutil
import sys
import tempfile
from pathlib import Path

from quizcli.study.store.store import Store
from tests.study.damaging import BY_CHANCE, faults, lost_unsaid, real_store


def main(stores: int = 400, first: int = 0) -> None:
    """Print what was wrong, with its seed; exit 1 if anything was."""
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        path = home / "data" / "quizcli.db"
        real_store(path)
        with Store.open(path) as store:
            entries = len(list(store.log()))
        healthy = path.read_bytes()
        for seed in range(first, first + stores):
            dice = random.Random(seed)
            damage = dice.choice(BY_CHANCE)
            data = damage(healthy, dice)
            path.write_bytes(data)
            found = faults(home)
            shutil.rmtree(path.parent)
            (path.parent / "backups").mkdir(parents=True)
            (path.parent / "backups" / "quizcli-20250101T000000Z-daily.zip").touch()
            path.write_bytes(data)
            found += ["entries are lost and nothing says so"] * lost_unsaid(path, entries)
            for line in found:
                print(f"seed {seed}, {damage.__name__}: {line}", flush=True)
            wrong += len(found)
    print(f"{stores} damaged stores, 8 commands each: {wrong} told wrongly")
    if wrong:
        raise SystemExit(1)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

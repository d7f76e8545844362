"""Try many inputs of every kind, and print what came of them.

python -m tests.fuzz [KIND ...] [--count N] [--seed S]
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch

from tests.fuzz import argv, banks, candidates, keys, packs, replies, stores, terminals
from tests.fuzz.program import TooLong, template

KINDS: dict[str, Callable[[Path, int], list[str]]] = {
    "keys": keys.one,
    "terminals": terminals.one,
    "argv": argv.one,
    "banks": banks.one,
    "stores": stores.one,
    "packs": packs.one,
    "replies": replies.one,
    "candidates": candidates.one,
}


def attempt(kind: str, folder: Path, seed: int) -> list[str]:
    """One input; the faults that it shows."""
    try:
        return KINDS[kind](folder, seed)
    except TooLong:
        return ["it does not end"]
    finally:
        shutil.rmtree(folder / f"home-{seed}", ignore_errors=True)


def main() -> int:
    """Print a line for each kind; each fault with its seed on stderr."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=", ".join(KINDS))
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    if unknown := [kind for kind in given.kinds if kind not in KINDS]:
        parser.error(f"no such kind: {', '.join(unknown)}")
    torch.set_num_threads(1)
    total = 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        template(folder)
        for kind in given.kinds or KINDS:
            began, faults = time.perf_counter(), 0
            for seed in range(given.seed, given.seed + given.count):
                for fault in attempt(kind, folder, seed):
                    faults += 1
                    print(f"{kind} {seed}: {fault!r}", file=sys.stderr, flush=True)
            seconds = time.perf_counter() - began
            print(f"{kind:10} {given.count:7,} inputs  {faults} faults  {seconds:.0f} s", flush=True)
            total += faults
    return 1 if total else 0


if __name__ == "__main__":
    sys.exit(main())

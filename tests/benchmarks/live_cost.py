"""What drawing costs: the same demonstration live in a terminal and as --json to nowhere, in pairs.

    python -m tests.benchmarks.live_cost [NAME [PAIRS]]

Both processes train in a worker; live, the terminal process draws beside it. Standard input is no terminal,
so that nothing waits for a key. Whole processes are timed, imports included: these are the same in both.
"""

from __future__ import annotations

import os
import pty
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence

SIZE = (40, 120)  # rows, columns


def piped(command: Sequence[str]) -> float:
    """Seconds of the run that prints JSON to nowhere."""
    begun = time.perf_counter()
    subprocess.run([*command, "--json"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begun


def live(command: Sequence[str]) -> tuple[float, int]:
    """Seconds of the run that draws, and the bytes that it drew."""
    ours, theirs = pty.openpty()
    os.environ |= {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
    subprocess.run(["stty", "rows", str(SIZE[0]), "columns", str(SIZE[1])], stdin=theirs, check=True)
    begun = time.perf_counter()
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=theirs, stderr=subprocess.DEVNULL)
    os.close(theirs)
    drawn = 0
    while True:
        try:
            drawn += len(os.read(ours, 65536)) or sys.exit("nothing was drawn")
        except OSError:  # EIO: the program has closed its side
            break
    if child.wait() != 0:
        sys.exit(f"the live run ended with {child.returncode}")
    os.close(ours)
    return time.perf_counter() - begun, drawn


def main(name: str = "vae", pairs: str = "5") -> None:
    """Run the pairs and print the ratio."""
    command = [sys.executable, "-m", "quizcli", "demo", name]
    piped(command)  # prepares the data
    ratios = []
    for number in range(int(pairs)):
        seconds, drawn = live(command)
        plain = piped(command)
        ratios.append(seconds / plain)
        print(f"{name} {number + 1}: live {seconds:.2f} s ({drawn / 1e6:.2f} MB drawn), --json {plain:.2f} s")
    print(f"ratio: median {statistics.median(ratios):.3f} (from {min(ratios):.3f} to {max(ratios):.3f})")


if __name__ == "__main__":
    main(*sys.argv[1:])

"""`quizcli --help` against a Typer hello world, as whole processes in turn: prints a ratio.

    python -m tests.benchmarks.help_page [RUNS]

Timed from exec until the text is complete on a pseudo-terminal. Compiled modules are cached, as installed.
"""

import os
import statistics
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.first_question import HELLO, seconds_until

WANTED = 1.60


def main(runs: int = 21) -> None:
    """Print the medians and the ratio pair by pair."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        env |= {"QUIZCLI_HOME": str(home), "QUIZCLI_LANG": "en", "TERM": "xterm-256color", "COLUMNS": "80"}
        hello = home / "hello.py"
        hello.write_text(HELLO)
        ours = [str(Path(sys.executable).with_name("quizcli")), "--help"]
        theirs = [sys.executable, str(hello)]
        end_of_page = b"Show this help."
        for _ in range(3):
            seconds_until(ours, end_of_page, env)
            seconds_until(theirs, b"hello world", env)
        pairs = [
            (seconds_until(ours, end_of_page, env), seconds_until(theirs, b"hello world", env))
            for _ in range(runs)
        ]
    first, second = (statistics.median(times) * 1000 for times in zip(*pairs, strict=True))
    ratios = sorted(a / b for a, b in pairs)
    print(f"quizcli --help {first:.0f} ms, Typer hello world {second:.0f} ms, {runs} pairs")
    middle = statistics.median(ratios)
    print(
        f"ratio: median {middle:.2f} (from {ratios[0]:.2f} to {ratios[-1]:.2f}); wanted at most {WANTED:.2f}"
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

"""First question on the screen against a Typer hello world, as whole processes in turn: prints a ratio.

    python -m tests.benchmarks.first_question [RUNS]

The store holds 100,000 reviews and the pack 1,000 questions. Both programs are timed from exec until their
text is complete on a pseudo-terminal (their exit is not counted). Compiled modules are cached, as installed.
"""

import os
import pty
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.big_store import make

HELLO = """
import typer
app = typer.Typer()

@app.command()
def main(name: str = "world") -> None:
    typer.echo(f"hello {name}")

app()
"""


def seconds_until(command: list[str], text: bytes, env: dict[str, str]) -> float:
    """Wall time from exec until `text` has come out of a pseudo-terminal of 80×24."""
    primary, secondary = pty.openpty()
    os.set_blocking(primary, True)
    begin = time.perf_counter()
    child = subprocess.Popen(
        command, stdin=secondary, stdout=secondary, stderr=secondary, env=env, start_new_session=True
    )
    os.close(secondary)
    seen = b""
    while text not in seen:
        try:
            seen += os.read(primary, 65536)
        except OSError as error:  # Linux says EIO when the last writer has gone
            raise SystemExit(
                f"{command}: ended without {text!r}:\n{seen.decode(errors='replace')}"
            ) from error
    elapsed = time.perf_counter() - begin
    child.kill()
    child.wait()
    os.close(primary)
    return elapsed


def main(runs: int = 21) -> None:
    """Print the medians and the ratio pair by pair."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        site = make(home)
        env |= {
            "QUIZCLI_HOME": str(home),
            "QUIZCLI_LANG": "en",
            "PYTHONPATH": str(site),
            "TERM": "xterm-256color",
            "COLUMNS": "80",
            "LINES": "24",
        }
        hello = home / "hello.py"
        hello.write_text(HELLO)
        ours = [str(Path(sys.executable).with_name("quizcli"))]
        theirs = [sys.executable, str(hello)]
        for _ in range(3):
            seconds_until(ours, b"quit", env)
            seconds_until(theirs, b"hello world", env)
        pairs = [
            (seconds_until(ours, b"quit", env), seconds_until(theirs, b"hello world", env))
            for _ in range(runs)
        ]
    first, second = (statistics.median(times) * 1000 for times in zip(*pairs, strict=True))
    ratios = sorted(a / b for a, b in pairs)
    print(f"first question {first:.0f} ms, Typer hello world {second:.0f} ms, {runs} pairs")
    middle = statistics.median(ratios)
    print(f"ratio: median {middle:.2f} (from {ratios[0]:.2f} to {ratios[-1]:.2f}); wanted at most 1.55")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

"""From the save of a code question to its verdict: with the warm judge of a session, and cold.

    python -m tests.benchmarks.verdict [ROUNDS]

Warm is what a person waits for at each save while `quizcli code` is open: the file is noticed, read, judged
in a process of its own, and the last line of the verdict is on the screen. Cold is the whole command
`quizcli code ID --file FILE`, which starts both processes and imports torch. Both judge one right answer.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.terminal import Terminal

QUESTION = "attention-code-scaled-dot-product"
ANSWER = """
import math
import torch


def attention(q, k, v, attn_mask=None):
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    if attn_mask is not None:
        scores = scores.masked_fill(~attn_mask, float("-inf"))
    weights = torch.softmax(scores, dim=-1)
    return weights @ v, weights
"""
PAUSE = 3.0  # seconds between two saves: the next candidate warms up meanwhile, as while a person reads
TARGET = 0.2  # seconds from save to verdict
PROGRAM = [sys.executable, "-m", "quizcli"]


def cold(folder: Path) -> float:
    """Seconds of the whole command."""
    path = folder / "answer.py"
    path.write_text(ANSWER)
    began = time.perf_counter()
    subprocess.run([*PROGRAM, "code", QUESTION, "--file", str(path)], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def warm(terminal: Terminal, draft: Path, number: int) -> float:
    """Seconds from a save to the verdict on the screen."""
    began = time.perf_counter()
    draft.write_text(f"{ANSWER}# save {number}\n")
    terminal.wait_for("judging", timeout=30)
    terminal.wait_for("all cases pass", timeout=30)
    seconds = time.perf_counter() - began
    terminal.settle()  # else the next save would be read off this one's screen
    return seconds


def main(rounds: str = "5") -> int:
    """Run them in turns and print both."""
    waits: list[float] = []
    whole: list[float] = []
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"QUIZCLI_HOME": home, "QUIZCLI_LANG": "en", "VISUAL": "true"}
        draft = Path(home) / "data" / "code" / f"{QUESTION}.py"
        with Terminal([*PROGRAM, "code", QUESTION], {}, Path.cwd(), columns=100, rows=40) as terminal:
            terminal.wait_for("x begin again")
            warm(terminal, draft, 0)  # not measured: it waits for torch
            for number in range(1, int(rounds) + 1):
                time.sleep(PAUSE)
                waits.append(warm(terminal, draft, number))
                whole.append(cold(Path(home)))
    for name, seen in (("warm", waits), ("cold", whole)):
        print(f"{name} {statistics.median(seen):.2f} s   (from {min(seen):.2f} to {max(seen):.2f})")
    print(f"{TARGET} s wanted, warm")
    return int(statistics.median(waits) > TARGET)


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))

"""Press `d` to first event: a worker warmed 8 seconds before against a cold start, in turn. Prints the ratio.

    python -m tests.benchmarks.warm_worker [ANSWER] [RUNS]

Timed from the key press (the answer's source is read then) to the first event in this process. Exits with 1
where the warm start takes more than 3 % of the cold one.
"""

import argparse
import statistics
import sys
import time

from quizcli.demo.answer_source import check_settings
from quizcli.demo.catalogue import find_answer
from quizcli.demo.launcher import Request, Worker, start, warm
from quizcli.packs.pack import builtin

HEAD_START = 8.0  # seconds a person takes to read a question and to press d
LIMIT = 0.03


def seconds_to_first_event(name: str, worker: Worker | None) -> float:
    """From the press of the key on."""
    root = builtin().root
    began = time.perf_counter()
    answer = find_answer(root, name)
    request = Request(str(root), name, answer.module, check_settings(answer, {}))
    with start(request, worker) as run:
        run.wait(120)
        elapsed = time.perf_counter() - began
        run.stop()
    return elapsed


def main(name: str, runs: int) -> None:
    """Print both medians and their ratio."""
    seconds_to_first_event(name, None)  # the files are in memory afterwards, for both alike
    cold, hot = [], []
    for _ in range(runs):
        worker = warm()
        time.sleep(HEAD_START)
        hot.append(seconds_to_first_event(name, worker))
        cold.append(seconds_to_first_event(name, None))
    ratio = statistics.median(hot) / statistics.median(cold)
    print(f"{name}: cold {statistics.median(cold):.2f} s, warm {statistics.median(hot):.3f} s, {ratio:.1%}")
    sys.exit(ratio > LIMIT)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("answer", nargs="?", default="batchnorm-vs-layernorm")
    parser.add_argument("runs", nargs="?", type=int, default=5)
    chosen = parser.parse_args()
    main(chosen.answer, chosen.runs)

"""Whether every demonstration's quick form still says what it said at an older commit, event by event.

    python -m tests.same_streams ca75586          all of them
    python -m tests.same_streams ca75586 vae gan  some

Beats, speeds and seconds are left out, and the settings that a run begins with (parameters are renamed). In
the worker ten seconds pass at each look at the clock: what is shown every so often is shown each time.
"""

import json
import os
import subprocess
import sys
import tempfile
from itertools import zip_longest
from pathlib import Path
from typing import Any

from tests.places import ROOT

CLOCK = """
import sys, time, threading, queue
if any("quizcli.demo.worker" in word for word in sys.orig_argv):
    import itertools
    time.perf_counter = itertools.count(0.0, 10.0).__next__
"""


def main(commit: str, names: list[str]) -> int:
    """Print a line for each demonstration; 1 where one differs."""
    with tempfile.TemporaryDirectory() as folder:
        before = Path(folder, "before")
        Path(folder, "home").mkdir()
        Path(folder, "home", "sitecustomize.py").write_text(CLOCK, encoding="utf-8")
        subprocess.run(["git", "worktree", "add", "--detach", before, commit], cwd=ROOT, check=True)
        try:
            events(before, Path(folder, "home"), "augmentation")  # the digits are drawn, once
            said = [same(name, before, Path(folder, "home")) for name in names or demonstrations(before)]
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", before], cwd=ROOT, check=True)
    return int(not all(said))


def demonstrations(tree: Path) -> list[str]:
    """The names of all demonstrations of a tree."""
    listed = json.loads(quizcli(tree, tree / "home", "demo", "--json"))
    return [demo["name"] for demo in listed]


def same(name: str, before: Path, home: Path) -> bool:
    """Whether both trees say the same; the first difference is printed."""
    old, new = (events(tree, home, name) for tree in (before, ROOT))
    for number, (was, is_) in enumerate(zip_longest(old, new)):
        if was != is_:
            print(f"✗ {name}: event {number}\n  was {short(was)}\n  is  {short(is_)}", flush=True)
            return False
    print(f"✓ {name}: {len(old)} events", flush=True)
    return True


def events(tree: Path, home: Path, name: str) -> list[dict[str, Any]]:
    """The events of the quick form, without what changes from run to run."""
    lines = quizcli(tree, home, "demo", name, "--quick", "--json").splitlines()
    parts = [json.loads(line) for line in lines]
    dropped = {"started": ("settings",), "progress": ("rate",), "finished": ("seconds",)}
    for event in parts:
        for field in dropped.get(event["event"], ()):
            event.pop(field, None)
    return [event for event in parts if event["event"] != "beat"]


def quizcli(tree: Path, home: Path, *words: str) -> str:
    """What the program of a tree prints: on the CPU, with synthetic digits."""
    fixed = {"PYTHONPATH": f"{tree}{os.pathsep}{home}", "QUIZCLI_HOME": str(home), "QUIZCLI_OFFLINE": "1"}
    bare = {key: value for key, value in os.environ.items() if key != "QUIZCLI_DATA"}
    environment = bare | fixed | {"CUDA_VISIBLE_DEVICES": ""}
    command = [sys.executable, "-m", "quizcli", *words]
    return subprocess.run(
        command, cwd=tree, env=environment, check=True, stdout=subprocess.PIPE, text=True
    ).stdout


def short(event: dict[str, Any] | None) -> str:
    """An event on a line that fits a screen."""
    return json.dumps(event, ensure_ascii=False)[:400]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))

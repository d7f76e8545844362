"""Command lines: known words in an unknown order, and words that nobody types."""

from __future__ import annotations

import random
from pathlib import Path

from tests.fuzz.program import faults, home_like, quizcli

COMMANDS = [
    *(
        "review",
        "quiz",
        "demo",
        "code",
        "show",
        "list",
        "search",
        "suspend",
        "unsuspend",
        "stats",
        "verify",
        "doctor",
        "bank",
        "pack",
    ),
    *("check", "new", "schema", "add", "remove", "trust", "backup", "restore", "quizz", "lst", "--", "-"),
]
OPTIONS = [
    *(
        "--json",
        "--lang",
        "--lang=zh",
        "--lang=",
        "--topic",
        "-t",
        "--new",
        "--no-input",
        "--debug",
        "-h",
        "-V",
    ),
    *(
        "--help",
        "--count",
        "--kind",
        "--level",
        "--file",
        "--seed",
        "--run",
        "--mutants",
        "--sample",
        "--only",
    ),
    *("--quick", "--save", "--p", "--beta", "--questions", "--list", "--yes", "--nope", "---", "-tvae", "-x"),
    *("--flagged", "--suspended", "--buried", "--all"),
    *("--install-completion", "--show-completion", "--count=3", "--new=-1", "--seed=99999999999999999999"),
]
WORDS = [
    *("vae", "dropout", "losses-code-softmax", "vae-loss-terms"),
    *("gan", "zh", "en", "fr", "0", "1", "-1", "3.5"),
    *("1e999", "nan", "", " ", "\n", "\x1b[2J", "\u202e"),
    *("\ud800", "x" * 5000, "~nosuchuser/x", "../..", "/"),
    *("/dev/null", "/dev/zero", "/proc/self/mem", ".", "data", "data/quizcli.db", "*", "$(ls)", "中文", "é"),
    *("a/b", "%s%n", "{}", "[red]", ":smile:", "\\", "'", '"', "None", "True", "code", "all", "--topic"),
]  # fmt: skip
ENVIRON = {
    "QUIZCLI_LANG": ["en", "zh", "fr", ""],
    "COLUMNS": ["0", "1", "-5", "80", "1000000", "x", ""],
    "LINES": ["0", "24", "x"],
    "TERM": ["dumb", "", "xterm", "unknown\x1b[2J"],
    "NO_COLOR": ["", "1"],
    "LANG": ["zh_CN.UTF-8", "C", "xx"],
    "QUIZCLI_NEW_PER_DAY": ["-1", "0", "x", "99999999999999999999"],
    "QUIZCLI_RETENTION": ["0", "1", "nan", "0.9", "x"],
    "QUIZCLI_DAY_START": ["-1", "25", "4", "x"],
    "QUIZCLI_DATA": ["/dev/null", "\x00"[:0], "~nosuchuser/x"],
    "HOME": ["", "/nonexistent", "relative"],
    "EDITOR": ["", "false", "no such editor", "'"],
    "TZ": ["", "Mars/Olympus", "UTC"],
}


def one(folder: Path, seed: int) -> list[str]:
    """One command line, in one environment."""
    chance = random.Random(seed)
    words: list[str] = []
    for _ in range(chance.choice((0, 1, 1, 2, 2, 3, 4, 6))):
        pool = chance.choices((COMMANDS, OPTIONS, WORDS), (3, 3, 2))[0]
        words.append(chance.choice(pool))
    names = chance.sample(sorted(ENVIRON), chance.choice((0, 0, 1, 2)))
    environ = {name: chance.choice(ENVIRON[name]) for name in names}
    ran = quizcli(words, home_like(folder, seed), chance.choice(("", "q", "y\n", "n\n", "\x03")), environ)
    if "--debug" in words:
        ran = ran._replace(err=ran.err.replace("Traceback (most recent call last)", ""))
    return faults(ran)

"""Every code question of the built-in banks is proved: starter, model answer, and each known mistake."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from quizcli.bank.types import Code
from quizcli.packs.pack import builtin, load
from tests.places import ROOT

CODES = [q for bank in load(builtin(), None).banks for q in bank.questions if isinstance(q, Code)]


SAMPLE = 2  # mutants of each model answer, and one seed; `make test-all` judges them all, and with 200


@pytest.mark.timeout(600)  # 48 questions, some seconds each
def test_every_code_question_is_sound(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "quizcli", "bank", "check", "--run"),
            "--seeds",
            "1",
            "--mutants",
            "--sample",
            str(SAMPLE),
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "QUIZCLI_HOME": str(tmp_path), "QUIZCLI_LANG": "en"},
        timeout=580,
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr
    figures = re.search(r"(\d+) code questions: (\d+) mutants, (\d+) killed", done.stderr)
    assert figures, done.stderr
    questions, made, killed = map(int, figures.groups())
    assert questions == len(CODES)
    assert made == SAMPLE * questions
    assert killed > 0.9 * made


def test_both_starters_are_the_same_but_for_their_words() -> None:
    """Only docstrings and comments may differ: who changes the language keeps the task."""
    import ast

    def bare(text: str) -> str:
        tree = ast.parse(text)
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node):
                node.body = node.body[1:] or [ast.Pass()]
        return ast.unparse(tree)

    assert len(CODES) >= 36
    assert [q.id for q in CODES if bare(q.starter.en) != bare(q.starter.zh)] == []
    assert [q.id for q in CODES if '"""' not in q.starter.en or ">>>" not in q.starter.en] == []

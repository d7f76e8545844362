"""Every code question of the built-in banks is proved: starter, model answer, and each known mistake."""

import os
import subprocess
import sys
from pathlib import Path

from quizcli.bank.packs import builtin, load
from quizcli.bank.types import Code

ROOT = Path(__file__).parents[2]


def test_every_code_question_is_sound(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "quizcli", "bank", "check", "--run"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "QUIZCLI_HOME": str(tmp_path), "QUIZCLI_LANG": "en"},
        timeout=850,
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def test_both_starters_are_the_same_but_for_their_words() -> None:
    """Only docstrings and comments may differ: who changes the language keeps the task."""
    import ast

    def bare(text: str) -> str:
        tree = ast.parse(text)
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node):
                node.body = node.body[1:] or [ast.Pass()]
        return ast.unparse(tree)

    codes = [q for bank in load(builtin(), None).banks for q in bank.questions if isinstance(q, Code)]
    assert len(codes) >= 36
    assert [q.id for q in codes if bare(q.starter.en) != bare(q.starter.zh)] == []
    assert [q.id for q in codes if '"""' not in q.starter.en or ">>>" not in q.starter.en] == []

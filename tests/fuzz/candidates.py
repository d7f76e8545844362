"""Sources: a right answer with lines in it that nobody should write, judged in the cage by the referee."""

from __future__ import annotations

import atexit
import random
from functools import cache
from pathlib import Path

from quizcli.judge.calls.messages import CandidateSource, CaseResult, Judgement, Over
from quizcli.judge.referee.launcher import Referee
from quizcli.screen.cards.code_verdict import news_lines
from tests.places import ROOT

RIGHT = """import math
import os
import sys
import torch


def attention(q, k, v, attn_mask=None):
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    if attn_mask is not None:
        scores = scores.masked_fill(~attn_mask, float("-inf"))
    weights = torch.softmax(scores, dim=-1)
    return weights @ v, weights
"""
LINES = (
    *("os._exit(0)", "sys.exit('x')", "raise KeyboardInterrupt"),
    *("os.abort()", "import models.attention", "1 / 0"),
    *("os.close(1)", "os.close(2)", "os.closerange(0, 20)"),
    *("os.dup2(2, 1)", "print('\\x1b[2J' * 9)", "open('x', 'w')"),
    *("os.kill(os.getppid(), 9)", "os.fork()", "os.system('ls')", "import socket; socket.socket()", "exit()"),
    *("torch.autograd.grad = lambda *a, **k: []"),
    *("torch.manual_seed(0)", "torch.softmax = None", "del torch"),
    *("torch.set_default_dtype(torch.float64)", "torch.set_grad_enabled(False)", "q = q * 2", "v.mul_(2)"),
    *("return attention", "return (q, q)", "return [q] * 9"),
    *("return {1: q}", "return 2**70", "return 'x' * 10**6"),
    *("class E(Exception): __str__ = lambda s: 1 / 0\\nraise E", "raise ValueError('\\x1b]52;c;QQ==\\x07')"),
    *("sys.setrecursionlimit(10**6)", "sys.settrace(None)"),
    *("sys.setprofile(None)", "import gc; gc.disable()"),
    *("sys.stdout = None", "sys.modules.clear()"),
    *("import builtins; builtins.open = None", "globals().clear()"),
    *("open('/etc/passwd').read()", "open('/dev/tty', 'w').write('x')", "os.listdir('/')", "os.chdir('/')"),
    *("\\ufeff", "\\x00", "if", "    x = 1", "\\tx = 1"),
    *("é = 1", "pass  # \\u202e", "lambda: (yield)", "await x"),
    *("[0] * 10**10", "bytearray(2**33)", "torch.zeros(2**33)"),
    *("'x' * 2**33", "import ctypes; ctypes.string_at(0)"),
)


@cache
def _referee() -> Referee:
    referee = Referee()
    atexit.register(referee.close)
    return referee


def one(folder: Path, seed: int) -> list[str]:
    """One source; the judgement ends, and the referee lives."""
    chance = random.Random(seed)
    lines = RIGHT.splitlines()
    for _ in range(chance.choice((1, 1, 2, 3))):
        place = chance.randrange(len(lines) + 1)
        near = lines[min(place, len(lines) - 1)]
        indent = near[: len(near) - len(near.lstrip())]
        new = chance.choice(LINES).encode().decode("unicode_escape").split("\n")
        lines[place:place] = [indent + line for line in new]
    source = CandidateSource("\n".join(lines), "answer.py", "attention")
    check = "judges.attention.attention.check_scaled_dot_product_attention"
    request = Judgement(
        str(ROOT),
        check,
        "models.attention.scaled_dot_product:scaled_dot_product_attention",
        source,
        seed % 1000,
    )
    news = list(_referee().judge(request))
    told = [] if _referee().alive else ["the referee is dead"]
    if not told and not isinstance(news[-1], Over):
        told.append("the judgement has no end")
    for piece in news:
        news_lines(piece, 80)
        if isinstance(piece, Over) and piece.broken:
            told.append(piece.broken)
        if isinstance(piece, CaseResult) and piece.raised is not None and not piece.raised.sort:
            told.append("an exception without a name")
    return told

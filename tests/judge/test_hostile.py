"""What a candidate may try: each ends in one clear line, harms nothing, and cheats nothing."""

import os
import time
from pathlib import Path

import pytest

from quizcli.judge import landlock
from quizcli.judge.child import Candidate
from quizcli.judge.referee import judged
from quizcli.judge.wire import CaseResult, Judgement, Over, Source

ROOT = Path(__file__).parents[2]
CHECK = "judges.attention.check_scaled_dot_product_attention"
SOLUTION = "models.attention:scaled_dot_product_attention"

RIGHT = """
import math
import torch
def attention(q, k, v, attn_mask=None):
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    if attn_mask is not None:
        scores = scores.masked_fill(~attn_mask, float("-inf"))
    weights = torch.softmax(scores, dim=-1)
    return weights @ v, weights
"""


def judge(text: str) -> tuple[str, Over]:
    """How the last case is told, in one line, and the end of the judgement."""
    judgement = Judgement(str(ROOT), CHECK, SOLUTION, Source(text, "answer.py", "attention"), seed=3)
    with Candidate() as candidate:
        news = list(judged(judgement, candidate))
    over = news[-1]
    assert isinstance(over, Over)
    assert not over.broken
    case = [one for one in news if isinstance(one, CaseResult)][-1]
    told = f"{case.raised.sort}: {case.raised.message}" if case.raised else case.why.get("en", "")
    assert "Traceback" not in told
    return told, over


def test_a_right_answer_passes() -> None:
    told, over = judge(RIGHT)
    assert over.passed
    assert told == ""


@pytest.mark.parametrize(
    "where", ["while True: pass", "def attention(q, k, v, attn_mask=None):\n    while 1: pass"]
)
def test_an_endless_loop(where: str, hurried: None) -> None:
    began = time.monotonic()
    told, over = judge(where)
    assert told == "still running after 1 s: an endless loop?"
    assert not over.passed
    assert time.monotonic() - began < 30  # the warm-up is in it


def test_printing_without_end(hurried: None) -> None:
    told, over = judge("while True: print('x' * 1000)")
    assert told in ("it prints without end", "still running after 1 s: an endless loop?")
    assert 0 < len(over.printed) <= 4000


def test_what_is_printed_is_shown() -> None:
    _, over = judge("print('seen')\n" + RIGHT)
    assert over.passed
    assert over.printed == "seen\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("import os\nos._exit(0)", "it ended its process itself, with exit code 0"),
        ("import sys\nsys.exit('done')", "SystemExit: done"),
        ("import os\nos.abort()", "its process was ended by SIGABRT"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt: "),
        ("import os\nos.fork()", "PermissionError: not allowed here: os.fork"),
        ("import subprocess\nsubprocess.run(['ls'])", "PermissionError: not allowed here: subprocess.Popen"),
        ("import os\nos.system('ls')", "PermissionError: not allowed here: os.system"),
        ("import os\nos.kill(os.getppid(), 9)", "PermissionError: not allowed here: os.kill"),
        ("import socket\nsocket.socket()", "PermissionError: not allowed here: socket.__new__"),
        ("import ctypes\nctypes.CDLL(None)", "PermissionError: not allowed here: ctypes.dlopen"),
        ("import models.attention", "ModuleNotFoundError: No module named 'models'"),
        ("def attention(:", "SyntaxError: invalid syntax"),
        ("x = 1", "NameError: there is no attention in the file"),
        ("def f(): return f()\nf()", "RecursionError: maximum recursion depth exceeded"),
    ],
)
def test_what_ends_in_one_line(text: str, told: str) -> None:
    assert judge(text)[0] == told


def test_ten_gigabytes() -> None:
    told, over = judge("import torch\nx = torch.ones(10 * 2**30, dtype=torch.uint8)")
    assert "can't allocate memory" in told
    assert not over.passed
    told, _ = judge("x = bytearray(10 * 2**30)")
    assert told.startswith("MemoryError")


def test_a_fork_bomb_leaves_no_process(hurried: None) -> None:
    before = _processes()
    told, over = judge("import os\nwhile True:\n    try: os.fork()\n    except OSError: pass")
    assert told == "still running after 1 s: an endless loop?"
    assert not over.passed
    assert len(_processes() - before) <= 2


def _processes() -> set[str]:
    return {name for name in os.listdir("/proc") if name.isdecimal()} if Path("/proc").is_dir() else set()


def test_files_of_others_are_out_of_reach(tmp_path: Path) -> None:
    secret = tmp_path / "quizcli.db"
    secret.write_text("progress")
    for text in (
        f"print(open({str(secret)!r}).read())",
        f"open({str(secret)!r}, 'w')",
        f"import os\nos.remove({str(secret)!r})",
        f"import shutil\nshutil.rmtree({str(tmp_path)!r})",
        f"import os\nos.rename({str(secret)!r}, 'mine')",
        f"import os\nprint(os.listdir({str(tmp_path)!r}))",
        f"import pathlib\npathlib.Path({str(secret)!r}).unlink()",
    ):
        told, over = judge(text)
        assert told == f"PermissionError: out of reach: {secret if str(secret) in text else tmp_path}"
        assert "progress" not in over.printed
    assert secret.read_text() == "progress"


def test_its_own_folder_is_there_to_write(tmp_path: Path) -> None:
    told, over = judge("open('notes.txt', 'w').write('x')\nprint(open('notes.txt').read())\n" + RIGHT)
    assert (told, over.passed, over.printed) == ("", True, "x\n")


def test_the_model_answer_is_out_of_reach() -> None:
    source = ROOT / "models" / "attention.py"
    told, _ = judge(f"exec(open({str(source)!r}).read())")
    assert told == f"PermissionError: out of reach: {source}"
    told, _ = judge(f"import sys\nsys.path.insert(0, {str(ROOT)!r})\nimport models.attention")
    assert told.startswith("PermissionError: out of reach: ")


def test_secrets_are_not_inherited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "sesame")
    _, over = judge("import os\nprint(sorted(os.environ))\n" + RIGHT)
    assert over.passed
    assert "AWS_SECRET_ACCESS_KEY" not in over.printed
    assert "HOME" in over.printed


def test_a_patched_torch_deceives_only_itself() -> None:
    patches = """
import torch
for name in ("allclose", "isclose", "equal", "eq"):
    setattr(torch, name, lambda *a, **k: torch.tensor(True))
torch.Tensor.__eq__ = lambda *a: torch.tensor(True)
torch.Tensor.all = lambda *a: torch.tensor(True)
def attention(q, k, v, attn_mask=None):
    weights = torch.zeros(*q.shape[:-1], k.shape[-2])
    return weights @ v, weights
"""
    told, over = judge(patches)
    assert told.startswith("output[0][0, 0] should be ")
    assert not over.passed


def test_a_forged_answer_is_no_pass() -> None:
    """Frames of its own on every open file: they are what it could have returned, or no answer at all."""
    forged = """
import os, struct
def attention(q, k, v, attn_mask=None):
    for number in range(3, 64):
        try: os.write(number, struct.pack(">I", 5) + b"equal")
        except OSError: pass
    return v, q
"""
    _, over = judge(forged)
    assert not over.passed


def test_the_judges_own_module_is_not_loaded_there() -> None:
    listed = "[n for n in sys.modules if n.startswith(('answers', 'models', 'quizcli.judge.trial'))]"
    _, over = judge(f"import sys\nprint({listed})\n{RIGHT}")
    assert over.printed == "[]\n"


# The kernel's two layers, tried without the audit hooks that stand before them.

NATIVE = """
import os, sys
from quizcli.judge import landlock, seccomp
from quizcli.judge.cage import libraries
{setup}
try:
    {attempt}
except OSError as error:
    print(type(error).__name__, error.errno)
else:
    print("done")
"""


def native(setup: str, attempt: str, folder: Path) -> str:
    import subprocess
    import sys

    text = NATIVE.format(setup=setup, attempt=attempt)
    ran = subprocess.run(
        [sys.executable, "-c", text], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


@pytest.mark.skipif(not landlock.version(), reason="this kernel has no Landlock")
def test_landlock_keeps_a_process_to_its_folder(tmp_path: Path) -> None:
    mine, others = tmp_path / "mine", tmp_path / "others"
    mine.mkdir()
    others.write_text("x")
    setup = f"assert landlock.restrict(read=libraries(), write=[{str(mine)!r}])"
    assert native(setup, f"open({str(others)!r}).read()", tmp_path) == "PermissionError 13"
    assert native(setup, f"os.remove({str(others)!r})", tmp_path) == "PermissionError 13"
    assert native(setup, f"open({str(mine / 'new')!r}, 'w').close()", tmp_path) == "done"
    assert native("", f"open({str(others)!r}).read()", tmp_path) == "done"


def test_installed_packages_can_be_imported_but_not_the_program(tmp_path: Path) -> None:
    site, home = tmp_path / "site-packages", tmp_path / "home"
    for folder in (site / "extra", site / "quizcli", home):
        folder.mkdir(parents=True)
    (site / "extra" / "__init__.py").write_text("what = 'extra'\n")
    secret = site / "quizcli" / "answer.py"
    secret.write_text("what = 'the answer'\n")
    setup = f"sys.path.insert(0, {str(site)!r}); from quizcli.judge.cage import shut; shut({str(home)!r})"
    assert native(setup, "import extra; print(extra.what)", tmp_path).split() == ["extra", "done"]
    assert native(setup, f"open({str(secret)!r}).read()", tmp_path) == "PermissionError None"


@pytest.mark.parametrize(
    "attempt",
    [
        "os.fork() or os._exit(0)",
        "import socket; socket.socket()",
        "os.kill(os.getppid(), 0)",
        "os.execv('/bin/ls', ['ls'])",
    ],
)
def test_seccomp_refuses_processes_signals_and_sockets(attempt: str, tmp_path: Path) -> None:
    import platform
    import sys

    if sys.platform != "linux" or platform.machine() not in ("x86_64", "aarch64"):
        pytest.skip("no filter for this system")
    assert native("assert seccomp.restrict()", attempt, tmp_path) == "PermissionError 1"


def test_threads_are_still_allowed(tmp_path: Path) -> None:
    attempt = "import threading; t = threading.Thread(target=print, args=('ran',)); t.start(); t.join()"
    assert native("seccomp.restrict()", attempt, tmp_path).split() == ["ran", "done"]

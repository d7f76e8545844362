"""What a candidate may try: each ends in one clear line, harms nothing, and cheats nothing."""

import os
import time
from pathlib import Path

import pytest

from quizcli.judge.calls.messages import CandidateSource, CaseResult, Judgement, Over
from quizcli.judge.candidate.launcher import Candidate
from quizcli.judge.referee.main import judge_source
from quizcli.text import use_language, words
from tests.places import ROOT

pytestmark = pytest.mark.usefixtures("forked")

CHECK = "judges.attention.attention.check_scaled_dot_product_attention"
SOLUTION = "models.attention.scaled_dot_product:scaled_dot_product_attention"

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
    judgement = Judgement(str(ROOT), CHECK, SOLUTION, CandidateSource(text, "answer.py", "attention"), seed=3)
    with Candidate() as candidate:
        news = list(judge_source(judgement, candidate))
    over = news[-1]
    assert isinstance(over, Over)
    assert not over.broken
    case = [one for one in news if isinstance(one, CaseResult)][-1]
    told = f"{case.raised.sort}: {case.raised.message}" if case.raised else words(case.why)
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
    assert told == "stopped after 1 s: an endless loop?"
    assert not over.passed
    assert time.monotonic() - began < 30  # the warm-up is in it
    use_language("zh")
    assert judge(where)[0] == "1 秒后被停止：是不是死循环？"


def test_printing_without_end(hurried: None) -> None:
    told, over = judge("while True: print('x' * 1000)")
    assert told in ("it prints without end", "stopped after 1 s: an endless loop?")
    assert 0 < len(over.printed) <= 4000


def test_what_is_printed_is_shown() -> None:
    _, over = judge("print('seen')\n" + RIGHT)
    assert over.passed
    assert over.printed == "seen\n"


# What a source may be, and the one line that it ends in. Each is followed by a right answer, which passes.
CALLED = "def attention(q, k, v, attn_mask=None):\n    "
ENDS = [
    ("import os\nos._exit(0)", "it ended its process itself, with exit code 0"),
    ("import sys\nsys.exit('done')", "SystemExit: done"),
    ("import os\nos.abort()", "its process was ended by SIGABRT"),
    ("import faulthandler\nfaulthandler._sigsegv()", "its process was ended by SIGSEGV"),
    ("raise KeyboardInterrupt", "KeyboardInterrupt: "),
    ("raise GeneratorExit('x')", "GeneratorExit: x"),
    ("import os\nos.fork()", "PermissionError: not allowed here: os.fork"),
    ("import subprocess\nsubprocess.run(['ls'])", "PermissionError: not allowed here: subprocess.Popen"),
    ("import os\nos.system('ls')", "PermissionError: not allowed here: os.system"),
    ("import os\nos.kill(os.getppid(), 9)", "PermissionError: not allowed here: os.kill"),
    ("import socket\nsocket.socket()", "PermissionError: not allowed here: socket.__new__"),
    ("import ctypes\nctypes.CDLL(None)", "PermissionError: not allowed here: ctypes.dlopen"),
    ("import ctypes\nctypes.CDLL('libc.so.6')", "PermissionError: not allowed here: ctypes.dlopen"),
    ("import models.attention", "ModuleNotFoundError: No module named 'models'"),
    ("def attention(:", "SyntaxError: invalid syntax"),
    ("x = 1", "NameError: there is no attention in the file"),
    ("def f(): return f()\nf()", "RecursionError: maximum recursion depth exceeded"),
    ("import os\nfor n in range(3, 20):\n    try: os.close(n)\n    except OSError: pass\nwhile 1: pass",
     "it closed the pipe that it answers through"),
    (CALLED + "import os, struct\n    for n in range(3, 20):\n        try: os.write(n, b'\\xff' * 4)\n"
     "        except OSError: pass\n    while 1: pass", "it sent something that is no answer"),
    # exceptions that lie about themselves
    ("class E(Exception):\n    def __str__(self): raise self\nraise E", "E: "),
    ("class E(Exception):\n    def __str__(self): return 1\nraise E", "E: "),
    ("class E(SyntaxError):\n    filename = 'answer.py'\n    lineno = 'x'\n    msg = 7\nraise E", "E: 7"),
    ("class E(SyntaxError):\n    @property\n    def filename(self): raise self\nraise E()", "E: None"),
    ("raise ValueError('\\ud800')", "ValueError: ?"),
    ("raise ValueError('x' * 10**6)", "ValueError: " + "x" * 2000),
    ("raise type('y' * 10**6, (Exception,), {})", "y" * 100 + ": "),
    ("class M(type):\n    __name__ = property(lambda c: 5)\nclass E(Exception, metaclass=M): pass\nraise E",
     "E: "),
    ("def f(n):\n    try: raise ValueError\n    except ValueError:\n        if n: f(n - 1)\n        raise"
     "\nf(200)",
     "ValueError: "),
    # what is printed to
    ("import sys\nsys.stdout = sys.stderr = None", "NameError: there is no attention in the file"),
    ("import sys\nsys.stdout.close()", "NameError: there is no attention in the file"),
    ("import os\nos.close(1)\nos.close(2)\nos.close(0)", "NameError: there is no attention in the file"),
    # outputs that are none
    (CALLED + "a = []; a.append(a); return a", "output: expected "),
    (CALLED + "a = []\n    for _ in range(10**4): a = [a]\n    return a", "output: expected "),
    (CALLED + "a = []\n    for _ in range(60): a = [a, a]\n    return a", "output"),
    (CALLED + "return [0] * 10**7", "output: expected "),
    (CALLED + "return [object()] * 50_000", "ValueError: what it returned is too much to be sent"),
    (CALLED + "return 'x' * 10**8", "output: expected "),
    (CALLED + "return '\\ud800', b'', 2**80", "output: expected "),
    (CALLED + "return {0: 1, None: 2}", "output: expected "),
    (CALLED + "import torch; return torch.zeros(1).expand(2**40)", "output: expected "),
    (CALLED + "import torch; return torch.zeros(0, 2**40)", "output: expected "),
    (CALLED + "import torch; return q.to('meta'), q.to_sparse()", "output"),
    (CALLED + "import torch; return torch.quantize_per_tensor(q.float(), .1, 0, torch.quint8), v", "output"),
    (CALLED + "import torch; return torch.nested.nested_tensor([q.flatten()]), v", "output"),
    (CALLED + "return q.cfloat(), v", "output"),
    (CALLED + "import numpy; return numpy.zeros(3), numpy.float64(2)", "output"),
    (CALLED + "import numpy; return numpy.longdouble(1), numpy.datetime64('2020')", "output"),
    ("class T:\n    import torch\n    __class__ = torch.Tensor\n" + CALLED + "return T(), T", "output"),
    ("class L(list):\n    def __iter__(self):\n        while 1: yield 0\n    def __len__(self): return -1\n"
     + CALLED + "return L()", "output: expected "),
    ("class I(int):\n    def __pos__(self): raise ValueError\n    def __index__(self): return 'x'\n"
     + CALLED + "return I(3)", "output: expected "),
    ("import torch\nclass T(torch.Tensor):\n    def detach(self): raise ValueError\n    dtype = 3\n"
     "    @classmethod\n    def __torch_function__(c, *a): raise ValueError\n"
     + CALLED + "return q.as_subclass(T), v", "output"),
    (CALLED + "raise SystemExit", "SystemExit: "),
    (CALLED + "yield q", "output: expected "),
    ("async " + CALLED + "return q, v", "output: expected "),
    ("attention = 3", "NameError: there is no attention in the file"),
    ("x = " + "(" * 5000, "SyntaxError: too many nested parentheses"),
    ("x = '\0'", ""),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore:.*")
@pytest.mark.parametrize(("text", "told"), ENDS)
def test_what_ends_in_one_line(text: str, told: str) -> None:
    said, over = judge(text)
    assert said == told if told.endswith(": ") and not told.startswith("output") else said.startswith(told)
    assert "\n" not in said
    assert len(said) <= 2100
    assert not over.passed


def test_ten_gigabytes() -> None:
    told, over = judge("import torch\nx = torch.ones(10 * 2**30, dtype=torch.uint8)")
    assert "can't allocate memory" in told
    assert not over.passed
    told, _ = judge("x = bytearray(10 * 2**30)")
    assert told.startswith("MemoryError")


def test_a_fork_bomb_leaves_no_process(hurried: None) -> None:
    before = _processes()
    told, over = judge("import os\nwhile True:\n    try: os.fork()\n    except OSError: pass")
    assert told == "stopped after 1 s: an endless loop?"
    assert not over.passed
    left = _processes() - before  # some may be of others, and end by themselves
    end = time.monotonic() + 20
    while len(left & _processes()) > 2:
        assert time.monotonic() < end
        time.sleep(0.1)


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
    listed = (
        "[n for n in sys.modules if n.startswith(('answers', 'models', 'quizcli.judge.judging.judging'))]"
    )
    _, over = judge(f"import sys\nprint({listed})\n{RIGHT}")
    assert over.printed == "[]\n"


FORGERS = {
    "perform": "import sys\nsys.modules['quizcli.judge.calls.call'].tensors = lambda value: []\n",
    "watch": "from quizcli.judge.calls.watch import Watch\nWatch._note = lambda *given: None\n",
    "local": "import quizcli.judge.judging.trusted_functions as local\nlocal.gave = None\n",
}


@pytest.mark.parametrize("name", FORGERS)
def test_what_judges_in_its_process_cannot_be_imported(name: str, forked: None) -> None:
    told, over = judge(FORGERS[name] + RIGHT)
    assert not over.passed
    assert "quizcli" in told

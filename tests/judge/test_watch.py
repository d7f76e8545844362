"""What a question forbids is found by what runs, whatever it is called in the source."""

import subprocess
import sys
from typing import Any

import pytest

from quizcli.judge.perform import perform
from quizcli.judge.watch import Watch

AVOID = ("softmax", "log_softmax", "adam", "autograd", "convolution", "conv2d", "LSTMCell", "optim", "add")
IMPORTS = """
import functools
import operator
import torch
from torch import nn, Tensor
from torch.nn import functional as F
x = torch.ones(3)
row = x.view(1, 1, 3)
"""


def used(source: str, avoid: tuple[str, ...] = AVOID) -> tuple[str, int] | None:
    """What the function f of a source uses, and its line."""
    space: dict[str, Any] = {}
    exec(compile(source, "answer.py", "exec"), space)
    watch = Watch(avoid, "answer.py")
    perform(space["f"], (), {}, (), (), 0, watch, operators=True)
    return watch.used


@pytest.mark.parametrize(
    ("call", "name"),
    [
        ("torch.softmax(x, 0)", "softmax"),
        ("x.softmax(0)", "softmax"),
        ("F.softmax(x, 0)", "softmax"),
        ("nn.Softmax(0)(x)", "softmax"),
        ("torch.special.softmax(x, 0)", "softmax"),
        ('getattr(torch, "soft" + "max")(x, 0)', "softmax"),
        ('eval("torch.soft" + "max(x, 0)")', "softmax"),
        ("torch.ops.aten._softmax(x, 0, False)", "softmax"),
        ("torch.ops.aten._softmax.default(x, 0, False)", "softmax"),
        ("torch._C._VariableFunctions.softmax(x, 0)", "softmax"),
        ("functools.partial(torch.softmax, dim=0)(x)", "softmax"),
        ("list(map(torch.softmax, [x], [0]))", "softmax"),
        ("operator.methodcaller('softmax', 0)(x)", "softmax"),
        ("torch.vmap(lambda row: row.softmax(0))(x[None])", "softmax"),
        ("torch._C.TensorBase.__dict__['softmax'](x, 0)", "softmax"),
        ("torch._masked_softmax(row, torch.zeros_like(row, dtype=torch.bool), 0)", "softmax"),
        ("torch.ops.aten._softmax_backward_data(x, x, 0, x.dtype)", "softmax"),
        ("torch._C._nn.slow_conv_dilated2d(*[x.view(1, 1, 1, 3)] * 2, [1, 3], None, 1, 0, 1)", "conv2d"),
        ("torch.ops.aten._slow_conv2d_forward(*[row[None]] * 2, [1, 3], None, [1, 1], [0, 0])", "conv2d"),
        ("F.log_softmax(x, 0).exp()", "log_softmax"),
        ("F.cross_entropy(x[None], torch.tensor([0]))", "log_softmax"),
        ("F.conv2d(x.view(1, 1, 1, 3), x.view(1, 1, 1, 3))", "conv2d"),
        ("torch.convolution(row, row, None, [1], [0], [1], False, [0], 1)", "convolution"),
        ("nn.LSTMCell(3, 3)", "LSTMCell"),
        ("torch.optim.Adam([x.clone().requires_grad_()])", "optim"),
        ("(x.clone().requires_grad_() ** 2).sum().backward()", "autograd"),
        ("torch.func.grad(lambda a: (a * a).sum())(x)", "autograd"),
        ("torch.func.vjp(lambda a: a * a, x)[1](x)", "autograd"),
        ("torch.func.jacrev(lambda a: a * a)(x)", "autograd"),
        ("torch.func.jvp(lambda a: a * a, (x,), (x,))", "autograd"),
        ("torch.add(x, x)", "add"),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated")
def test_what_is_used_is_found(call: str, name: str) -> None:
    found = used(f"{IMPORTS}def f():\n    return {call}\n")
    assert found is not None
    assert found[0] == name
    assert found[1] in (0, 10)  # a source that is evaluated has no line


@pytest.mark.parametrize(
    "body",
    [
        "softmax = x.exp()\n    return softmax / softmax.sum()",
        "adam = log_softmax = x\n    return adam * log_softmax",
        "for convolution in range(3): pass\n    return convolution",
        "def softmax(softmax): return softmax\n    return softmax(x)",
        "class Box: softmax = 1\n    return Box().softmax",
        "seen = set()\n    seen.add(1)\n    return len(seen)",
        "return {'softmax': x}['softmax']",
        "with torch.no_grad():\n        return x * 2",
        "return x.clone().requires_grad_().detach()",
    ],
)
def test_names_of_ones_own_are_no_fault(body: str) -> None:
    assert (
        used(f"{IMPORTS}def f():\n    {body}\n", tuple(n for n in AVOID if n != "add" or "seen" in body))
        is None
    )


OWN = """
class Softmax(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.dim = dim
    def forward(self, x):
        return x.exp() / x.exp().sum(self.dim, keepdim=True)
class LSTMCell(nn.Module):
    pass
class Plain(nn.Softmax):
    pass
"""


def test_a_class_of_ones_own_may_be_called_so() -> None:
    assert used(f"{IMPORTS}{OWN}def f():\n    return Softmax(0)(x), LSTMCell()\n") is None
    found = used(f"{IMPORTS}{OWN}def f():\n    Plain(0)(x)\n")
    assert found is not None
    assert found[0] == "softmax"


@pytest.mark.parametrize(
    ("call", "name"),
    [
        ("threading.Thread(target=work).start()", "threads"),
        ("_thread.start_new_thread(work, ())", "threads"),
        ("sys.setprofile(None)", "sys.setprofile"),
        (
            "_disable_current_modes().__enter__(), list(map(torch.softmax, [x], [0]))",
            "_disable_current_modes",
        ),
    ],
)
def test_who_stops_being_looked_at_has_a_reason(call: str, name: str) -> None:
    source = f"""{IMPORTS}
import _thread, sys, threading
from torch.utils._python_dispatch import _disable_current_modes
def work(): x.softmax(0)
def f():
    before = sys.getprofile()
    {call}
    sys.setprofile(before)
"""
    assert used(source) == (name, 15)


PRINTED = ("abs", "isfinite", "masked_select", "min", "max", "reshape", "unbind", "ceil", "ne")


@pytest.mark.parametrize(
    "body", ["print(x)", "str(x)", "repr(nn.Parameter(x))", "assert x.sum() > 1, f'{x}'"]
)
def test_a_tensor_may_be_looked_at(body: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert used(f"{IMPORTS}def f():\n    {body}\n", (*AVOID, *PRINTED)) is None
    seen = used(f"{IMPORTS}def f():\n    {body}\n    x.abs()\n", (*AVOID, *PRINTED))
    assert seen == ("abs", 11)


def test_what_a_new_layer_is_filled_with_is_nobodys_answer() -> None:
    avoid = ("kaiming_uniform_", "uniform_")
    assert used(f"{IMPORTS}def f():\n    nn.Linear(2, 3).weight\n", avoid) is None
    source = f"{IMPORTS}def f():\n    nn.init.kaiming_uniform_(nn.Linear(2, 3).weight)\n"
    assert used(source, avoid) == ("kaiming_uniform_", 10)


def test_a_backward_of_ones_own_is_looked_at() -> None:
    source = f"""{IMPORTS}
class Own(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 2
    @staticmethod
    def backward(ctx, grad):
        return grad + 0 * torch.softmax(grad, 0)
def f(x):
    return Own.apply(x)
"""
    space: dict[str, Any] = {}
    exec(compile(source, "answer.py", "exec"), space)
    watch = Watch(("softmax",), "answer.py")
    perform(space["f"], (space["x"],), {}, (), (0,), 0, watch, operators=True)
    assert watch.used == ("softmax", 16)


def test_looking_at_operators_does_not_import_the_compiler() -> None:
    code = """
import sys, torch
from quizcli.judge.watch import Watch
with Watch(("softmax",), "x.py").operators():
    torch.ones(2) * 2
sys.exit("torch._dynamo" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

"""What a question forbids is found by what runs, whatever it is called in the source."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from quizcli.judge.calls import watch as watching
from quizcli.judge.calls.call import perform
from quizcli.judge.calls.messages import Ask, Gave
from quizcli.judge.calls.recorded_operators import script_names
from quizcli.judge.calls.watch import Watch
from quizcli.judge.judging.trusted_functions import Local

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
CELL = """
import itertools
one, three = torch.ones(1, 3), torch.ones(3, 3)
weights = torch.ones(9, 3)
given = one, one, weights, weights
ONES = [[one] for one in given]
tall = torch.ones(12, 3)
target = torch.tensor([0])
@torch.jit.script
def gru(x: Tensor, h: Tensor, w: Tensor, v: Tensor) -> Tensor:
    return torch.gru_cell(x, h, w, v)
@torch.jit.script
def lstm(x: Tensor, w: Tensor) -> Tensor:
    return torch.lstm_cell(x, [x, x], w, w)[0]
@torch.jit.script
def smoothed(x: Tensor, t: Tensor) -> Tensor:
    return F.cross_entropy(x, t, label_smoothing=0.1)
@torch.jit.script
def forked(x: Tensor, h: Tensor, w: Tensor, v: Tensor) -> Tensor:
    return torch.jit.wait(torch.jit.fork(gru, x, h, w, v))
unit = torch.jit.CompilationUnit("def f(x, h, w, v):\\n    return torch.gru_cell(x, h, w, v)\\n")
layer = nn.TransformerEncoderLayer(4, 2)
cell = nn.GRUCell(3, 3)
both = torch.jit.script(nn.GRUCell(3, 3))
batch = torch.fx.symbolic_trace(lambda x: torch.softmax(x, 0))
"""
CELLS = ("gru_cell", "lstm_cell", "cross_entropy", "softmax", "TransformerEncoderLayer", "GRUCell")


@pytest.fixture(autouse=True)
def _no_scripts_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """PyTorch keeps what was scripted for as long as the process lasts: here for all tests."""
    before = script_names()
    monkeypatch.setattr(watching, "script_names", lambda: script_names() - before)


def used(source: str, avoid: tuple[str, ...] = AVOID) -> tuple[str, int] | None:
    """What the function f of a source uses, and its line."""
    space: dict[str, Any] = {}
    exec(compile(source, "answer.py", "exec"), space)
    watch = Watch(avoid, "answer.py")
    perform(space["f"], (), {}, (), (), 0, watch, operators=True)
    return watch.used


def loaded(folder: Path, source: str) -> dict[str, Any]:
    """What a source makes; it lies in a file, for scripts are made of what is written there."""
    file = folder / "answer.py"
    file.write_text(source, encoding="utf-8")
    space: dict[str, Any] = {"__name__": "candidate"}
    exec(compile(source, str(file), "exec"), space)
    return space


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
        ("functools.partial(x.clone().requires_grad_().exp().grad_fn)(x)", "autograd"),
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
    ("call", "name"),
    [
        ("functools.partial(torch.gru_cell)(*given)", "gru_cell"),
        ("list(map(torch.gru_cell, *([one] for one in given)))[0]", "gru_cell"),
        ("operator.call(torch.gru_cell, *given)", "gru_cell"),
        ("list(itertools.starmap(torch.gru_cell, [given]))[0]", "gru_cell"),
        ("functools.reduce(lambda *_: list(map(torch.gru_cell, *ONES)), [1, 2])", "gru_cell"),
        ("max([given], key=lambda one: list(map(torch.gru_cell, *([a] for a in one)))[0].sum())", "gru_cell"),
        ("functools.partial(torch._C._VariableFunctions.gru_cell)(*given)", "gru_cell"),
        ("functools.partial(torch.ops.aten.gru_cell)(*given)", "gru_cell"),
        ("functools.partial(torch.ops.aten.gru_cell.default)(*given)", "gru_cell"),
        ("functools.partial(torch.ops.aten.gru_cell.default._op)(*given)", "gru_cell"),
        ("torch.ops.aten.gru_cell.default.decompose(*given)", "gru_cell"),
        ("torch._C._jit_get_operation('aten::gru_cell')[0](*given)", "gru_cell"),
        ("torch.jit.wait(torch.jit.fork(torch.gru_cell, *given))", "gru_cell"),
        ("torch.jit.wait(torch.jit.fork(gru, *given))", "gru_cell"),
        ("gru(*given)", "gru_cell"),
        ("functools.partial(gru)(*given)", "gru_cell"),
        ("forked(*given)", "gru_cell"),
        ("unit.f(*given)", "gru_cell"),
        ("torch.jit.trace(lambda *a: torch.gru_cell(*a), given)(*given)", "gru_cell"),
        ("cell(one, one)", "gru_cell"),
        ("both(one, one)", "gru_cell"),
        ("torch.vmap(functools.partial(torch.softmax, dim=0))(three)", "softmax"),
        ("batch(x)", "softmax"),
        ("lstm(one, tall)", "lstm_cell"),
        ("smoothed(one, target)", "cross_entropy"),
        ("functools.partial(torch._C._nn.cross_entropy_loss)(one, target)", "cross_entropy"),
        ("layer(torch.ones(2, 1, 4))", "TransformerEncoderLayer"),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_what_c_or_a_script_calls_is_found(call: str, name: str, tmp_path: Path) -> None:
    space = loaded(tmp_path, f"{IMPORTS}{CELL}def f():\n    return {call}\n")
    watch = Watch((name,), "answer.py")
    perform(space["f"], (), {}, (), (), 0, watch, operators=True)
    assert watch.used is not None
    assert watch.used[0] == name


FILLED = """
@torch.jit.script
def filled(x: Tensor) -> Tensor:
    return nn.init.xavier_normal_(x)
"""


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_a_function_in_python_that_a_script_is_made_of_is_found(tmp_path: Path) -> None:
    space = loaded(tmp_path, f"{IMPORTS}{FILLED}def f():\n    return filled(torch.ones(3, 3))\n")
    watch = Watch(("xavier_normal_",), "answer.py")
    perform(space["f"], (), {}, (), (), 0, watch)
    assert watch.used == ("xavier_normal_", 0)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_what_others_have_scripted_in_the_process_is_no_fault(tmp_path: Path) -> None:
    loaded(tmp_path, f"{IMPORTS}{FILLED}filled(torch.ones(3, 3))\n")
    watch = Watch(("xavier_normal_",), "answer.py", script_names())
    perform(torch.ones, (3,), {}, (), (), 0, watch)
    assert watch.used is None
    answer = Local(torch.ones, ("xavier_normal_",)).ask(Ask((3,), {}))
    assert isinstance(answer, Gave)
    assert answer.used is None


LIKE = """
import torchvision
zero, one = torch.zeros(1, 1, 1), torch.ones(1, 1, 1)
image, kernel = torch.ones(1, 1, 4, 4), torch.ones(1, 1, 3, 3)
step = [[x], [x.clone()], [x.clone()], [x.clone()], [], [torch.ones(())]]
rates = dict(lr=0.1, beta1=0.9, beta2=0.9, weight_decay=0.0, eps=1e-8, amsgrad=False, maximize=False)
gates = torch.ones(1, 1, 3), torch.ones(4, 3), torch.ones(4, 1), torch.ones(4), torch.ones(4), zero, zero
FIRST, HOW = [True, False, False], ([0], [1, 1], [0, 0], [1, 1], False, [0, 0], 1)
three, boxes, square = torch.ones(3, 3), torch.tensor([[0.0, 0, 2, 2]]), torch.ones(1, 1, 3, 3)
"""
VISION, ATEN = "torchvision.ops", "torch.ops.aten"


@pytest.mark.parametrize(
    ("call", "avoid", "told"),
    [
        (f"{ATEN}._fused_adamw_(*step, **rates)", "adam", "adam (_fused_adamw_)"),
        (f"{ATEN}._fused_adam_(*step, **rates)", "adamw", "adamw (_fused_adam_)"),
        (
            "torch.mkldnn_rnn_layer(*gates, False, [], 2, 1, 1, False, False, False, False)",
            "lstm",
            "lstm (mkldnn_rnn_layer)",
        ),
        (
            "torch.mkldnn_rnn_layer(*gates, False, [], 2, 1, 1, False, False, False, False)",
            "gru_cell",
            "gru_cell (mkldnn_rnn_layer)",
        ),
        (
            f"{ATEN}.native_layer_norm_backward(three, three, [3], three, three, None, None, FIRST)",
            "autograd",
            "autograd (native_layer_norm_backward)",
        ),
        (
            f"{ATEN}.convolution_backward(square[..., 1:, 1:], image, kernel, *HOW, FIRST)",
            "autograd",
            "autograd (convolution_backward)",
        ),
        (f"functools.partial({ATEN}.tanh_backward)(x, x)", "autograd", "autograd (tanh_backward)"),
        ("torch.conv_tbc(one, one, torch.ones(1))", "conv2d", "conv2d (conv_tbc)"),
        ("functools.partial(torch.conv_tbc)(one, one, torch.ones(1))", "conv2d", "conv2d (conv_tbc)"),
        ("F.conv_transpose2d(image, kernel)", "conv2d", "conv2d (conv_transpose2d)"),
        (
            f"{VISION}.deform_conv2d(image, torch.zeros(1, 18, 2, 2), kernel)",
            "convolution",
            "convolution (deform_conv2d)",
        ),
        (
            "torch.distributions.Categorical(logits=x).log_prob(torch.tensor(0))",
            "log_softmax",
            "log_softmax (Categorical)",
        ),
        (f"{VISION}.stochastic_depth(three, 0.5, 'row')", "dropout", "dropout (stochastic_depth)"),
        (f"{VISION}.drop_block2d(image, 0.5, 1)", "dropout", "dropout (drop_block2d)"),
        (f"{VISION}.boxes._box_inter_union(boxes, boxes)", "box_iou", "box_iou (_box_inter_union)"),
        (
            f"{VISION}._utils._loss_inter_union(boxes, boxes)",
            "box_iou",
            "box_iou (_loss_inter_union)",
        ),
        (
            f"{VISION}.roi_pool(image, torch.tensor([[0.0, 0, 0, 3, 3]]), 2)",
            "max_pool2d",
            "max_pool2d (roi_pool)",
        ),
        (
            f"{ATEN}._scaled_dot_product_flash_attention_for_cpu(square, square, square)",
            "scaled_dot_product_attention",
            "scaled_dot_product_attention (_scaled_dot_product_flash_attention_for_cpu)",
        ),
        (
            f"{ATEN}._scaled_dot_product_flash_attention_for_cpu(square, square, square)",
            "softmax",
            "softmax (_scaled_dot_product_flash_attention_for_cpu)",
        ),
    ],
)  # fmt: skip
def test_the_same_under_another_name_is_found(call: str, avoid: str, told: str) -> None:
    found = used(f"{IMPORTS}{LIKE}def f():\n    return {call}\n", (avoid,))
    assert found is not None
    assert found[0] == told


@pytest.mark.parametrize(
    ("call", "avoid"),
    [
        ("F.unfold(image, 3), image.unfold(2, 3, 1), image.double().int()", "conv2d"),
        ("torch.ops.prims.convert_element_type(x, torch.float64)", "convolution"),
        ("F.scaled_dot_product_attention(square, square, square)", "MultiheadAttention"),
        ("torch.bernoulli(three), torch.rand_like(three)", "dropout"),
        (f"{VISION}.box_area(boxes), {VISION}.box_convert(boxes, 'xyxy', 'cxcywh')", "box_iou"),
        (f"{VISION}.box_iou(boxes, boxes)", "nms"),
        ("image.amax(-1), F.avg_pool2d(image, 2)", "max_pool2d"),
        ("x.tanh(), x.detach() @ x, F.layer_norm(x, (3,))", "autograd"),
        ("torch.rnn_tanh_cell(three, three, three, three)", "lstm"),
    ],
)
def test_what_is_not_the_same_may_be_used(call: str, avoid: str) -> None:
    assert used(f"{IMPORTS}{LIKE}def f():\n    return {call}\n", (avoid,)) is None


ALLOWED = """
@torch.jit.script
def gru_cell(x: Tensor) -> Tensor:
    return torch.sigmoid(x @ x) * torch.tanh(x)
class GRUCell(nn.Module):
    def forward(self, x):
        return x * 2
layer, scripted = GRUCell(), torch.jit.script(GRUCell())
def softmax(x):
    return x.exp() / x.exp().sum()
"""


@pytest.mark.parametrize(
    "call",
    [
        "functools.partial(torch.sigmoid)(x)",
        "list(map(torch.exp, [x]))",
        "gru_cell(torch.ones(3, 3))",
        "torch.jit.wait(torch.jit.fork(gru_cell, torch.ones(3, 3)))",
        "layer(x), scripted(x)",
        "list(map(softmax, [x]))",
        "torch.overrides.handle_torch_function(softmax, (x,), x)",
        "torch.vmap(softmax)(torch.ones(3, 3))",
        "torch.fx.symbolic_trace(softmax)(x)",
        "nn.Linear(3, 3)(x)",
        "torch.ops.aten.gru_cell",
    ],
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_what_is_allowed_may_be_scripted_and_called_by_c(call: str, tmp_path: Path) -> None:
    space = loaded(tmp_path, f"{IMPORTS}{ALLOWED}def f():\n    return {call}\n")
    watch = Watch((*CELLS, "conv2d", "autograd"), "answer.py")
    perform(space["f"], (), {}, (), (), 0, watch, operators=True)
    assert watch.used is None


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
        pytest.param(
            "functools.partial(_thread.start_new_thread, work, ())()",
            "threads",
            marks=pytest.mark.skipif(sys.version_info < (3, 12), reason="Python tells of no thread"),
        ),
        ("torch._C._autograd._enable_record_function(True)", "_enable_record_function"),
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
from quizcli.judge.calls.watch import Watch
with Watch(("softmax",), "x.py").operators():
    torch.ones(2) * 2
sys.exit("torch._dynamo" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    "body",
    [
        "checkpoint(lambda x: x.exp() / x.exp().sum(), torch.ones(3), use_reentrant=False)",
        "torch.compile(lambda x: x.exp())(torch.ones(3))",
        "__import__('torch._dynamo')",
    ],
)
def test_what_pytorch_imports_for_itself_is_no_fault(body: str) -> None:
    """It makes classes and wraps functions by all names, the first time in a process."""
    avoid = (
        "softmax",
        "scaled_dot_product_attention",
        "group_norm",
        "dropout",
        "optim",
        "adam",
        "layer_norm",
    )
    program = f"""
import sys
import torch
assert "torch._dynamo" not in sys.modules
from quizcli.judge.calls.call import perform
from quizcli.judge.calls.watch import Watch
source = '''
import torch
from torch.utils.checkpoint import checkpoint
def f():
    return {body}
'''
space = {{}}
exec(compile(source, "answer.py", "exec"), space)
watch = Watch({avoid!r}, "answer.py")
perform(space["f"], (), {{}}, (), (), 0, watch, operators=False)
print(watch.used)
"""
    said = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TORCH_COMPILE_DISABLE": "1"},
    )
    assert said.stdout.strip().endswith("None"), said.stdout + said.stderr


def test_what_somebody_imports_to_hide_it_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hidden_softmax.py").write_text("import torch\nhidden = torch.softmax(torch.ones(3), 0)\n")
    monkeypatch.syspath_prepend(tmp_path)
    source = "def f():\n    import hidden_softmax\n    return hidden_softmax.hidden\n"
    assert used(source) == ("softmax", 2)

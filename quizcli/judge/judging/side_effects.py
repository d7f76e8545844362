"""What a call leaves behind that is not its own: generators, settings, arguments, what it gave before."""

from __future__ import annotations

from collections.abc import Sequence

from quizcli.demo.events import Words
from quizcli.judge.calls.call import Performance
from quizcli.judge.calls.generators import OWNERS
from quizcli.judge.calls.results import EARLIER
from quizcli.judge.judging.compare import Difference

States = dict[int, int]  # where torch's generator was left, by a call with which seed

RESEEDED: dict[str, Words] = {  # by whose it is
    owner: {
        "en": f"it gives {owner}'s generator a new seed, and the caller's own is lost: draw from it, "
        "do not seed it",
        "zh": f"它重设了 {owner} 随机数生成器的种子，调用者设的种子就失效了：只应从生成器抽数，不要设种子",
    }
    for owner in OWNERS
}

LEFT_CHANGED: dict[str, Words] = {  # by what it is, see perform.py and giving.py
    "gradients": {
        "en": "it leaves gradients switched off (or on) for whoever calls it: use `with torch.no_grad()`",
        "zh": "它改变了调用者的梯度开关，没有复原：请用 `with torch.no_grad()`",
    },
    "dtype": {
        "en": "it leaves another default dtype of torch's to whoever calls it",
        "zh": "它改变了 torch 的默认 dtype，没有复原",
    },
    "requires_grad": {
        "en": "it switches requires_grad of an argument, which is the caller's: leave it, or work on "
        "`x.detach()`",
        "zh": "它改变了参数的 requires_grad，而参数属于调用者：请保持原样，或改用 `x.detach()`",
    },
    ".grad": {
        "en": "it writes into the .grad of an argument, which is the caller's: use `torch.autograd.grad`",
        "zh": "它改写了参数的 .grad，而参数属于调用者：请用 `torch.autograd.grad`",
    },
    **{
        name: {
            "en": f"it leaves a setting of torch's changed for whoever calls it: {name}",
            "zh": f"它改变了 torch 的全局设置，没有复原：{zh}",
        }
        for name, zh in (
            ("device", "默认设备"),
            ("deterministic algorithms", "确定性算法"),
            ("the detection of anomalies", "异常检测"),
            ("the precision of products", "矩阵乘法的精度"),
            ("how tensors are printed", "张量的打印方式"),
            ("oneDNN", "oneDNN 开关"),
            ("the number of threads", "线程数"),
            ("how the smallest numbers are rounded", "次正规数的处理"),
        )
    },
    EARLIER: {
        "en": "it changes what an earlier call returned, which is the caller's: is one buffer used again?",
        "zh": "它改变了之前一次调用的返回值，而那属于调用者：是不是重复使用了同一块缓冲区？",
    },
}


def reseeded(
    seeds: Sequence[int], ours: Sequence[Performance], got: Sequence[Performance], states: States
) -> Difference | None:
    """A generator that two calls left in one state, and that began each in another, was seeded in between."""
    for seed, right, done in zip(seeds, ours, got, strict=True):
        if done.seeded in RESEEDED:
            return Difference(RESEEDED[done.seeded])
        if done.state != right.state and states.setdefault(done.state, seed) != seed:
            return Difference(RESEEDED[OWNERS[0]])
    return None


def left_changed(got: Sequence[Performance]) -> Difference | None:
    """A setting of PyTorch's is everybody's: who changes it inside of a call puts it back."""
    left = next((done.left for done in got if done.left), "")
    return Difference(LEFT_CHANGED[left]) if left in LEFT_CHANGED else None

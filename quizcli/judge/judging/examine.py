"""What is wrong with a performance: its output, arguments that were changed, its gradients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from quizcli.demo.events import Words
from quizcli.judge.calls.call import Performance
from quizcli.judge.calls.tensor_codec import packed, tensors, unpack
from quizcli.judge.case import Case
from quizcli.judge.judging.compare import Difference, Rules, difference, first_difference

INCOMPLETE: Words = {
    "en": "its answer is incomplete: what was asked for is not in it",
    "zh": "它返回的数据不完整：缺少所要求的内容",
}
ALWAYS_THE_SAME: Words = {
    "en": "two calls draw the same random numbers: is a seed set inside?",
    "zh": "两次调用得到同样的随机数：函数里是不是设了种子？",
}
PUT_BACK: Words = {
    "en": "two calls in a row draw the same random numbers: is the generator's state restored, or seeded?",
    "zh": "连续两次调用得到同样的随机数：是不是恢复了随机数生成器的状态，或在函数里设了种子？",
}

ONE_START: Words = {
    "en": "run anew, it draws the same random numbers whatever seed the caller has set: does it seed a "
    "generator of its own?",
    "zh": "重新运行这份代码，无论调用者设什么种子，得到的都是同样的随机数：是不是自建了固定种子的生成器？",
}


def examine(
    case: Case, names: Sequence[str], expected: Performance, got: Performance, rules: Rules
) -> Difference | None:
    """The first thing that is wrong with one call; None where nothing is.

    `names` are those of the arguments. What is missing is wrong: who sends no gradients has none.
    """
    found = _changed(case, names, got) or _of_output(case, expected, got, rules)
    if found is not None or not case.grad:
        return found
    wanted, given = expected.gradients or [], got.gradients
    if not isinstance(given, list) or len(wanted) != len(given):
        return Difference(INCOMPLETE)
    for name, want, have in zip(leaf_names(case, names), wanted, given, strict=True):
        found = _of_gradients(name, want, have, 10 * case.tolerance, rules, compared=case.slopes is None)
        if found is None and case.slopes is not None and want is not None and have is not None:
            facts = case.slopes(expected.output, want, got.output, have)
            found = next((Difference(words) for words, holds in facts if not holds), None)
        if found is not None:
            return found
    return None


def compare_draws(
    case: Case, expected: Sequence[Performance], got: Sequence[Performance]
) -> Difference | None:
    """What is wrong with several calls of a random function that a single one does not show."""
    if _alike(got) and not _alike(expected):
        return Difference(ALWAYS_THE_SAME)
    if case.spread is None:
        return None
    facts = case.spread([performed.output for performed in got], *case.args, **case.kwargs)
    return next((Difference(words) for words, holds in facts if not holds), None)


def compare_row(expected: Sequence[Performance], got: Sequence[Performance]) -> Difference | None:
    """What is wrong with calls in a row, without a seed in between, of what differs with each seed."""
    return Difference(PUT_BACK) if _alike(got) and not _alike(expected) else None


def compare_starts(expected: Sequence[Performance], got: Sequence[Performance]) -> Difference | None:
    """What is wrong with first calls, each after the source was run anew and with a seed of its own."""
    return Difference(ONE_START) if _alike(got) and not _alike(expected) else None


def not_again(told: str) -> Difference:
    """What is wrong with whoever answers a first call, and not the one after it."""
    return Difference(
        {"en": f"called again, without a new seed: {told}", "zh": f"不重新设种子、再次调用时：{told}"}
    )


def false_facts(case: Case, right: Performance, performances: Sequence[Performance]) -> list[int] | None:
    """Which facts of a random output do not hold, by their place; None where its make is another."""
    if case.facts is None or any(
        first_difference(right.output, performed.output) is not None for performed in performances
    ):
        return None
    each = [
        [holds for _, holds in case.facts(performed.output, *case.args, **case.kwargs)]
        for performed in performances
    ]
    if case.spread is not None:
        outputs = [performed.output for performed in performances]
        each.append([holds for _, holds in case.spread(outputs, *case.args, **case.kwargs)])
    return [place for place, holds in enumerate(fact for facts in each for fact in facts) if not holds]


def leaf_names(case: Case, names: Sequence[str]) -> list[str]:
    """The argument that each floating tensor belongs to, of those by which gradients are judged."""
    values = [*case.args, *case.kwargs.values()]
    return [
        names[place] for place in case.by for tensor in tensors(values[place]) if tensor.is_floating_point()
    ]


def _alike(performances: Sequence[Performance]) -> bool:
    first, *others = performances
    return all(difference(first.output, other.output, 0.0) is None for other in others)


def _of_gradients(
    name: str, wanted: Any, given: Any, tolerance: float, rules: Rules, compared: bool
) -> Difference | None:
    """What is wrong with one gradient; None stands for one that does not reach its argument.

    Its numbers are `compared`, or only its make.
    """
    if wanted is None and isinstance(given, Tensor) and bool(given.count_nonzero()):
        return Difference(
            {
                "en": f"a gradient reaches {name} that should not: is a detach missing?",
                "zh": f"梯度不该传到 {name}：是不是少了 detach？",
            }
        )
    if wanted is None:
        return None
    if given is None and not bool(wanted.count_nonzero()):
        return None  # a gradient of zeros: one that does not reach its argument is the same
    if given is None:
        return Difference(
            {
                "en": f"no gradient reaches {name}: is something detached on the way?",
                "zh": f"梯度没有传到 {name}：中间是否有 detach？",
            }
        )
    what: Words = {"en": f"gradient with respect to {name}", "zh": f"对 {name} 的梯度"}
    return (
        difference(wanted, given, tolerance, what, rules=rules)
        if compared
        else first_difference(wanted, given, rules)
    )


def _of_output(case: Case, expected: Performance, got: Performance, rules: Rules) -> Difference | None:
    if case.facts is None:
        return difference(expected.output, got.output, case.tolerance, rules=rules, unit=case.unit)
    if (found := first_difference(expected.output, got.output, rules)) is not None:
        return found
    false = (words for words, holds in case.facts(got.output, *case.args, **case.kwargs) if not holds)
    return next((Difference(words) for words in false), None)


def _same(before: Any, now: Any) -> bool:
    """Whether a tensor is plainly what it was; of NaN one must look closer."""
    return type(before) is type(now) is Tensor and before.dtype == now.dtype and bool(before.equal(now))


def _changed(case: Case, names: Sequence[str], got: Performance) -> Difference | None:
    """The first argument that is not what it was."""
    given = [*case.args, *case.kwargs.values()]
    after = got.after if isinstance(got.after, list) else []
    if len(after) != len(given):
        return Difference(INCOMPLETE)
    for name, before, now in zip(names, given, after, strict=True):
        if not _same(before, now) and difference(unpack(packed(before)), now, 0.0) is not None:
            return Difference(
                {"en": f"the argument {name} was changed in place", "zh": f"原地修改了参数 {name}"}
            )
    return None

"""What a code question asks for beside the right values, in words: on its card, and above the draft."""

from __future__ import annotations

from quizcli.bank.types import Code
from quizcli.text import tr

SECONDS = 30  # after which a call is stopped; how fast it is beyond that is not judged


def code_rules(question: Code) -> list[str]:
    """What is not allowed and what is judged too, where there is any; and the limits of a call."""
    lines: list[str] = []
    if question.avoid:
        names = tr(", ", "、").join(question.avoid)
        line = tr(
            f"To be written without: {names}. What PyTorch has of the same under another name counts too.",
            f"不许使用：{names}。PyTorch 里换了名字的同一功能也算在内。",
        )
        lines.append(line)
    if question.judged:
        what = tr(", ", "、").join(_judged(word) for word in question.judged)
        lines.append(tr(f"Judged too: {what}.", f"同时评判：{what}。"))
    limit = tr(
        f"A call has {SECONDS} seconds and starts no threads; arguments, random seeds and settings stay as "
        "they were.",
        f"每次调用限时 {SECONDS} 秒，不得另开线程；参数、随机种子和全局设置须保持原样。",
    )
    return [*lines, limit]


def _judged(word: str) -> str:
    return {
        "gradients": tr(
            "the gradients with respect to floating-point arguments, or to those that the docstring names",
            "对各浮点参数（或文档字符串指定的参数）的梯度",
        ),
        "dtype": tr("the dtype of the result", "结果的 dtype"),
        "precision": tr("float64 inputs, computed in float64", "float64 输入须按 float64 计算"),
    }[word]

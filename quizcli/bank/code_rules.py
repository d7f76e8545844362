"""What a code question asks for beside the right values, in words: on its card, and above the draft."""

from __future__ import annotations

from quizcli.bank.types import Code
from quizcli.text import tr


def code_rules(question: Code) -> list[str]:
    """One sentence for what is not allowed, one for what is judged too; none where there is nothing."""
    lines: list[str] = []
    if question.avoid:
        names = tr(", ", "、").join(question.avoid)
        lines.append(tr(f"To be written without: {names}.", f"不许使用：{names}。"))
    if question.judged:
        what = tr(", ", "、").join(_judged(word) for word in question.judged)
        lines.append(tr(f"Judged too: {what}.", f"同时评判：{what}。"))
    return lines


def _judged(word: str) -> str:
    return {
        "gradients": tr("the gradients by floating-point arguments", "对各浮点参数的梯度"),
        "dtype": tr("the dtype of the result", "结果的 dtype"),
        "precision": tr("float64 inputs, computed in float64", "float64 输入须按 float64 计算"),
    }[word]

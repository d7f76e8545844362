"""What Typer says of a wrong command line, in our words and in the language in use.

Typer tells errors apart by private classes and English sentences. What is not recognized here, because
another release words it differently, is passed on in English.
"""

import re
from collections.abc import Sequence
from typing import Any

import typer

from quizcli.did_you_mean import did_you_mean, in_a_row
from quizcli.errors import ExitStatus, QuizError
from quizcli.text import tr


def refusal(error: typer.TyperException, path: str) -> QuizError:
    """The error a person reads. `path`: the command in question, where the error does not know it."""
    ctx = getattr(error, "ctx", None)
    where = ctx.command_path if ctx is not None else path
    hint = tr(f"`{where} -h` shows what it takes.", f"`{where} -h` 查看用法。")
    return QuizError(_message(error), in_a_row(did_you_mean(_near(error)), hint), ExitStatus.USAGE)


def _near(error: typer.TyperException) -> Sequence[str]:
    """What may have been meant."""
    if possibilities := getattr(error, "possibilities", None):
        return sorted(possibilities)
    suggested = re.search(r" Did you mean (.+)\?$", error.message)
    return re.findall(r"'([^']+)'", suggested[1]) if suggested else []


def _message(error: typer.TyperException) -> str:
    said = error.message
    parameter = getattr(error, "param", None)
    if hasattr(error, "param_type") and parameter is not None:  # the error for what is missing has it
        name = _name(parameter)
        return tr(f"{name} is missing", f"缺少 {name}")
    if found := re.match(r"No such command '(.*?)'\.", said):
        return tr(f"there is no command {found[1]!r}", f"没有命令 {found[1]!r}")
    if found := re.match(r"No such option: (.+)", said):
        return tr(f"there is no option {found[1]}", f"没有选项 {found[1]}")
    if found := re.match(r"Option '(.+)' requires an argument", said):
        return tr(f"{found[1]} needs a value", f"{found[1]} 需要一个值")
    if found := re.match(r"Option '(.+)' does not take a value", said):
        return tr(f"{found[1]} takes no value", f"{found[1]} 不接受取值")
    if found := re.match(r"Got unexpected extra argument(?:s|\(s\)|) \((.+)\)", said):
        return tr(f"one word too many: {found[1]}", f"多余的参数：{found[1]}")
    if said == "Missing command.":
        return tr("the command is missing", "缺少命令")
    if parameter is None:
        return error.format_message()
    return tr(f"{_name(parameter)}: {_value(said)}", f"{_name(parameter)}：{_value(said)}")


def _name(parameter: Any) -> str:
    """How the parameter is written: the longest of an option's names, an argument's placeholder."""
    if parameter.param_type_name == "option":
        return str(max(parameter.opts, key=len))
    return str(parameter.metavar or parameter.name.upper())


def _value(said: str) -> str:
    """Why a value will not do."""
    if found := re.match(r"(.+) is not a valid (int|float)(?: range)?\.", said):
        whole = found[2] == "int"
        kind = tr("a whole number", "整数") if whole else tr("a number", "数字")
        return tr(f"{found[1]} is not {kind}", f"{found[1]} 不是{kind}")
    if found := re.match(r"(.+) is not in the range (?:(.+)<=)?x(?:([<>])=(.+))?\.", said):
        value, low, sign, high = found.groups()
        if low is not None:
            return tr(f"{value} is not from {low} to {high}", f"{value} 不在 {low} 到 {high} 之间")
        if sign == ">":
            return tr(f"{value} is less than {high}", f"{value} 小于 {high}")
        return tr(f"{value} is more than {high}", f"{value} 大于 {high}")
    return said

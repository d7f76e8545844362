"""What libyaml says about broken YAML, in words that name the trap and the way out."""

from __future__ import annotations

import re

import yaml

from quizcli.text import tr

# Signs with which YAML opens something; in a bank they are the first sign of a text.
_OPENED = ("while scanning an alias", "while scanning an anchor", "while scanning a block scalar")


def explain(error: yaml.MarkedYAMLError, source: str) -> tuple[int, int, str]:
    """Line, column (from 1) and message of a syntax error."""
    problem, context = error.problem or "", error.context or ""
    mark = error.problem_mark or error.context_mark
    if "end of stream" in problem or "could not find expected ':'" in problem or context.startswith(_OPENED):
        mark = error.context_mark or mark  # where the thing began that went wrong
    lines = source.splitlines() or [""]
    if mark is None:
        return 1, 1, _not_yaml(problem)
    number = min(mark.line, len(lines) - 1)  # an error at the end of the file stands after its last line
    line, column = lines[number], mark.column if number == mark.line else len(lines[number])
    message = _trap(problem, context, line, column) or _not_yaml(problem)
    return number + 1, column + 1, message


def _not_yaml(problem: str) -> str:
    return tr(f"not valid YAML: {problem}", f"不是合法的 YAML：{problem}")


def _trap(problem: str, context: str, line: str, column: int) -> str:
    """The message for a known cause, or "". `line` is the line of the error, `column` counts from 0."""
    before, at = line[:column].rstrip(), line[column : column + 1]
    if at == "\t" or "tab character" in problem:
        return tr("a tab cannot indent YAML; use spaces", "YAML 不能用制表符 (tab) 缩进，请用空格")
    if context.startswith(_OPENED) or "cannot start any token" in problem:
        return tr(
            f"an unquoted text cannot begin with {at!r}; quote the text",
            f"不加引号的文本不能以 {at!r} 开头，请加引号",
        )
    if "escape" in problem:
        return tr(
            "in double quotes a backslash starts an escape; use single quotes or a `|` block for LaTeX",
            "双引号里的反斜杠是转义符；含 LaTeX 的文本请用单引号或 `|` 块",
        )
    if "end of stream" in problem:
        return tr("this quote is never closed", "这个引号没有闭合")
    if "{{" in line and ("expected" in problem or "not allowed" in problem):
        return tr(
            "a text that begins with `{{` must be quoted, or stand in a `|` block",
            "以 `{{` 开头的文本必须加引号，或写成 `|` 块",
        )
    if before[-1:] in ("'", '"') and "expected" in problem:
        return tr(
            "the text goes on after its closing quote; inside write '' for ', or \\\" for \"",
            "右引号之后还有内容；单引号里的 ' 写作 ''，双引号里的 \" 写作 \\\"",
        )
    return _structure(problem, line, column)


def _is_key(before: str) -> bool:
    """Whether what stands before a colon is one word, with `- ` in front perhaps."""
    return re.fullmatch(r"[ -]*[\w-]+", before) is not None


def _structure(problem: str, line: str, column: int) -> str:
    if "',' or" in problem or "node content" in problem:
        return tr(
            "this bracket is not closed, or a text inside `{ }` or `[ ]` needs quotes",
            "括号没有闭合，或 `{ }`、`[ ]` 里的文本需要加引号",
        )
    if "mapping values are not allowed" in problem and not _is_key(line[:column]):
        return tr(
            "an unquoted text cannot hold `: `; quote the text", "不加引号的文本里不能出现 `: `，请加引号"
        )
    if "could not find expected ':'" in problem:
        return tr(
            "this line is neither `key: value` nor part of the text above; check its indentation",
            "这一行既不是 `键: 值`，也不属于上面的文本，请检查缩进",
        )
    if "not allowed in this context" in problem or "did not find expected" in problem:
        return tr(
            "wrong indentation, or a text above that needs quotes: keys of one mapping start in one column",
            "缩进有误，或上面的文本缺少引号：同一层的键必须对齐",
        )
    return ""

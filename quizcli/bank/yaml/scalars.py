"""YAML 1.1 guesses the type of unquoted words. Here its guesses are looked up, judged and explained."""

from __future__ import annotations

import re
from math import isfinite

import yaml

from quizcli.bank.yaml.nodes import Scalar
from quizcli.text import tr

_RESOLVERS = yaml.SafeLoader.yaml_implicit_resolvers
_TAG = "tag:yaml.org,2002:"
_WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]*)", re.ASCII)
_DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9]*)(\.[0-9]*([eE][-+][0-9]+)?)?", re.ASCII)
_LONGEST_NUMBER = 40


def type_of(scalar: Scalar) -> str:
    """YAML's guess: "str", "bool", "int", "float", "null", "timestamp", "merge" or "value"."""
    if not scalar.plain:
        return "str"
    for tag, pattern in _RESOLVERS.get(scalar.text[:1], []):
        if pattern.match(scalar.text):
            return str(tag).removeprefix(_TAG)
    return "str"


def is_plain_number(scalar: Scalar) -> bool:
    """Whether an unquoted word is a number that everybody reads alike: not 010, 0x1F, 1_000 or 12:30."""
    return (
        type_of(scalar) in ("int", "float")
        and len(scalar.text) <= _LONGEST_NUMBER
        and _DECIMAL.fullmatch(scalar.text) is not None
        and isfinite(float(scalar.text))
    )


def is_whole(scalar: Scalar) -> bool:
    """Whether an unquoted word is a plain decimal integer."""
    return is_plain_number(scalar) and _WHOLE.fullmatch(scalar.text) is not None


def not_text(scalar: Scalar) -> str:
    """Why this word is no text for YAML, or "" where it is."""
    kind, word = type_of(scalar), scalar.text
    if kind == "str" or is_plain_number(scalar):
        return ""
    if kind == "null" and not word:
        return tr("there is nothing here", "这里是空的")
    quoted = tr(f'; write "{word}"', f'，请写成 "{word}"') if len(word) <= _LONGEST_NUMBER else ""
    return _guess(kind, word) + quoted


def not_number(scalar: Scalar) -> str:
    """Why this word is not taken for a number, or "" where it is one."""
    word = scalar.text
    if is_plain_number(scalar):
        return ""
    if type_of(scalar) in ("int", "float"):
        return tr(
            f"{_guess('int', word)}; write it in plain decimals", f"{_guess('int', word)}，请写成普通十进制"
        )
    if not scalar.plain and _DECIMAL.fullmatch(word):
        return tr("a number stands without quotes", "数字不要加引号")
    if dotted := _with_dot(word):
        return tr(
            f"`{word}` is text in YAML 1.1; write {dotted}", f"`{word}` 在 YAML 1.1 里是文本，请写成 {dotted}"
        )
    return tr("it is no number", "这不是数字")


def _guess(kind: str, word: str) -> str:
    """What YAML makes of a word, as a clause."""
    word = word if len(word) <= _LONGEST_NUMBER else word[:_LONGEST_NUMBER] + "…"
    if kind == "bool":
        truth = "true" if word.lower() in ("yes", "on", "true") else "false"
        return tr(
            f"`{word}` without quotes is the truth value {truth} in YAML",
            f"不加引号的 `{word}` 在 YAML 里是布尔值 {truth}",
        )
    if kind in ("int", "float"):
        value = _surprise(word)
        return tr(f"`{word}` without quotes is {value} in YAML", f"不加引号的 `{word}` 在 YAML 里是{value}")
    if kind == "timestamp":
        return tr(f"`{word}` without quotes is a date in YAML", f"不加引号的 `{word}` 在 YAML 里是日期")
    if kind == "null":
        return tr(
            f"`{word}` without quotes is the empty value in YAML", f"不加引号的 `{word}` 在 YAML 里是空值"
        )
    return tr(
        f"`{word}` without quotes is a special sign in YAML", f"不加引号的 `{word}` 在 YAML 里是特殊记号"
    )


def _surprise(word: str) -> str:
    """The number that YAML reads where a person reads another."""
    digits = word.replace("_", "").lstrip("+-")
    if ":" in digits and len(digits) < _LONGEST_NUMBER:
        total = 0.0
        for part in digits.split(":"):
            total = total * 60 + float(part)
        return tr(f"the number {total:g} (base 60)", f"六十进制数 {total:g}")
    if re.fullmatch("0[0-7]+", digits):
        return tr(f"the octal number {int(digits, 8)}", f"八进制数 {int(digits, 8)}")
    return tr("a number", "数字")


def _with_dot(word: str) -> str:
    """`1e-3` as YAML 1.1 wants a float: with a point and a signed exponent; "" where it is no number."""
    found = re.fullmatch(r"([-+]?[0-9]{1,30})(\.[0-9]{0,30})?[eE]([-+]?)([0-9]{1,3})", word, re.ASCII)
    if not found:
        return ""
    whole, fraction, sign, exponent = found.groups()
    fraction = fraction if fraction and fraction != "." else ".0"
    return f"{whole}{fraction}e{sign or '+'}{exponent}"

"""Numbers as people type them: 1e-3, 1,000, 50 %, 1/3, 2 ln 2, sqrt(2/pi), 10^-3, 10⁻³."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from unicodedata import numeric

LONGEST = 60  # characters

# 1,234.5  1_000  12  .5  1e-3; a comma or underscore only where it groups thousands
_NUMBER = r"(?:\d{1,3}(?:[,_]\d{3})+|\d+)(?:\.\d*)?(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?"
# An e right behind a number begins an exponent: without one it is unfinished, and not Euler's number.
_UNFINISHED = r"(?!e(?![a-z^]|\*\*))"
_TOKEN = re.compile(
    rf"\s*(?:(?P<number>(?:{_NUMBER}){_UNFINISHED})|(?P<word>log10|log2|[a-z]+)|(?P<sign>\*\*|[-+*/^()%]))"
)
_SIGNS = str.maketrans(
    {"−": "-", "–": "-", "×": "*", "·": "*", "⋅": "*", "÷": "/", "∕": "/", "π": " pi ", "√": " sqrt "}
)
_RAISED = re.compile("[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_LOWERED = str.maketrans("⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "+-0123456789")
_CROSS = re.compile(r"(?<=\d)(?<!\b0)\s*x\s*(?=\d)")  # 2 x 10^4, 13x13; 0x10 is something else
_MIXED = re.compile("([0-9]*)([¼-¾⅐-⅞])")
_FULL_WIDTH = {0xFF01 + n: 0x21 + n for n in range(94)} | {0x3000: " "}

_CONSTANTS = {"pi": math.pi, "e": math.e}
_FUNCTIONS: dict[str, Callable[[float], float]] = {
    "ln": math.log,
    "log": math.log,  # natural, as in every paper of the field
    "log2": math.log2,
    "log10": math.log10,
    "exp": math.exp,
    "sqrt": math.sqrt,
    "cos": math.cos,
    "sin": math.sin,
    "tanh": math.tanh,
}


def read_number(text: str) -> float:
    """The finite value of what was typed. Raises ValueError for anything else."""
    if len(text) > LONGEST:
        raise ValueError("too long")
    parted = _MIXED.sub(lambda part: f"({part[1] or 0}+{numeric(part[2])!r})", lifted(narrow(text)))
    plain = _CROSS.sub("*", parted.translate(_SIGNS).casefold())
    try:
        value = _Reader(_tokens(plain)).value()
    except ArithmeticError as error:
        raise ValueError("no finite number") from error
    if not math.isfinite(value):
        raise ValueError("no finite number")
    return value


def lifted(text: str) -> str:
    """The text with raised numbers as powers: 10⁻³ is 10^(-3)."""
    return _RAISED.sub(lambda power: f"^({power[0].translate(_LOWERED)})", text)


def narrow(text: str) -> str:
    """The text with full-width letters, digits and signs, as Chinese keyboards give them, made plain.

    No more than that: Unicode's own folding would turn 10⁻³ into 10-3 and 1½ into 11/2.
    """
    return text.translate(_FULL_WIDTH)


def _tokens(text: str) -> list[str]:
    tokens, place = [], 0
    text = text.rstrip()
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise ValueError(f"what is {text[place:].strip()!r}?")
        tokens.append(match[0].strip())
        place = match.end()
    return tokens


class _Reader:
    """Reads sum := product (± product)*, product := power ((*|/|nothing) power)*, power := atom (^ power)?"""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = [*tokens, ""]
        self._place = 0

    def value(self) -> float:
        value = self._sum()
        if self._next:
            raise ValueError(f"what is {self._next!r}?")
        return value

    @property
    def _next(self) -> str:
        return self._tokens[self._place]

    def _take(self) -> str:
        token = self._next
        self._place += 1
        return token

    def _sum(self) -> float:
        value = self._product()
        while self._next in ("+", "-"):
            value = value + self._product() if self._take() == "+" else value - self._product()
        return value

    def _product(self) -> float:
        value = self._signed()
        while True:
            if self._next in ("*", "/"):
                value = value * self._signed() if self._take() == "*" else value / self._signed()
            elif self._next == "(" or self._next[:1].isalpha():
                value *= self._power()  # 2 ln 2, 3(1 + 2)
            else:
                return value

    def _signed(self) -> float:
        if self._next in ("+", "-"):
            return self._signed() if self._take() == "+" else -self._signed()
        return self._power()

    def _power(self) -> float:
        value = self._atom()
        if self._next in ("^", "**"):
            self._take()
            value = math.pow(value, self._signed())
        while self._next == "%":
            self._take()
            value /= 100
        return value

    def _atom(self) -> float:
        token = self._take()
        if token == "(":
            value = self._sum()
            if self._take() != ")":
                raise ValueError("a bracket is not closed")
            return value
        if token in _FUNCTIONS:
            return _FUNCTIONS[token](self._power())
        if token in _CONSTANTS:
            return _CONSTANTS[token]
        if not token or not (token[0].isdigit() or token[0] == "."):
            raise ValueError(f"what is {token!r}?" if token else "something is missing")
        return float(token.replace(",", "").replace("_", ""))

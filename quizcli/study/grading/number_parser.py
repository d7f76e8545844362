"""Numbers as people type them: 1e-3, 1,000, 0,75, 50 %, 33 1/3, 2 ln 2, sqrt(2/pi), 10^-3, 10⁻³.

Where people mean different things by the same signs, as by ln 1/2, a text has several readings.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from itertools import product
from unicodedata import numeric

LONGEST = 60  # characters

# 1,234.5  1_000  2 048  12  .5  1e-3; commas, underscores and spaces group thousands
_GROUPED = r"\d{1,3}(?:[,_]\d{3})+|[1-9]\d{0,2}(?:[ \u00a0\u2009\u202f]\d{3})+(?!\d)"
# 0,75  62,5: a comma that can group no thousands is the decimal one; 1,0000 is a slip of one or the other
_COMMA = r"(?:0+,\d+|\d+,\d\d?)(?![\d,_.])"
_NUMBER = rf"{_COMMA}|(?:{_GROUPED}|\d+)(?:\.\d*)?(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?"
# An e right behind a number begins an exponent: without one it is unfinished, and not Euler's number.
_UNFINISHED = r"(?!e(?![a-z^]|\*\*))"
_TOKEN = re.compile(
    rf"\s*(?:(?P<number>(?:{_NUMBER}){_UNFINISHED})|(?P<word>log10|log2|√|[a-z]+)|(?P<sign>\*\*|[-+*/^()%‰‱]))"
)
_SIGNS = str.maketrans({"−": "-", "–": "-", "×": "*", "·": "*", "⋅": "*", "÷": "/", "∕": "/", "π": " pi "})
_RAISED = re.compile("[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_LOWERED = str.maketrans("⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "+-0123456789")
# 2 x 10^4, 13x13, 13 by 13; 0x10 is something else
_CROSS = re.compile(r"(?<=\d)(?:(?<!\b0)\s*x\s*|\s+by\s+|\s*乘以?\s*)(?=\d)")
_LOG = re.compile(r"log_?\{?(2|10)\}?(?=[\s(])|log([₂]|₁₀)")
_NATURAL = re.compile(r"\blog_?\{?e\}?(?=[\s(])")
_OF_TWO = re.compile(r"\blog2(?=\s*(?:[-+*/)]|$))")  # log2/0.001: a logarithm of nothing is that of 2
_MIXED = re.compile(r"([0-9]*)\s*([¼-¾⅐-⅞])")  # 33⅓, 33 ⅓
_OF_FRACTION = re.compile(r"(\bln|\blog|\^)\s*(\d+/\d+)(?![\d/^.])")  # ln 1/2 / ln 0.999, 64^1/2
_WITH_PART = re.compile(r"(?<![\w.,^/*)])(\d+)(?:\s+and)?\s+(\d+)/(\d+)(?![\w.,/^])")  # 33 1/3
_PARTS_OF = {"%": 100.0, "‰": 1000.0, "‱": 10_000.0}
_FULL_WIDTH = {0xFF01 + n: 0x21 + n for n in range(94)} | {0x3000: " "}

_CONSTANTS = {"pi": math.pi, "e": math.e}
_FUNCTIONS: dict[str, Callable[[float], float]] = {
    "ln": math.log,
    "log": math.log,  # natural, as in every paper of the field
    "log2": math.log2,
    "log10": math.log10,
    "exp": math.exp,
    "sqrt": math.sqrt,
    "√": math.sqrt,
    "cos": math.cos,
    "sin": math.sin,
    "tanh": math.tanh,
}


def read_number(text: str) -> float:
    """The finite value of what was typed, in its usual reading. Raises ValueError for anything else."""
    return readings(text)[0]


def readings(text: str) -> tuple[float, ...]:
    """Every finite value that people mean by what was typed, the usual one first. ValueError without any.

    ln 1/2 is half of ln 1 to some and the logarithm of a half to others, 1/2π is π/2 or 1/(2π).
    """
    if len(text) > LONGEST:
        raise ValueError("too long")
    parted = _MIXED.sub(lambda part: f"({part[1] or 0}+{numeric(part[2])!r})", lifted(narrow(text)))
    plain = _CROSS.sub("*", parted.translate(_SIGNS).casefold())
    logs = _LOG.sub(lambda log: f"log{log[1] or ('2' if log[2] == '₂' else '10')}", plain)
    usual = _OF_TWO.sub("log(2)", _WITH_PART.sub(_with_part, _NATURAL.sub("ln", logs)))
    values: list[float] = []
    refusal = ValueError("no finite number")
    for written in dict.fromkeys((usual, _OF_FRACTION.sub(r"\1(\2)", usual))):
        tokens = _tokens(written)
        for close, wide in product((False, True), repeat=2):
            try:
                value = _Reader(tokens, wide=wide, close=close).value()
            except ArithmeticError:
                continue
            except ValueError as error:
                refusal = error
                continue
            if math.isfinite(value) and value not in values:
                values.append(value)
    if not values:
        raise refusal
    if re.fullmatch(r"\s*\d{1,3},\d{3}\s*", text):  # 1,386 is a thousand and more, and 1.386 to others
        values.append(float(text.replace(",", ".")))
    return tuple(values)


def _with_part(part: re.Match[str]) -> str:
    return f"({part[1]}+{part[2]}/{part[3]})" if int(part[2]) < int(part[3]) else part[0]


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
        token, place = match[0].strip(), match.end()
        if token in _FUNCTIONS and text[place : place + 1] == "(":
            token, place = f"{token}(", place + 1  # one token: this bracket has the whole argument
        tokens.append(token)
    return tokens


class _Reader:
    """Reads sum := product (± product)*, product := power ((*|/|nothing) power)*, power := atom (^ power)?

    `wide`: a function without a bracket takes the whole product behind it, ln 1/2. `close`: a
    constant or function without a sign before it belongs to the factor there, 1/2π.
    """

    def __init__(self, tokens: list[str], *, wide: bool, close: bool) -> None:
        self._tokens = [*tokens, ""]
        self._place = 0
        self._wide = wide
        self._close = close

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
        value = self._factor()
        while True:
            if self._next in ("*", "/"):
                value = value * self._factor() if self._take() == "*" else value / self._factor()
            elif self._goes_on:
                value *= self._power()  # 2 ln 2, 3(1 + 2)
            else:
                return value

    @property
    def _goes_on(self) -> bool:
        """Whether a factor follows without a sign."""
        return self._next == "(" or self._next[:1].isalpha() or self._next[:1] == "√"

    def _factor(self) -> float:
        value = self._signed()
        while self._close and self._goes_on and self._next != "(":  # 1/4 (25%) is no 1
            value *= self._power()
        return value

    def _signed(self) -> float:
        if self._next in ("+", "-"):
            return self._signed() if self._take() == "+" else -self._signed()
        return self._power()

    def _power(self) -> float:
        value = self._raised(self._atom())
        while self._next in _PARTS_OF:
            value /= _PARTS_OF[self._take()]
        return value

    def _raised(self, value: float) -> float:
        if self._next not in ("^", "**"):
            return value
        self._take()
        return math.pow(value, self._signed())

    def _atom(self) -> float:
        token = self._take()
        if token == "(":
            return self._bracket()
        if token.removesuffix("(") in _FUNCTIONS:
            return self._function(token)
        if token in _CONSTANTS:
            return _CONSTANTS[token]
        if not token or not (token[0].isdigit() or token[0] == "."):
            raise ValueError(f"what is {token!r}?" if token else "something is missing")
        return _figure(token)

    def _bracket(self) -> float:
        value = self._sum()
        if self._take() != ")":
            raise ValueError("a bracket is not closed")
        return value

    def _function(self, token: str) -> float:
        """cos(π/8)^2 is the square of the cosine, and so is cos^2(π/8)."""
        function = _FUNCTIONS[token.removesuffix("(")]
        if token.endswith("("):
            return function(self._bracket())
        if self._next in ("^", "**"):
            self._take()
            power = self._atom()
            return math.pow(function(self._product() if self._wide else self._power()), power)
        if self._wide and token != "√":
            return function(self._product())
        if self._next == "(":
            return function(self._atom())
        return function(self._signed())


def _figure(token: str) -> float:
    """The value of digits: 1,000, 2 048 and 0,75."""
    if re.fullmatch(_COMMA, token):
        return float(token.replace(",", "."))
    return float(re.sub(r"[,_\s]", "", token))

"""Ways to say a calculation, rewritten as one: LaTeX, "25 % of 196", 根号 64, 16 GB + 12 GB."""

from __future__ import annotations

import re

from quizcli.study.grading.spelled_numbers import read_spelt

_LONGEST = 300  # characters of a formula: what is pasted by mistake is no number
_INNER = r"\{([^{}]*)\}"
_FRACTION = re.compile(rf"\\[dt]?frac\s*{_INNER}\s*{_INNER}|\\[dt]?frac\s*(\d)\s*(\d)")
_ROOT = re.compile(rf"\\sqrt\s*{_INNER}")
_POWER = re.compile(rf"\^\s*{_INNER}")
_TEXT = re.compile(rf"\\(?:text|mathrm|operatorname)\s*{_INNER}")
_SPACE = re.compile(r"\\(?:[,;:! ]|quad|qquad|left|right|displaystyle)")
_SIGNS = {
    "cdot": "*", "times": "*", "approx": "≈", "geq": "≥", "ge": "≥", "leq": "≤", "le": "≤",
    "neq": "≠", "ne": "≠",
}  # fmt: skip
_COMMAND = re.compile(r"\\([a-z]+)", re.IGNORECASE)

_NUMBER = r"\d[\d.,]*"
_OF = re.compile(r"(?<=[%‰])\s*(?:of|的)\s*(?=\d)|(?<=\d/\d)\s+of\s+(?=\d)|(?<=[¼-¾⅐-⅞])\s+of\s+(?=\d)")
_ROOT_SIGN = re.compile(r"根号\s*")
_TENTHS = re.compile(r"([一二两三四五六七八九\d])成([一二三四五六七八九半\d])?")
_TIMES = re.compile(r"(\d+|[一二两三四五六七八九十])\s*倍的?\s*(?=ln|log|\d)")
_HALF = re.compile(r"^half an?\s+(?=[a-z])|^半个?\s*(?=[a-z])")
_RAISED = re.compile(r"(\d+)\s*的\s*(负?)\s*(\d+)\s*次方")
_BETWEEN = (
    (re.compile(r"(?<=[\d)])\s*(?:乘以?\s*(?=[\da-z(√])|\btimes\s+(?=[\d(√]|ln\b|log|sqrt|pi\b))"), "*"),
    (re.compile(r"(?<=[\d)])\s*除以\s*(?=[\da-z(√])"), "/"),
)
_LISTED = re.compile(r"^(?:tensor\()?\[([^\[\],]+)\]\)?$")  # tensor([1.1])
_DEGREES = re.compile(r"(\d[\d.]*)\s*°(?!\w)")
_TERM = rf"({_NUMBER})\s*([a-z]+)"
_SUM = re.compile(rf"{_TERM}(?:\s*[-+]\s*{_NUMBER}\s*[a-z]+)+")
_QUOTIENT = re.compile(rf"{_TERM}\s*[/÷]\s*({_NUMBER})\s*([a-z]+)")
_PRODUCT = re.compile(rf"{_TERM}\s*[*×x·]\s*({_NUMBER})")


def from_latex(text: str) -> str:
    r"""A formula as it is typed without LaTeX: $\frac{1}{2} \ln 2$ is ((1)/(2)) ln 2."""
    if len(text) > _LONGEST or not re.search(r"[\\$]|[\^]\{", text):
        return text
    text = _SPACE.sub(" ", text.replace("$", "").replace(r"\%", "%"))
    for _ in range(4):  # no deeper than that
        text = _POWER.sub(r"^(\1)", _ROOT.sub(r" sqrt(\1)", _TEXT.sub(r"\1", text)))
        text = _FRACTION.sub(lambda part: f"(({part[1] or part[3]})/({part[2] or part[4]}))", text)
    text = _COMMAND.sub(lambda command: f" {_SIGNS.get(command[1], command[1])} ", text)
    return re.sub(r"\s+", " ", text.replace("{", "(").replace("}", ")")).strip()


def calculation(text: str) -> str:
    """The text, in lower case, with what is said as a calculation written as one."""
    text = _OF.sub(" * ", _DEGREES.sub(r"(\1 pi/180)", _HALF.sub("0.5 ", _LISTED.sub(r"\1", text))))
    text = _RAISED.sub(lambda power: f"{power[1]}^({'-' * bool(power[2])}{power[3]})", text)
    for pattern, sign in _BETWEEN:
        text = pattern.sub(sign, text)
    text = _TIMES.sub(lambda times: f"{_figure(times[1])} * ", _ROOT_SIGN.sub("sqrt ", text))
    if tenths := _TENTHS.fullmatch(text):
        rest = "5" if tenths[2] == "半" else _figure(tenths[2] or "0")
        return f"0.{_figure(tenths[1])}{rest}"
    return _with_one_unit(text)


def _with_one_unit(text: str) -> str:
    """16 GB + 12 GB is 16 + 12 GB, 40 GiB / 2.5 GiB has no unit, and 0.5 MiB * 4096 is 0.5 * 4096 MiB."""
    if _SUM.fullmatch(text):
        terms = re.findall(_TERM, text)
        if len({unit for _, unit in terms}) == 1:
            unit = terms[0][1]
            return re.sub(rf"(?<=[\d.,])\s*{unit}\b", "", text) + f" {unit}"
    if (parts := _QUOTIENT.fullmatch(text)) and parts[2] == parts[4]:
        return f"{parts[1]}/{parts[3]}"
    if parts := _PRODUCT.fullmatch(text):
        return f"{parts[1]}*{parts[3]} {parts[2]}"
    return text


def _figure(text: str) -> str:
    return text if text.isdecimal() else f"{read_spelt(text):.0f}"

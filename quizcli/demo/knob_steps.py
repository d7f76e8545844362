"""By how much a knob turns: through round numbers, evenly where its limits are near, in powers where not."""

from __future__ import annotations

import math

from quizcli.demo.events import Setting
from quizcli.demo.parameter import Parameter

_EVENLY = 20  # steps from one limit to the other
_FAR = 10  # times the default: an upper limit beyond it is reached in powers
_NEAREST = 100  # of the default: a smaller value than this part of it is turned to zero
_ROUND = (1.0, 2.0, 5.0, 10.0)


def stepped(parameter: Parameter, value: Setting, up: bool) -> Setting:
    """The next setting in one direction; at its end the same one."""
    if parameter.type == "bool":
        return up
    if parameter.type == "choice":
        place = parameter.choices.index(value) + (1 if up else -1)
        return parameter.choices[min(max(place, 0), len(parameter.choices) - 1)]
    if isinstance(value, str) or parameter.min == parameter.max is not None:
        return value
    number = _in_powers(parameter, value, up) if _is_wide(parameter) else _evenly(parameter, value, up)
    if parameter.type == "int":
        number = max(math.ceil(number), int(value) + 1) if up else min(math.floor(number), int(value) - 1)
    low = -math.inf if parameter.min is None else parameter.min
    high = math.inf if parameter.max is None else parameter.max
    bounded = min(max(number, low), high)
    return int(bounded) if parameter.type == "int" else float(bounded)


def _is_wide(parameter: Parameter) -> bool:
    """Whether the limits are so far apart that even steps would be too small at one end."""
    low, high, usual = parameter.min, parameter.max, abs(float(parameter.default))
    if low is None or low < 0:
        return False
    return high is None or high > _FAR * (low or usual or high)


def _evenly(parameter: Parameter, value: float, up: bool) -> float:
    """The next multiple of a round step."""
    low, high = parameter.min, parameter.max
    usual = abs(float(parameter.default)) or 1.0
    step = _round((high - low if high is not None and low is not None else usual) / _EVENLY)
    places = value / step
    number = math.floor(places + 1e-9) + 1 if up else math.ceil(places - 1e-9) - 1
    return float(f"{number * step:.12g}")


def _in_powers(parameter: Parameter, value: float, up: bool) -> float:
    """The next of … 0.1 0.2 0.5 1 2 5 10 …; below all that matters is zero, where that is allowed."""
    usual = abs(float(parameter.default)) or (parameter.max or 1.0) / _FAR
    least = parameter.min or _round(usual / _NEAREST)
    if value < least:
        return least if up else 0.0
    if not up and value <= least * (1 + 1e-9):
        return parameter.min or 0.0
    power = 10.0 ** math.floor(math.log10(value) + 1e-12)
    numbers = [float(f"{power * each:.12g}") for each in (0.5, *_ROUND)]
    if up:
        return next(number for number in numbers if number > value * (1 + 1e-9))
    return next(number for number in reversed(numbers) if number < value * (1 - 1e-9))


def _round(size: float) -> float:
    """The nearest of 1, 2, 5 and 10 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(size))
    return float(f"{power * min(_ROUND, key=lambda each: abs(each - size / power)):.12g}")

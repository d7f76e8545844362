"""Numbers as a person reads them: significant digits, axis ticks, durations."""

import math
from collections.abc import Sequence
from itertools import pairwise


def number(value: float, digits: int = 4) -> str:
    """`value` with about `digits` significant digits: 105.9, 17,400, 0.0042, 1.3e-9, ∞."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    if value == int(value) and abs(value) < 1e7:
        return f"{int(value):,}"
    magnitude = math.floor(math.log10(abs(value)))
    if not -4 <= magnitude < 7:
        mantissa, exponent = f"{value:.{max(0, digits - 2)}e}".split("e")
        return f"{_trimmed(mantissa)}e{int(exponent)}"
    return _trimmed(f"{value:,.{max(0, digits - 1 - magnitude)}f}")


def aligned(values: Sequence[float]) -> list[str]:
    """Numbers that are read together: equally many decimals, so that the smallest has two digits."""
    sizes = [abs(value) for value in values if value and math.isfinite(value)]
    if not sizes or max(sizes) >= 1e7 or min(sizes) < 1e-4:
        return [number(value) for value in values]
    largest, smallest = (math.floor(math.log10(size)) for size in (max(sizes), min(sizes)))
    decimals = max(0, 3 - largest, 1 - smallest)
    while decimals and all(round(size, decimals) == round(size, decimals - 1) for size in sizes):
        decimals -= 1
    return [f"{value:,.{decimals}f}" if math.isfinite(value) else number(value) for value in values]


def _trimmed(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def duration(seconds: float) -> str:
    """Minutes and seconds, 1:07; with hours where there are any, 2:01:07."""
    whole = max(0, int(seconds))
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minutes}:{second:02}"


def widened(low: float, high: float) -> tuple[float, float]:
    """The range itself, or one around it where it is so small that nothing could be told apart in it."""
    if high - low > 1e-9 * max(abs(low), abs(high)):
        return low, high
    margin = abs(low) * 0.05 or 0.5
    return low - margin, high + margin


def nice_step(span: float, count: int) -> float:
    """The smallest of 1, 2, 2.5, 5 × 10ⁿ that covers `span`, positive and finite, in at most `count` steps.

    2.5 itself is left out: epochs and layers are whole.
    """
    rough = span / max(1, count)
    power = 10.0 ** math.floor(math.log10(rough))
    factors = (1, 2, 5) if power == 1 else (1, 2, 2.5, 5)
    return next((factor * power for factor in factors if factor * power >= rough * 0.999), 10 * power)


def linear_ticks(low: float, high: float, count: int) -> list[float]:
    """At most `count` + 1 round values within [low, high], evenly spaced."""
    if not high > low:
        return [low]
    step = nice_step(high - low, count)
    first = math.ceil(low / step - 1e-9)
    return [k * step for k in range(first, math.floor(high / step + 1e-9) + 1)]


def log_ticks(low: float, high: float, count: int) -> list[float]:
    """At most `count` + 1 powers of ten within [low, high], both positive; closer ones in a small range."""
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    if last - first >= 1:
        stride = math.ceil((last - first + 1) / (count + 1))
        return [10.0**k for k in range(first, last + 1, stride)]
    steps = [f * 10.0**k for k in range(first - 1, last + 1) for f in (1, 2, 5)]
    within = [step for step in steps if low <= step <= high]
    return within[: count + 1] if len(within) > 1 else linear_ticks(low, high, count)


def tick_labels(ticks: Sequence[float]) -> list[str]:
    """The ticks with equally many decimals, as few as tell them apart."""
    largest = max((abs(t) for t in ticks), default=0.0)
    if len(ticks) > 1 and 1e-3 <= largest < 1e7:
        gap = min(abs(b - a) for a, b in pairwise(ticks))
        decimals = next((d for d in range(8) if math.isclose(round(gap, d), gap, rel_tol=1e-6)), None)
        if decimals is not None:
            return [f"{t:,.{decimals}f}" for t in ticks]
    for digits in range(4, 16):
        labels = [number(t, digits) for t in ticks]
        if len(set(labels)) == len(ticks):
            break
    return labels

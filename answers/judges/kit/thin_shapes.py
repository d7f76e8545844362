"""Shapes with sides of 1: what is squeezed, or told by the number of its axes, goes wrong there."""

from quizcli.demo.events import Words

THIN = ((1,), (3, 1), (1, 3), (1, 2, 3), (2, 1, 3), (2, 3, 1), (1, 2, 3, 1), (2, 1, 1, 3))


def shaped(*sides: int, what: str = "") -> Words:
    """The name of a case that is nothing but the shape of its argument, or of which one."""
    return {"en": f"{what or 'an argument'} of shape {sides}", "zh": f"{what or '参数'}形状为 {sides}"}

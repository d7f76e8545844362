"""A judge for the tests."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor

from quizcli.judge.case import Case, judge, trap


@trap("it squares", "平方了")
def squares(x: Tensor) -> Tensor:
    """As good as doubling, for 0 and 2."""
    return x * x


@judge(reference=lambda x: torch.add(x, x), traps=(squares,))
def check_double(random: Generator) -> Iterator[Case]:
    """A small one and a large one."""
    yield Case({"en": "three numbers", "zh": "三个数"}, (torch.randn(3, generator=random),))
    yield Case({"en": "many", "zh": "很多"}, (torch.randn(100, 100, generator=random),), timed=True)

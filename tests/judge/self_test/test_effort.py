"""Cases so large that loops would not end in time."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor

from quizcli.judge.case import Call, Case, judge
from quizcli.judge.judging.judging import Trial
from quizcli.judge.self_test.effort import too_large


@judge()
def check_product(random: Generator) -> Iterator[Case]:
    """Two, small and large."""
    for side in (2, 200):
        a, b = torch.randn(2, side, side, generator=random)
        yield Case({"en": f"side {side}", "zh": f"边长 {side}"}, (a, b))


def product(a: Tensor, b: Tensor) -> Tensor:
    """The model answer."""
    return a @ b


class Summed:
    """A model answer of a class."""

    def __init__(self, side: int) -> None:
        self.matrix = torch.ones(side, side)

    def __call__(self, times: int) -> Tensor:
        return torch.stack([self.matrix + 1 for _ in range(times)]).sum(0)


def test_products_are_counted() -> None:
    assert list(too_large(Trial(check_product, product, 1))) == [
        "too large for loops in Python: side 200, 8,040,000 steps, 1,400,000 at most"
    ]


def test_what_methods_do_is_counted() -> None:
    @judge()
    def check(random: Generator) -> Iterator[Case]:
        yield Case({"en": "few", "zh": "少"}, (100,), calls=(Call("", (2,)),))
        yield Case({"en": "many", "zh": "多"}, (100,), calls=(Call("", (2,)), Call("", (200,))))

    assert [told.split(",")[0] for told in too_large(Trial(check, Summed, 1))] == [
        "too large for loops in Python: many"
    ]

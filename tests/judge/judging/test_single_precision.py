"""Where a question says nothing of dtypes, an answer that knows float32 alone is right."""

from collections.abc import Iterator

import pytest
import torch
from torch import Generator, Tensor

from quizcli.judge.calls.messages import CaseResult
from quizcli.judge.case import Call, Case, judge
from quizcli.judge.judging.judging import Trial
from quizcli.judge.judging.single_precision import in_single
from quizcli.judge.judging.trusted_functions import Local


def total(x: Tensor, weight: Tensor) -> Tensor:
    return x @ weight


@judge()
def check_total(random: Generator) -> Iterator[Case]:
    for dtype in (torch.float32, torch.float64):
        given = (torch.randn(3, 2, generator=random).to(dtype), torch.randn(2, generator=random).to(dtype))
        yield Case({"en": str(dtype), "zh": str(dtype)}, given, grad=True)


def in_float32(x: Tensor, weight: Tensor) -> Tensor:
    return torch.einsum("nk,k->n", torch.eye(len(x)) @ x, weight)


def never_in_float64(x: Tensor, weight: Tensor) -> Tensor:
    if x.dtype == torch.float64:
        raise TypeError("float64")
    return 2 * in_float32(x, weight)


@pytest.mark.parametrize(
    ("judged", "passes"), [((), True), (("gradients",), True), (("dtype",), False), (("precision",), False)]
)
def test_other_dtypes_are_asked_for_where_the_question_says_so(judged: tuple[str, ...], passes: bool) -> None:
    trial = Trial(check_total, total, 1, judged)
    results = [news for news in trial.run(Local(in_float32)) if isinstance(news, CaseResult)]
    assert all(result.passed for result in results) == passes
    assert results[-1].name["en"].startswith("torch.float64") or passes


def test_what_is_wrong_in_float32_is_wrong() -> None:
    trial = Trial(check_total, total, 1)
    last = [news for news in trial.run(Local(never_in_float64)) if isinstance(news, CaseResult)][-1]
    assert not last.passed


def test_every_float64_tensor_is_converted_wherever_it_is() -> None:
    double = torch.ones(2, dtype=torch.float64)
    case = Case({"en": "c", "zh": "c"}, ([double, 3], torch.ones(1, dtype=torch.int64)), {"k": (double,)},
                calls=(Call("m", (double,)),))  # fmt: skip
    single = in_single(case)
    assert single is not None
    assert single.args[0][0].dtype == single.kwargs["k"][0].dtype == torch.float32
    assert single.calls[0].args[0].dtype == torch.float32
    assert single.args[1].dtype == torch.int64
    assert in_single(single) is None

"""Where two values differ, told so that a person finds it."""

import math
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from quizcli.judge.calls.tensor_codec import Flat, Strange, packed, unpack
from quizcli.judge.judging.compare import Rules, difference, first_difference
from quizcli.judge.judging.source_rules import parameters
from quizcli.judge.judging.tensor_window import about, window

PLAIN = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(), st.text(max_size=9)
)
VALUES = st.recursive(
    PLAIN,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.text(max_size=4), inner, max_size=3),
    ),
    max_leaves=8,
)
DTYPES = (torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.uint8, torch.bool)
SHAPES = st.lists(st.integers(0, 4), max_size=4).map(tuple)


def told(expected: Any, got: Any, tolerance: float = 1e-4) -> str:
    found = difference(expected, got, tolerance)
    return found.why["en"] if found is not None else ""


@given(VALUES)
def test_what_is_sent_arrives(value: Any) -> None:
    assert told(value, unpack(packed(value))) == ""
    assert first_difference(value, unpack(packed(value))) is None


@given(SHAPES, st.sampled_from(DTYPES))
def test_tensors_arrive_bit_by_bit(shape: tuple[int, ...], dtype: torch.dtype) -> None:
    tensor = torch.randn(shape).mul(3).to(dtype)
    again = unpack(packed(tensor))
    assert again.dtype == dtype
    assert again.shape == tensor.shape
    assert told(tensor, again, 0.0) == ""


def test_a_view_is_sent_as_it_reads() -> None:
    tensor = torch.arange(6.0).reshape(2, 3).T[1:, :]
    assert torch.equal(unpack(packed(tensor)), tensor)


@pytest.mark.parametrize(
    ("value", "sort"),
    [
        (object(), "object"),
        (2**70, "int of more than 64 bits"),
        ({1: 2}, "dict"),
        (torch.ones(2).to_sparse(), "tensor"),
    ],
)
def test_what_cannot_be_sent_is_named(value: object, sort: str) -> None:
    sent = packed(value)
    assert isinstance(sent, Strange)
    assert sent.sort.startswith(sort)
    assert told(1.0, unpack(sent)).startswith("output: expected 1, got ")


def test_bytes_that_are_no_tensor() -> None:
    with pytest.raises((ValueError, RuntimeError)):
        unpack(Flat("float32", (3,), b"abcd"))
    with pytest.raises(ValueError, match="no tensor"):
        unpack(Flat("complex64", (1,), b"abcdefgh"))


@pytest.mark.parametrize(
    ("expected", "got", "why"),
    [
        (torch.zeros(2, 3), torch.zeros(3, 2), "output: expected float32 (2, 3), got float32 (3, 2)"),
        (torch.zeros(2), torch.zeros(2).double(), "output: expected float32 (2,), got float64 (2,)"),
        (torch.zeros(2), None, "output: expected float32 (2,), got None"),
        (torch.zeros(2), [0.0, 0.0], "output: expected float32 (2,), got [0.0, 0.0]"),
        (torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.5]), "output[1] should be 2, is 2.5; 1 of 2 differ"),
        (torch.tensor([1, 2]), torch.tensor([1, 3]), "output[1] should be 2, is 3; 1 of 2 differ"),
        (torch.tensor(1.0), torch.tensor(2.0), "output should be 1, is 2; 1 of 1 differ"),
        ((torch.ones(1), 2), (torch.ones(1), 3), "output[1]: expected 2, got 3"),
        ((1, 2), (1, 2, 3), "output: expected (1, 2), got (1, 2, 3)"),
        (
            (torch.ones(1), torch.ones(2)),
            (torch.ones(1),),
            "output: expected (float32 (1,), float32 (2,)), got (float32 (1,))",
        ),
        (torch.ones(2), (torch.ones(2),), "output: expected float32 (2,), got (float32 (2,))"),
        ({"h": torch.ones(2)}, {"h": torch.ones(2), "c": 1}, "output: expected {'h'}, got {'h', 'c'}"),
        ({"h": 1.0}, {"h": 2.0}, "output['h']: expected 1, got 2"),
        ({"h": 1.0}, {"c": 1.0}, "output: expected {'h'}, got {'c'}"),
        (True, 1, "output: expected True, got 1"),
        (1.0, math.nan, "output: expected 1, got nan"),
        ("mean", "sum", "output: expected 'mean', got 'sum'"),
    ],
)
def test_differences_in_words(expected: Any, got: Any, why: str) -> None:
    assert told(expected, got) == why


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        (1.0, torch.tensor(1.0)),
        (1, 1.00001),
        (math.nan, math.nan),
        (math.inf, math.inf),
        (torch.tensor([math.nan, math.inf]), torch.tensor([math.nan, math.inf])),
        ([1, 2], (1, 2)),
        (torch.zeros(0, 3), torch.zeros(0, 3)),
    ],
)
def test_what_is_the_same(expected: Any, got: Any) -> None:
    assert told(expected, got) == ""


def test_a_part_too_few_is_unlike() -> None:
    assert first_difference((torch.ones(2), torch.ones(2)), (torch.ones(2),)) is not None


def test_double_precision_is_held_to_its_own_where_that_is_asked() -> None:
    near = torch.tensor([1.0], dtype=torch.float64)
    assert difference(near, near + 5e-5, 1e-4, rules=Rules(precision=True)) is not None
    assert difference(near, near + 5e-9, 1e-4, rules=Rules(precision=True)) is not None
    assert difference(near, near + 5e-5, 1e-4, rules=Rules()) is None
    assert difference(near.float(), near.float() + 5e-5, 1e-4, rules=Rules(precision=True)) is None


@pytest.mark.parametrize(
    ("expected", "got", "same"),
    [
        (torch.ones(2), torch.ones(2).double(), True),
        (torch.ones(2), torch.ones(2).half(), False),
        (torch.ones(2).double(), torch.ones(2).bfloat16(), False),
        (torch.ones(2).half(), torch.ones(2).bfloat16(), True),
        (torch.ones(2).long(), torch.ones(2).int(), True),
        (torch.ones(2), torch.ones(2).long(), False),
        (torch.ones(2).long(), torch.ones(2), False),
        (torch.ones(2).bool(), torch.ones(2).long(), False),
        (torch.ones(2), torch.ones(2, dtype=torch.complex64), False),
    ],
)
def test_a_dtype_of_the_same_sort_will_do_where_none_is_asked_for(
    expected: Tensor, got: Tensor, same: bool
) -> None:
    assert (difference(expected, got, 1e-4, rules=Rules()) is None) == same
    assert difference(expected, got, 1e-4, rules=Rules(dtype=True)) is not None


def test_half_precision_is_allowed_its_own_rounding() -> None:
    one = torch.ones(1)
    assert difference(one.half(), (one + 2e-3).half(), 1e-4) is None
    assert difference(one.half(), (one + 2e-2).half(), 1e-4) is not None
    assert difference(one.bfloat16(), (one + 2e-2).bfloat16(), 1e-4) is None
    assert difference(one.bfloat16(), one + 2e-2, 1e-4, rules=Rules()) is None


def test_what_is_to_be_exact_has_no_rounding() -> None:
    one = torch.ones(1)
    assert difference(one.half(), (one + 2e-3).half(), 0.0) is not None


@given(SHAPES.filter(lambda shape: 0 not in shape), st.randoms(use_true_random=False))
def test_the_window_shows_the_place(shape: tuple[int, ...], chance: Any) -> None:
    tensor = torch.zeros(shape)
    place = tuple(chance.randrange(size) for size in shape)
    tensor[place] = 7.0
    wrong = tensor != 0
    grid = window("got", tensor, place, wrong)
    assert len(grid.marked) == 1
    row, column = grid.marked[0]
    assert grid.rows[row][column] == "7"
    assert grid.about == about(tensor)


def test_what_is_shown_of_a_large_tensor_is_said() -> None:
    tensor = torch.zeros(2, 10, 10)
    assert window("x", tensor, (1, 9, 5)).place == "[1, 6:10, 3:7]"
    assert window("x", torch.zeros(3, 3), (0, 0)).place == ""
    assert window("x", torch.tensor(1.0), ()).rows == (("1",),)


def test_what_arguments_are_called() -> None:
    assert parameters("def f(q, k, *, scale): pass", "f") == ["q", "k"]
    assert parameters("class S:\n    def __init__(self, patience): pass", "S") == ["patience"]
    assert parameters("f = 1", "f") == parameters("def f(:", "f") == []


def test_a_tensor_is_a_tensor(tmp_path: object) -> None:
    sent = packed(torch.ones(1, 2))
    assert isinstance(sent, Flat)
    assert isinstance(unpack(sent), Tensor)


def test_one_element_is_packed_whatever_its_stride() -> None:
    one = torch.tensor([1.0, 2.0, 3.0, 4.0])[1::2][:1]
    assert one.stride() == (2,)
    assert unpack(packed(one)).tolist() == [2.0]

"""Events survive both of their encodings, whatever numbers they hold."""

import json
import math
from typing import Any

import msgspec
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from quizcli.demo.events import (
    Array,
    Bars,
    Beat,
    Claim,
    Event,
    Failed,
    Finished,
    Heatmap,
    Images,
    Note,
    Points,
    Progress,
    Scalars,
    Started,
    Table,
    array,
    decode,
    encode,
    from_json,
    pictures,
    to_json,
)

words = st.fixed_dictionaries({"en": st.text(max_size=5), "zh": st.text(max_size=5)})
text = st.text(max_size=8) | st.sampled_from(["NaN", "Infinity", "-Infinity", "null"])
numbers = st.floats(width=64)
arrays = st.builds(lambda data: Array(data, (1, len(data), 1), "uint8"), st.binary(max_size=20))
events: st.SearchStrategy[Event] = st.one_of(
    st.builds(
        Started,
        device=text,
        note=words,
        layout=st.just((("a", "b"),)),
        settings=st.dictionaries(text, st.booleans() | st.integers(-9, 9) | text),
    ),
    st.builds(Progress, done=numbers, total=numbers, rate=st.none() | numbers, text=words),
    st.builds(Scalars, panel=text, x=numbers, values=st.dictionaries(text, numbers)),
    st.builds(Images, panel=text, images=arrays),
    st.builds(Heatmap, panel=text, values=arrays, low=st.none() | numbers, y_ticks=st.just(("NaN",))),
    st.builds(Points, panel=text, xy=arrays, group_names=st.lists(text, max_size=2).map(tuple)),
    st.builds(
        Bars,
        panel=text,
        labels=st.lists(text, max_size=2).map(tuple),
        values=st.lists(st.lists(numbers, max_size=2).map(tuple), max_size=2).map(tuple),
    ),
    st.builds(Table, panel=text, columns=st.just(("NaN",)), rows=st.just((("Infinity",),))),
    st.builds(Note, text=words),
    st.builds(Claim, id=text, text=words, measured=numbers, expected=numbers, tolerance=numbers),
    st.builds(Beat, n=numbers),
    st.builds(Finished, seconds=st.floats(0, 1e6), stopped=st.booleans()),
    st.builds(Failed, message=text, trace=text),
)


@given(events)
def test_both_encodings_round_trip(event: Event) -> None:
    # repr, because NaN is not equal to itself
    assert repr(decode(encode(event))) == repr(event)
    assert repr(from_json(to_json(event))) == repr(event)


@given(events)
def test_lines_are_strict_json(event: Event) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    line = to_json(event)
    assert b"\n" not in line
    assert json.loads(line, parse_constant=refuse)["event"]


@given(st.floats())
def test_no_beat_is_waited_for_without_end(n: float) -> None:
    assert 0 <= Beat(n).length <= 100


def test_a_claim_says_in_json_whether_it_holds() -> None:
    claim = Claim(id="c", text={}, measured=math.nan, expected=1.0, relation="<=")
    assert json.loads(to_json(claim)) == {
        "event": "claim",
        "id": "c",
        "text": {},
        "measured": "NaN",
        "expected": 1.0,
        "relation": "<=",
        "holds": False,
    }


@pytest.mark.parametrize(
    ("relation", "holding", "failing"),
    [
        ("≈", (1.0, 1.1, 0.9), (1.2, math.nan, math.inf)),
        ("==", (1.0,), (1.05, math.nan)),
        ("<=", (1.0, 0.5, -math.inf), (1.05, math.nan)),
        (">=", (1.0, 1.5, math.inf), (0.95, math.nan)),
        ("<", (0.5,), (1.0, math.nan)),
        (">", (1.5,), (1.0, math.nan)),
    ],
)
def test_what_holds(relation: Any, holding: tuple[float, ...], failing: tuple[float, ...]) -> None:
    for measured, holds in [*((m, True) for m in holding), *((m, False) for m in failing)]:
        claim = Claim(id="c", text={}, measured=measured, expected=1.0, tolerance=0.1001, relation=relation)
        assert claim.holds is holds


@pytest.mark.parametrize(
    "line", [b"", b"[]", b"7", b"{}", b'{"event": "zebra"}', b'["NaN"]', b'{"event": "claim", "x": "NaN"}']
)
def test_anything_else_is_refused(line: bytes) -> None:
    with pytest.raises(msgspec.MsgspecError):
        from_json(line)


def test_arrays_from_tensors() -> None:
    values = torch.arange(6, dtype=torch.float64).reshape(2, 3).T.requires_grad_()
    copied = array(values)
    assert (copied.shape, copied.dtype) == ((3, 2), "float32")
    assert torch.equal(
        torch.frombuffer(bytearray(copied.data), dtype=torch.float32).view(3, 2), values.float()
    )
    seen = pictures(torch.tensor([[[-1.0, 0.5, 2.0]]]))
    assert (seen.data, seen.shape, seen.dtype) == (bytes([0, 128, 255]), (1, 1, 3), "uint8")

"""The events of a demonstration: one stream of small typed records, from the worker to whoever listens.

An answer yields these and does nothing else: it never prints, draws or asks. Bilingual text is a plain
{"en": …, "zh": …} dict so that answers stay easy to write. Arrays travel as bytes (C order, little endian).

Panels: an event with a `panel` name replaces what that panel showed before (Scalars extend it); the first of
a name opens the panel. `Started.layout` arranges panels in rows; without it the screen does so itself.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import msgspec
from msgspec import Struct

from quizcli.bank.types import Setting as Setting

if TYPE_CHECKING:
    from torch import Tensor

BEAT = 0.1  # seconds of a beat, where nobody says otherwise

Words = dict[str, str]  # {"en": …, "zh": …}
Label = str | Words  # a plain string is the same in every language: "KL", "p = 0.5"
Relation = Literal["<=", ">=", "≈", "<", ">", "=="]
# What drawing raises for an array of another shape than promised, a number no axis reaches, an odd group.
UNDRAWABLE = (ValueError, ArithmeticError, LookupError)


class Array(Struct, frozen=True):
    """A dense array: raw bytes, shape, and "uint8" (pictures, 0…255) or "float32" (values)."""

    data: bytes
    shape: tuple[int, ...]
    dtype: Literal["uint8", "float32"]

    def __post_init__(self) -> None:
        """Raise ValueError where the shape is not that of the data."""
        size = {"uint8": 1, "float32": 4}[self.dtype]
        if min(self.shape, default=0) < 0 or math.prod(self.shape) * size != len(self.data):
            raise ValueError(f"{len(self.data):,} bytes are no {self.dtype} of shape {self.shape[:8]}")


def array(values: Tensor, dtype: Literal["uint8", "float32"] = "float32") -> Array:
    """Copy a tensor of any device and dtype into an Array. Waits for the device: call it once a frame."""
    import torch

    tensor = values.detach().to("cpu", getattr(torch, dtype)).contiguous()
    return Array(tensor.numpy().tobytes(), tuple(tensor.shape), dtype)


def pictures(values: Tensor) -> Array:
    """Copy pictures with values in [0, 1], shape (batch, height, width[, 3]), into a uint8 Array."""
    return array((values.detach().clamp(0, 1) * 255).round(), "uint8")


class _Event(Struct, frozen=True, kw_only=True, tag_field="event", omit_defaults=True):
    pass


class Started(_Event, frozen=True, tag="started"):
    """First event. `device` and `data` are labels to show: "cuda:0 H200 · bf16", "MNIST, 60,000 images".

    Where data is loaded before they are known, a second Started follows and replaces the first.
    """

    device: str = "cpu"
    data: Label = ""
    synthetic: bool = False  # the data set is a stand-in; every result must say so
    note: Words = {}
    layout: tuple[tuple[str, ...], ...] = ()  # rows of panel names
    name: str = ""  # filled in by the worker: the answer, its title and its settings
    title: Words = {}
    settings: dict[str, Setting] = {}


class Progress(_Event, frozen=True, tag="progress"):
    """How far the run is: `done` of `total`, what is being done, and its speed in `unit` a second."""

    done: float
    total: float
    text: Words = {}
    rate: float | None = None
    unit: Label = ""


class Scalars(_Event, frozen=True, tag="scalars"):
    """One more point (x, value) on each curve of a chart panel.

    `names` says what a curve is called where its key in `values` is not a name in every language.
    """

    panel: str
    x: float
    values: dict[str, float]
    names: dict[str, Words] = {}
    title: Words = {}
    unit: Label = ""
    x_label: Label = ""
    log: bool = False  # logarithmic y axis


class Images(_Event, frozen=True, tag="images"):
    """A grid of pictures: uint8 or float32 in [0, 1], (batch, height, width[, 3])."""

    panel: str
    images: Array
    columns: int = 0  # 0: the screen chooses
    title: Words = {}
    caption: Words = {}


class Heatmap(_Event, frozen=True, tag="heatmap"):
    """A matrix (rows, columns) of float32; the colour scale runs from `low` to `high`, else over its values.

    `diverging` puts the middle of the scale at zero. NaN is drawn as an empty cell.
    """

    panel: str
    values: Array
    low: float | None = None
    high: float | None = None
    diverging: bool = False
    x_label: Words = {}
    y_label: Words = {}
    x_ticks: tuple[Label, ...] = ()
    y_ticks: tuple[Label, ...] = ()
    title: Words = {}
    caption: Words = {}


class Points(_Event, frozen=True, tag="points"):
    """A scatter: float32 (n, 2), with an integer group for each point (colour and glyph) where given."""

    panel: str
    xy: Array
    groups: tuple[int, ...] = ()
    group_names: tuple[Label, ...] = ()
    title: Words = {}
    caption: Words = {}


class Bars(_Event, frozen=True, tag="bars"):
    """Horizontal bars, one a label. With `parts` each value is stacked: values[i][j] belongs to parts[j]."""

    panel: str
    labels: tuple[Label, ...]
    values: tuple[tuple[float, ...], ...]  # one row a label; one number a part
    parts: tuple[Label, ...] = ()
    title: Words = {}
    unit: Label = ""


class Table(_Event, frozen=True, tag="table"):
    """Rows of short cells under column heads."""

    panel: str
    columns: tuple[Label, ...]
    rows: tuple[tuple[Label, ...], ...]
    title: Words = {}


class Note(_Event, frozen=True, tag="note"):
    """A sentence for the person: what to look at now, or what they just saw."""

    text: Words


class Claim(_Event, frozen=True, tag="claim"):
    """A statement the run measured. It holds if measured (relation) expected, within tolerance for "≈".

    Where there was nothing to measure, `measured` is NaN and `why` says why: "the gradient is zero".
    """

    id: str
    text: Words
    measured: float
    expected: float
    relation: Relation = "≈"
    tolerance: float = 0.0
    unit: str = ""
    why: Words = {}
    by_hand: bool = False  # measured after a setting was changed by hand (said by the worker)

    @property
    def holds(self) -> bool:
        """Whether the measurement supports the statement; NaN supports nothing."""
        m, e, t = self.measured, self.expected, self.tolerance
        return {
            "≈": abs(m - e) <= t,
            "==": m == e,
            "<=": m <= e,
            ">=": m >= e,
            "<": m < e,
            ">": m > e,
        }[self.relation]


class Beat(Struct, frozen=True, tag_field="event", tag="beat", omit_defaults=True):
    """A moment worth seeing, `n` beats long. An answer never sleeps: it yields these.

    The live view and a replay turn beats into time; whoever does not watch passes them over.
    """

    n: float = 1.0

    @property
    def length(self) -> float:
        """How many beats are waited for: nobody waits for NaN, or for more than a hundred."""
        return min(max(0.0, self.n), 100.0)


class Changed(_Event, frozen=True, tag="changed", rename={"before": "from", "after": "to"}):
    """The person has turned a knob (said by the worker): a setting that may change while the answer runs.

    `step` is where on the x axis of its curves the answer was by then.
    """

    option: str
    before: Setting
    after: Setting
    step: float = 0.0


class Finished(_Event, frozen=True, tag="finished"):
    """Last event of a run that ended by itself or was stopped by the person (added by the worker)."""

    seconds: float
    stopped: bool = False


class Failed(_Event, frozen=True, tag="failed"):
    """Last event of a run that could not go on (added by the worker)."""

    message: str
    hint: str = ""
    trace: str = ""


def claim(
    id: str,
    measured: float,
    relation: Relation,
    expected: float,
    tolerance: float = 0.0,
    *,
    en: str = "",
    zh: str = "",
    text: Words | None = None,
    unit: str = "",
    why: Words | None = None,
) -> Claim:
    """A Claim as one writes it down: `claim("kl", kl, ">=", 5.0, en="what a code tells", zh="…")`.

    Instead of `en` and `zh` it may have a `text` of the file beside the answer (quizcli.demo.texts).
    """
    return Claim(
        id=id,
        text=text or {"en": en, "zh": zh},
        measured=measured,
        expected=expected,
        relation=relation,
        tolerance=tolerance,
        unit=unit,
        why=why or {},
    )


Event = (
    Started
    | Progress
    | Scalars
    | Images
    | Heatmap
    | Points
    | Bars
    | Table
    | Note
    | Claim
    | Beat
    | Changed
    | Finished
    | Failed
)

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Event] = msgspec.msgpack.Decoder(Event)
_json_decoder: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)


def encode(event: Event) -> bytes:
    """One event as msgpack bytes (between the processes)."""
    return _encoder.encode(event)


def decode(data: bytes) -> Event:
    """The inverse of `encode`; raises one of UNDECODABLE (reading.py) on foreign bytes."""
    return _decoder.decode(data)


def to_json(event: Event) -> bytes:
    """One event as a line of JSON, without the newline, bytes as base64. A claim also says if it holds."""
    raw = msgspec.to_builtins(event, builtin_types=())
    for name in _numeric(raw):
        raw[name] = _each(raw[name], _speakable)
    if isinstance(event, Claim):
        raw["holds"] = event.holds
    return msgspec.json.encode(raw)


def from_json(line: bytes) -> Event:
    """The inverse of `to_json`; raises msgspec.MsgspecError on anything else."""
    if not _UNSPEAKABLE.search(line):
        return _json_decoder.decode(line)
    raw = msgspec.json.decode(line)
    for name in _numeric(raw):
        raw[name] = _each(raw[name], _number)
    event: Event = msgspec.convert(raw, Event)
    return event


# JSON has no NaN and no infinity. In fields that hold nothing but numbers they are strings, as in the JSON of
# Protocol Buffers.
_SPOKEN = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
_UNSPEAKABLE = re.compile(rb'"(NaN|-?Infinity)"')
_NUMBERS = {
    "progress": {"done", "total", "rate"},
    "scalars": {"x", "values"},
    "heatmap": {"low", "high"},
    "bars": {"values"},
    "claim": {"measured", "expected", "tolerance"},
    "beat": {"n"},
    "changed": {"step"},
}


def _numeric(raw: object) -> list[str]:
    """The fields of an encoded event in which there are only numbers."""
    if not isinstance(raw, dict):
        return []
    return [name for name in _NUMBERS.get(str(raw.get("event")), ()) if name in raw]


def _speakable(value: object) -> object:
    return _SPOKEN.get(str(value), value) if isinstance(value, float) else value


def _number(value: object) -> object:
    return float(value) if isinstance(value, str) and value in _SPOKEN.values() else value


def _each(value: object, change: Callable[[object], object]) -> object:
    """The same nest of dicts and lists with every leaf changed."""
    if isinstance(value, dict):
        return {key: _each(item, change) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_each(item, change) for item in value]
    return change(value)

"""Arguments and results on their way between the referee and the candidate.

Never by pickle: what an untrusted process sends is data, whatever it meant it to be.
"""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from quizcli.judge.calls import size_limits

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

_DTYPES = ("float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool")
_EXACT = (("fractions", "Fraction"), ("decimal", "Decimal"))
_DIMENSIONS = 64
_AROUND = 8  # items of msgpack that a tensor, tuple, list or dict takes beside what it holds


class Flat(Struct, frozen=True, tag="tensor"):
    """A tensor: its raw bytes, row by row."""

    dtype: str
    shape: tuple[int, ...]
    data: bytes


class Many(Struct, frozen=True, tag="many"):
    """A tuple or a list."""

    sort: str
    items: tuple[Value, ...]


class Keyed(Struct, frozen=True, tag="keyed"):
    """A dict with strings as keys."""

    entries: dict[str, Value]


class Strange(Struct, frozen=True, tag="strange"):
    """Something that cannot be sent, by its type's name."""

    sort: str


Value = None | bool | int | float | str | Flat | Many | Keyed | Strange


def _number(value: Any) -> bool | int | float | None:
    """A number of NumPy's, or one of Python's exact ones, as one of Python's plain ones; else None."""
    numpy = sys.modules.get("numpy")  # who has not loaded it returns none of it
    if numpy is not None and type(value) is numpy.ndarray and value.ndim == 0:
        value = numpy.ndarray.item(value)
    if numpy is not None and issubclass(type(value), numpy.bool_ | numpy.integer | numpy.floating):
        value = numpy.generic.item(value)
        value = float(value) if type(value) is numpy.longdouble else value
    exact = [getattr(sys.modules.get(module), name, None) for module, name in _EXACT]
    value = float(value) if type(value) in exact else value
    return value if type(value) in (bool, int, float) else None


def packed(value: object) -> Value:
    """What is sent for a value. What cannot be sent is told by the name of its type.

    Subclasses are sent as what they are beneath: their own methods are not asked. Raises only what the
    value's storage raises, MemoryError for one.
    """
    return _Packing().value(value, 0)


class _Packing:
    """One value on its way, and how much of it there may still be."""

    def __init__(self) -> None:
        self._items = size_limits.VALUE_ITEMS
        self._bytes = size_limits.VALUE_BYTES

    def value(self, value: Any, depth: int) -> Value:
        if value is None or value is True or value is False:
            return value
        sort = type(value)
        if issubclass(sort, int):
            plain = int.__pos__(value)  # of a subclass, the number alone
            return plain if -(2**63) <= plain < 2**63 else Strange("int of more than 64 bits")
        if issubclass(sort, float):
            return float.__pos__(value)
        if issubclass(sort, str):
            return self._text(str.__str__(value))
        if issubclass(sort, tuple | list | dict):
            return self._several(value, depth)
        return self._of_library(value)

    def _of_library(self, value: Any) -> Value:
        import torch

        if issubclass(type(value), torch.Tensor):
            return self._tensor(value)
        plain = _number(value)
        return Strange(_name(type(value))) if plain is None else self.value(plain, 0)

    def _text(self, text: str) -> Value:
        size = len(text.encode("utf-8", "replace"))
        if size > min(size_limits.TEXT, self._bytes):
            return Strange(f"str of {len(text):,} characters")
        self._bytes -= size
        return text.encode("utf-8", "replace").decode()  # half a surrogate pair is no text

    def _several(self, value: Any, depth: int) -> Value:
        kind: Any = next(kind for kind in (tuple, list, dict) if issubclass(type(value), kind))
        size = kind.__len__(value)
        if depth >= size_limits.DEPTH:
            return Strange(f"{kind.__name__} nested more than {size_limits.DEPTH} deep")
        if size + _AROUND > self._items:
            return Strange(f"{kind.__name__} of {size:,} items")
        self._items -= size + _AROUND
        if kind is not dict:
            items = [*kind.__iter__(value)]
            return Many(kind.__name__, tuple(self.value(item, depth + 1) for item in items))
        entries = [*dict.items(value)]
        if others := [key for key, _ in entries if not issubclass(type(key), str)]:
            return Strange(f"dict with keys of type {_name(type(others[0]))}")
        keys = [self._text(str.__str__(key)) for key, _ in entries]
        texts = [key for key in keys if isinstance(key, str)]
        if len(texts) < len(keys):
            return Strange("dict with keys of very many characters")
        values = [self.value(item, depth + 1) for _, item in entries]
        return Keyed(dict(zip(texts, values, strict=True)))

    def _tensor(self, tensor: Tensor) -> Value:
        import torch

        with torch._C.DisableTorchFunctionSubclass():
            if type(tensor) is not torch.Tensor:  # a Parameter is a tensor
                tensor = torch.Tensor.as_subclass(tensor, torch.Tensor)
            name = str(tensor.dtype).removeprefix("torch.")
            if tensor.is_nested or tensor.layout != torch.strided:
                return Strange(f"tensor of {name}, {'nested' if tensor.is_nested else 'sparse'}")
            if tensor.is_quantized or name not in _DTYPES:
                return Strange(f"tensor of {name}")
            if tensor.is_meta:
                return Strange("tensor without values, on the device meta")
            size = tensor.numel() * tensor.element_size()
            if size > self._bytes or tensor.dim() > _DIMENSIONS or self._items < _AROUND:
                return Strange(f"tensor of {tensor.numel():,} elements, {tensor.dim()} dimensions")
            self._bytes -= size
            self._items -= _AROUND + tensor.dim()
            plain = tensor.detach().cpu().resolve_neg()
            # Not `contiguous`: that leaves one element the strides of what it was cut out of.
            plain = plain.clone(memory_format=torch.contiguous_format)
            plain = plain.reshape(-1).view(torch.uint8) if size else plain.new_empty(0, dtype=torch.uint8)
            return Flat(name, tuple(tensor.shape), plain.numpy().tobytes())


def _name(sort: type) -> str:
    """A type's name, whatever its metaclass would say; that of a library is told too."""
    name = str(type.__dict__["__name__"].__get__(sort))[:100]
    module = str(type.__dict__["__module__"].__get__(sort))
    return f"numpy.{name}" if module.partition(".")[0] == "numpy" else name


def unpack(value: Value) -> Any:
    """The value again. Raises ValueError where bytes and shape do not fit."""
    match value:
        case Flat():
            return _tensor(value)
        case Many(sort=sort, items=items):
            return (list if sort == "list" else tuple)(unpack(item) for item in items)
        case Keyed(entries=entries):
            return {key: unpack(item) for key, item in entries.items()}
    return value


def _tensor(flat: Flat) -> Tensor:
    import torch

    dtype = getattr(torch, flat.dtype) if flat.dtype in _DTYPES else None
    if dtype is None or len(flat.shape) > _DIMENSIONS or any(not 0 <= n < 2**48 for n in flat.shape):
        raise ValueError(f"no tensor: {flat.dtype} {flat.shape}"[:200])
    if math.prod(flat.shape) * dtype.itemsize != len(flat.data):
        raise ValueError(f"no tensor: {len(flat.data):,} bytes for {flat.dtype} {flat.shape}"[:200])
    if not flat.data:
        return torch.empty(flat.shape, dtype=dtype)
    data = torch.frombuffer(bytearray(flat.data), dtype=torch.uint8)
    if dtype == torch.bool:  # of other bytes than 0 and 1, each operation makes something else
        return (data != 0).reshape(flat.shape)
    return data.view(dtype).reshape(flat.shape)


def tensors(value: Any) -> list[Tensor]:
    """Every tensor in a value, in order."""
    import torch

    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [found for item in value for found in tensors(item)] if isinstance(value, list | tuple) else []


def map_tensors(value: Any, change: Callable[[Tensor], Tensor]) -> Any:
    """The same value with every tensor changed."""
    import torch

    if isinstance(value, torch.Tensor):
        return change(value)
    if isinstance(value, tuple | list):
        items = [map_tensors(item, change) for item in value]
        return tuple(items) if isinstance(value, tuple) else items
    return (
        {key: map_tensors(item, change) for key, item in value.items()} if isinstance(value, dict) else value
    )

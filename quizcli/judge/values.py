"""Arguments and results on their way between the referee and the candidate.

Never by pickle: what an untrusted process sends is data, whatever it meant it to be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

if TYPE_CHECKING:
    from torch import Tensor

_DTYPES = ("float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool")
MOST_BYTES = 64 * 2**20  # of one tensor that is sent


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


def packed(value: object) -> Value:
    """What is sent for a value. Never fails: what cannot be sent is told by the name of its type."""
    import torch

    if value is None or isinstance(value, bool | float | str):
        return value
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**63 else Strange("int of more than 64 bits")
    if isinstance(value, torch.Tensor):
        return _flat(value)
    if isinstance(value, tuple | list):
        return Many("list" if isinstance(value, list) else "tuple", tuple(packed(item) for item in value))
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return Keyed({key: packed(item) for key, item in value.items()})
    return Strange(type(value).__name__)


def _flat(tensor: Tensor) -> Value:
    import torch

    name = str(tensor.dtype).removeprefix("torch.")
    if name not in _DTYPES or tensor.layout != torch.strided:
        return Strange(f"tensor of {name}")
    if tensor.numel() * tensor.element_size() > MOST_BYTES:
        return Strange(f"tensor of {tensor.numel():,} elements")
    plain = tensor.detach().cpu().contiguous()
    plain = plain.reshape(-1).view(torch.uint8) if plain.numel() else plain.new_empty(0, dtype=torch.uint8)
    return Flat(name, tuple(tensor.shape), plain.numpy().tobytes())


def unpacked(value: Value) -> Any:
    """The value again. Raises ValueError where bytes and shape do not fit."""
    match value:
        case Flat():
            return _tensor(value)
        case Many(sort=sort, items=items):
            return (list if sort == "list" else tuple)(unpacked(item) for item in items)
        case Keyed(entries=entries):
            return {key: unpacked(item) for key, item in entries.items()}
    return value


def _tensor(flat: Flat) -> Tensor:
    import torch

    if flat.dtype not in _DTYPES or any(size < 0 for size in flat.shape):
        raise ValueError(f"no tensor: {flat.dtype} {flat.shape}")
    dtype = getattr(torch, flat.dtype)
    if not flat.data:
        return torch.empty(flat.shape, dtype=dtype)
    return torch.frombuffer(bytearray(flat.data), dtype=dtype).reshape(flat.shape)


def tensors(value: Any) -> list[Tensor]:
    """Every tensor in a value, in order."""
    import torch

    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [found for item in value for found in tensors(item)] if isinstance(value, list | tuple) else []

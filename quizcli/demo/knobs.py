"""Settings that a person may change while the demonstration runs. Imported by answers, in the worker.

The worker puts a new value here between two events, while the answer waits for its turn: an answer reads it
without a lock, and the same turns between the same events make the same run.
"""

from __future__ import annotations

from typing import Generic, TypeVar

from quizcli.demo.events import Setting

Value = TypeVar("Value", bound=Setting)

_turned: dict[str, Setting] = {}


class Knob(Generic[Value]):
    """`beta = Knob("beta", beta)` before the loop, `beta()` in it: the value as it is now.

    `name` is that of an argument of `demonstrate` whose Option has `live=True`, `value` what it began with.
    """

    __slots__ = ("_name", "_value")

    def __init__(self, name: str, value: Value) -> None:
        self._name = name
        self._value = value

    def __call__(self) -> Value:
        """What it is set to."""
        return _turned.get(self._name, self._value)  # type: ignore[return-value]


def turn(name: str, value: Setting) -> None:
    """Set a knob; whoever reads it next finds the new value."""
    _turned[name] = value

"""Trusted functions in the place of a candidate: the model answer, PyTorch's own, a trap, a mutant."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from msgspec import structs

from quizcli.judge.calls.call import Performance, perform, seconds_per_call
from quizcli.judge.calls.messages import Ask, Gave, Raised, Reply
from quizcli.judge.calls.recorded_operators import script_names
from quizcli.judge.calls.results import Giving
from quizcli.judge.calls.tensor_codec import Strange, Value, packed, unpack
from quizcli.judge.calls.watch import Watch
from quizcli.judge.case import Case


class Local:
    """A function that is asked as a candidate is, in this process."""

    def __init__(self, entry: Callable[..., Any], avoid: Iterable[str] = (), file: str = "") -> None:
        """`avoid` is what it may not use, where it is written in this `file`."""
        self._entry = entry
        self._avoid = tuple(avoid)
        self._file = file
        self._gave = Giving()

    def ask(self, call: Ask) -> Reply:
        """Call the function; what it raises is an answer too."""
        args = [unpack(value) for value in call.args]
        kwargs = {name: unpack(value) for name, value in call.kwargs.items()}
        if call.timed:
            return Gave(seconds=seconds_per_call(self._entry, args, kwargs))
        calls = [(method, [unpack(value) for value in given]) for method, given in call.calls]
        watch = Watch(self._avoid, self._file, script_names()) if self._avoid else None
        try:
            done = perform(self._entry, args, kwargs, calls, call.grad, call.seed, watch, call.operators)
        except Exception as error:  # noqa: BLE001 - a wrong shape raises in a trap as it does in a candidate
            return Raised(type(error).__name__, str(error))
        return structs.replace(self._gave(done), used=watch.used if watch is not None else None)


def ask_of(case: Case, seed: int, operators: bool = False) -> Ask:
    """The call that a case is; with `operators` each one that it runs is looked at."""
    return Ask(
        args=tuple(packed(value) for value in case.args),
        kwargs={name: packed(value) for name, value in case.kwargs.items()},
        calls=tuple((method, tuple(packed(value) for value in args)) for method, args in case.calls),
        grad=case.by,
        seed=seed,
        operators=operators,
    )


def performance(answer: Gave) -> Performance:
    """What a candidate gave. Bytes that are no tensor are what they are: something strange."""

    def value(sent: Value) -> Any:
        try:
            return unpack(sent)
        except (ValueError, RuntimeError, OverflowError) as error:
            return Strange(str(error))

    return Performance(
        value(answer.output),
        value(answer.after),
        value(answer.gradients),
        answer.state,
        answer.seconds,
        answer.seeded,
        answer.left,
    )

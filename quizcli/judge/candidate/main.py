"""The candidate's process: it runs what a person wrote, and knows neither the judge nor what is expected.

It imports torch, goes into its cage, reads the source and answers calls until its stdin ends. Frames come
and go through private copies of stdin and stdout; what is printed goes to a pipe of its own, stderr.
"""

from __future__ import annotations

import linecache
import os
import re
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from types import ModuleType
from typing import Any, BinaryIO, NamedTuple, NoReturn

import msgspec
from msgspec import structs

from quizcli.judge.calls import size_limits
from quizcli.judge.calls.messages import Ask, CandidateSource, Gave, Raised, Reply
from quizcli.judge.calls.tensor_codec import unpack
from quizcli.judge.sandbox.limits import shut
from quizcli.processes.frames import frame, read_frame
from quizcli.processes.private_pipes import take_pipes

# Made while the modules that the types name can still be looked up.
_SOURCES, _ASKS = msgspec.msgpack.Decoder(CandidateSource), msgspec.msgpack.Decoder(Ask)
_LINE_END = re.compile(r"\r\n|\r|\n")  # Python's; str.splitlines knows form feeds and more


def main() -> NoReturn:
    """Warm up, say so with an empty frame, then serve."""
    inlet, outlet = take_pipes()
    tools = _warm_up()
    shut(os.environ["QUIZCLI_CAGE"])
    _hide()
    _send(outlet, b"")
    _serve(inlet, outlet, tools)
    sys.stdout.flush()
    os._exit(0)


class _Tools(NamedTuple):
    """What answers a call. Imported when stdout is no longer where frames go: torch comes with it."""

    perform: Callable[..., Any]
    seconds_per_call: Callable[..., float]
    gave: Callable[..., Gave]
    watch: Callable[..., Any]


def _warm_up() -> _Tools:
    """Import what candidates use, once through what is slow the first time."""
    import torch
    import torch.nn.functional as F

    from quizcli.judge.calls.call import perform, seconds_per_call
    from quizcli.judge.calls.results import Giving
    from quizcli.judge.calls.watch import Watch

    torch.set_num_threads(1)
    x = torch.ones(2, 2, requires_grad=True)
    watch = Watch(("softmax",), "")
    with watch.operators(), watch:
        F.softmax(x @ x, dim=-1).sum().backward()  # type: ignore[no-untyped-call]
    return _Tools(perform, seconds_per_call, Giving(), Watch)


def _hide() -> None:
    """Take our modules out of reach of an `import`: a source that patches them must want to deceive."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "quizcli"]:
        del sys.modules[name]


def _send(outlet: BinaryIO, payload: bytes) -> None:
    outlet.write(frame(payload))
    outlet.flush()


def _serve(inlet: BinaryIO, outlet: BinaryIO, tools: _Tools) -> None:
    payload = read_frame(inlet)
    if payload is None:
        return
    source = _SOURCES.decode(payload)
    entry: Callable[..., Any] | None = None
    try:
        entry = _loaded(source)
        answer = _encoded(Gave())
    except BaseException as error:  # noqa: BLE001 - SystemExit too: whatever the source raises is told
        answer = _encoded(_raised(error, source))
    _send(outlet, answer)
    while entry is not None and (payload := read_frame(inlet)) is not None:
        ask = _ASKS.decode(payload)
        try:
            entry = _loaded(source) if ask.anew else entry
            answer = _encoded(_answer(tools, entry, ask, source))
        except BaseException as error:  # noqa: BLE001
            answer = _encoded(_raised(error, source))
        _send(outlet, answer)


def _encoded(answer: Reply) -> bytes:
    """The bytes of an answer. Raises ValueError where they are more than the referee takes."""
    with suppress(Exception):  # the source may have put anything in its place
        sys.stdout.flush()
    payload = msgspec.msgpack.encode(answer)
    try:
        size_limits.check(payload)
    except ValueError as error:
        raise ValueError(f"what it returned is too much to be sent: {error}") from error
    return payload


def _loaded(source: CandidateSource) -> Callable[..., Any]:
    """Run the source as a module, as an import would, and take the entry out of it.

    Dataclasses look the module up by its name, and `inspect` asks linecache for its lines. Nothing of what
    this file imports from the future holds there.
    """
    text = source.text.removeprefix("\ufeff")
    module = sys.modules["candidate"] = ModuleType("candidate")
    module.__file__ = source.name
    linecache.cache[source.name] = len(text), None, text.splitlines(keepends=True), source.name
    code = compile(text, source.name, "exec", dont_inherit=True)
    exec(code, module.__dict__)  # that is what this process is for
    entry = module.__dict__.get(source.entry)
    if not callable(entry):
        raise NameError(f"there is no {source.entry} in the file")
    return entry  # type: ignore[no-any-return]


def _answer(tools: _Tools, entry: Callable[..., Any], ask: Ask, source: CandidateSource) -> Gave:
    args = [unpack(value) for value in ask.args]
    kwargs = {name: unpack(value) for name, value in ask.kwargs.items()}
    if ask.timed:
        return Gave(seconds=tools.seconds_per_call(entry, args, kwargs))
    calls = [(method, [unpack(value) for value in given]) for method, given in ask.calls]
    watch = tools.watch(source.avoid, source.name) if source.avoid else None
    done = tools.perform(entry, args, kwargs, calls, ask.grad, ask.seed, watch, ask.operators)
    return structs.replace(tools.gave(done), used=watch.used if watch is not None else None)


def _raised(error: BaseException, source: CandidateSource) -> Raised:
    """What was raised, and the last line of the person's own that took part in it."""
    sort = _plain(lambda: type.__dict__["__name__"].__get__(type(error)), 100) or "Exception"
    syntax = isinstance(error, SyntaxError)
    message = _plain(lambda: error.msg if isinstance(error, SyntaxError) else str(error), 2000)
    line = 0
    with suppress(Exception):  # what was raised may be of a class that does not even tell its own line
        if syntax and error.filename == source.name:  # type: ignore[attr-defined]
            line = int(error.lineno or 0)  # type: ignore[attr-defined]
        for step, number in traceback.walk_tb(error.__traceback__):
            line = number if step.f_code.co_filename == source.name else line
    lines = _LINE_END.split(source.text)
    text = lines[line - 1].strip() if 0 < line <= len(lines) else ""
    return Raised(sort, message, line if 0 <= line < 2**31 else 0, text[:200])


def _plain(told: Callable[[], object], most: int) -> str:
    """What a stranger's object says of itself, as text that can be sent; nothing where it only raises."""
    try:
        text = str.__str__(str(told()))
        return text[:most].encode("utf-8", "replace").decode()
    except BaseException:  # noqa: BLE001 - its own code runs here
        return ""

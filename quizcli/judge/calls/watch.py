"""What a call uses of PyTorch: a question that asks for softmax is not answered by `F.softmax`.

Seen is what runs, not what stands in the source: a name of one's own is no fault, and no spelling
(`getattr(torch, "soft" + "max")`, `torch.ops.aten._softmax`) hides a call. Three views are needed: Python's
profiler sees every function but those that C calls (`partial`, `map`), PyTorch's dispatcher every operator
that is not made of others, and the line that led to it, its recorder every operator, whoever calls it, in
scripts too, but not the line. The last two take time: see `operators`. A mode of PyTorch's functions would
know the line, but makes every call of every case five times as slow.
"""

from __future__ import annotations

import sys
from _thread import start_new_thread
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import takewhile
from types import CodeType, FrameType, TracebackType
from typing import Any, Self

from torch import _tensor_str, nn
from torch.utils._python_dispatch import TorchDispatchMode

from quizcli.judge.calls.families import relatives
from quizcli.judge.calls.recorded_operators import record_operators, script_names

Use = tuple[str, int]  # a forbidden name, and the line of the person's file that led to it (0: none did)

# What operators and their wrappers are called beside the name that people know them by.
_PREFIXES = ("special", "native", "mkldnn", "thnn", "fused", "slow")
_SUFFIXES = ("forward", "fwd", "backward", "withindices")
_TELLING = 7  # letters of a name that is not part of another's by chance: `softmax`, and not `adam`
# Whoever lets autograd work ends in one of these, by whatever name it began.
_MEANS = {"backward": "autograd", "runbackward": "autograd", "makedual": "autograd"}
# What nobody does but to be looked at no longer.
_MEDDLING = (
    *("disablecurrentmodes", "poptorchdispatchstack", "disabletorchdispatch"),
    *("disableprofilerlegacy", "enablerecordfunction"),
)
_FOLDERS = {"optim": ("torch/optim/",), "lr_scheduler": ("torch/optim/lr_scheduler",)}
THREADS = "threads"  # known as used where one is started: what runs there goes unseen
_STARTED = ("_thread.start_new_thread", "_thread.start_joinable_thread")  # C too, from Python 3.12 on
_TORCH = nn.__path__[0].removesuffix("nn")  # where PyTorch's own files are
_IMPORTING = "<frozen importlib._bootstrap>"
_RUN = ("__call__", "decompose", "redispatch")  # of an operator: what its object in Python runs it by


def _own_business() -> Iterable[CodeType]:
    """What PyTorch does for itself: to print a tensor, and to fill a new layer with what is no answer."""
    yield _tensor_str._str.__code__
    for layer in vars(nn).values():
        if fill := getattr(layer, "reset_parameters", None):
            yield fill.__code__


_OWN_BUSINESS = frozenset(_own_business())  # by their code, before anybody can put something in its place


def plain(name: str) -> str:
    """A name without what distinguishes `LogSoftmax`, `log_softmax` and `_log_softmax_`."""
    return name.replace("_", "").lower()


class Watch:
    """While it is entered, remembers the first forbidden thing that runs; a thread is one: it goes unseen."""

    def __init__(self, avoid: Iterable[str], file: str, known: Iterable[str] = ()) -> None:
        """`known`: what `script_names` said before there was anything of the person's in this process."""
        self._before = set(known)
        self._names = {plain(name): name for name in avoid}
        self._kin = relatives(self._names)
        self._folders = {folder: name for name in avoid for folder in _FOLDERS.get(name, ())}
        self._file = file
        self._forbidden: dict[str, str] = {}  # what each name that was met is known as; "" where it may run
        self._excused: set[str] = set()  # names that PyTorch came to for itself, and the recorder hears too
        self.used: Use | None = None

    def __enter__(self) -> Self:
        sys.setprofile(self._profiled)
        _listen(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _listen(None)
        sys.setprofile(None)
        self._heard(script_names() - self._before)

    @contextmanager
    def operators(self) -> Iterator[None]:
        """Look at operators as well. Each costs microseconds more: not where time is taken."""
        names: set[str] = set()
        try:
            with record_operators(names), _Operators(self):
                yield
        finally:
            self._heard(names)

    def operator(self, name: str) -> None:
        """An operator of PyTorch runs."""
        if self.used is None:
            self._note(name.partition(".")[0], sys._getframe(1))

    def audited(self, event: str) -> None:
        """The profiler is taken away, or a thread begins."""
        if self.used is None and (event == "sys.setprofile" or event in _STARTED):
            self.used = THREADS if event in _STARTED else event, self._line(sys._getframe(2))

    def _heard(self, names: Iterable[str]) -> None:
        """Names whose line nobody knows."""
        for name in sorted(names):
            if self.used is None and (known := self._known(name)) and name not in self._excused:
                self.used = known, 0

    def _profiled(self, frame: FrameType, event: str, what: Any) -> None:
        if self.used is not None:
            return
        if event == "c_call":
            if _of_torch(what):
                self._note(getattr(what, "__name__", ""), frame)
            elif what is start_new_thread:
                self.used = THREADS, self._line(frame)
        elif event == "call" and "site-packages" in frame.f_code.co_filename:
            for called in _called(frame):
                self._note(called, frame)
            for folder, name in self._folders.items():
                if folder in frame.f_code.co_filename.replace("\\", "/") and not _is_imported(frame):
                    self.used = name, self._line(frame)

    def _note(self, name: str, frame: FrameType) -> None:
        if name not in self._forbidden:
            self._forbidden[name] = self._known(name)
        if not (known := self._forbidden[name]):
            return
        if self._minds_its_own(frame):
            self._excused.add(name)
        elif self.used is None:
            self.used = known, self._line(frame)

    def _known(self, name: str) -> str:
        if plain(name) in _MEDDLING:
            return name
        form = _MEANS.get(plain(name), plain(name))
        bare = _bare(form)
        within = (known for known in self._names if len(known) >= _TELLING and known in bare)
        alike = (f"{self._names[known]} ({name})" for part, known in self._kin if part in form)
        same = (self._names[one] for one in (form, bare, *within) if one in self._names)
        return next(same, next(alike, ""))

    def _minds_its_own(self, frame: FrameType | None) -> bool:
        """Whether PyTorch does something for itself, not on the way to what the person calls."""
        if _is_imported(frame):
            return True
        beneath = takewhile(lambda one: one.f_code.co_filename != self._file, _outwards(frame))
        return any(one.f_code in _OWN_BUSINESS for one in beneath)

    def _line(self, frame: FrameType | None) -> int:
        lines = (one.f_lineno for one in _outwards(frame) if one.f_code.co_filename == self._file)
        return next(lines, 0)


def _outwards(frame: FrameType | None) -> Iterator[FrameType]:
    """A frame, and those that called it."""
    while frame is not None:
        yield frame
        frame = frame.f_back


def _is_imported(frame: FrameType | None) -> bool:
    """Whether a module of PyTorch is being imported, and nobody else's code runs in between.

    Classes are made then and functions wrapped that are called by forbidden names; `checkpoint` and `compile`
    import whole packages when they are first called.
    """
    *_, caller = (None, *takewhile(lambda one: one.f_code.co_filename.startswith(_TORCH), _outwards(frame)))
    importing = caller.f_back if caller is not None else None
    return importing is not None and importing.f_code.co_filename == _IMPORTING


_watching: list[Watch] = []  # the one that is entered; an audit hook cannot be taken away
_hooked: list[bool] = []


def _listen(watch: Watch | None) -> None:
    _watching[:] = [watch] if watch is not None else []
    if not _hooked:
        _hooked.append(True)
        sys.addaudithook(_hook)


def _hook(event: str, args: tuple[Any, ...]) -> None:
    for watch in _watching:
        watch.audited(event)


class _Operators(TorchDispatchMode):  # type: ignore[no-untyped-call]
    def __init__(self, watch: Watch) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._watch = watch

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # else the first operator imports the compiler: two seconds

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self._watch.operator(func.__name__)
        return func(*args, **(kwargs or {}))


def _bare(name: str) -> str:
    """A plain name without all that PyTorch puts before, behind and into it."""
    name = name.replace("dilated", "")
    for prefix in _PREFIXES:
        name = name.removeprefix(prefix)
    for suffix in _SUFFIXES:
        name = name.removesuffix(suffix)
    return name


def _of_torch(function: Any) -> bool:
    """Whether a function written in C is PyTorch's: `set.add` is not `torch.add`."""
    module = getattr(function, "__module__", None) or type(getattr(function, "__self__", None)).__module__
    return str(module).startswith("torch")


def _called(frame: FrameType) -> tuple[str, ...]:
    """The names of a function; of one that makes or runs an object those of its class or operator."""
    name, code = frame.f_code.co_name, frame.f_code
    if name not in ("__init__", "forward", *_RUN) or not code.co_varnames:
        return (name,)
    if name in _RUN:
        theirs = code.co_filename.replace("\\", "/").endswith("torch/_ops.py")
        own = frame.f_locals.get(code.co_varnames[0])
        return (str(getattr(own, "__name__", "")).partition(".")[0] if theirs else name,)
    made = type(frame.f_locals.get(code.co_varnames[0]))
    first = next((one.__name__ for one in made.__mro__ if _is_torchs(one)), "")
    return (first,) if name == "__init__" else (name, first)


def _is_torchs(made: type) -> bool:
    """Whether a class is PyTorch's: what somebody calls a class of their own is no fault."""
    return str(made.__module__).startswith("torch")

"""What may come through a candidate's pipes: each ends in one line, in time, and takes little memory."""

import math
import os
import struct
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from quizcli.judge.calls import size_limits
from quizcli.judge.calls.messages import Ask, CandidateSource, Gave, Judgement, Over, Proof, Raised
from quizcli.judge.calls.tensor_codec import Flat, Many, Strange, packed
from quizcli.judge.candidate import folder, launcher
from quizcli.judge.candidate.launcher import Candidate, GoneError, UnstartedError
from quizcli.judge.case import Judge
from quizcli.judge.judging.judging import Trial
from quizcli.judge.referee import main
from quizcli.judge.self_test import self_test

NO_ANSWER = "it sent something that is no answer"
SOURCE = CandidateSource("", "answer.py", "f")

# A process in the place of a candidate: `frame` writes one, `heard` waits for one of ours.
HOSTILE = """
import os, struct, sys, time
def frame(payload): os.write(1, struct.pack(">I", len(payload)) + payload)
def exactly(n):
    data = b""
    while len(data) < n:
        part = os.read(0, n - len(data))
        if not part: os._exit(0)
        data += part
    return data
def heard(): return exactly(struct.unpack(">I", exactly(4))[0])
frame(b"")
heard()
"""


@pytest.fixture
def candidate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Candidate]]:
    """Makes a candidate of a few lines, which know nothing of the protocol but its frames."""
    made: list[Candidate] = []

    def make(text: str) -> Candidate:
        def spawn(home: str) -> subprocess.Popen[bytes]:
            ends = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
            command = [sys.executable, "-S", "-c", HOSTILE + text]
            return subprocess.Popen(command, cwd=home, start_new_session=True, **ends)  # type: ignore[call-overload,no-any-return]

        monkeypatch.setattr(launcher, "_spawn", spawn)
        made.append(Candidate())
        return made[-1]

    yield make
    for one in made:
        one.close()


def gave(output: object) -> bytes:
    return msgspec.msgpack.encode({"type": "gave", "output": output})


def tensor(shape: object, data: bytes = b"", dtype: str = "float32") -> bytes:
    return gave({"type": "tensor", "dtype": dtype, "shape": shape, "data": data})


NESTED = b"\x91" * 100_000 + b"\xc0"
PAYLOADS = {
    "nothing": b"",
    "no msgpack": b"\xc1",
    "half of it": gave(1)[:-1],
    "more than it": gave(1) + b"\xc0",
    "another type": msgspec.msgpack.encode({"type": "over", "passed": True, "seed": 1, "seconds": 1.0}),
    "no type": msgspec.msgpack.encode([1, 2, 3]),
    "four thousand million items": b"\xdd\xff\xff\xff\xff",
    "four thousand million pairs": b"\xdf\xff\xff\xff\xff",
    "claimed inside": gave(1)[:-1] + b"\xdd\xff\xff\xff\xff",
    "a long text": gave("x" * (size_limits.TEXT + 1)),
    "a text cut short": gave(1)[:-1] + b"\xdb\xff\xff\xff\xffx",
    "bytes cut short": gave(1)[:-1] + b"\xc6\xff\xff\xff\xffx",
    "nested": NESTED,
    "nested inside": gave(1)[:-1] + NESTED,
    "millions of items": gave({"type": "many", "sort": "list", "items": [None] * 3_000_000}),
    "many texts": gave({"type": "many", "sort": "list", "items": ["x"] * 300_000}),
    "no text": gave("abc").replace(b"abc", b"\xff\xfe\xfd"),
    "an extension": gave(1)[:-1] + b"\xd4\x01\x00",
    "a number for a name": msgspec.msgpack.encode({"type": "raised", "sort": 7, "message": "x"}),
    "shape 2**63": tensor([2**63]),
    "shape 2**64 - 1": tensor([2**64 - 1], b"abcd"),
    "shape that overflows": tensor([2**32, 2**32]),
    "shape -1": tensor([-1], b"abcd"),
    "shape -1 -1": tensor([-1, -1], b"abcd"),
    "shape of nothing": tensor([0, 2**62]),
    "many dimensions": tensor([1] * 1000, b"abcd"),
    "too few bytes": tensor([3], b"abcd"),
    "too many bytes": tensor([], b"abcdefgh"),
    "half a number": tensor([1], b"abc"),
    "an unknown dtype": tensor([1], b"abcd", "complex64"),
    "an attribute": tensor([1], b"abcd", "nn"),
    "a dtype as text": tensor("abc", b"abcd"),
}


@pytest.mark.parametrize("name", PAYLOADS)
def test_what_is_no_answer(name: str, candidate: Callable[[str], Candidate], tmp_path: Path) -> None:
    path = tmp_path / "payload"
    path.write_bytes(PAYLOADS[name])
    hostile = candidate(f"frame(open({str(path)!r}, 'rb').read())\nheard()")
    tracemalloc.start()
    try:
        with pytest.raises(GoneError) as told:
            hostile.load(SOURCE)
        assert tracemalloc.get_traced_memory()[1] < 4 * len(PAYLOADS[name]) + 2**21
    finally:
        tracemalloc.stop()
    assert str(told.value) == NO_ANSWER


SENT = "import base64; answer = base64.b85decode({!r})\n".format(__import__("base64").b85encode(gave(None)))
ENDS = [
    ("os.write(1, b'\\xff' * 4); heard()", NO_ANSWER),
    ("os.write(1, struct.pack('>I', 64 * 2**20 + 1)); heard()", NO_ANSWER),
    ("os.write(1, b'\\xff' * 4); os.close(1); time.sleep(60)", NO_ANSWER),
    ("os.write(1, struct.pack('>I', 100) + b'half'); time.sleep(60)", "stopped after 1 s: an endless loop?"),
    ("os.write(1, struct.pack('>I', 100) + b'half')", "it ended its process itself, with exit code 0"),
    ("os.write(1, b'\\0\\0')", "it ended its process itself, with exit code 0"),
    ("os.close(1); time.sleep(60)", "it closed the pipe that it answers through"),
    ("os.close(0); time.sleep(60)", "stopped after 1 s: an endless loop?"),
    ("os.close(0); os.close(1); os.close(2); time.sleep(60)", "it closed the pipe that it answers through"),
    ("os.kill(os.getpid(), 11)", "its process was ended by SIGSEGV"),
    ("os.kill(os.getpid(), 19)", "stopped after 1 s: an endless loop?"),
    ("os._exit(77)", "it ended its process itself, with exit code 77"),
    ("while True: os.write(2, b'x' * 65536)", "it prints without end"),
]


@pytest.mark.parametrize(("text", "told"), ENDS)
def test_how_it_may_end(text: str, told: str, candidate: Callable[[str], Candidate], hurried: None) -> None:
    hostile = candidate(text)
    with pytest.raises(GoneError, match=told.replace("?", r"\?")):
        hostile.load(SOURCE)
    with pytest.raises(GoneError):  # and no later question waits
        hostile.ask(Ask((), {}))


def test_an_answer_to_what_was_not_asked(candidate: Callable[[str], Candidate]) -> None:
    hostile = candidate(f"{SENT}\nframe(answer); frame(answer); heard(); heard()")
    assert hostile.load(SOURCE) == Gave()
    _until(lambda: hostile._pipes.ready)
    with pytest.raises(GoneError, match="it answered what it was not asked"):
        hostile.ask(Ask((), {}))


def test_answers_without_end_wait_outside(candidate: Callable[[str], Candidate]) -> None:
    hostile = candidate(f"{SENT}\nfor n in range(10**6):\n    frame(answer)\n    os.write(2, b'x')")
    assert hostile.load(SOURCE) == Gave()
    _until(lambda: hostile._pipes.ready)
    assert len(hostile._pipes._frames) <= 2
    hostile.close()
    assert len(hostile.printed) < 100_000


def test_one_that_does_not_listen(candidate: Callable[[str], Candidate], hurried: None) -> None:
    """What it is sent is larger than a pipe: who writes would wait for it."""
    hostile = candidate(f"{SENT}\nframe(answer)\ntime.sleep(60)")
    assert hostile.load(SOURCE) == Gave()
    with pytest.raises(GoneError, match="stopped after 1 s"):
        hostile.ask(Ask(("x" * 10**6,), {}))


def test_one_that_does_not_start(
    candidate: Callable[[str], Candidate], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[__name__], "HOSTILE", "")
    hostile = candidate("raise ImportError('no torch')")
    with pytest.raises(UnstartedError) as told:
        hostile.load(SOURCE)
    why = "the process for the code did not start: it ended its process itself, with exit code 1: "
    assert str(told.value) == f"{why}ImportError: no torch"


@pytest.mark.parametrize("prove", [False, True])
def test_one_that_does_not_start_is_no_fault_of_the_file(
    prove: bool, candidate: Callable[[str], Candidate], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[__name__], "HOSTILE", "")
    for place in (main, self_test):  # the judge is sound; what it asks for is no matter here
        monkeypatch.setattr(place, "load", lambda *_: Trial(Judge(lambda _: iter(())), abs, 1))
    monkeypatch.setattr(self_test, "_of_solution", lambda _: [])
    monkeypatch.setattr(self_test, "untried", lambda *_: [])
    rule = main.prove_judge if prove else main.judge_source
    judgement = Judgement("", "abs.check", "models.abs:abs", SOURCE, 1, prove=prove, rounds=1)
    *_, news = rule(judgement, candidate("raise ImportError('no torch')"))
    told = news.faults[0] if isinstance(news, Proof) else news.broken if isinstance(news, Over) else ""
    assert told.startswith("the process for the code did not start: ")
    assert isinstance(news, Proof) or (isinstance(news, Over) and (news.passed, news.printed) == (False, ""))


def test_words_of_any_length_are_cut(candidate: Callable[[str], Candidate], tmp_path: Path) -> None:
    said = Raised("S" * 10**5, "m" * 10**5, 2**40, "t" * 10**5)
    path = tmp_path / "payload"
    path.write_bytes(msgspec.msgpack.encode(said))
    hostile = candidate(f"frame(open({str(path)!r}, 'rb').read())\nheard()")
    assert hostile.load(SOURCE) == Raised("S" * 100, "m" * 2000, 0, "t" * 200)


@pytest.mark.parametrize(
    "text",
    [
        "n = 0\nwhile True:\n    open(str(n), 'wb').write(bytes(10**6))\n    n += 1",
        "n = 0\nwhile True:\n    open(str(n), 'w').close()\n    n += 1",
        "while True:\n    os.mkdir('a')\n    os.chdir('a')",
        "f = open('x', 'wb')\nwhile True: f.write(bytes(10**6))",
        "os.umask(0)\nos.mkdir('a', 0o300)\nn = 0\nwhile True:\n"
        "    open(f'a/{n}', 'wb').write(bytes(10**6))\n    n += 1",
        "os.mkdir('a')\nd = os.open('a', 0)\nos.mkdir('b' * 250, dir_fd=d)\n"
        "for _ in range(20):\n    d = os.open('b' * 250, 0, dir_fd=d)\n    os.mkdir('b' * 250, dir_fd=d)\n"
        "while True: time.sleep(1)",
    ],
)
def test_a_disk_is_not_filled(text: str, candidate: Callable[[str], Candidate]) -> None:
    hostile = candidate(text)
    with pytest.raises(GoneError, match="it wrote more than 16 MB or 100 files"):
        hostile.load(SOURCE)
    home = Path(hostile._folder.path)
    written = sum(path.stat().st_size for path in home.iterdir() if path.is_file())
    assert written < 2**30
    hostile.close()
    assert not home.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="threads are counted on Linux")
def test_threads_without_end(candidate: Callable[[str], Candidate]) -> None:
    text = (
        "import threading\nwhile True: threading.Thread(target=time.sleep, args=(60,), daemon=True).start()"
    )
    with pytest.raises(GoneError, match="it started more than 256 threads"):
        candidate(text).load(SOURCE)


def _until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.005)


# What is packed passes the bounds, and what does not pass is named before it is sent.


@pytest.mark.parametrize(
    "value",
    [
        None,
        math.nan,
        [0.5] * 50_000,
        [[1, 2], (3.0, "x"), {"k": [None, True]}],
        ["x" * 1000] * 1000,
        [()] * 7000,
    ],
)
def test_what_is_packed_passes(value: object) -> None:
    size_limits.check(msgspec.msgpack.encode(Gave(packed(value), packed(value), packed(value))))


def test_the_bounds_count_every_form_of_msgpack() -> None:
    forms: list[object] = [
        None,
        True,
        1,
        -1,
        200,
        2**15,
        2**31,
        2**63,
        -(2**7),
        -(2**15),
        -(2**31),
        -(2**62),
        1.5,
        "",
        "x" * 31,
    ]
    forms += [
        "x" * 32,
        "x" * 300,
        "x" * 70_000,
        b"",
        b"x" * 300,
        b"x" * 70_000,
        [],
        [1] * 15,
        [1] * 16,
        [1] * 70_000,
    ]
    forms += [{}, {"k": 1}, {str(n): n for n in range(16)}, {str(n): n for n in range(66_000)}]
    for form in forms:
        payload = msgspec.msgpack.encode(form)
        size_limits.check(payload)
        for cut in {1, len(payload) // 2, len(payload) - 1} - {0, len(payload)}:
            with pytest.raises(ValueError):
                size_limits.check(payload[:cut])
    size_limits.check(b"\xca" + struct.pack(">f", 1.0))
    with pytest.raises(ValueError):
        size_limits.check(b"\xc7\x00\x01")


def test_numpys_numbers_are_numbers() -> None:
    from decimal import Decimal
    from fractions import Fraction

    import numpy as np

    class Half(Fraction):
        def __float__(self) -> float:
            return 7.0

    for value, plain in [
        (np.float64(0.5), 0.5),
        (np.float32(0.5), 0.5),
        (np.float16(0.5), 0.5),
        (np.int64(3), 3),
        (np.uint8(3), 3),
        (np.bool_(True), True),
        (np.str_("x"), "x"),
        (np.longdouble("0.5"), 0.5),
        (np.asarray(0.5), 0.5),
        (np.where(True, 1, 2), 1),
        (np.vectorize(lambda x: x / 2)(1.0), 0.5),
        (Fraction(1, 2), 0.5),
        (Decimal("0.5"), 0.5),
    ]:
        assert packed(value) == plain
        assert type(packed(value)) is type(plain)
    assert packed(np.array([1.0])) == Strange("numpy.ndarray")
    assert packed(np.asarray("x")) == Strange("numpy.ndarray")
    assert packed(Half(1, 2)) == Strange("Half"), "whose methods are not asked"
    assert packed(np.complex128(1)) == Strange("numpy.complex128")


def test_tensors_of_every_sort() -> None:
    import torch

    plain = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    sent = packed(plain)
    assert isinstance(sent, Flat)
    assert packed(torch.nn.Parameter(plain)) == sent
    assert packed(plain.clone().requires_grad_() * 1) == sent
    assert packed(plain.t().contiguous().t()) == sent
    assert packed(torch._neg_view(-plain)) == sent
    assert packed([plain] * 2) == Many("list", (sent, sent))
    for strange in (
        plain.to("meta"),
        plain.to_sparse(),
        plain.to(torch.complex64),
        plain.to(torch.uint8).to(torch.uint16),
    ):
        assert isinstance(packed(strange), Strange)


def test_a_bool_is_true_or_false() -> None:
    from quizcli.judge.calls.tensor_codec import unpack

    assert unpack(Flat("bool", (3,), b"\x00\x01\x02")).tolist() == [False, True, True]


# The folder


@pytest.mark.skipif(sys.platform == "win32", reason="no such rights")
def test_what_cannot_be_looked_into_is_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = folder.Folder()
    Path(mine.path, "file").write_text("x")
    assert mine.within_limits()
    Path(mine.path, "sub").mkdir()
    assert not mine.within_limits()
    Path(mine.path, "sub").rmdir()
    assert mine.within_limits()

    def refuse(path: str) -> None:
        raise PermissionError(path)

    with monkeypatch.context() as patched:
        patched.setattr("os.scandir", refuse)
        assert not mine.within_limits()
    mine.remove()


@pytest.mark.parametrize(
    "text",
    [
        "import os\nos.mkdir('a')",
        "import os\nos.mkdir('a', dir_fd=os.open('.', 0))",
        "import tempfile\ntempfile.mkdtemp()",
        "import os\nos.umask(0)\nos.mkdir('a', 0o300)",
    ],
)
def test_a_candidate_makes_no_folder(text: str) -> None:
    with Candidate() as candidate:
        came = candidate.load(CandidateSource(text, "answer.py", "f"))
        assert isinstance(came, Raised)
        assert came.sort == "PermissionError"
        assert not any(entry.is_dir() for entry in os.scandir(candidate._folder.path))


def test_a_folder_left_behind_is_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").write_text("x")
    mine = folder.Folder()
    left = tmp_path / f"{folder.PREFIX}left"
    deep = left
    for _ in range(300):
        deep = deep / "d"
        deep.mkdir(parents=True)
    (left / "link").symlink_to(kept)
    (left / "d" / "link").symlink_to(kept / "file")
    (left / "closed").mkdir(mode=0)
    os.mkfifo(left / "pipe")
    left.chmod(0)
    (tmp_path / f"{folder.PREFIX}link").symlink_to(kept)
    (tmp_path / f"{folder.PREFIX}file").write_text("x")
    folder.sweep()
    found = {path.name for path in tmp_path.iterdir()}
    assert found == {"kept", Path(mine.path).name, f"{folder.PREFIX}link", f"{folder.PREFIX}file"}
    assert (kept / "file").read_text() == "x"
    assert kept.stat().st_mode & 0o700 == 0o700
    mine.remove()
    mine.remove()
    assert not Path(mine.path).exists()

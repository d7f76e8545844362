"""The referee's process: whatever ends it is told at once, and the next judgement has a new one."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from quizcli.judge.calls.messages import CandidateSource, CaseResult, Judgement, News, Over, Proof
from quizcli.judge.candidate import folder
from quizcli.judge.candidate.launcher import Candidate
from quizcli.judge.referee import launcher
from quizcli.judge.referee.launcher import Referee
from quizcli.judge.referee.main import judge_source, prepare, prove_judge
from quizcli.permit import NOTHING, Permit
from quizcli.processes.pack_imports import make_room
from tests.permits import permit_for
from tests.places import ROOT

RIGHT = "def double(x): return 2 * x\n"
JUDGE = """
import torch, os, sys, time
from quizcli.judge.case import Case, judge
@judge()
def check(random):
    yield Case({{"en": "first", "zh": "一"}}, (torch.randn(3, generator=random),))
    {}
    yield Case({{"en": "second", "zh": "二"}}, (torch.randn(3, generator=random),))
"""
LINES = {
    "exits": "os._exit(7)",
    "leaves": "sys.exit('enough')",
    "raises": "1 / 0",
    "interrupts": "raise KeyboardInterrupt",
    "sound": "pass",
    "counts": "with open(os.environ['COUNTED'], 'a') as file: file.write('x')",
}


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One judge of every sort."""
    root = tmp_path_factory.mktemp("pack")
    (root / "answers").mkdir()
    (root / "models").mkdir()
    for name, line in LINES.items():
        (root / "answers" / f"{name}.py").write_text(JUDGE.format(line))
    (root / "answers" / "unread.py").write_text("def check(:\n")
    (root / "models" / "double.py").write_text(RIGHT)
    return root


def asked(
    pack: Path, check: str, text: str = RIGHT, prove: bool = False, permit: Permit = NOTHING
) -> Judgement:
    source = CandidateSource(text, "a.py", "double")
    solution = "models.double:double"
    return Judgement(str(pack), f"{check}.check", solution, source, 1, prove=prove, permit=permit)


def over(news: Iterable[News]) -> Over:
    last = list(news)[-1]
    assert isinstance(last, Over)
    return last


@pytest.mark.parametrize(
    ("check", "told"),
    [
        ("leaves", "answers/leaves.py:7: SystemExit: enough"),
        ("raises", "answers/raises.py:7: ZeroDivisionError: division by zero"),
        ("interrupts", "answers/interrupts.py:7: KeyboardInterrupt: "),
        ("unread", "SyntaxError: invalid syntax (unread.py, line 1)"),
        ("sound", ""),
    ],
)
def test_what_a_judge_raises_ends_no_process(check: str, told: str, pack: Path, forked: None) -> None:
    make_room(pack, permit_for(pack))
    with Candidate() as candidate:
        last = over(judge_source(asked(pack, check, permit=permit_for(pack)), candidate))
        assert (last.broken, last.passed) == (told, not told)
    with Candidate() as candidate:
        *alive, proof = prove_judge(asked(pack, check, prove=True, permit=permit_for(pack)), candidate)
    assert isinstance(proof, Proof)
    assert alive == ([] if told else [None] * 3)  # a sign of life after each seed
    assert proof.faults[-1].endswith(told or "the starter passes: it gives the answer away")


def test_what_was_prepared_is_not_done_again(
    pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forked: None
) -> None:
    counted = tmp_path / "counted"
    monkeypatch.setenv("COUNTED", str(counted))
    make_room(pack, permit_for(pack))
    question = asked(pack, "counts", "", permit=permit_for(pack))
    for waits, drawn in ((False, 2), (True, 0)):  # where a judgement waits, the rest is left to it
        counted.write_text("")
        prepared = prepare(question, lambda waits=waits: waits)  # type: ignore[misc]
        assert prepared is not None
        assert counted.read_text() == "x" * drawn
        with Candidate() as candidate:
            judgement = asked(pack, "counts", permit=permit_for(pack))
            news = list(judge_source(judgement, candidate, prepared))
        assert (len(news), over(news).passed, counted.read_text()) == (3, True, "xx")
    assert prepared is not None
    for other in (
        replace(question, seed=2),
        replace(question, judged=("dtype",)),
        replace(question, source=replace(question.source, avoid=("softmax",))),
        replace(question, permit=NOTHING),
    ):
        assert not prepared.serves(other)
    assert prepare(replace(question, check="raises.check"), lambda: False) is None


# The terminal's end, with a process in the place of the referee that only speaks in frames.

FAKE = """
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
OVER, CASE = map(bytes.fromhex, sys.argv[1:])
frame(b"")
while True:
    asked = heard()
    frame(b"")
    for name, line in {}.items():
        if name.encode() in asked: exec(line)
    frame(OVER)
"""
ENDS = {
    "exits": ("os._exit(7)", "the judge's process has ended, with exit code 7"),
    "kills": ("os.kill(os.getpid(), 9)", "the judge's process was ended by SIGKILL"),
    "closes": ("os.close(1); time.sleep(60)", "the judge's process has closed its pipe"),
    "forks": ("os.fork() or time.sleep(60); os._exit(7)", "the judge's process has ended, with exit code 7"),
    "says": ("os.write(2, b'x' * 9000 + b'\\nlast'); os._exit(1)", "exit code 1: last"),
    "garbles": ("frame(b'x')", "the judge sent something unknown"),
    "claims": ("os.write(1, b'\\xff' * 4); time.sleep(60)", "the judge's process has closed its pipe"),
    "hangs": ("time.sleep(60)", "the judge was stopped after 1 s without a word: an endless loop in it?"),
    "twice": ("frame(CASE)", ""),
    "toils": ("for _ in range(5): time.sleep(0.5); frame(b'')", ""),
    "halves": ("os.write(1, b'\\0\\0\\0\\x09x'); time.sleep(60)", "the judge was stopped after 1 s"),
}


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[Referee]:
    news = [msgspec.msgpack.encode(one).hex() for one in (Over(True, 1, 0.5), CaseResult({}, False))]
    text = FAKE.format({name: line for name, (line, _) in ENDS.items()})

    def spawn(module: str, environ: object) -> subprocess.Popen[bytes]:
        pipe = subprocess.PIPE
        command = [sys.executable, "-S", "-c", text, *news]
        return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True)

    monkeypatch.setattr(launcher, "spawn", spawn)
    with Referee() as made:
        yield made


@pytest.mark.parametrize("check", [name for name, (_, told) in ENDS.items() if told])
def test_a_referee_that_ends_is_told_of_and_replaced(check: str, fake: Referee, pack: Path) -> None:
    assert over(fake.judge(asked(pack, "sound"))).passed
    began = time.monotonic()
    last = over(fake.judge(asked(pack, check), patience=1.0))
    assert ENDS[check][1] in last.broken
    assert not last.passed
    assert time.monotonic() - began < 30  # and not the minute that it sleeps
    assert not fake.alive
    assert over(fake.judge(asked(pack, "sound"))).passed


def test_one_that_shows_signs_of_life_is_waited_for(fake: Referee, pack: Path) -> None:
    assert over(fake.judge(asked(pack, "toils"), patience=1.0)).passed


def test_one_that_was_killed_before_is_replaced_unseen(fake: Referee, pack: Path) -> None:
    assert over(fake.judge(asked(pack, "sound"))).passed
    os.kill(fake._pipes.process.pid, signal.SIGKILL)
    assert over(fake.judge(asked(pack, "sound"))).passed


def test_one_that_the_person_stopped_says_nothing_and_is_replaced(fake: Referee, pack: Path) -> None:
    assert list(fake.judge(asked(pack, "hangs"), stopped=lambda: True)) == []
    assert over(fake.judge(asked(pack, "sound"))).passed


def test_a_judgement_that_was_left_is_not_read_as_the_next(fake: Referee, pack: Path) -> None:
    left = fake.judge(asked(pack, "twice"))
    assert isinstance(next(iter(left)), CaseResult)
    del left
    assert over(fake.judge(asked(pack, "sound"))).passed


# The real one


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_one_referee_for_all_that_is_hostile(pack: Path, tmp_path: Path) -> None:
    closing = (
        "import os\nfor n in range(1, 30):\n    try: os.close(n)\n    except OSError: pass\nwhile 1: pass"
    )
    writing = "import os\nn = 0\nwhile 1:\n    open(str(n), 'wb').write(bytes(10**6))\n    n += 1"
    environ = {**os.environ, "QUIZCLI_LANG": "en", "TMPDIR": str(tmp_path)}
    with Referee(environ) as referee:
        process = referee._pipes.process
        for text in (closing, writing, closing.replace("close(n)", "write(n, b'\\xff' * 8)")):
            news = list(referee.judge(asked(pack, "sound", text, permit=permit_for(pack))))
            assert (over(news).passed, over(news).broken) == (False, "")
            case = [one for one in news if isinstance(one, CaseResult)][-1]
            assert case.raised is not None or case.why["en"]
        assert over(referee.judge(asked(pack, "sound", permit=permit_for(pack)))).passed
        assert referee._pipes.process is process
        resident = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
        assert resident * os.sysconf("SC_PAGE_SIZE") < 2**30
        for ahead in (False, True):
            for check, why in (
                ("exits", "the judge's process has ended, with exit code 7"),
                ("raises", "answers/raises.py:7: ZeroDivisionError: division by zero"),
                ("sound", ""),
            ):
                judgement = asked(pack, check, permit=permit_for(pack))
                if ahead:  # what goes wrong there is told when something is judged
                    referee.prepare(judgement)
                told = over(referee.judge(judgement))
                assert (told.broken, told.passed) == (why, not why)


TERMINAL = """
import sys
from pathlib import Path
from quizcli.packs.trust import fingerprint, sources
from quizcli.judge.referee.launcher import Referee
from quizcli.judge.calls.messages import CandidateSource, Judgement
from quizcli.permit import Permit
root, text = sys.argv[1:]
permit = Permit("pack", fingerprint(sources(Path(root))))
source = CandidateSource(text, "a.py", "double")
with Referee() as referee:
    asked = Judgement(root, "sound.check", "models.double:double", source, 1, permit=permit)
    for news in referee.judge(asked, stopped=lambda: print(referee._pipes.process.pid, flush=True)):
        pass
"""


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9")
def test_nothing_is_left_of_a_terminal_that_was_killed(
    pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither processes nor folders: at once where the terminal was, at the next start where both were."""
    environ = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", TERMINAL, str(pack), "open('began', 'w')\nwhile True: pass"]
    for both in (False, True):
        with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True) as terminal:
            assert terminal.stdout is not None
            pid = int(terminal.stdout.readline())
            _until(lambda: any((path / "began").exists() for path in _folders(tmp_path)))
            if both:
                os.kill(pid, signal.SIGKILL)
            terminal.kill()
            terminal.stdout.read()
        _until(lambda pid=pid: not _runs(pid))  # type: ignore[misc]
        assert len(_folders(tmp_path)) == both
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def swept() -> bool:
        folder.sweep()  # the lock goes with the last thread of the process
        return not _folders(tmp_path)

    _until(swept)


def _folders(tmp: Path) -> set[Path]:
    return set(tmp.glob(f"{folder.PREFIX}*"))


def _runs(pid: int) -> bool:
    """Whether it is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)

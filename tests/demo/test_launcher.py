"""Real workers: what they send, how they are paused, stopped and killed, and that nothing of them is left."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from quizcli import __version__
from quizcli.demo import limits
from quizcli.demo.events import (
    Claim,
    Event,
    Failed,
    Finished,
    Heatmap,
    Note,
    Progress,
    Scalars,
    Started,
)
from quizcli.demo.launcher import GRACE, Request, Run, Worker, environment, start, warm
from quizcli.processes.spawn import spawn
from quizcli.settings import load_settings
from tests.demo.conftest import Begin, Write
from tests.permits import permit_for
from tests.places import ROOT

TICK = 'yield Scalars(panel="p", x=i, values={"v": float(i)})'
FOR_EVER = f"""
i = 0
while True:
    {TICK}
    i += 1
    import time; time.sleep(0.01)
"""


def until(run: Run, kind: type[Event], seconds: float = 30) -> list[Event]:
    """Poll until an event of this kind has come."""
    events: list[Event] = []
    deadline = time.monotonic() + seconds
    while not any(isinstance(event, kind) for event in events):
        assert time.monotonic() < deadline, f"no {kind.__name__} in {events[:20]}"
        run.wait(0.1)
        events += run.poll()
    return events


def worker_of(run: Run) -> Worker:
    assert isinstance(run._source, Worker)
    return run._source


def gone(pid: int, seconds: float = 10) -> bool:
    """Whether a process that is not our child ends (or is a zombie that nobody has reaped yet) in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.05)
    return False


# What a run says


def test_the_events_of_a_run(write: Write, begin: Begin) -> None:
    root = write(
        """
        yield Started(device="cpu", data="none")
        yield Note(text={"en": mode, "zh": mode})
        yield Claim(id="c", text=TITLE, measured=float(n), expected=2.0)
        """,
        'n: int = 1, mode: str = "a"',
    )
    started, note, claim, finished = list(begin(root, n=2))
    assert started == Started(
        device="cpu",
        data="none",
        name="small",
        title={"en": "Small", "zh": "小"},
        settings={"n": 2, "mode": "a"},
    )
    assert note == Note(text={"en": "a", "zh": "a"})
    assert isinstance(claim, Claim)
    assert claim.holds
    assert isinstance(finished, Finished)
    assert not finished.stopped
    assert 0 <= finished.seconds < 10


def test_a_started_is_made_up_where_the_answer_begins_with_something_else(write: Write, begin: Begin) -> None:
    root = write('yield Progress(done=1, total=2)\nyield Started(device="late")')
    made_up, progress, late, finished = list(begin(root))
    assert isinstance(progress, Progress)
    assert isinstance(finished, Finished)
    for started, device in ((made_up, "cpu"), (late, "late")):
        assert isinstance(started, Started)
        assert (started.name, started.device) == ("small", device)


def test_order_is_kept_and_huge_arrays_arrive_whole(write: Write, begin: Begin) -> None:
    root = write(
        """
        for i in range(40):
            data = bytes([i]) * (4 * 1000 * 500)
            yield Heatmap(panel="p", values=Array(data, (1000, 500), "float32"))
        """
    )
    maps = [event for event in begin(root) if isinstance(event, Heatmap)]
    assert [m.values.data[0] for m in maps] == list(range(40))
    assert {len(m.values.data) for m in maps} == {2_000_000}


def test_prints_never_reach_the_stream(write: Write, begin: Begin) -> None:
    root = write(
        """
        import os, subprocess, sys, warnings
        print("from print", flush=True)
        os.write(1, b"from the descriptor")
        subprocess.run([sys.executable, "-c", "print('from a child')"], check=True)
        warnings.warn("a warning")
        yield Note(text={})
        """
    )
    assert [type(event) for event in begin(root)] == [Started, Note, Finished]


def test_endless_output_neither_blocks_nor_fills_the_memory(write: Write, begin: Begin) -> None:
    root = write('for i in range(200): print("x" * 100_000)\nyield Note(text={})\nraise SystemExit(3)')
    run = begin(root)
    assert isinstance(list(run)[-1], Failed)
    assert len(worker_of(run)._tail) <= 16_384


# How a run fails

RAW = """import gc, os, struct, time, msgspec
(fd,) = (each._fd for each in gc.get_objects() if type(each).__name__ == "_Outlet")
yield Note(text={})
def raw(payload): os.write(fd, struct.pack(">I", len(payload)) + payload)
def plain(**event): raw(msgspec.msgpack.encode(event))
"""
HUGE = "{'data': b'abc', 'shape': [10**9] * 3, 'dtype': 'uint8'}"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (
            "plain = msgspec.msgpack.encode({'event': 'note', 'text': {'en': '????'}})\n"
            "raw(plain.replace(b'????', b'\\xff' * 4))",
            "utf-8",
        ),
        ("raw(msgspec.msgpack.encode({'event': 'note'}) + b'\\x91' * 100_000)", "broken event"),
        (
            "raw(b'\\x82' + msgspec.msgpack.encode({'event': 'note'})[1:] + b'\\xa1x' + b'\\x91' * 100_000)",
            "recursion",
        ),
        ("os.write(fd, b'\\xff' * 4 + bytes(100))", "a frame of 4,294,967,295 bytes"),
        (f"plain(event='images', panel='p', images={HUGE})", "3 bytes are no uint8"),
        ("yield Note(text={'en': 'x' * 2_000_000})", "bytes of text"),
    ],
)
def test_whatever_comes_through_the_pipe_ends_the_run(
    write: Write, begin: Begin, body: str, told: str
) -> None:
    events = list(begin(write(f"{RAW}{body}\ntime.sleep(60)")))
    assert [type(event) for event in events] == [Started, Note, Failed]
    assert told in events[-1].message  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("while True: yield Note(text={})", "more than 300 of them"),
        ("for n in range(1000): yield Table(panel=str(n), columns=(), rows=())", "more than 64 panels"),
    ],
)
def test_a_flood_ends_the_run(
    write: Write, begin: Begin, monkeypatch: pytest.MonkeyPatch, body: str, told: str
) -> None:
    monkeypatch.setattr(limits, "_EVENTS", 300)
    last = list(begin(write(body)))[-1]
    assert isinstance(last, Failed)
    assert told in last.message


@pytest.mark.parametrize(
    ("body", "message", "in_trace"),
    [
        ("yield Note(text={})\nraise ValueError('odd')", "ValueError: odd", "raise ValueError('odd')"),
        ("yield Note(text={})\nimport sys; sys.exit('bye')", "SystemExit: bye", "sys.exit"),
        ("yield Note(text={})\nimport nowhere_at_all", "ModuleNotFoundError", "nowhere_at_all"),
        ("yield {'event': 'note'}", "{'event': 'note'}", ""),
        ("yield Finished(seconds=0.0)", "no event of an answer", ""),
        ("yield Claim(id='c', text={}, measured=object(), expected=0)", "TypeError", ""),
        ("yield Claim(id='c', text={}, measured='wrong type', expected=0)", "broken event", ""),
        ("return []", "must be a generator", ""),
        ("yield Note(text={})\ninput('your name? ')", "EOFError", "input('your name? ')"),
        (
            "import os, sys; yield Note(text={}); sys.stderr.write('last words'); os._exit(7)",
            "code 7",
            "last words",
        ),
        ("import os, signal; yield Note(text={}); os.kill(os.getpid(), signal.SIGKILL)", "SIGKILL", ""),
        ("import faulthandler; yield Note(text={}); faulthandler._sigsegv()", "SIGSEGV", "small.py"),
    ],
)
def test_failures_tell_what_happened(
    write: Write, begin: Begin, body: str, message: str, in_trace: str
) -> None:
    last = list(begin(write(body)))[-1]
    assert isinstance(last, Failed)
    assert message in last.message
    assert in_trace in last.trace
    assert "worker.py" not in last.trace or "SIGSEGV" in message


def test_a_quiz_error_keeps_its_hint_and_needs_no_trace(write: Write, begin: Begin) -> None:
    root = write(
        'from quizcli.errors import QuizError\nyield Note(text={})\nraise QuizError("no data", "fetch it")'
    )
    assert list(begin(root))[-1] == Failed(message="no data", hint="fetch it")


def test_too_little_memory_gets_a_hint(write: Write, begin: Begin) -> None:
    last = list(begin(write("yield Note(text={})\nraise MemoryError")))[-1]
    assert isinstance(last, Failed)
    assert "smaller settings" in last.hint


def test_a_file_with_a_broken_import(write: Write, begin: Begin) -> None:
    last = list(begin(write("yield", extra="import nowhere_at_all")))[-1]
    assert isinstance(last, Failed)
    assert "nowhere_at_all" in last.message


# Pause, stop, close


def test_pause_and_resume(write: Write, begin: Begin) -> None:
    run = begin(write(FOR_EVER))
    until(run, Scalars)
    run.pause()
    assert run.paused
    time.sleep(0.3)
    run.poll()
    assert not run.wait(0.5)
    run.resume()
    assert until(run, Scalars)


def test_stop_runs_the_finally_of_the_answer(write: Write, begin: Begin, tmp_path: Path) -> None:
    mark = tmp_path / "cleaned"
    body = f"try:\n    while True: yield Note(text={{}})\nfinally:\n    open({str(mark)!r}, 'w').close()"
    run = begin(write(body))
    until(run, Note)
    run.stop()
    last = list(run)[-1]
    assert isinstance(last, Finished)
    assert last.stopped
    assert mark.exists()


def test_a_broken_event_runs_the_finally_too(write: Write, begin: Begin, tmp_path: Path) -> None:
    mark = tmp_path / "cleaned"
    body = f"try:\n    yield Note(text=object())\nfinally:\n    open({str(mark)!r}, 'w').close()"
    assert isinstance(list(begin(write(body)))[-1], Failed)
    assert mark.exists()


def test_a_paused_run_can_be_stopped(write: Write, begin: Begin) -> None:
    run = begin(write(FOR_EVER))
    until(run, Scalars)
    run.pause()
    run.stop()
    last = list(run)[-1]
    assert isinstance(last, Finished)
    assert last.stopped


def test_paused_time_does_not_count(write: Write, begin: Begin) -> None:
    run = begin(write("yield Note(text={})\nimport time; time.sleep(0.2)\nyield Note(text={})"))
    until(run, Started)
    run.pause()
    time.sleep(1.0)
    run.resume()
    last = list(run)[-1]
    assert isinstance(last, Finished)
    assert last.seconds < 0.9


@pytest.mark.parametrize(
    "busy", ["while True: pass", "while True:\n    try: time.sleep(9)\n    except BaseException: pass"]
)
def test_an_answer_that_does_not_stop_is_killed(write: Write, begin: Begin, busy: str) -> None:
    run = begin(write(f"import time\nyield Note(text={{}})\n{busy}"))
    until(run, Note)
    time.sleep(0.3)  # by now it is deep in its loop
    asked = time.monotonic()
    run.stop()
    run.stop()
    last = list(run)[-1]
    assert isinstance(last, Finished)
    assert last.stopped
    assert GRACE - 0.5 < time.monotonic() - asked < GRACE + 3


def test_close_ends_a_run_at_any_moment(write: Write, begin: Begin) -> None:
    run = begin(write(FOR_EVER))
    run.close()  # perhaps before Python itself has started
    assert run.over
    run = begin(write(FOR_EVER))
    until(run, Scalars)
    run.close()
    run.close()
    assert not worker_of(run).alive
    assert run.wait(0)


def test_children_of_an_answer_end_with_it(write: Write, begin: Begin) -> None:
    body = """
    import subprocess, sys
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield Note(text={"en": str(child.pid), "zh": ""})
    """
    run = begin(write(body))
    note = next(event for event in run if isinstance(event, Note))
    list(run)
    run.close()
    assert gone(int(note.text["en"]))


def children() -> set[str]:
    """The processes that this one has started, those that have ended and nobody asked for too."""
    tasks = Path("/proc/self/task").iterdir()
    return {child for task in tasks for child in (task / "children").read_text().split()}


def test_nothing_is_left_open(write: Write) -> None:
    root = write("yield Note(text={})")
    descriptors, threads = set(os.listdir("/proc/self/fd")), threading.active_count()
    others = children()  # of tests that ran before in this process
    for _ in range(3):
        with start(Request(str(root), "small", "answers.small", permit=permit_for(root))) as run:
            list(run)
        warm().close()
    gc.collect()
    assert set(os.listdir("/proc/self/fd")) == descriptors
    assert threading.active_count() == threads
    assert children() <= others


# Processes that die


def test_a_killed_worker_is_told_from_a_finished_one(write: Write, begin: Begin) -> None:
    run = begin(write(FOR_EVER))
    until(run, Scalars)
    os.kill(worker_of(run)._child.process.pid, signal.SIGKILL)
    last = list(run)[-1]
    assert isinstance(last, Failed)
    assert "SIGKILL" in last.message
    assert "memory" in last.hint


def test_a_signal_without_a_name(write: Write, begin: Begin) -> None:
    last = list(begin(write("import os; yield Note(text={}); os.kill(os.getpid(), 40)")))[-1]
    assert isinstance(last, Failed)
    assert "signal 40" in last.message


IN_C = "import re; re.match('(a+)+$', 'a' * 60 + 'b')"  # so that no thread of ours runs
STOPPED = "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)"


@pytest.mark.parametrize(
    ("asked", "busy", "end"),
    [
        (False, FOR_EVER, "SIGKILL"),
        (True, IN_C, "SIGKILL"),
        (True, STOPPED, "SIGKILL"),
        *((True, FOR_EVER, f"SIG{name}") for name in ("KILL", "TERM", "HUP", "INT", "QUIT")),
        (True, FOR_EVER, "raise ValueError"),
        (True, IN_C, "sys.exit()"),
        (True, STOPPED, "os._exit(0)"),
        (True, FOR_EVER, "os.abort()"),
    ],
)
def test_a_worker_does_not_outlive_its_parent(write: Write, asked: bool, busy: str, end: str) -> None:
    child = (
        "import subprocess, sys; c = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])"
    )
    root = write(f"{child}\nyield Note(text={{'en': str(c.pid)}})\n{busy}")
    code = f"""
import os, sys, time
from quizcli.demo.events import Note
from quizcli.demo.launcher import Request, Worker, start
from quizcli.permit import Permit
worker = Worker(None, warm=False)
if {asked}:
    run = start(Request({str(root)!r}, "small", "answers.small", permit={permit_for(root)!r}), worker)
    print(next(e for e in run if isinstance(e, Note)).text["en"], end=" ")
print(worker._child.process.pid, flush=True)
{"time.sleep(60)" if end.startswith("SIG") else end}
"""
    parent = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert parent.stdout is not None
    pids = parent.stdout.readline().split()
    if end.startswith("SIG"):
        parent.send_signal(signal.Signals[end])
    parent.wait(30)
    parent.stdout.close()
    assert len(pids) == 1 + asked
    assert all(gone(int(pid)) for pid in pids)


def test_the_interrupt_of_a_terminal_does_not_reach_the_worker(write: Write, begin: Begin) -> None:
    run = begin(write(FOR_EVER))
    until(run, Scalars)
    pid = worker_of(run)._child.process.pid
    assert os.getpgid(pid) == pid != os.getpgid(0)
    assert os.getsid(pid) == pid


def test_a_slow_reader_does_not_slow_the_answer(write: Write, begin: Begin) -> None:
    run = begin(write(f"for i in range(20_000): {TICK}"))
    assert worker_of(run)._child.wait_until_ended(30)  # all has been read though nobody polled
    assert len(run.poll()) == 20_002
    assert run.over


def test_what_nobody_polls_does_not_fill_the_memory(
    write: Write, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quizcli.demo.launcher._BACKLOG", 1000)
    run = begin(write(f"for i in range(20_000): {TICK}"))
    time.sleep(1)
    assert worker_of(run)._backlog < 2000
    values = [event.x for event in run if isinstance(event, Scalars)]
    assert values == list(range(20_000))
    stuck = begin(write(f"for i in range(20_000): {TICK}"))
    stuck.wait(10)
    began = time.monotonic()
    stuck.close()
    assert time.monotonic() - began < GRACE + 2


# Packs, paths, settings


def test_decoys_in_the_current_folder_do_not_win(
    write: Write, begin: Begin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write('from models.vae import WHO\nyield Note(text={"en": WHO, "zh": ""})')
    (root / "models").mkdir()
    (root / "models" / "vae.py").write_text('WHO = "ours"')  # no __init__.py: the weaker sort of package
    decoys = tmp_path / "elsewhere"
    for name in ("models", "answers"):
        (decoys / name).mkdir(parents=True)
        (decoys / name / "__init__.py").write_text("raise SystemExit('decoy')")
        (decoys / name / "vae.py").write_text('WHO = "decoy"')
    for name in ("msgspec", "random", "quizcli"):
        (decoys / f"{name}.py").write_text("raise SystemExit('decoy')")
    monkeypatch.chdir(decoys)
    monkeypatch.setenv("PYTHONPATH", str(decoys / "models"))
    assert Note(text={"en": "ours", "zh": ""}) in list(begin(root))


def test_two_packs_do_not_see_each_other(write: Write, begin: Begin) -> None:
    for pack in ("one", "two"):
        root = write("from models import who\nyield Note(text={'en': who.WHO, 'zh': ''})", pack=pack)
        (root / "models").mkdir()
        (root / "models" / "__init__.py").write_text("")
        (root / "models" / "who.py").write_text(f"WHO = {pack!r}")
        assert Note(text={"en": pack, "zh": ""}) in list(begin(root))
    bare = write("import models.who\nyield Note(text={})", pack="three")
    last = list(begin(bare))[-1]
    assert isinstance(last, Failed)
    assert "models.who" in last.message


def test_flags_reach_the_worker(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUIZCLI_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("QUIZCLI_LANG", "en")
    root = write(
        """
        from quizcli.settings import load_settings
        from quizcli.text import tr
        s = load_settings()
        yield Note(text={"en": f"{s.lang} {s.mirror} {s.offline} {s.cache_dir}", "zh": tr("en", "中")})
        """
    )
    settings = load_settings(lang="zh", mirror="http://localhost:1", offline=True)
    with start(
        Request(str(root), "small", "answers.small", permit=permit_for(root)), environ=environment(settings)
    ) as run:
        said = f"zh http://localhost:1 True {tmp_path / 'home' / 'cache'}"
        assert Note(text={"en": said, "zh": "中"}) in list(run)


# Warm workers


def test_a_warm_worker_has_torch_and_serves_one_request(write: Write) -> None:
    root = write(
        'import sys\nyield Note(text={"en": str("torch.optim.adam" in sys.modules), "zh": ""})\nimport torch'
    )
    worker = warm()
    deadline = time.monotonic() + 60
    while not worker.ready:
        assert worker.alive
        assert time.monotonic() < deadline
        time.sleep(0.05)
    began = time.monotonic()
    with start(Request(str(root), "small", "answers.small", permit=permit_for(root)), worker) as run:
        until(run, Started)
        assert time.monotonic() - began < 0.5
        list(run)
    with start(
        Request(str(root), "small", "answers.small", permit=permit_for(root)), worker
    ) as run:  # it has served: a cold one takes its place
        assert Note(text={"en": "False", "zh": ""}) in list(run)


def test_a_worker_that_runs_takes_no_second_request(write: Write, begin: Begin) -> None:
    run = begin(write(FOR_EVER))
    until(run, Scalars)
    with pytest.raises(ValueError, match="one request"):
        start(run.request, worker_of(run))
    assert until(run, Scalars)  # and is not disturbed


def test_an_unused_worker_is_closed_at_once() -> None:
    worker = warm()
    began = time.monotonic()
    worker.close()
    worker.close()
    assert time.monotonic() - began < 1
    assert not worker.alive


def test_a_child_is_of_the_same_program_wherever_another_one_is_installed(tmp_path: Path) -> None:
    other = tmp_path / "quizcli"
    other.mkdir()
    (other / "__init__.py").write_text('__version__ = "of another"')
    (other / "__main__.py").write_text('def main(): print("another")')
    child = spawn("quizcli.__main__", {**os.environ, "PYTHONPATH": str(tmp_path)}, arguments=["-V"])
    out, errors = child.communicate(timeout=30)
    assert (out.decode(), errors.decode()) == (f"quizcli {__version__}\n", "")


def test_beside_the_program_lies_nothing_that_a_child_imports_in_the_place_of_its_own(tmp_path: Path) -> None:
    """In site-packages there are names that the standard library has too."""
    shutil.copytree(ROOT / "quizcli", tmp_path / "quizcli", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("json", "signal", "subprocess"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit(__name__)")
    script = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import quizcli; del sys.path[0]\n"
        "from quizcli.processes.spawn import spawn\n"
        "child = spawn('quizcli.__main__', None, arguments=['-V'])\n"
        "print(*child.communicate())"
    )
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run([sys.executable, "-P", "-c", script], env=environ, capture_output=True, check=True)
    assert done.stdout.decode() == f"b'quizcli {__version__}\\n' b''\n"


@pytest.mark.parametrize("cache", ["private", "refused"])
def test_torch_leaves_nothing_among_temporary_files(
    cache: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, temporary = tmp_path / "home", tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("QUIZCLI_HOME", str(home))
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.delenv("TORCHINDUCTOR_CACHE_DIR", raising=False)
    if cache == "refused":
        home.write_text("no folder")
    environ = environment(load_settings())
    script = "import torch; torch.optim.SGD([torch.zeros(1)])"
    subprocess.run([sys.executable, "-P", "-c", script], env=environ, check=True)
    if cache == "private":  # else it is there, and torch works all the same
        assert list(temporary.iterdir()) == []
        assert [each.stat().st_mode & 0o777 for each in (home, home / "cache", home / "cache" / "torch")] == [
            0o700
        ] * 3

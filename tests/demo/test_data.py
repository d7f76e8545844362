from __future__ import annotations

import errno
import gc
import gzip
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import torch

from quizcli.demo import data
from quizcli.demo.data import Digits, load_digits
from quizcli.demo.datasets import mnist
from quizcli.demo.datasets.synthetic import synthetic_digits
from quizcli.demo.events import Event, Note, Progress
from quizcli.errors import ExitStatus, QuizError
from quizcli.settings import Settings, load_settings
from tests.places import ROOT

NOWHERE = "http://127.0.0.1:9/"  # the discard port: nothing listens


def idx(values: torch.Tensor) -> bytes:
    head = bytes([0, 0, 8, values.dim()]) + b"".join(n.to_bytes(4, "big") for n in values.shape)
    return head + values.numpy().tobytes()


@pytest.fixture(scope="module")
def tiny() -> dict[str, torch.Tensor]:
    """A data set in MNIST's shape, small enough to be sent around."""
    chance = torch.Generator().manual_seed(0)

    def bytes_of(high: int, *shape: int) -> torch.Tensor:
        return torch.randint(0, high, shape, generator=chance, dtype=torch.uint8)

    return {
        "train_images": bytes_of(256, 40, 28, 28),
        "train_labels": bytes_of(10, 40),
        "test_images": bytes_of(256, 20, 28, 28),
        "test_labels": bytes_of(10, 20),
    }


@pytest.fixture(autouse=True)
def published(tiny: dict[str, torch.Tensor], monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Make the tiny set the published one, cut off the mirrors, draw few digits; its packed files by name."""
    packed: dict[str, bytes] = {}
    files = []
    for file in mnist.FILES:
        plain = idx(tiny[file.holds])
        squeezed = gzip.compress(plain, mtime=0)
        packed[f"{file.name}.gz"] = squeezed
        files.append(
            mnist.IdxFile(file.holds, file.name, len(squeezed), _md5(squeezed), len(plain), _md5(plain))
        )
    monkeypatch.setattr(mnist, "FILES", tuple(files))
    monkeypatch.setattr(mnist, "MIRRORS", ())
    monkeypatch.setattr(data, "synthetic_digits", partial(synthetic_digits, train=50, test=20))
    monkeypatch.setenv("no_proxy", "*")
    return packed


def _md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


class Mirror(ThreadingHTTPServer):
    """Serves files on loopback; `send` decides what becomes of each one."""

    daemon_threads = True

    def __init__(self, send: Callable[[BaseHTTPRequestHandler, str], None]) -> None:
        self.asked: list[str] = []
        asked = self.asked

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                name = self.path.rpartition("/")[2]
                asked.append(name)
                send(self, name)

            def log_message(self, format: str, *args: object) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        pass  # a client that hangs up is part of the play

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/mnist"


@contextmanager
def serving(send: Callable[[BaseHTTPRequestHandler, str], None]) -> Iterator[Mirror]:
    mirror = Mirror(send)
    thread = Thread(target=mirror.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield mirror
    finally:
        mirror.shutdown()
        mirror.server_close()
        thread.join(5)


def answer(handler: BaseHTTPRequestHandler, body: bytes, promised: int | None = None) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body) if promised is None else promised))
    handler.end_headers()
    handler.wfile.write(body)


@pytest.fixture
def mirror(published: dict[str, bytes]) -> Iterator[Mirror]:
    with serving(lambda handler, name: answer(handler, published[name])) as running:
        yield running


def settings_at(folder: Path, **variables: str) -> Settings:
    return load_settings({"QUIZCLI_HOME": str(folder / "home"), **variables})


def put(folder: Path, files: dict[str, bytes]) -> Path:
    raw = folder / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name, content in files.items():
        (raw / name).write_bytes(content)
    return folder


def run(loading: Generator[Event, None, Digits]) -> tuple[Digits, list[Event]]:
    events: list[Event] = []
    while True:
        try:
            events.append(next(loading))
        except StopIteration as stop:
            return stop.value, events


def notes(events: list[Event]) -> list[str]:
    return [event.text["en"] for event in events if isinstance(event, Note)]


def assert_same(digits: Digits, tiny: dict[str, torch.Tensor]) -> None:
    for name, expected in tiny.items():
        assert torch.equal(getattr(digits, name), expected.long() if "labels" in name else expected), name
    assert (digits.label["en"], digits.synthetic) == ("MNIST, 40 images", False)


# From a folder


def test_packed_files_are_read(
    tmp_path: Path, published: dict[str, bytes], tiny: dict[str, torch.Tensor]
) -> None:
    settings = settings_at(tmp_path, QUIZCLI_DATA=str(put(tmp_path / "sets", published)))
    digits, events = run(load_digits("auto", settings))
    assert_same(digits, tiny)
    assert notes(events) == []


def test_unpacked_files_are_read(
    tmp_path: Path, published: dict[str, bytes], tiny: dict[str, torch.Tensor]
) -> None:
    unpacked = {name.removesuffix(".gz"): gzip.decompress(body) for name, body in published.items()}
    settings = settings_at(tmp_path, QUIZCLI_DATA=str(put(tmp_path / "sets", unpacked)))
    assert_same(run(load_digits("mnist", settings))[0], tiny)


def test_the_folder_of_data_sets_is_never_written(tmp_path: Path, published: dict[str, bytes]) -> None:
    sets = put(tmp_path / "sets", published)
    for path in (*sets.rglob("*"), sets):
        path.chmod(0o555 if path.is_dir() else 0o444)

    def state() -> dict[Path, tuple[int, int]]:
        return {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in (sets, *sets.rglob("*"))}

    before = state()
    run(load_digits("mnist", settings_at(tmp_path, QUIZCLI_DATA=str(sets))))
    assert state() == before


def test_a_damaged_folder_is_told_and_passed_over(
    tmp_path: Path, published: dict[str, bytes], tiny: dict[str, torch.Tensor], mirror: Mirror
) -> None:
    name = "train-labels-idx1-ubyte.gz"
    sets = put(tmp_path / "sets", published | {name: published[name][:-1]})
    settings = settings_at(tmp_path, QUIZCLI_DATA=str(sets), QUIZCLI_MIRROR=mirror.address)
    digits, events = run(load_digits("auto", settings))
    assert_same(digits, tiny)
    assert notes(events) == [
        f"QUIZCLI_DATA: {sets / 'MNIST' / 'raw' / name}: not the published file (wrong checksum)."
    ]


# From the cache


def test_the_second_time_needs_no_source_and_no_torchvision(
    tmp_path: Path, published: dict[str, bytes], tiny: dict[str, torch.Tensor]
) -> None:
    sets = put(tmp_path / "sets", published)
    run(load_digits("mnist", settings_at(tmp_path, QUIZCLI_DATA=str(sets))))
    digits, events = run(load_digits("mnist", settings_at(tmp_path)))
    assert_same(digits, tiny)
    assert events == []
    program = (
        "import sys; from quizcli.demo.data import load_digits; "
        "assert list(load_digits('mnist')) == []; assert 'torchvision' not in sys.modules"
    )
    subprocess.run(
        [sys.executable, "-c", program],
        env={"QUIZCLI_HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT)},
        check=True,
        timeout=60,
    )


def test_a_kept_set_of_full_size_opens_in_50_ms(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    settings.cache_dir.mkdir(parents=True)
    full = {
        f"{part}_{what}": torch.zeros(n, *shape, dtype=torch.uint8)
        for part, n in (("train", 60_000), ("test", 10_000))
        for what, shape in (("images", (28, 28)), ("labels", ()))
    }
    torch.save(full, settings.cache_dir / "mnist-1.pt")
    seconds = []
    for _ in range(5):
        began = time.perf_counter()
        digits, _ = run(load_digits("mnist", settings))
        seconds.append(time.perf_counter() - began)
    assert digits.label == {"en": "MNIST, 60,000 images", "zh": "MNIST，60,000 张图"}
    assert min(seconds) <= 0.05


@pytest.mark.parametrize("damage", ["empty", "cut", "noise", "other", "list"])
def test_a_damaged_cache_is_built_again(
    tmp_path: Path, published: dict[str, bytes], tiny: dict[str, torch.Tensor], damage: str
) -> None:
    settings = settings_at(tmp_path, QUIZCLI_DATA=str(put(tmp_path / "sets", published)))
    run(load_digits("mnist", settings))
    kept = settings.cache_dir / "mnist-1.pt"
    whole = kept.read_bytes()
    if damage == "other":
        torch.save({"train_images": torch.zeros(3)}, kept)
    elif damage == "list":
        torch.save([1, 2], kept)
    else:
        kept.write_bytes({"empty": b"", "cut": whole[: len(whole) // 2], "noise": b"x" * 1000}[damage])
    assert_same(run(load_digits("mnist", settings))[0], tiny)
    assert_same(run(load_digits("mnist", settings_at(tmp_path)))[0], tiny)


def test_a_cache_that_cannot_be_written_is_told(
    tmp_path: Path, published: dict[str, bytes], tiny: dict[str, torch.Tensor]
) -> None:
    settings = settings_at(tmp_path, QUIZCLI_DATA=str(put(tmp_path / "sets", published)))
    settings.cache_dir.parent.mkdir(parents=True)
    settings.cache_dir.write_text("a file where the folder should be")
    digits, events = run(load_digits("mnist", settings))
    assert_same(digits, tiny)
    assert "cannot be kept" in notes(events)[0]


# From the network


def test_download_reports_how_far_it_is_and_nothing_else(
    tmp_path: Path,
    tiny: dict[str, torch.Tensor],
    published: dict[str, bytes],
    mirror: Mirror,
    capfd: pytest.CaptureFixture[str],
) -> None:
    digits, events = run(load_digits("auto", settings_at(tmp_path, QUIZCLI_MIRROR=mirror.address)))
    assert_same(digits, tiny)
    steps = [event for event in events if isinstance(event, Progress) and event.unit == "MB"]
    assert len(steps) >= 2
    assert [step.done for step in steps] == sorted(step.done for step in steps)
    assert steps[-1].done == steps[-1].total == pytest.approx(sum(map(len, published.values())) / 1e6)
    assert capfd.readouterr() == ("", "")


def test_a_download_keeps_the_packed_files_and_no_scraps(
    tmp_path: Path, tiny: dict[str, torch.Tensor], published: dict[str, bytes], mirror: Mirror
) -> None:
    settings = settings_at(tmp_path, QUIZCLI_MIRROR=mirror.address)
    run(load_digits("mnist", settings))
    assert sorted(path.name for path in settings.cache_dir.iterdir()) == ["MNIST", "mnist-1.pt"]
    assert sorted(path.name for path in (settings.cache_dir / "MNIST" / "raw").iterdir()) == sorted(published)
    (settings.cache_dir / "mnist-1.pt").unlink()
    mirror.asked.clear()
    assert_same(run(load_digits("mnist", settings))[0], tiny)
    assert mirror.asked == []


def break_off(published: dict[str, bytes], handler: BaseHTTPRequestHandler, name: str) -> None:
    body = published[name]
    answer(handler, body[: len(body) // 2], promised=len(body))


def falsify(published: dict[str, bytes], handler: BaseHTTPRequestHandler, name: str) -> None:
    answer(handler, published[name][::-1])


def refuse(published: dict[str, bytes], handler: BaseHTTPRequestHandler, name: str) -> None:
    handler.send_error(404)


def fall_silent(published: dict[str, bytes], handler: BaseHTTPRequestHandler, name: str) -> None:
    time.sleep(3)


def send_without_end(published: dict[str, bytes], handler: BaseHTTPRequestHandler, name: str) -> None:
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(b"x" * 65_536)


def promise_too_much(published: dict[str, bytes], handler: BaseHTTPRequestHandler, name: str) -> None:
    answer(handler, published[name], promised=10**12)


def drip(published: dict[str, bytes], handler: BaseHTTPRequestHandler, name: str) -> None:
    handler.send_response(200)
    handler.end_headers()
    for byte in published[name]:
        handler.wfile.write(bytes([byte]))
        time.sleep(0.05)


def drip_headers(published: dict[str, bytes], handler: BaseHTTPRequestHandler, name: str) -> None:
    handler.send_response(200)
    handler.flush_headers()
    while True:
        handler.wfile.write(b"X")
        time.sleep(0.05)


def redirect_to(place: str, handler: BaseHTTPRequestHandler, *, body: bool = False) -> None:
    handler.send_response(302)
    handler.send_header("Location", place)
    handler.end_headers()
    while body:
        handler.wfile.write(b"x" * 65_536)


def lead_to_a_file(published: dict[str, bytes], handler: BaseHTTPRequestHandler, name: str) -> None:
    redirect_to("file:///etc/passwd", handler)


def lead_in_circles(published: dict[str, bytes], handler: BaseHTTPRequestHandler, name: str) -> None:
    redirect_to(handler.path, handler)


def lead_away_without_end(published: dict[str, bytes], handler: BaseHTTPRequestHandler, name: str) -> None:
    redirect_to(handler.path, handler, body=True)


def say_go_on_without_end(published: dict[str, bytes], handler: BaseHTTPRequestHandler, name: str) -> None:
    while True:
        handler.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)


def send_crumbs(published: dict[str, bytes], handler: BaseHTTPRequestHandler, name: str) -> None:
    """The right bytes, each in a chunk of its own with 60 kB of extensions."""
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    for byte in published[name]:
        handler.wfile.write(b"1;" + b"e" * 60_000 + b"\r\n" + bytes([byte]) + b"\r\n")
    handler.wfile.write(b"0\r\n\r\n")


HOSTILE = [say_go_on_without_end, send_crumbs, send_without_end, promise_too_much, drip, drip_headers]
HOSTILE += [lead_to_a_file, lead_in_circles, lead_away_without_end]


@pytest.mark.parametrize("misbehave", [break_off, falsify, refuse, fall_silent, *HOSTILE])
def test_a_bad_mirror_is_passed_over_for_the_next(
    tmp_path: Path,
    tiny: dict[str, torch.Tensor],
    published: dict[str, bytes],
    mirror: Mirror,
    monkeypatch: pytest.MonkeyPatch,
    misbehave: Callable[[dict[str, bytes], BaseHTTPRequestHandler, str], None],
) -> None:
    monkeypatch.setattr(mnist, "SECONDS_OF_SILENCE", 0.3)
    monkeypatch.setattr(mnist, "SECONDS_OF_CRAWL", 1.0)
    monkeypatch.setattr(mnist, "MIRRORS", (mirror.address + "/",))
    with serving(partial(misbehave, published)) as bad:
        digits, _ = run(load_digits("mnist", settings_at(tmp_path, QUIZCLI_MIRROR=bad.address)))
        assert bad.asked
    assert_same(digits, tiny)
    gc.collect()  # nothing is left unclosed


def test_no_more_is_written_than_was_published(
    tmp_path: Path, published: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    written = 0
    keep = mnist._Attempt._take

    def count(attempt: mnist._Attempt, number: int) -> None:
        nonlocal written
        written += number
        keep(attempt, number)

    monkeypatch.setattr(mnist._Attempt, "_take", count)
    with (
        serving(partial(send_without_end, published)) as bad,
        pytest.raises(QuizError, match="sends more than"),
    ):
        run(load_digits("mnist", settings_at(tmp_path, QUIZCLI_MIRROR=bad.address)))
    assert written <= len(published["train-images-idx3-ubyte.gz"])


@pytest.mark.parametrize("misbehave", [say_go_on_without_end, send_crumbs, lead_away_without_end])
def test_what_is_said_beside_the_file_is_bounded(
    tmp_path: Path,
    published: dict[str, bytes],
    misbehave: Callable[[dict[str, bytes], BaseHTTPRequestHandler, str], None],
) -> None:
    with (
        serving(partial(misbehave, published)) as bad,
        pytest.raises(QuizError, match=r"says .* bytes for|redirects without end"),
    ):
        run(load_digits("mnist", settings_at(tmp_path, QUIZCLI_MIRROR=bad.address)))


def test_redirections_are_followed(
    tmp_path: Path, tiny: dict[str, torch.Tensor], published: dict[str, bytes], mirror: Mirror
) -> None:
    with serving(lambda handler, name: redirect_to(f"{mirror.address}/{name}", handler)) as moved:
        digits, _ = run(load_digits("mnist", settings_at(tmp_path, QUIZCLI_MIRROR=moved.address)))
    assert_same(digits, tiny)


@pytest.mark.parametrize("address", ["file:///etc", "ftp://127.0.0.1/", "data://x"])
def test_a_mirror_speaks_http(tmp_path: Path, address: str) -> None:
    with pytest.raises(QuizError, match="not to http"):
        run(load_digits("mnist", settings_at(tmp_path, QUIZCLI_MIRROR=address)))


def test_a_full_disk_is_told_at_once(
    tmp_path: Path, published: dict[str, bytes], mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full:
        def __enter__(self) -> Full:
            return self

        def __exit__(self, *_: object) -> None: ...

        def write(self, piece: bytes) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "open", lambda *given, **named: Full())
    monkeypatch.setattr(mnist, "MIRRORS", (mirror.address + "/",))
    with pytest.raises(QuizError, match="cannot be written: No space left on device"):
        run(load_digits("mnist", settings_at(tmp_path, QUIZCLI_MIRROR=mirror.address)))
    assert len(mirror.asked) == 1


@pytest.mark.parametrize("what", ["bomb", "pipe", "huge", "folder"])
def test_a_folder_of_data_sets_that_is_hostile(
    tmp_path: Path, published: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    sets = put(tmp_path / "sets", published)
    path = sets / "MNIST" / "raw" / "train-images-idx3-ubyte.gz"
    path.unlink()
    if what == "bomb":
        bomb = gzip.compress(b"0" * 50_000_000)
        path.write_bytes(bomb)
        first = mnist.FILES[0]
        known = mnist.IdxFile(first.holds, first.name, len(bomb), _md5(bomb), first.size, first.md5)
        monkeypatch.setattr(mnist, "FILES", (known, *mnist.FILES[1:]))
    elif what == "pipe":
        os.mkfifo(path.with_suffix(""))
    elif what == "huge":
        with path.open("wb") as stream:
            stream.truncate(10 << 30)
    else:
        path.with_suffix("").mkdir()
    settings = settings_at(tmp_path, QUIZCLI_DATA=str(sets), QUIZCLI_OFFLINE="1")
    digits, events = run(load_digits("auto", settings))
    assert digits.synthetic
    assert f"QUIZCLI_DATA: {sets}" in notes(events)[0]


def test_a_pipe_in_the_cache_is_no_cache(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    settings.cache_dir.mkdir(parents=True)
    os.mkfifo(settings.cache_dir / "synthetic-digits-1.pt")
    os.mkfifo(settings.cache_dir / "mnist-1.pt")
    digits, _ = run(load_digits("auto", settings_at(tmp_path, QUIZCLI_OFFLINE="1")))
    assert digits.synthetic


def test_a_broken_transfer_leaves_nothing_and_is_repeated(
    tmp_path: Path, tiny: dict[str, torch.Tensor], published: dict[str, bytes], mirror: Mirror
) -> None:
    with serving(partial(break_off, published)) as bad:
        broken = settings_at(tmp_path, QUIZCLI_MIRROR=bad.address)
        with pytest.raises(QuizError, match="broke off after") as raised:
            run(load_digits("mnist", broken))
        assert bad.address in raised.value.message
    assert [path.name for path in broken.cache_dir.iterdir()] == ["mnist-download-failed"]
    assert_same(run(load_digits("mnist", settings_at(tmp_path, QUIZCLI_MIRROR=mirror.address)))[0], tiny)


def test_a_download_given_up_leaves_nothing(tmp_path: Path, published: dict[str, bytes]) -> None:
    with serving(partial(fall_silent, published)) as slow:
        settings = settings_at(tmp_path, QUIZCLI_MIRROR=slow.address)
        loading = load_digits("mnist", settings)
        while not slow.asked:
            assert isinstance(next(loading), Progress)
        loading.close()
        assert list(settings.cache_dir.iterdir()) == []


def test_dead_mirrors_are_not_tried_at_every_run(
    tmp_path: Path, published: dict[str, bytes], mirror: Mirror
) -> None:
    with serving(partial(falsify, published)) as bad:
        settings = settings_at(tmp_path, QUIZCLI_MIRROR=bad.address)
        run(load_digits("auto", settings))
        tries = len(bad.asked)
        digits, events = run(load_digits("auto", settings))
        assert digits.synthetic
        assert "less than an hour ago" in notes(events)[0]
        assert len(bad.asked) == tries

        with pytest.raises(QuizError):
            run(load_digits("mnist", settings))
        assert len(bad.asked) > tries

        tries = len(bad.asked)
        long_ago = time.time() - 3700
        os.utime(settings.cache_dir / "mnist-download-failed", (long_ago, long_ago))
        run(load_digits("auto", settings))
        assert len(bad.asked) > tries
    digits, _ = run(load_digits("auto", settings_at(tmp_path, QUIZCLI_MIRROR=mirror.address)))
    assert not digits.synthetic  # another mirror is tried at once


def test_offline_asks_no_mirror(tmp_path: Path, mirror: Mirror) -> None:
    settings = settings_at(tmp_path, QUIZCLI_MIRROR=mirror.address, QUIZCLI_OFFLINE="1")
    digits, events = run(load_digits("auto", settings))
    assert digits.synthetic
    assert "offline is set" in notes(events)[0]
    assert mirror.asked == []


# Without MNIST


def test_without_a_network_the_digits_are_synthetic_and_say_so(tmp_path: Path) -> None:
    digits, events = run(load_digits("auto", settings_at(tmp_path, QUIZCLI_MIRROR=NOWHERE)))
    assert (digits.label["en"], digits.synthetic) == ("synthetic digits, 50 images", True)
    (note,) = (event for event in events if isinstance(event, Note))
    assert NOWHERE in note.text["en"]
    assert "synthetic digits, not MNIST" in note.text["en"]
    assert "合成数字" in note.text["zh"]


def test_mnist_asked_for_by_name_is_never_replaced(tmp_path: Path) -> None:
    with pytest.raises(QuizError, match="MNIST cannot be had") as raised:
        run(load_digits("mnist", settings_at(tmp_path, QUIZCLI_MIRROR=NOWHERE)))
    assert NOWHERE in raised.value.message
    assert "QUIZCLI_DATA" in raised.value.hint


def test_synthetic_digits_are_kept(tmp_path: Path) -> None:
    drawn, events = run(load_digits("synthetic", settings_at(tmp_path)))
    assert any(isinstance(event, Progress) for event in events)
    kept, events = run(load_digits("synthetic", settings_at(tmp_path)))
    assert events == []
    assert torch.equal(kept.train_images, drawn.train_images)
    assert kept.train_labels.dtype == torch.int64


def test_an_unknown_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(QuizError, match="no such data set: mnits") as raised:
        run(load_digits("mnits", settings_at(tmp_path)))  # type: ignore[arg-type]
    assert raised.value.status == ExitStatus.USAGE


# How the synthetic digits look


def drawn(train: int = 1000, test: int = 100, seed: int = 0) -> dict[str, torch.Tensor]:
    drawing = synthetic_digits(train, test, seed)
    while True:
        try:
            next(drawing)
        except StopIteration as stop:
            tensors: dict[str, torch.Tensor] = stop.value
            return tensors


def test_a_seed_fixes_the_synthetic_digits() -> None:
    one, same, other = drawn(20, 10), drawn(20, 10), drawn(20, 10, seed=1)
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not torch.equal(one["train_images"], other["train_images"])


def test_synthetic_labels_are_balanced_and_shuffled() -> None:
    tensors = drawn()
    assert tensors["train_labels"].bincount().tolist() == [100] * 10
    assert tensors["test_labels"].bincount().tolist() == [10] * 10
    assert tensors["train_labels"].diff().count_nonzero() > 800


def test_synthetic_digits_look_like_mnist_and_like_their_labels() -> None:
    tensors = drawn()
    images, labels = tensors["train_images"], tensors["train_labels"]
    assert images.shape == (1000, 28, 28)
    assert images.dtype == torch.uint8
    assert 0.10 < images.float().mean() / 255 < 0.20  # MNIST: 0.13
    border = torch.ones(28, 28, dtype=torch.bool)
    border[1:-1, 1:-1] = False
    assert images[:, border].float().mean() / 255 < 0.01
    flat = images.flatten(1).float()
    centroids = torch.stack([flat[labels == digit].mean(dim=0) for digit in range(10)])
    nearest = torch.cdist(tensors["test_images"].flatten(1).float(), centroids).argmin(dim=1)
    assert (nearest == tensors["test_labels"]).float().mean() > 0.6  # by chance 0.1; MNIST itself 0.82


def test_what_a_kill_has_left_of_a_download_goes_after_a_day(tmp_path: Path) -> None:
    for name, age in (("download-old", 90_000), ("download-new", 10)):
        (tmp_path / name / "MNIST").mkdir(parents=True)
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    mnist._clear_away(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["download-new"]

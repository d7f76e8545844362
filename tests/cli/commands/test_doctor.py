"""`quizcli doctor`: what it finds, what it advises, and that it fails where something needed is missing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from quizcli.cli.commands.doctor import command, engine
from quizcli.cli.commands.doctor.finding import Check
from quizcli.demo import launcher
from quizcli.demo.events import Event, Failed
from quizcli.settings import Settings, load_settings
from quizcli.text import use_language
from tests.program import Program

NAMES = [
    *("quizcli", "torch", "device", "worker", "terminal", "signs"),
    *("banks", "data", "cache", "store", "backups", "editor", "settings"),
]
FOUND = {"device": "cpu", "name": "CPU", "threads": 1}


class Ready:
    """A worker that is ready at once."""

    ready = True
    events: tuple[Event, ...] = ()

    def take(self) -> list[Event]:
        return list(self.events)

    def close(self) -> None: ...


class Dying(Ready):
    ready = False
    events = (Failed(message="killed by SIGKILL", hint="memory", trace=""),)


class Stuck(Ready):
    ready = False


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings({"QUIZCLI_HOME": str(tmp_path)})


Examine = Callable[..., dict[str, Check]]


@pytest.fixture
def examine(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Examine:
    """The findings by name, with a torch and a worker that need no time."""

    def _examine(
        torch: dict[str, Any] | str | None = None, worker: Ready | None = None, **changed: Any
    ) -> dict[str, Check]:
        def run(*_: Any, **__: Any) -> subprocess.CompletedProcess[str]:
            if isinstance(torch, str):
                return subprocess.CompletedProcess([], 1, "", f"Traceback\n{torch}\n")
            return subprocess.CompletedProcess([], 0, "a warning\n" + json.dumps(FOUND | (torch or {})), "")

        monkeypatch.setattr(subprocess, "run", run)
        monkeypatch.setattr(launcher, "warm", lambda *_: worker or Ready())
        findings = list(command.examine(msgspec.structs.replace(settings, **changed)))
        return {finding.name: finding for finding in findings}

    return _examine


def test_a_config_file_that_was_left_aside(examine: Examine) -> None:
    found = examine(left_aside="config.toml: cannot be read: no TOML")
    assert (found["settings"].state, found["settings"].detail) == (
        "missing",
        "config.toml: cannot be read: no TOML",
    )
    assert "worker" not in found  # it would only say the same


def test_the_whole_report_of_this_machine(program: Program) -> None:
    stranger = program.home.parent / "torch.py"  # where the program is called from; a pack's code, perhaps
    stranger.write_text("open('ran', 'w')\n")
    said = program.run("doctor", "--json")
    assert said.returncode == 0, said.stderr
    assert not stranger.with_name("ran").exists()
    findings = {finding["name"]: finding for finding in json.loads(said.stdout)}
    assert list(findings) == NAMES
    assert {tuple(finding) for finding in findings.values()} == {("name", "state", "detail", "advice")}
    assert findings["worker"]["state"] == "ok"
    assert findings["banks"]["detail"] == "6 questions in 1 bank"
    assert not (program.home / "data").exists()


def test_names_in_the_json_are_the_same_in_chinese(examine: Examine) -> None:
    use_language("zh")
    try:
        findings = examine()
    finally:
        use_language("en")
    assert list(findings) == NAMES
    assert findings["device"].detail == "CPU，1 线程"


def test_a_device(examine: Examine) -> None:
    assert examine()["device"].detail == "CPU, 1 thread"
    gpu = examine(torch={"device": "cuda", "name": "H200"})["device"]
    assert (gpu.detail, gpu.advice) == ("cuda · H200", "")


def test_a_torch_that_cannot_be_imported(examine: Examine) -> None:
    findings = examine(torch="RuntimeError: operator torchvision::nms does not exist")
    assert findings["torch"].state == "missing"
    assert findings["torch"].detail.endswith("operator torchvision::nms does not exist")
    assert "of one build" in findings["torch"].advice
    assert "device" not in findings
    assert "worker" not in findings


@pytest.mark.parametrize("said", ["", "\n", "hello", "[]", '{"device": 1}', '{"device": "cpu"}'])
def test_a_torch_that_answers_oddly(examine: Examine, monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    examine()  # puts the stand-ins in place
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 0, said, ""))
    (torch,) = engine.torch_found()
    assert torch.state == "missing"
    assert "answers oddly" in torch.detail


def test_a_torch_that_takes_too_long(examine: Examine, monkeypatch: pytest.MonkeyPatch) -> None:
    examine()  # puts the stand-ins in place

    def slow(*_: Any, **__: Any) -> None:
        raise subprocess.TimeoutExpired("python", 60)

    monkeypatch.setattr(subprocess, "run", slow)
    (torch,) = engine.torch_found()
    assert torch.state == "missing"
    assert "not there after 60 seconds" in torch.detail


def test_a_worker(examine: Examine, monkeypatch: pytest.MonkeyPatch) -> None:
    assert examine()["worker"].detail.startswith("ready for a demonstration in 0.")
    dead = examine(worker=Dying())["worker"]
    assert (dead.state, dead.detail, dead.advice) == ("missing", "killed by SIGKILL", "memory")
    monkeypatch.setattr(engine, "_PATIENCE", 0.05)
    assert examine(worker=Stuck())["worker"].state == "missing"


def test_data_that_would_be_fetched(examine: Examine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("quizcli.demo.datasets.mnist.MIRRORS", ("http://one/", "http://two/"))
    data = examine()["data"]
    assert (data.state, data.detail) == ("note", "MNIST comes from http://one/, else http://two/")
    assert "QUIZCLI_DATA" in data.advice
    mine = examine(mirror="http://mine/")["data"]
    assert mine.detail == "MNIST comes from http://mine/, else http://one/, else http://two/"
    assert examine(offline=True)["data"].detail == "no MNIST here, and downloads are off"


def test_data_that_is_here(examine: Examine, settings: Settings, tmp_path: Path) -> None:
    raw = tmp_path / "sets" / "MNIST" / "raw"
    raw.mkdir(parents=True)
    lacking = examine(data_sets=tmp_path / "sets")["data"]
    assert lacking.state == "missing"
    assert lacking.detail.endswith(f": no {Path('MNIST/raw/train-images-idx3-ubyte')}")
    for name in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        (raw / f"{name}-ubyte{'.gz' * ('images' in name)}").touch()
    here = examine(data_sets=tmp_path / "sets")["data"]
    assert (here.state, here.detail) == ("ok", f"MNIST · {tmp_path / 'sets'}")
    settings.cache_dir.mkdir(exist_ok=True)
    (settings.cache_dir / "mnist-1.pt").touch()
    assert examine()["data"].detail == f"MNIST · {settings.cache_dir}"


def test_a_cache_that_keeps_nothing(
    examine: Examine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert examine()["cache"] == Check("cache", "ok", str(settings.cache_dir))
    allowed = os.access
    with monkeypatch.context() as patch:
        patch.setattr(os, "access", lambda path, mode: mode == os.R_OK and allowed(path, mode))
        assert examine()["cache"].state == "note"
    shutil.rmtree(settings.cache_dir)
    settings.cache_dir.touch()  # a file where the folder should be
    assert examine()["cache"].detail == f"{settings.cache_dir}: nothing can be written there"


def test_a_store(examine: Examine, settings: Settings) -> None:
    assert examine()["store"].detail.endswith("begins with your first answer")
    settings.store_file.parent.mkdir()
    settings.store_file.symlink_to("nowhere.db")
    assert "which is not there" in examine()["store"].detail
    settings.store_file.unlink()
    settings.store_file.write_bytes(b"no database at all, and long enough to be seen as none" * 20)
    assert examine()["store"].state == "missing"


def test_an_editor(examine: Examine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.delenv("EDITOR", raising=False)
    assert examine()["editor"].state == "note"
    monkeypatch.setenv("EDITOR", f"{sys.executable} -nw")
    assert examine()["editor"].detail == f"{sys.executable} -nw"
    assert examine()["editor"].state == "ok"
    monkeypatch.setenv("VISUAL", "vim '")
    assert examine()["editor"].state == "note"
    assert examine()["editor"].detail.startswith("VISUAL is no command")
    monkeypatch.setenv("VISUAL", "no-such-editor -w")
    assert examine()["editor"].detail == "no-such-editor -w: cannot be found"


def test_settings_and_where_they_come_from(examine: Examine, settings: Settings) -> None:
    found = examine(mirror="http://mine/")["settings"]
    assert found.detail.startswith("lang=en retention=0.9 new_per_day=10 reviews_per_day=80 rollover_hour=4")
    assert "mirror=http://mine/" in found.detail
    assert str(settings.config_file) in found.advice
    found = examine(parameters=(0.212, 1.2931, 2.0))["settings"]
    assert "parameters=0.212,1.2931,2 new_per_day" in found.detail


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_in_a_terminal_everything_fits_and_aligns(program: Program, lang: str) -> None:
    with program.terminal("doctor", "--lang", lang, columns=80, rows=40) as terminal:
        assert terminal.exit_status(timeout=60) == 0
        lines = terminal.screen.rstrip().splitlines()
    assert "80×40" in terminal.screen
    assert "TERM=xterm-256color" in terminal.screen
    marked = [line for line in lines if line[:3].strip()]
    assert len(marked) == len(NAMES)
    assert all(line.startswith((" ✓ ", " ! ", "    ")) for line in lines)


def test_small_and_plain_terminals_are_told_what_they_miss(program: Program) -> None:
    script = (
        "from quizcli.cli.commands.doctor.command import _terminal, _signs\n"
        "print(_terminal()); print(_signs().detail)",
    )
    for columns, env, told in (
        (60, {}, "60×24, 16 million colours, TERM=xterm-256color"),
        (80, {"COLORTERM": ""}, "80×24, 256 colours"),
        (80, {"NO_COLOR": "1"}, "80×24, no colours"),
        (80, {"TERM": "dumb"}, "dumb terminal draws nothing live"),
    ):
        with program.terminal(columns=columns, python=("-c", *script), env=env) as terminal:
            assert terminal.exit_status() == 0
            assert told in terminal.raw.decode()


def test_backups_are_counted(tmp_path: Path) -> None:
    settings = load_settings({"QUIZCLI_HOME": str(tmp_path)})
    assert command.backups_found(settings).state == "ok"  # nothing was answered yet
    folder = settings.store_file.with_name("backups")
    folder.mkdir(parents=True)
    settings.store_file.touch()
    assert command.backups_found(settings).state == "note"
    (folder / "quizcli-20260102T120000Z-daily.zip").touch()
    found = command.backups_found(settings)
    assert (found.state, found.detail[:19]) == ("ok", "1, the last one of ")
    folder.rename(folder.with_name("other"))
    folder.write_text("in the way")
    assert command.backups_found(settings).state in ("note", "missing")

"""What demonstrations run on: torch, the device that it would use, and a process that begins one."""

from __future__ import annotations

import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError, version

import msgspec

from quizcli.cli.commands.doctor.finding import Check
from quizcli.errors import QuizError
from quizcli.processes.spawn import folder_for_children
from quizcli.settings import Settings
from quizcli.text import tr

_PATIENCE = 60.0  # seconds for torch to be imported from a slow disk

# Run in a child, since this process must not import torch. Says what a demonstration would find.
_ASK_TORCH = """
import json, torch
cuda = torch.cuda.is_available()
mps = torch.backends.mps.is_available()
name = torch.cuda.get_device_name(0) if cuda else ("Apple MPS" if mps else "CPU")
found = {"device": "cuda" if cuda else "mps" if mps else "cpu", "name": name,
         "threads": torch.get_num_threads()}
import torchvision
print(json.dumps(found))
"""


class _Found(msgspec.Struct):
    """What that says."""

    device: str
    name: str
    threads: int


def torch_found() -> list[Check]:
    """torch, and the device it would use."""
    try:
        installed = f"torch {version('torch')}, torchvision {version('torchvision')}"
    except PackageNotFoundError as error:
        detail = tr(f"{error.name} is not installed", f"未安装 {error.name}")
        advice = tr("pip install torch torchvision", "请执行 pip install torch torchvision")
        return [Check("torch", "missing", detail, advice)]
    try:
        # -P: a torch.py in the current folder is somebody's code, and no torch.
        child = subprocess.run(
            [sys.executable, "-P", "-c", _ASK_TORCH],
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            cwd=folder_for_children(),
        )
    except subprocess.TimeoutExpired:
        return [_slow("torch", installed)]
    if child.returncode != 0:
        last = (child.stderr.strip().splitlines() or ["?"])[-1]
        advice = tr(
            "torch and torchvision must be of one build: install them together, from one source.",
            "torch 与 torchvision 必须是同一构建：请从同一来源一起安装。",
        )
        return [Check("torch", "missing", f"{installed}: {last}", advice)]
    try:
        found = msgspec.json.decode((child.stdout.splitlines() or [""])[-1], type=_Found)
    except msgspec.DecodeError as error:
        detail = tr(f"{installed}: answers oddly: {error}", f"{installed}：返回了异常内容：{error}")
        return [Check("torch", "missing", detail)]
    return [Check("torch", "ok", installed), _device(found)]


def _slow(name: str, detail: str) -> Check:
    return Check(
        name,
        "missing",
        tr(
            f"{detail}: not there after {_PATIENCE:.0f} seconds",
            f"{detail}：{_PATIENCE:.0f} 秒内未能就绪",
        ),
        tr("Try again when the machine is less busy.", "请在机器空闲时重试。"),
    )


def _device(found: _Found) -> Check:
    if found.device != "cpu":
        return Check("device", "ok", f"{found.device} · {found.name}")
    threads = found.threads
    return Check(
        "device",
        "ok",
        tr(f"CPU, {threads} thread{'s' * (threads != 1)}", f"CPU，{threads} 线程"),
        tr(
            "No GPU found; every demonstration runs on the CPU too.",
            "没有发现 GPU；所有演示都能在 CPU 上运行。",
        ),
    )


def worker_found(settings: Settings) -> Check:
    """Start the process in which demonstrations run, and wait until it could begin one."""
    from quizcli.demo.events import Failed
    from quizcli.demo.launcher import environment, warm

    began = time.monotonic()
    try:
        worker = warm(environment(settings))
    except QuizError as error:
        return Check("worker", "missing", error.message, error.hint)
    try:
        while not worker.ready and time.monotonic() - began < _PATIENCE:
            for event in worker.take():
                if isinstance(event, Failed):
                    return Check("worker", "missing", event.message, event.trace or event.hint)
            time.sleep(0.01)
    finally:
        worker.close()
    if not worker.ready:
        return _slow("worker", tr("the process of demonstrations", "演示进程"))
    seconds = time.monotonic() - began
    return Check(
        "worker",
        "ok",
        tr(f"ready for a demonstration in {seconds:.1f} s", f"{seconds:.1f} 秒后可开始演示"),
        tr(
            "In a session it gets ready while you read.",
            "学习时它在你读题期间预先启动。",
        ),
    )

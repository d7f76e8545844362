"""Where an answer computes, and with which precision. Imported by answers, in the worker."""

from contextlib import AbstractContextManager, nullcontext
from typing import Annotated, Literal

import torch
from msgspec import Struct

from quizcli.demo.option import Option
from quizcli.errors import ExitStatus, QuizError
from quizcli.text import tr

DeviceName = Annotated[
    Literal["auto", "cpu", "cuda", "mps"], Option(help={"en": "where to compute", "zh": "计算设备"})
]


class Device(Struct, frozen=True):
    """A device of torch, and what a person should read about it."""

    torch_device: torch.device
    label: str  # "cuda:0 NVIDIA H200 · bf16"
    bf16: bool = False  # matrix products in bfloat16: fast there, and as wide in range as float32

    @property
    def kind(self) -> str:
        """cpu, cuda or mps."""
        return self.torch_device.type

    @property
    def fused(self) -> bool:
        """Whether to give an optimizer `fused=True`: one kernel instead of one a parameter."""
        return self.kind in ("cpu", "cuda")

    def autocast(self) -> AbstractContextManager[object]:
        """The context for the forward pass: bfloat16 where the label says so, else nothing."""
        return torch.autocast(self.kind, torch.bfloat16) if self.bf16 else nullcontext()


def choose(name: DeviceName = "auto") -> Device:
    """The device of that name; "auto" takes the first there is of cuda, mps and cpu.

    Raises QuizError where the device is not there.
    """
    if name not in ("auto", "cpu", "cuda", "mps"):
        raise QuizError(
            tr(f"there is no device {name!r}", f"没有名为 {name!r} 的设备"),
            tr("Use auto, cpu, cuda or mps.", "可用：auto、cpu、cuda、mps。"),
            ExitStatus.USAGE,
        )
    if name in ("auto", "cuda") and torch.cuda.is_available():
        bf16 = torch.cuda.is_bf16_supported(including_emulation=False)
        label = f"cuda:0 {torch.cuda.get_device_name(0)}" + (" · bf16" if bf16 else "")
        return Device(torch.device("cuda", 0), label, bf16)
    if name in ("auto", "mps") and torch.backends.mps.is_available():
        return Device(torch.device("mps"), "mps")
    if name in ("auto", "cpu"):
        bf16 = _cpu_multiplies_bf16()
        return Device(torch.device("cpu"), "cpu" + (" · bf16" if bf16 else ""), bf16)
    raise QuizError(
        tr(f"there is no {name} device here", f"本机没有 {name} 设备"),
        tr(
            "Leave --device out to use what there is; `quizcli doctor` shows it.",
            "去掉 --device 即可使用现有设备；可用 `quizcli doctor` 查看。",
        ),
    )


def _cpu_multiplies_bf16() -> bool:
    """Whether the processor has instructions for bfloat16 products; emulated ones are slower than float32."""
    # An older torch does not say what the processor can do; float32 is right everywhere.
    capabilities: dict[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))


def seed_everything(seed: int) -> torch.Generator:
    """Seed torch on every device. Returns a CPU generator of the same seed, for data and its order."""
    torch.manual_seed(seed)
    return torch.Generator().manual_seed(seed)

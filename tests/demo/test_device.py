"""The device an answer gets, with and without a GPU."""

import pytest
import torch

from quizcli.demo.device import DeviceName, choose, seed_everything
from quizcli.errors import QuizError

CUDA = torch.cuda.is_available()


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


@pytest.fixture
def pretend_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda index: "Pretended GPU")
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: True)


@pytest.mark.usefixtures("no_gpu")
def test_without_a_gpu_auto_is_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", dict)
    device = choose()
    assert (device.label, device.kind, device.fused, device.bf16) == ("cpu", "cpu", True, False)
    with device.autocast():
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.float32


@pytest.mark.usefixtures("no_gpu")
@pytest.mark.parametrize("instructions", ["avx512_bf16", "amx_bf16"])
def test_a_cpu_with_instructions_for_bf16_uses_them(
    instructions: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {instructions: True})
    device = choose("cpu")
    assert (device.label, device.bf16) == ("cpu · bf16", True)
    with device.autocast():
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.bfloat16


@pytest.mark.usefixtures("no_gpu")
@pytest.mark.parametrize("name", ["cuda", "mps"])
def test_what_is_not_there_is_said(name: DeviceName) -> None:
    with pytest.raises(QuizError, match=f"no {name} device") as caught:
        choose(name)
    assert "--device" in caught.value.hint


def test_a_name_that_is_none() -> None:
    with pytest.raises(QuizError, match="tpu"):
        choose("tpu")  # type: ignore[arg-type]


@pytest.mark.usefixtures("pretend_gpu")
def test_cuda_comes_before_mps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    device = choose()
    assert (device.label, device.kind, device.fused) == ("cuda:0 Pretended GPU · bf16", "cuda", True)
    assert (choose("mps").label, choose("mps").fused) == ("mps", False)
    assert choose("cpu").kind == "cpu"


@pytest.mark.gpu
@pytest.mark.skipif(not CUDA, reason="no CUDA device")
def test_a_real_gpu() -> None:
    device = choose("cuda")
    assert device.label.startswith("cuda:0 ")
    with device.autocast():
        product = torch.ones(2, 2, device=device.torch_device) @ torch.ones(2, 2, device=device.torch_device)
    assert product.dtype == (torch.bfloat16 if device.bf16 else torch.float32)


def test_a_seed_repeats_everything() -> None:
    first = torch.rand(3, generator=seed_everything(7)), torch.rand(3)
    again = torch.rand(3, generator=seed_everything(7)), torch.rand(3)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))

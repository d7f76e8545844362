"""How a demonstration on digits begins: a device, the data on it, and one seed for all chance."""

from __future__ import annotations

from collections.abc import Generator
from typing import NamedTuple

import torch

from answers.kit.digits import Split, splits
from quizcli.demo.data import Digits, DigitsName, load_digits
from quizcli.demo.device import Device, DeviceName, choose, seed_everything
from quizcli.demo.events import Event, Started

Layout = tuple[tuple[str, ...], ...]


class Opening(NamedTuple):
    """What a demonstration has in its hands when it begins."""

    device: Device
    training: Split  # on the device
    test: Split
    random: torch.Generator  # of the seed, on the CPU
    synthetic: bool  # the digits are a stand-in


def begin(
    layout: Layout, data: DigitsName = "auto", device: DeviceName | Device = "auto", seed: int | None = None
) -> Generator[Event, None, Opening]:
    """Say on what it runs, and open the digits: `run = yield from begin(LAYOUT, data, device, seed)`.

    PyTorch is seeded on every device where a seed is given; else its generators are left alone.
    """
    chosen = device if isinstance(device, Device) else choose(device)
    yield Started(device=chosen.label, layout=layout)  # the panels stand while data are fetched or drawn
    digits = yield from load_digits(data)
    return (yield from begin_with(digits, layout, chosen, seed))


def begin_with(
    digits: Digits, layout: Layout, device: Device, seed: int | None = None
) -> Generator[Event, None, Opening]:
    """The same for who has loaded the digits already, in the midst of something else."""
    yield Started(device=device.label, data=digits.label, synthetic=digits.synthetic, layout=layout)
    training, test = splits(digits, device)
    random = torch.Generator() if seed is None else seed_everything(seed)
    return Opening(device, training, test, random, digits.synthetic)

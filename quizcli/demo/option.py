"""What a demonstration says about one of its settings, inside `Annotated[type, Option(...)]`."""

from typing import Annotated

from msgspec import Struct


class Option(Struct, frozen=True):
    """Limits and help of one setting. `help` has the keys "en" and "zh"; limits are inclusive."""

    min: float | None = None
    max: float | None = None
    help: dict[str, str] = {}


# Settings that many demonstrations have; `DeviceName` and `DigitsName` stand beside what they choose.
Seed = Annotated[int, Option(min=0, max=4294967295, help={"en": "random seed", "zh": "随机种子"})]
Pace = Annotated[float, Option(min=0, max=2, help={"en": "seconds a frame", "zh": "每帧秒数"})]

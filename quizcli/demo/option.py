"""What a demonstration says about one of its settings, inside `Annotated[type, Option(...)]`."""

from typing import Annotated

from msgspec import Struct


class Option(Struct, frozen=True):
    """Limits, which are inclusive, and help of one setting: `Option(1, 100, "batch size", "批大小")`.

    With `live=True` it may be changed while the demonstration runs: that reads it by a `Knob`.
    What has no limits says what it is: `Option(en="activation", zh="激活函数")`. The help may also come as
    `help={"en": …, "zh": …}`.
    """

    min: float | None = None
    max: float | None = None
    en: str = ""
    zh: str = ""
    help: dict[str, str] = {}
    live: bool = False


# A setting that many demonstrations have; `DeviceName` and `DigitsName` stand beside what they choose.
Seed = Annotated[int, Option(0, 4294967295, "random seed", "随机种子")]

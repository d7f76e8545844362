"""What a demonstration says about one of its settings, inside `Annotated[type, Option(...)]`."""

from msgspec import Struct


class Option(Struct, frozen=True):
    """Limits and help of one setting. `help` has the keys "en" and "zh"; limits are inclusive."""

    min: float | None = None
    max: float | None = None
    help: dict[str, str] = {}

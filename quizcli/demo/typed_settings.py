"""Settings of a demonstration as one types them."""

from collections.abc import Mapping


def as_options(settings: Mapping[str, object]) -> str:
    """What stands behind the name of a demonstration: "--steps 2 --no-loud"; "" where nothing is set."""
    return " ".join(_option(name.replace("_", "-"), value) for name, value in settings.items())


def _option(words: str, value: object) -> str:
    if isinstance(value, bool):
        return f"--{words}" if value else f"--no-{words}"
    return f"--{words} {value}"

"""One setting of a demonstration, and the conversion of what a person wrote into its type."""

from typing import Literal

from msgspec import Struct

from quizcli.demo.events import Setting
from quizcli.text import Text, tr

Type = Literal["int", "float", "bool", "str", "choice"]

NO_TEXT = Text("", "")


class Parameter(Struct, frozen=True, kw_only=True):
    """One setting of a demonstration. Limits are inclusive."""

    name: str
    type: Type
    default: Setting
    min: float | None = None
    max: float | None = None
    choices: tuple[Setting, ...] = ()
    help: Text = NO_TEXT
    live: bool = False  # may be changed while the demonstration runs

    @property
    def option(self) -> str:
        """How it is written on the command line: `--batch-size` for `batch_size`."""
        return "--" + self.name.replace("_", "-")

    @property
    def limits(self) -> str:
        """The limits in words; "" where there are none."""
        low, high = self.min, self.max
        if low is not None and high is not None:
            return tr(
                f"between {_plain(low)} and {_plain(high)}", f"介于 {_plain(low)} 与 {_plain(high)} 之间"
            )
        if low is not None:
            return tr(f"at least {_plain(low)}", f"不小于 {_plain(low)}")
        return "" if high is None else tr(f"at most {_plain(high)}", f"不大于 {_plain(high)}")


def _plain(limit: float) -> str:
    return str(limit) if isinstance(limit, int) else f"{limit:g}"


def convert_setting(parameter: Parameter, value: object) -> Setting:
    """The value in the parameter's type. ValueError says what would do."""
    if parameter.type == "choice":
        for choice in parameter.choices:
            if str(choice) == str(value):
                return choice
        listed = ", ".join(map(str, parameter.choices))
        raise ValueError(
            tr(f"must be one of {listed}; not {value!r}", f"只能是 {listed} 之一，不能是 {value!r}")
        )
    if parameter.type == "str":
        if isinstance(value, str):
            return value
        raise ValueError(tr(f"must be text, not {value!r}", f"必须是文本，不能是 {value!r}"))
    if parameter.type == "bool":
        return _bool(value)
    number = _number(parameter.type, value)
    if (parameter.min is not None and number < parameter.min) or (
        parameter.max is not None and number > parameter.max
    ):
        raise ValueError(
            tr(f"must be {parameter.limits}, not {value}", f"必须{parameter.limits}，现为 {value}")
        )
    return number


def _bool(value: object) -> bool:
    words = {
        "true": True,
        "yes": True,
        "on": True,
        "1": True,
        "false": False,
        "no": False,
        "off": False,
        "0": False,
    }
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in words:
        return words[value.lower()]
    raise ValueError(tr(f"must be true or false, not {value!r}", f"只能是 true 或 false，不能是 {value!r}"))


def _number(type_: Type, value: object) -> int | float:
    try:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise ValueError
        if type_ == "int":
            number = int(value)
            if isinstance(value, float) and number != value:
                raise ValueError
            return number
        if abs(real := float(value)) < float("inf"):  # NaN and the infinities are no settings
            return real
        raise ValueError
    except (ValueError, OverflowError):
        wanted = tr("a whole number", "整数") if type_ == "int" else tr("a number", "数字")
        raise ValueError(
            tr(f"must be {wanted}, not {value!r}", f"必须是{wanted}，不能是 {value!r}")
        ) from None

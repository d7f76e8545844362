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

    @property
    def option(self) -> str:
        """How it is written on the command line: `--batch-size` for `batch_size`."""
        return "--" + self.name.replace("_", "-")


def converted(parameter: Parameter, value: object) -> Setting:
    """The value in the parameter's type. ValueError says what would do."""
    if parameter.type == "choice":
        for choice in parameter.choices:
            if str(choice) == str(value):
                return choice
        listed = ", ".join(map(str, parameter.choices))
        raise ValueError(
            tr(f"must be one of {listed}; not {value!r}", f"只能是 {listed} 之一,不能是 {value!r}")
        )
    if parameter.type == "str":
        if isinstance(value, str):
            return value
        raise ValueError(tr(f"must be text, not {value!r}", f"必须是文本,不能是 {value!r}"))
    if parameter.type == "bool":
        return _bool(value)
    number = _number(parameter.type, value)
    for limit, over in ((parameter.min, False), (parameter.max, True)):
        if limit is not None and (number > limit if over else number < limit):
            raise ValueError(_out_of_limits(parameter, value))
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
    raise ValueError(tr(f"must be true or false, not {value!r}", f"只能是 true 或 false,不能是 {value!r}"))


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
        raise ValueError(tr(f"must be {wanted}, not {value!r}", f"必须是{wanted},不能是 {value!r}")) from None


def _out_of_limits(parameter: Parameter, value: object) -> str:
    low, high = parameter.min, parameter.max
    if low is None:
        return tr(f"must be at most {high:g}, not {value}", f"不能大于 {high:g},现为 {value}")
    if high is None:
        return tr(f"must be at least {low:g}, not {value}", f"不能小于 {low:g},现为 {value}")
    return tr(
        f"must lie between {low:g} and {high:g}, not {value}", f"须在 {low:g} 与 {high:g} 之间,现为 {value}"
    )

"""How a setting is called and written where it is shown: "weight decay", 0.5, on."""

from quizcli.demo.events import Setting
from quizcli.text import tr


def spoken_option(name: str) -> str:
    """The name of a setting in words."""
    return name.replace("_", " ")


def spoken_setting(value: Setting) -> str:
    """Its value."""
    if isinstance(value, bool):
        return tr("on", "开") if value else tr("off", "关")
    return f"{value:g}" if isinstance(value, float) else str(value)

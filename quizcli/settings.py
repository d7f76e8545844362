"""Settings and folders: flag > QUIZCLI_* variable > config file > default."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from quizcli.errors import ExitStatus, QuizError
from quizcli.text import LANGS, Lang, tr


class Settings(Struct, frozen=True, kw_only=True):
    """Everything a person can set, and the folders in use. All folders may not exist yet."""

    config_file: Path
    store_file: Path  # the SQLite store
    cache_dir: Path  # compiled banks, prepared data sets: may be deleted at any time
    data_sets: Path | None  # QUIZCLI_DATA: read, never written
    lang: Lang = "en"
    retention: float = 0.9  # desired retention, 0.70…0.97
    new_per_day: int = 10
    rollover_hour: int = 4
    mirror: str = ""  # base address to fetch MNIST from, tried first
    offline: bool = False  # never try to download
    interactive: bool = True  # --no-input turns it off: ask nothing
    debug: bool = False


_LIMITS: dict[str, tuple[float, float]] = {
    "retention": (0.70, 0.97),
    "new_per_day": (0, 9999),
    "rollover_hour": (0, 23),
}


def load_settings(environ: Mapping[str, str] | None = None, **flags: Any) -> Settings:
    """Read the config file and the environment; flags win over both."""
    env = os.environ if environ is None else environ
    config_dir, data_dir, cache_dir = _folders(env)
    config_file = config_dir / "config.toml"
    values: dict[str, Any] = {"lang": _lang_of_locale(env)}
    values |= _from_file(config_file)
    values |= _from_environment(env)
    values |= {
        name: _checked(name, value, f"--{name.replace('_', '-')}") for name, value in (flags or {}).items()
    }
    return Settings(
        config_file=config_file,
        store_file=data_dir / "quizcli.db",
        cache_dir=cache_dir,
        data_sets=Path(env["QUIZCLI_DATA"]).expanduser() if env.get("QUIZCLI_DATA") else None,
        **values,
    )


def _folders(env: Mapping[str, str]) -> tuple[Path, Path, Path]:
    if env.get("QUIZCLI_HOME"):
        home = Path(env["QUIZCLI_HOME"]).expanduser()
        return home / "config", home / "data", home / "cache"
    from platformdirs import PlatformDirs

    dirs = PlatformDirs("quizcli", appauthor=False)
    return dirs.user_config_path, dirs.user_data_path, dirs.user_cache_path


def _lang_of_locale(env: Mapping[str, str]) -> Lang:
    locale = env.get("LC_ALL") or env.get("LC_MESSAGES") or env.get("LANG") or ""
    return "zh" if locale.lower().startswith("zh") else "en"


def _from_file(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    import tomllib  # most people have no config file, and need not wait for this

    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise QuizError(
            tr(f"{path}: cannot be read: {error}", f"{path}:无法读取:{error}"),
            tr("Mend the file or delete it.", "请修正或删除该文件。"),
        ) from error
    return {name: _checked(name, value, str(path)) for name, value in raw.items()}


def _from_environment(env: Mapping[str, str]) -> dict[str, Any]:
    return {
        name: _checked(name, env[variable], variable)
        for name in ("lang", "retention", "new_per_day", "rollover_hour", "mirror", "offline")
        if env.get(variable := f"QUIZCLI_{name.upper()}")
    }


def _checked(name: str, value: Any, where: str) -> Any:
    """The value in its own type, or an error that names the place, the word and what would do."""
    try:
        return _converted(name, value)
    except (ValueError, TypeError) as error:
        raise QuizError(
            f"{where}: {name}: {error}",
            tr("See `quizcli doctor`.", "参见 `quizcli doctor`。"),
            ExitStatus.USAGE,
        ) from error


def _converted(name: str, value: Any) -> Any:
    if name == "lang":
        if value not in LANGS:
            raise ValueError(tr(f"must be en or zh, not {value!r}", f"只能是 en 或 zh,不能是 {value!r}"))
        return value
    if name in ("offline", "interactive", "debug"):
        return value if isinstance(value, bool) else str(value).lower() not in ("0", "false", "no", "")
    if name == "mirror":
        return str(value)
    if name not in _LIMITS:
        raise ValueError(tr("no such setting", "没有这个设置"))
    number = float(value) if name == "retention" else int(value)
    low, high = _LIMITS[name]
    if not low <= number <= high:
        raise ValueError(
            tr(
                f"must lie between {low:g} and {high:g}, not {value}",
                f"须在 {low:g} 与 {high:g} 之间,不能是 {value}",
            )
        )
    return number

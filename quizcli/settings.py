"""Settings and folders: flag > QUIZCLI_* variable > config file > default."""

from __future__ import annotations

import math
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
    one_lang: bool = False  # --lang was given: `bank new` then writes in that language alone
    retention: float = 0.9  # desired retention, 0.70…0.97
    new_per_day: int = 10
    rollover_hour: int = 4
    mirror: str = ""  # base address to fetch MNIST from, tried first
    offline: bool = False  # never try to download
    interactive: bool = True  # --no-input turns it off: ask nothing
    debug: bool = False

    @property
    def edits_dir(self) -> Path:
        """Where the questions are that the person has reworded."""
        return self.store_file.with_name("edits")

    @property
    def code_dir(self) -> Path:
        """Where the person's answers to code questions are, drafts and attempts."""
        return self.store_file.with_name("code")

    @property
    def packs_file(self) -> Path:
        """Which packs the person has added, and which code of theirs may run."""
        return self.store_file.with_name("packs.json")


_LIMITS: dict[str, tuple[float, float]] = {
    "retention": (0.70, 0.97),
    "new_per_day": (0, 9999),
    "rollover_hour": (0, 23),
}
SETTABLE = ("lang", "retention", "new_per_day", "rollover_hour", "mirror", "offline")
_YES_NO = {
    "1": True,
    "true": True,
    "yes": True,
    "on": True,
    "0": False,
    "false": False,
    "no": False,
    "off": False,
}


def load_settings(environ: Mapping[str, str] | None = None, **flags: Any) -> Settings:
    """Read the config file and the environment; flags win over both.

    Raises QuizError (USAGE) for a file that cannot be read, a setting that does not exist, a value that
    will not do.
    """
    env = os.environ if environ is None else environ
    config_dir, data_dir, cache_dir = _folders(env)
    config_file = config_dir / "config.toml"
    values: dict[str, Any] = {"lang": _lang_of_locale(env)}
    values |= _from_file(config_file)
    values |= _from_environment(env)
    if "lang" in flags:
        flags |= {"lang": _checked("lang", flags["lang"], "--lang"), "one_lang": True}
    return Settings(
        config_file=config_file,
        store_file=data_dir / "quizcli.db",
        cache_dir=cache_dir,
        data_sets=Path(env["QUIZCLI_DATA"]).expanduser() if env.get("QUIZCLI_DATA") else None,
        **{**values, **flags},
    )


def likely_language(environ: Mapping[str, str], flag: str = "") -> Lang:
    """The language in which to say what is wrong with the settings, before they are known."""
    for word in (flag, environ.get("QUIZCLI_LANG", "")):
        if (lang := _language(word)) is not None:
            return lang
    return _lang_of_locale(environ)


def _folders(env: Mapping[str, str]) -> tuple[Path, Path, Path]:
    if env.get("QUIZCLI_HOME"):
        home = Path(env["QUIZCLI_HOME"]).expanduser()
        return home / "config", home / "data", home / "cache"
    from platformdirs import PlatformDirs

    dirs = PlatformDirs("quizcli", appauthor=False)
    return dirs.user_config_path, dirs.user_data_path, dirs.user_cache_path


def _lang_of_locale(env: Mapping[str, str]) -> Lang:
    return _language(env.get("LC_ALL") or env.get("LC_MESSAGES") or env.get("LANG") or "") or "en"


def _language(word: object) -> Lang | None:
    """en or zh, also from zh-CN, zh_Hans or en_US.UTF-8; None for any other."""
    begins = str(word).lower().replace("-", "_").replace(".", "_").partition("_")[0]
    return next((lang for lang in LANGS if lang == begins), None)


def _from_file(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    import tomllib  # most people have no config file, and need not wait for this

    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise QuizError(
            tr(f"{path}: cannot be read: {error}", f"{path}：无法读取：{error}"),
            tr(
                "Mend the file or delete it; it is TOML, with lines such as: new_per_day = 20",
                "请修正或删除该文件；格式为 TOML，例如：new_per_day = 20",
            ),
            ExitStatus.USAGE,
        ) from error
    return {name: _from_line(path, name, value) for name, value in raw.items()}


def _from_line(path: Path, name: str, value: object) -> Any:
    if name in SETTABLE:
        return _checked(name, value, f"{path}: {name}")
    import difflib

    near = difflib.get_close_matches(name, SETTABLE, 1)
    listed = ", ".join(SETTABLE)
    raise QuizError(
        tr(f"{path}: there is no setting {name!r}", f"{path}：没有设置项 {name!r}"),
        (tr(f"Did you mean {near[0]}? ", f"是否想写 {near[0]}？") if near else "")
        + tr(f"There are: {listed}", f"可用的设置项：{listed}"),
        ExitStatus.USAGE,
    )


def _from_environment(env: Mapping[str, str]) -> dict[str, Any]:
    return {
        name: _checked(name, env[variable], variable)
        for name in SETTABLE
        if env.get(variable := f"QUIZCLI_{name.upper()}")
    }


def _checked(name: str, value: object, where: str) -> Any:
    """The value in its own type, or an error that names the place, the word and what would do."""
    converted = _converted(name, value)
    if converted is None:
        raise QuizError(
            tr(
                f"{where}: must be {_wanted(name)}, not {value!r}",
                f"{where}：须为{_wanted(name)}，不能是 {value!r}",
            ),
            status=ExitStatus.USAGE,
        )
    return converted


def _converted(name: str, value: object) -> Any:
    """The value in its own type; None where it will not do."""
    if name == "lang":
        return _language(value)
    if name == "offline":
        return _YES_NO.get(str(value).lower())
    if name == "mirror":
        return value if isinstance(value, str) and "://" in value else None
    low, high = _LIMITS[name]
    try:
        number = float(value) if isinstance(value, str | int | float) else math.nan
    except ValueError:
        return None
    if isinstance(value, bool) or not low <= number <= high:
        return None
    if name == "retention":
        return number
    return int(number) if number.is_integer() else None


def _wanted(name: str) -> str:
    match name:
        case "lang":
            return tr("en or zh", " en 或 zh")
        case "offline":
            return tr("true or false", " true 或 false")
        case "mirror":
            return tr(
                "an address such as https://example.org/mnist/", "网址，例如 https://example.org/mnist/"
            )
    low, high = _LIMITS[name]
    if name == "retention":
        return tr(f"a number from {low:g} to {high:g}", f" {low:g} 到 {high:g} 之间的数")
    return tr(f"a whole number from {low:g} to {high:g}", f" {low:g} 到 {high:g} 之间的整数")

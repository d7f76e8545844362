"""Settings and folders: flag > QUIZCLI_* variable > config file > default."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from msgspec import Struct

from quizcli.errors import ExitStatus, QuizError
from quizcli.file_reading import dangling, read_regular
from quizcli.fsrs_parameters import RETENTION, convert_parameters
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
    parameters: tuple[float, ...] = ()  # of FSRS, as set: 17, 19 or 21 numbers; none: those of FSRS-6
    new_per_day: int = 10
    reviews_per_day: int = 80  # where more are due, the others wait for the next days
    rollover_hour: int = 4
    mirror: str = ""  # base address to fetch MNIST from, tried first
    offline: bool = False  # never try to download
    interactive: bool = True  # --no-input turns it off: ask nothing
    debug: bool = False
    left_aside: str = ""  # what is wrong with the config file, where a command runs without it

    @property
    def edits_dir(self) -> Path:
        """Where the questions are that the person has reworded."""
        return self.store_file.with_name("edits")

    @property
    def code_dir(self) -> Path:
        """Where the person's answers to code questions are, drafts and attempts."""
        return self.store_file.with_name("code")

    @property
    def runs_dir(self) -> Path:
        """Where the last runs of demonstrations are, to be shown again, and how long they took."""
        return self.store_file.with_name("runs")

    @property
    def packs_file(self) -> Path:
        """Which packs the person has added, and which code of theirs may run."""
        return self.store_file.with_name("packs.json")


_LIMITS: dict[str, tuple[float, float]] = {
    "retention": RETENTION,
    "new_per_day": (0, 9999),
    "reviews_per_day": (1, 9999),
    "rollover_hour": (0, 23),
}
_LONGEST = 1 << 16  # bytes of a config file
_SHOWN = 80  # characters of a wrong value that a message repeats
SETTABLE = (
    *("lang", "retention", "parameters", "new_per_day", "reviews_per_day", "rollover_hour"),
    *("mirror", "offline"),
)
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


def load_settings(
    environ: Mapping[str, str] | None = None, *, mending: bool = False, **flags: Any
) -> Settings:
    """Read the config file and the environment; flags win over both.

    Raises QuizError (USAGE) for a file that cannot be read, a setting that does not exist, a value that
    will not do. Who is `mending` needs no file: one that is wrong is left aside.
    """
    env = os.environ if environ is None else environ
    config_dir, data_dir, cache_dir = _folders(env)
    config_file = config_dir / "config.toml"
    values: dict[str, Any] = {"lang": _lang_of_locale(env)}
    left_aside = ""
    try:
        values |= _from_file(config_file)
    except QuizError as error:
        if not mending:
            raise
        left_aside = error.message
    values |= _from_environment(env)
    if "lang" in flags:
        flags |= {"lang": _checked("lang", flags["lang"], "--lang"), "one_lang": True}
    return Settings(
        config_file=config_file,
        store_file=data_dir / "quizcli.db",
        cache_dir=cache_dir,
        data_sets=_folder(env["QUIZCLI_DATA"], "QUIZCLI_DATA") if env.get("QUIZCLI_DATA") else None,
        left_aside=left_aside,
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
        home = _folder(env["QUIZCLI_HOME"], "QUIZCLI_HOME")
        return home / "config", home / "data", home / "cache"
    from platformdirs import PlatformDirs

    dirs = PlatformDirs("quizcli", appauthor=False)
    config, data, cache = dirs.user_config_path, dirs.user_data_path, dirs.user_cache_path
    for path in (config, data, cache):
        if not path.is_absolute():  # the answers of yesterday would be gone in another folder
            raise QuizError(
                tr(
                    f"{path}: this folder would be another one everywhere",
                    f"{path}：相对路径会随当前目录变化",
                ),
                tr(
                    "Set HOME and the XDG_* variables to absolute paths, or name a folder with QUIZCLI_HOME.",
                    "请将 HOME 与 XDG_* 变量设为绝对路径，或用 QUIZCLI_HOME 指定文件夹。",
                ),
                ExitStatus.USAGE,
            )
    return config, data, cache


def _folder(word: str, variable: str) -> Path:
    """The folder that a variable names, from wherever it is looked at later."""
    try:
        path = Path(word).expanduser().absolute()
        with suppress(FileNotFoundError, NotADirectoryError, PermissionError):  # told where it is used
            os.lstat(path)
    except (RuntimeError, ValueError, OSError) as error:  # ~nosuchuser, a name too long, no current folder
        reason = getattr(error, "strerror", None) or str(error)
        raise QuizError(
            tr(
                f"{variable}: {_short(word)} names no folder: {reason}",
                f"{variable}：{_short(word)} 不是可用的文件夹：{reason}",
            ),
            tr("Set it to the path of a folder, or unset it.", "请设为文件夹路径，或取消该变量。"),
            ExitStatus.USAGE,
        ) from error
    return path


def _short(value: object) -> str:
    """A value as it was written, where it is not too long to be read."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # a number of thousands of digits, tables in tables in tables
        return f"<{type(value).__name__}>"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _lang_of_locale(env: Mapping[str, str]) -> Lang:
    return _language(env.get("LC_ALL") or env.get("LC_MESSAGES") or env.get("LANG") or "") or "en"


def _language(word: object) -> Lang | None:
    """en or zh, also from zh-CN, zh_Hans or en_US.UTF-8; None for any other."""
    if not isinstance(word, str):
        return None
    begins = word.lower().replace("-", "_").replace(".", "_").partition("_")[0]
    return next((lang for lang in LANGS if lang == begins), None)


def _from_file(path: Path) -> dict[str, Any]:
    try:
        data = read_regular(path, _LONGEST)
    except (FileNotFoundError, NotADirectoryError):
        if dangling(path):  # the settings of who keeps them elsewhere are not the defaults
            from quizcli.file_writing import refuse_dangling

            refuse_dangling(path)
        return {}
    except (OSError, ValueError) as error:
        raise _unreadable(path, getattr(error, "strerror", None) or str(error)) from error
    return {name: _from_line(path, name, value) for name, value in _parsed(path, data).items()}


def check_config(path: Path, data: bytes) -> None:
    """Raise QuizError where this could not be the config file at `path`."""
    for name, value in _parsed(path, data).items():
        _from_line(path, name, value)


def _parsed(path: Path, data: bytes) -> dict[str, Any]:
    import tomllib  # most people have no config file, and need not wait for this

    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except RecursionError as error:
        raise _unreadable(path, tr("nested too deeply", "嵌套过深")) from error
    except ValueError as error:  # no TOML, no UTF-8, or a number of thousands of digits
        raise _unreadable(path, str(error)) from error


def _unreadable(path: Path, reason: str) -> QuizError:
    return QuizError(
        tr(f"{path}: cannot be read: {reason}", f"{path}：无法读取：{reason}"),
        tr(
            "Mend the file or delete it; it is TOML, with lines such as: new_per_day = 20",
            "请修正或删除该文件；格式为 TOML，例如：new_per_day = 20",
        ),
        ExitStatus.USAGE,
    )


def _from_line(path: Path, name: str, value: object) -> Any:
    if name in SETTABLE:
        return _checked(name, value, f"{path}: {name}")
    from quizcli.did_you_mean import did_you_mean, in_a_row, nearest

    listed = ", ".join(SETTABLE)
    raise QuizError(
        tr(f"{path}: there is no setting {_short(name)}", f"{path}：没有设置项 {_short(name)}"),
        in_a_row(
            did_you_mean(nearest(name, SETTABLE, 1)), tr(f"There are: {listed}", f"可用的设置项：{listed}")
        ),
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
    if name == "parameters":
        return _parameters(value, where)
    own = _converted(name, value)
    if own is None:
        raise QuizError(
            tr(
                f"{where}: must be {_wanted(name)}, not {_short(value)}",
                f"{where}：须为{_wanted(name)}，不能是 {_short(value)}",
            ),
            tr("Set it so, or leave it out.", "请改正，或去掉该设置。"),
            ExitStatus.USAGE,
        )
    return own


def _parameters(value: object, where: str) -> tuple[float, ...]:
    """The parameters of FSRS as they were set: a list in the file, numbers with commas in a variable."""
    try:
        numbers = _numbers(value)
        convert_parameters(numbers)
    except ValueError as error:
        raise QuizError(
            f"{where}{tr(': ', '：')}{error}",
            tr(
                "Set it to the FSRS parameters that Anki shows, such as [0.212, 1.2931, …], or leave it out.",
                "请设为 Anki 中显示的 FSRS 参数，例如 [0.212, 1.2931, …]，或去掉该设置。",
            ),
            ExitStatus.USAGE,
        ) from error
    return numbers


def _numbers(value: object) -> tuple[float, ...]:
    """The numbers of a list, or of a text such as "0.4, 0.6", in brackets or not. ValueError elsewhere."""
    words: object = value
    if isinstance(value, str):
        words = value.strip().removeprefix("[").removesuffix("]").replace(",", " ").split()
    if not isinstance(words, list):
        raise ValueError(
            tr(f"must be a list of numbers, not {_short(value)}", f"须为数字列表，不能是 {_short(value)}")
        )
    return tuple(_number(word) for word in words)


def _number(word: object) -> float:
    wrong = ValueError(tr(f"{_short(word)} is no number", f"{_short(word)} 不是数字"))
    if isinstance(word, bool) or not isinstance(word, str | int | float):
        raise wrong
    try:
        return float(word)
    except (ValueError, OverflowError) as error:
        raise wrong from error


def _converted(name: str, value: object) -> Any:
    """The value in its own type; None where it will not do."""
    if name == "lang":
        return _language(value)
    if name == "offline":
        return _YES_NO.get(str(value).lower()) if isinstance(value, str | bool | int) else None
    if name == "mirror":
        return value if isinstance(value, str) and _is_address(value) else None
    low, high = _LIMITS[name]
    try:
        number = float(value) if isinstance(value, str | int | float) else math.nan
    except (ValueError, OverflowError):
        return None
    if isinstance(value, bool) or not low <= number <= high:
        return None
    if name == "retention":
        return number
    return int(number) if number.is_integer() else None


def _is_address(value: str) -> bool:
    head, separator, rest = value.partition("://")
    return (
        bool(head.isalnum() and separator and rest)
        and value.isascii()
        and value.isprintable()
        and " " not in value
    )


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

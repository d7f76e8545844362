"""Flag > environment > config file > default, and what is said where one of them will not do."""

import os
from pathlib import Path
from typing import Any

import pytest

from quizcli.errors import ExitStatus, QuizError
from quizcli.settings import Settings, likely_language, load_settings
from quizcli.text import use_language
from tests.test_fsrs_parameters import FIVE


def configured(home: Path, text: str = "", env: dict[str, str] | None = None, **flags: Any) -> Settings:
    file = home / "config" / "config.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return load_settings({"QUIZCLI_HOME": str(home), **(env or {})}, **flags)


def refused(home: Path, text: str = "", env: dict[str, str] | None = None, **flags: Any) -> QuizError:
    with pytest.raises(QuizError) as caught:
        configured(home, text, env, **flags)
    assert caught.value.status == ExitStatus.USAGE
    return caught.value


def test_without_anything_the_defaults_hold(tmp_path: Path) -> None:
    settings = load_settings({"QUIZCLI_HOME": str(tmp_path / "none")})
    assert (settings.lang, settings.retention, settings.new_per_day) == ("en", 0.9, 10)
    assert (settings.rollover_hour, settings.mirror, settings.offline) == (4, "", False)
    assert settings.interactive
    assert not (tmp_path / "none").exists()


def test_flag_before_environment_before_file_before_default(tmp_path: Path) -> None:
    text, env = 'lang = "zh"\nnew_per_day = 3', {"QUIZCLI_LANG": "en", "QUIZCLI_NEW_PER_DAY": "4"}
    assert configured(tmp_path).new_per_day == 10
    assert configured(tmp_path, text).new_per_day == 3
    assert configured(tmp_path, text, env).new_per_day == 4
    assert configured(tmp_path, text).lang == "zh"
    assert configured(tmp_path, text, env).lang == "en"
    assert configured(tmp_path, text, env, lang="zh").lang == "zh"


def test_every_setting_from_the_file_and_from_the_environment(tmp_path: Path) -> None:
    text = """
        lang = "zh"
        retention = 0.85
        parameters = [0.4, 0.6, 2.4, 5.8, 4.9, 0.9, 0.8, 0, 1.4, 0.1, 0.9, 2.1, 0.05, 0.3, 1.2, 0.2, 2]
        new_per_day = 0
        rollover_hour = 0
        mirror = "http://localhost:8000/"
        offline = true
    """
    env = {
        "QUIZCLI_LANG": "zh",
        "QUIZCLI_RETENTION": "0.85",
        "QUIZCLI_PARAMETERS": "0.4 0.6 2.4 5.8 4.9 0.9 0.8 0 1.4 0.1 0.9 2.1 0.05 0.3 1.2 0.2 2",
        "QUIZCLI_NEW_PER_DAY": "0",
        "QUIZCLI_ROLLOVER_HOUR": "0",
        "QUIZCLI_MIRROR": "http://localhost:8000/",
        "QUIZCLI_OFFLINE": "yes",
    }
    told = configured(tmp_path, text)
    assert (told.lang, told.retention, told.new_per_day, told.rollover_hour) == ("zh", 0.85, 0, 0)
    assert (told.mirror, told.offline) == ("http://localhost:8000/", True)
    assert configured(tmp_path, "", env) == told


def test_parameters_are_a_list_or_numbers_with_commas(tmp_path: Path) -> None:
    listed = ", ".join(map(str, FIVE))
    assert configured(tmp_path).parameters == ()
    assert configured(tmp_path, f"parameters = [{listed}]").parameters == FIVE
    for text in (listed, f"[{listed}]", listed.replace(",", ""), listed.replace(", ", ",")):
        assert configured(tmp_path, "", {"QUIZCLI_PARAMETERS": text}).parameters == FIVE


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("[0.5, 0.5]", "FSRS has 17, 19 or 21 parameters, not 2"),
        ("[]", "FSRS has 17, 19 or 21 parameters, not 0"),
        ("0.5", "must be a list of numbers, not 0.5"),
        ("[true]", "True is no number"),
        ('["much"]', "'much' is no number"),
        (f"[{'9' * 400}]", " is no number"),
        ("[nan" + ", 1" * 20 + "]", "w[0] must lie between 0.001 and 100, not nan"),
        ("[" + "1, " * 4 + "12, " + "1, " * 16 + "]", "w[4] must lie between 1 and 10, not 12"),
    ],
)
def test_wrong_parameters_say_where_they_were_set(tmp_path: Path, written: str, told: str) -> None:
    error = refused(tmp_path, f"parameters = {written}")
    assert error.message.startswith(f"{tmp_path / 'config' / 'config.toml'}: parameters: ")
    assert told in error.message
    assert "or leave it out" in error.hint


def test_wrong_parameters_in_the_environment_name_the_variable(tmp_path: Path) -> None:
    error = refused(tmp_path, "", {"QUIZCLI_PARAMETERS": "1, 2, x"})
    assert error.message == "QUIZCLI_PARAMETERS: 'x' is no number"
    use_language("zh")
    try:
        error = refused(tmp_path, "", {"QUIZCLI_PARAMETERS": "1 2"})
    finally:
        use_language("en")
    assert error.message == "QUIZCLI_PARAMETERS：FSRS 的参数应有 17、19 或 21 个，这里有 2 个"


def test_an_empty_variable_is_none(tmp_path: Path) -> None:
    assert configured(tmp_path, "new_per_day = 3", {"QUIZCLI_NEW_PER_DAY": ""}).new_per_day == 3


@pytest.mark.parametrize("word", ["0", "false", "No", "OFF"])
def test_words_for_no(tmp_path: Path, word: str) -> None:
    assert configured(tmp_path, "offline = true", {"QUIZCLI_OFFLINE": word}).offline is False


def test_home_moves_everything(tmp_path: Path) -> None:
    settings = configured(tmp_path)
    places = (settings.config_file, settings.store_file, settings.cache_dir)
    assert all(place.is_relative_to(tmp_path) for place in places)


def test_the_folders_of_the_system_without_a_home_of_our_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    settings = load_settings({})
    places = [settings.config_file, settings.store_file, settings.cache_dir]
    assert all(place.is_relative_to(tmp_path) and "quizcli" in str(place) for place in places)


@pytest.mark.parametrize(
    ("variables", "lang"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh"}, "zh"),
        ({"LANG": "zhuang"}, "en"),
        ({"LANG": "C"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "zh_TW"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
    ],
)
def test_the_language_of_the_locale(tmp_path: Path, variables: dict[str, str], lang: str) -> None:
    assert configured(tmp_path, "", variables).lang == lang
    assert likely_language(variables) == lang


@pytest.mark.parametrize("word", ["zh-CN", "zh_Hans", "ZH", "zh_CN.UTF-8"])
def test_a_language_by_its_longer_names(tmp_path: Path, word: str) -> None:
    assert configured(tmp_path, lang=word).lang == "zh"


def test_the_likely_language_minds_no_mistakes() -> None:
    assert likely_language({"LANG": "zh_CN.UTF-8"}, "xx") == "zh"
    assert likely_language({"LANG": "en_US", "QUIZCLI_LANG": "zh"}) == "zh"
    assert likely_language({"LANG": "zh_CN", "QUIZCLI_LANG": "zh"}, "en") == "en"


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ('lang = "xx"', "lang: must be en or zh, not 'xx'"),
        ("retention = 1.5", "retention: must be a number from 0.7 to 0.97, not 1.5"),
        ("retention = nan", "retention: must be a number from 0.7 to 0.97, not nan"),
        ("retention = true", "retention: must be a number from 0.7 to 0.97, not True"),
        ('new_per_day = "ten"', "new_per_day: must be a whole number from 0 to 9999, not 'ten'"),
        ("new_per_day = 2.5", "new_per_day: must be a whole number from 0 to 9999, not 2.5"),
        ("new_per_day = [1]", "new_per_day: must be a whole number from 0 to 9999, not [1]"),
        ("rollover_hour = 24", "rollover_hour: must be a whole number from 0 to 23, not 24"),
        ('offline = "perhaps"', "offline: must be true or false, not 'perhaps'"),
        (
            'mirror = "example"',
            "mirror: must be an address such as https://example.org/mnist/, not 'example'",
        ),
    ],
)
def test_a_wrong_value_is_named_with_its_place(tmp_path: Path, line: str, wanted: str) -> None:
    file = tmp_path / "config" / "config.toml"
    assert refused(tmp_path, line).message == f"{file}: {wanted}"


def test_a_wrong_variable_and_a_wrong_flag_are_named(tmp_path: Path) -> None:
    variable = refused(tmp_path, env={"QUIZCLI_RETENTION": "high"})
    assert variable.message == "QUIZCLI_RETENTION: must be a number from 0.7 to 0.97, not 'high'"
    assert refused(tmp_path, lang="xx").message == "--lang: must be en or zh, not 'xx'"


def test_an_unknown_setting_is_named_with_the_near_one(tmp_path: Path) -> None:
    error = refused(tmp_path, "retension = 0.9")
    assert error.message == f"{tmp_path / 'config' / 'config.toml'}: there is no setting 'retension'"
    assert error.hint.startswith("Did you mean retention? There are: lang, retention,")
    assert refused(tmp_path, "xyzzy = 1").hint.startswith("There are: lang,")
    assert "no setting 'debug'" in refused(tmp_path, "debug = true").message


@pytest.mark.parametrize("content", [b"new_per_day 3", b"\xff\xfe", b"[unfinished"])
def test_a_broken_file_is_named_with_what_to_do(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "config" / "config.toml"
    file.parent.mkdir()
    file.write_bytes(content)
    with pytest.raises(QuizError) as caught:
        load_settings({"QUIZCLI_HOME": str(tmp_path)})
    assert caught.value.message.startswith(f"{file}: cannot be read: ")
    assert "Mend the file or delete it" in caught.value.hint
    assert caught.value.status == ExitStatus.USAGE


def test_messages_in_chinese(tmp_path: Path) -> None:
    use_language("zh")
    try:
        assert refused(tmp_path, lang="xx").message == "--lang：须为 en 或 zh，不能是 'xx'"
        assert "没有设置项 'x'" in refused(tmp_path, "x = 1").message
        assert "无法读取" in refused(tmp_path, "x").message
        assert "0 到 23 之间的整数" in refused(tmp_path, "rollover_hour = 99").message
    finally:
        use_language("en")


# What is no setting at all, told as what it is

DEEP = 10_000
HOSTILE = {
    "nested arrays": b"lang = " + b"[" * DEEP + b"]" * DEEP,
    "nested tables": b"lang = " + b"{a=" * DEEP + b"1" + b"}" * DEEP,
    "dotted keys": b"a" + b".a" * DEEP + b" = 1",
    "a huge file": b"# nothing\n" * 100_000,
    "a huge number": b"new_per_day = " + b"9" * 4000,
    "a number with too many digits": b"new_per_day = " + b"9" * 5000,
    "a hexadecimal number": b"new_per_day = 0x" + b"f" * 20_000,
    "infinity": b"new_per_day = inf",
    "no number": b"retention = nan",
    "a number beyond floats": b"retention = 1e999",
    "a date that is none": b"lang = 2026-02-31",
    "a table": b"[lang]\nen = 1",
    "an array for a language": b"lang = ['en']",
    "an array for yes or no": b"offline = [true]",
    "bytes that are no UTF-8": b"lang = '\xff\xfe'",
    "UTF-16": "lang = 'en'".encode("utf-16"),
    "NUL": b"lang = 'en'\x00",
    "an unknown name of 60,000 letters": b"a" * 60_000 + b" = 1",
    "a mirror with a line break": b'mirror = "http://a/\\nb"',
    "a mirror without a host": b'mirror = "http://"',
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_config_file_is_told_in_a_line(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "config" / "config.toml"
    file.parent.mkdir()
    file.write_bytes(content)
    with pytest.raises(QuizError) as caught:
        load_settings({"QUIZCLI_HOME": str(tmp_path)})
    assert caught.value.status == ExitStatus.USAGE
    assert str(file) in caught.value.message
    assert len(caught.value.message) < 600


def test_a_config_file_that_begins_with_a_byte_order_mark(tmp_path: Path) -> None:
    assert configured(tmp_path, "\ufeffnew_per_day = 3").new_per_day == 3


@pytest.mark.parametrize("kind", ["fifo", "folder", "device", "link to itself"])
def test_a_config_file_that_is_no_file(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "config" / "config.toml"
    file.parent.mkdir()
    match kind:
        case "fifo":
            os.mkfifo(file)
        case "folder":
            file.mkdir()
        case "device":
            file.symlink_to("/dev/zero")
        case _:
            file.symlink_to(file)
    with pytest.raises(QuizError, match="cannot be read") as caught:
        load_settings({"QUIZCLI_HOME": str(tmp_path)})
    assert caught.value.status == ExitStatus.USAGE


@pytest.mark.parametrize("variable", ["QUIZCLI_HOME", "QUIZCLI_DATA"])
@pytest.mark.parametrize("word", ["~nosuchuser/x", "a" * 300, "/" + "b/" * 5000, "\0"], ids=repr)
def test_a_folder_that_cannot_be(tmp_path: Path, variable: str, word: str) -> None:
    with pytest.raises(QuizError) as caught:
        load_settings({"QUIZCLI_HOME": str(tmp_path), variable: word})
    assert caught.value.message.startswith(variable)
    assert caught.value.status == ExitStatus.USAGE
    assert len(caught.value.message) < 300


def trouble(env: dict[str, str]) -> QuizError | None:
    """What is said of an environment; None where it will do."""
    try:
        assert load_settings(env).store_file.is_absolute()
    except QuizError as error:
        return error
    return None


HOSTILE_WORDS = [
    "",
    " ",
    "\udcff",
    "\x1b[2J",
    "9" * 5000,
    "x" * 100_000,
    "1e999",
    "nan",
    "-0",
    "٣",
    "true\n",
    "://",
]


@pytest.mark.parametrize(
    "name", ["LANG", "RETENTION", "PARAMETERS", "NEW_PER_DAY", "ROLLOVER_HOUR", "MIRROR", "OFFLINE"]
)
@pytest.mark.parametrize("word", HOSTILE_WORDS, ids=range(len(HOSTILE_WORDS)))
def test_every_hostile_value_of_every_variable(tmp_path: Path, name: str, word: str) -> None:
    variable = f"QUIZCLI_{name}"
    error = trouble({"QUIZCLI_HOME": str(tmp_path), variable: word})
    if error is not None:
        assert error.status == ExitStatus.USAGE
        assert error.message.startswith(variable)
        assert len(error.message) < 300
        assert "\x1b" not in error.message


def test_folders_do_not_move_with_the_current_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_settings({"QUIZCLI_HOME": "here"}).store_file == tmp_path / "here" / "data" / "quizcli.db"
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, "relative")
    error = trouble({})  # platformdirs leaves relative folders out, but not every release has done so
    assert error is None or error.status == ExitStatus.USAGE
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name)
    assert load_settings({}).store_file.is_absolute()

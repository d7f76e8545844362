"""Packs and their compiled cache: nothing stale, nothing lost, and a start that never parses YAML."""

import json
import os
import re
import subprocess
import sys
import time
from binascii import crc32
from pathlib import Path

import msgspec
import pytest

from quizcli.bank import lazy_questions, types
from quizcli.bank.diagnostic import Mistake
from quizcli.errors import QuizError
from quizcli.packs import cache
from quizcli.packs import pack as pack_module
from quizcli.packs.pack import Pack, builtin, load, pack_at
from quizcli.text import Text, use_language
from tests.places import ROOT

LONG_AGO = 1_500_000_000_000_000_000  # a file that old cannot change within its tick unseen


def bank(*ids: str, topic: str = "t") -> str:
    questions = "\n".join(
        f"  - {{id: {name}, kind: truth, level: 1, ask: '{number}', correct: true, answer: '1', source: [x]}}"
        for number, name in enumerate(ids)
    )
    return f"topic: {topic}\ntitle: {{en: T, zh: 题}}\nquestions:\n{questions}\n"


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    (tmp_path / "pack" / "questions").mkdir(parents=True)
    return Pack("mine", tmp_path / "pack")


def write(pack: Pack, name: str, text: str, mtime_ns: int | None = LONG_AGO) -> Path:
    path = pack.questions / name
    path.write_text(text, encoding="utf-8")
    if mtime_ns is not None:
        os.utime(path, ns=(mtime_ns, mtime_ns))
    return path


def ids(pack: Pack, cache_dir: Path | None) -> list[str]:
    return [question.id for bank in load(pack, cache_dir).banks for question in bank.questions]


def cache_file(pack: Pack, cache_dir: Path) -> Path:
    return cache_dir / "banks" / f"mine-{crc32(os.fsencode(pack.root)):08x}.msgpack"


def test_the_builtin_pack_is_this_repository() -> None:
    assert builtin() == Pack("builtin", ROOT)


def test_an_installed_program_carries_its_content_inside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pack_module, "__file__", str(tmp_path / "quizcli" / "packs" / "pack.py"))
    assert builtin().root == tmp_path
    (tmp_path / "quizcli" / "_builtin").mkdir(parents=True)
    assert builtin().root == tmp_path / "quizcli" / "_builtin"


def test_a_pack_needs_questions(tmp_path: Path) -> None:
    (tmp_path / "mine" / "questions").mkdir(parents=True)
    assert pack_at(tmp_path / "mine") == Pack("mine", (tmp_path / "mine").resolve())
    with pytest.raises(QuizError, match="it has no folder `questions`"):
        pack_at(tmp_path)


def test_banks_come_in_the_order_of_their_names(pack: Pack) -> None:
    write(pack, "b.yaml", bank("two"))
    write(pack, "a.yml", bank("one"))
    write(pack, ".#a.yaml", "an editor's lock")
    write(pack, "readme.txt", "no bank")
    loaded = load(pack, None)
    assert [bank.path for bank in loaded.banks] == ["questions/a.yml", "questions/b.yaml"]
    assert loaded.mistakes == ()


def test_a_pack_without_banks(tmp_path: Path) -> None:
    loaded = load(Pack("empty", tmp_path), tmp_path / "cache")
    assert (loaded.banks, loaded.mistakes) == ((), ())
    assert not (tmp_path / "cache").exists()


def test_one_broken_bank_hides_no_other(pack: Pack, tmp_path: Path) -> None:
    write(pack, "a.yaml", bank("one").replace("level: 1", "level: 7"))
    write(pack, "b.yaml", bank("two"))
    write(pack, "c.yaml", "topic: [")
    (pack.questions / "d.yaml").mkdir()
    (pack.questions / "e.yaml").symlink_to("nowhere")
    for _ in range(2):  # from the files, then from the cache
        loaded = load(pack, tmp_path / "cache")
        assert [question.id for bank in loaded.banks for question in bank.questions] == ["two"]
        assert sorted((m.path, m.message[:24]) for m in loaded.mistakes) == [
            ("questions/a.yaml", "'level' must be 1, 2 or "),
            ("questions/c.yaml", "this bracket is not clos"),
            ("questions/d.yaml", "this is no regular file"),
            ("questions/e.yaml", "cannot be read: No such "),
        ]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.timeout(10)
def test_a_pipe_is_not_waited_for(pack: Pack) -> None:
    os.mkfifo(pack.questions / "pipe.yaml")
    assert load(pack, None).mistakes == (Mistake("questions/pipe.yaml", 1, 1, "", "this is no regular file"),)


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="needs file names of any bytes")
def test_a_file_name_that_cannot_be_printed(pack: Pack, tmp_path: Path) -> None:
    for name in (b"\x1b[2J.yaml", b"caf\xe9.yaml"):
        Path(os.fsdecode(os.fsencode(pack.questions) + b"/" + name)).write_text(bank("one"))
    mistakes = load(pack, tmp_path / "cache").mistakes
    assert [mistake.message for mistake in mistakes] == ["rename this file: its name cannot be printed"] * 2
    assert all(mistake.path.isascii() and mistake.path.isprintable() for mistake in mistakes)


def test_an_id_belongs_to_one_question_of_the_pack(pack: Pack, tmp_path: Path) -> None:
    write(pack, "a.yaml", bank("one", "two"))
    write(pack, "b.yaml", bank("three", "two"))
    for _ in range(2):
        loaded = load(pack, tmp_path / "cache")
        assert [[q.id for q in bank.questions] for bank in loaded.banks] == [["one", "two"], ["three"]]
        message = "this id stands in questions/a.yaml already"
        assert loaded.mistakes == (Mistake("questions/b.yaml", 5, 5, "two", message),)


def test_a_hot_start_imports_neither_yaml_nor_the_rules(pack: Pack, tmp_path: Path) -> None:
    write(pack, "a.yaml", bank("one"))
    cold = load(pack, tmp_path / "cache")
    program = (
        "import json, sys; from pathlib import Path; from quizcli.packs.pack import Pack, load;"
        f"loaded = load(Pack('mine', Path({str(pack.root)!r})), Path({str(tmp_path / 'cache')!r}));"
        "print(json.dumps([loaded.banks[0].questions[0].id, sorted(sys.modules)]))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    question, modules = json.loads(run.stdout)
    assert question == cold.banks[0].questions[0].id
    slow = {
        "yaml",
        "difflib",
        "hashlib",
        "json.decoder",
        "rich",
        "typer",
        "torch",
        "quizcli.bank.reading.reader",
    }
    assert slow & set(modules) == {"json.decoder"}, "only the test itself may import json"
    assert {name for name in modules if name.startswith(("quizcli.bank.", "quizcli.packs."))} == {
        *(f"quizcli.bank.{name}" for name in ("diagnostic", "files", "lazy_questions", "types")),
        *(f"quizcli.packs.{name}" for name in ("cache", "pack")),
    }


def test_a_changed_file_is_read_again_and_the_others_are_not(
    pack: Pack, tmp_path: Path, read_files: list[str]
) -> None:
    write(pack, "a.yaml", bank("one"))
    write(pack, "b.yaml", bank("two"))
    assert ids(pack, tmp_path) == ["one", "two"]
    assert read_files == ["questions/a.yaml", "questions/b.yaml"]
    write(pack, "b.yaml", bank("three"), LONG_AGO + 1)
    write(pack, "c.yaml", bank("four"))
    assert ids(pack, tmp_path) == ["one", "three", "four"]
    assert read_files[2:] == ["questions/b.yaml", "questions/c.yaml"]
    (pack.questions / "a.yaml").unlink()
    assert ids(pack, tmp_path) == ["three", "four"]
    assert ids(pack, tmp_path) == ["three", "four"]
    assert len(read_files) == 4


def test_a_change_in_the_tick_of_the_reading_is_seen(
    pack: Pack, tmp_path: Path, read_files: list[str]
) -> None:
    """Same size, same time stamp: only its youth at the reading gives the file away."""
    now = time.time_ns()
    write(pack, "a.yaml", bank("one"), now)
    assert ids(pack, tmp_path) == ["one"]
    write(pack, "a.yaml", bank("two"), now)
    assert ids(pack, tmp_path) == ["two"]
    assert ids(pack, tmp_path) == ["two"]
    assert len(read_files) == 2, "the same bytes are not parsed again"


def test_a_file_that_was_only_touched_is_not_parsed_again(
    pack: Pack, tmp_path: Path, read_files: list[str]
) -> None:
    write(pack, "a.yaml", bank("one"))
    assert ids(pack, tmp_path) == ["one"]
    write(pack, "a.yaml", bank("one"), LONG_AGO + 5)
    assert ids(pack, tmp_path) == ["one"]
    assert read_files == ["questions/a.yaml"]


@pytest.fixture
def read_files(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The banks that were parsed, in order."""
    from quizcli.bank.reading import reader

    parsed: list[str] = []
    read = reader.read

    def recorded(data: bytes, path: str) -> reader.Reading:
        parsed.append(path)
        return read(data, path)

    monkeypatch.setattr(reader, "read", recorded)
    return parsed


@pytest.mark.parametrize(
    "damage",
    [b"", b"\x93", b"not msgpack", b"\x81\xa1a\x01", b"\xc1" * 100, "cut", "flipped", "altered", "folder"],
)
def test_a_damaged_cache_is_built_again(pack: Pack, tmp_path: Path, damage: bytes | str) -> None:
    write(pack, "a.yaml", bank("one"))
    assert ids(pack, tmp_path) == ["one"]
    file = cache_file(pack, tmp_path)
    good = file.read_bytes()
    if damage == "folder":
        file.unlink()
        file.mkdir()
    elif isinstance(damage, bytes):
        file.write_bytes(damage)
    else:
        harm = {
            "cut": good[:-9],
            "flipped": good.replace(b"truth", b"tru\xffh"),
            "altered": good[:-1] + b"\xc2",
        }
        file.write_bytes(harm[damage])
        assert file.read_bytes() != good
    assert ids(pack, tmp_path) == ["one"]
    if damage != "folder":
        mended = file.read_bytes()
        assert crc32(mended[4:]) == int.from_bytes(mended[:4])


def test_a_cache_of_another_pack_version_or_schema_is_not_used(
    pack: Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read_files: list[str]
) -> None:
    write(pack, "a.yaml", bank("one"))
    ids(pack, tmp_path)
    other = Pack("mine", tmp_path / "other")
    (other.questions).mkdir(parents=True)
    write(other, "a.yaml", bank("two"))
    cache_file(other, tmp_path).write_bytes(cache_file(pack, tmp_path).read_bytes())
    assert ids(other, tmp_path) == ["two"]
    monkeypatch.setattr(cache, "SCHEMA", cache.SCHEMA + 1)
    assert ids(pack, tmp_path) == ["one"]
    monkeypatch.setattr(cache, "__version__", "0.0.0")
    assert ids(pack, tmp_path) == ["one"]
    assert len(read_files) == 4


def test_mistakes_in_the_cache_follow_the_language(pack: Pack, tmp_path: Path) -> None:
    write(pack, "a.yaml", bank("one").replace("level: 1", "level: 7"))
    assert "must be" in load(pack, tmp_path).mistakes[0].message
    use_language("zh")
    try:
        assert "只能是" in load(pack, tmp_path).mistakes[0].message
    finally:
        use_language("en")
    assert "must be" in load(pack, tmp_path).mistakes[0].message


def test_a_cache_folder_that_cannot_be_written(pack: Pack, tmp_path: Path) -> None:
    write(pack, "a.yaml", bank("one"))
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where a folder should be")
    assert ids(pack, blocked) == ["one"]
    assert blocked.read_text() == "a file where a folder should be"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_cache_folder(pack: Pack, tmp_path: Path) -> None:
    write(pack, "a.yaml", bank("one"))
    folder = tmp_path / "cache"
    folder.mkdir(mode=0o500)
    assert ids(pack, folder) == ["one"]


def test_a_failed_write_leaves_the_old_cache_and_no_rubbish(
    pack: Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(pack, "a.yaml", bank("one"))
    ids(pack, tmp_path)
    before = cache_file(pack, tmp_path).read_bytes()

    def full(source: object, target: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    write(pack, "a.yaml", bank("two"), LONG_AGO + 1)
    assert ids(pack, tmp_path) == ["two"]
    assert cache_file(pack, tmp_path).read_bytes() == before
    assert [path.name for path in (tmp_path / "banks").iterdir()] == [cache_file(pack, tmp_path).name]


def test_the_schema_version_is_raised_with_the_records() -> None:
    """When this fails, a record has changed: raise cache.SCHEMA, then write the new fingerprint here."""
    records = [
        Text,
        types.DemoLink,
        types.Option,
        types.Outcome,
        types.Contender,
        types.Figure,
        *types.AnyQuestion.__args__,
        types.Bank,
        lazy_questions.Head,
        Mistake,
        cache.Stored,
        cache.CachedBank,
        cache._Compiled,
    ]
    fields = [[r.__name__, *((f.name, str(f.type)) for f in msgspec.structs.fields(r))] for r in records]
    told = re.sub(r"\bquizcli\.[a-z_.]+\.", "", json.dumps(fields))  # wherever the records live
    assert (cache.SCHEMA, f"{crc32(told.encode()):08x}") == (7, "6c4f8fdc")

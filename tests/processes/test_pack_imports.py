"""What of a pack is imported: the sources in its `answers` and `models`, and nothing else."""

from __future__ import annotations

import importlib.util
import os
import py_compile
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

from quizcli.demo.events import Event, Failed, Note
from quizcli.demo.launcher import Request, start
from quizcli.processes.pack_imports import _BUILTIN
from quizcli.text import words
from tests.demo.conftest import Begin, Write
from tests.permits import permit_for
from tests.places import ROOT


def said(events: Iterable[Event]) -> list[str]:
    return [words(event.text) for event in events if isinstance(event, Note)]


def hidden(folder: Path, module: str) -> Path:
    """Another text than the module's in its place in the cache, where Python takes it unchecked."""
    other = folder / "other.txt"
    other.write_text("WHO = 'hidden'")
    target = Path(importlib.util.cache_from_source(str(folder / f"{module}.py")))
    py_compile.compile(
        str(other), str(target), doraise=True, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH
    )
    return target


def test_what_is_compiled_beside_a_source_is_not_run(write: Write, begin: Begin) -> None:
    root = write("from models import deep, who\nyield Note(text={'en': who.WHO + deep.WHO, 'zh': ''})")
    for folder in (root / "models", root / "models" / "deep"):
        folder.mkdir()
        module = "who" if folder.name == "models" else "__init__"
        (folder / f"{module}.py").write_text("WHO = 'seen'")
        assert hidden(folder, module).is_file()
    (root / "models" / "__init__.py").write_text("")
    hidden(root / "models", "__init__")
    assert said(list(begin(root))) == ["seenseen"]


@pytest.mark.parametrize("suffix", [".pyc", *EXTENSION_SUFFIXES])
def test_what_has_no_source_is_not_found(write: Write, begin: Begin, suffix: str) -> None:
    root = write("from models import who\nyield Note(text={'en': who.WHO, 'zh': ''})")
    (root / "models").mkdir()
    compiled = hidden(root / "models", "who")
    (root / "models" / f"who{suffix}").write_bytes(compiled.read_bytes())
    last = list(begin(root))[-1]
    assert isinstance(last, Failed)
    assert "cannot import name 'who'" in last.message


def test_what_runs_where_python_starts_is_not_planted(
    write: Write, begin: Begin, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    root = write("yield Note(text={'en': 'here', 'zh': ''})")
    (root / "models").mkdir()
    for folder in (root, root / "answers", root / "models"):
        (folder / "planted.pth").write_text(
            f"import pathlib; pathlib.Path({str(tmp_path)!r}, 'ran').touch()\n"
        )
        for name in ("sitecustomize", "usercustomize"):
            (folder / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    monkeypatch.chdir(root)
    assert said(list(begin(root))) == ["here"]
    assert not (tmp_path / "ran").exists()


def test_what_lies_beside_answers_and_models_is_not_found(
    write: Write, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write("import colorsys\nyield Note(text={'en': colorsys.__file__, 'zh': ''})\nimport beside")
    for name in ("colorsys", "beside"):
        (root / f"{name}.py").write_text("raise SystemExit('not seen')")
    monkeypatch.setenv("PYTHONPATH", str(root))
    events = list(begin(root))
    assert said(events) == [str(Path(sys.modules["os"].__file__ or "").with_name("colorsys.py"))]
    assert isinstance(events[-1], Failed)
    assert "No module named 'beside'" in events[-1].message


def test_a_second_pack_in_one_process_is_another(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name / "models" / "deep").mkdir(parents=True)
        (tmp_path / name / "models" / "deep" / "who.py").write_text(f"WHO = {name!r}")
    permits = {name: permit_for(tmp_path / name) for name in ("one", "two")}
    code = f"""
import importlib
from pathlib import Path
from quizcli.processes.pack_imports import make_room
from quizcli.permit import Permit
for name in ("one", "two", "one"):
    make_room(Path({str(tmp_path)!r}) / name, {permits!r}[name])
    print(importlib.import_module("models.deep.who").WHO)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True, cwd=ROOT
    )
    assert done.stdout.split() == ["one", "two", "one"]


def test_the_pack_of_the_program_is_found_compiled() -> None:
    """Its files came with the program: they may be read as fast as any other module."""
    assert ROOT == _BUILTIN


# What was trusted, and nothing else

IMPORTS = {
    "at the top": "from models import who\nyield Note(text={'en': who.WHO, 'zh': ''})",
    "by and by": "yield Note(text={})\nfrom models import who\nyield Note(text={'en': who.WHO})",
    "swallowed": (
        "try:\n    from models import who\nexcept Exception:\n    pass\n"
        "yield Note(text={'en': 'went on', 'zh': ''})"
    ),
    "swallowed at the end": (
        "yield Note(text={})\ntry:\n    from models import who\nexcept Exception:\n    pass"
    ),
}


@pytest.mark.parametrize("body", IMPORTS.values(), ids=IMPORTS)
@pytest.mark.parametrize("what", ["changed", "added", "gone", "a pipe"])
def test_what_differs_from_what_was_trusted_is_not_run(write: Write, body: str, what: str) -> None:
    root = write(body)
    (root / "models").mkdir()
    who = root / "models" / "who.py"
    if what != "added":
        who.write_text("WHO = 'seen'")
    permit = permit_for(root)
    if what in ("gone", "a pipe"):
        who.unlink()
    if what == "a pipe":
        os.mkfifo(who)
    elif what != "gone":
        who.write_text(f"open({str(root / 'ran')!r}, 'w')\nWHO = 'else'")
    with start(Request(str(root), "small", "answers.small", permit=permit)) as run:
        events = list(run)
    last = events[-1]
    assert isinstance(last, Failed)
    told = {
        "changed": "models/who.py has changed since you trusted it",
        "added": "models/who.py has been added since you trusted the pack",
        "gone": "models/who.py: cannot be read: No such file or directory",
        "a pipe": "models/who.py: cannot be read: this is no regular file",
    }
    assert last.message == told[what]
    assert "`quizcli pack trust pack`" in last.hint
    assert not last.trace
    assert "went on" not in said(events)
    assert not (root / "ran").exists()


def test_the_demonstration_itself_and_its_package(write: Write) -> None:
    for name in ("answers/small.py", "answers/__init__.py"):
        root = write("yield Note(text={})")
        (root / "answers" / "__init__.py").write_text("")
        permit = permit_for(root)
        with (root / name).open("a") as stream:
            stream.write(f"\nopen({str(root / 'ran')!r}, 'w')\n")
        with start(Request(str(root), "small", "answers.small", permit=permit)) as run:
            last = list(run)[-1]
        assert isinstance(last, Failed)
        assert last.message == f"{name} has changed since you trusted it"
        assert not (root / "ran").exists()


def test_without_a_permit_nothing_of_a_foreign_pack_runs(write: Write) -> None:
    root = write(f"open({str(Path('ran'))!r}, 'w')\nyield Note(text={{}})")
    with start(Request(str(root), "small", "answers.small")) as run:
        last = list(run)[-1]
    assert isinstance(last, Failed)
    assert last.message == "answers/small.py: nobody has trusted this code"


def test_an_archive_is_no_folder_of_code(write: Write) -> None:
    """`models` as a zip file was imported, and no list of code showed it."""
    root = write("from models import who\nyield Note(text={'en': who.WHO, 'zh': ''})")
    with zipfile.ZipFile(root / "models", "w") as archive:
        archive.writestr("who.py", "WHO = 'hidden'")
    with start(Request(str(root), "small", "answers.small", permit=permit_for(root))) as run:
        last = list(run)[-1]
    assert isinstance(last, Failed)
    assert "cannot import name 'who'" in last.message


def test_what_is_shown_of_a_failure_is_what_ran(write: Write) -> None:
    root = write(
        """
        import os
        from pathlib import Path
        Path(__file__).unlink()
        os.mkfifo(__file__)
        yield Note(text={})
        raise RuntimeError("broken")  # the line
        """
    )
    with start(Request(str(root), "small", "answers.small", permit=permit_for(root))) as run:
        last = list(run)[-1]
    assert isinstance(last, Failed)
    assert 'raise RuntimeError("broken")  # the line' in last.trace

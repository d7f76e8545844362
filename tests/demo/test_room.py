"""What of a pack is imported: the sources in its `answers` and `models`, and nothing else."""

from __future__ import annotations

import importlib.util
import py_compile
import subprocess
import sys
from collections.abc import Iterable
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

from quizcli.demo.events import Event, Failed, Note
from quizcli.demo.room import _BUILTIN
from quizcli.text import words
from tests.demo.conftest import Begin, Write

ROOT = Path(__file__).resolve().parents[2]


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
    code = f"""
import importlib
from pathlib import Path
from quizcli.demo.room import make_room
for name in ("one", "two", "one"):
    make_room(Path({str(tmp_path)!r}) / name)
    print(importlib.import_module("models.deep.who").WHO)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True, cwd=ROOT
    )
    assert done.stdout.split() == ["one", "two", "one"]


def test_the_pack_of_the_program_is_found_compiled() -> None:
    """Its files came with the program: they may be read as fast as any other module."""
    assert ROOT in _BUILTIN

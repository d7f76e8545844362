"""The table of commands: nothing of a command is imported before it is called."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from quizcli.cli.command_list import Deferred, entries

RUN = """
import json, sys
from quizcli.__main__ import run
status = run(sys.argv[1:])
print(json.dumps([status, sorted(sys.modules)]), file=sys.stderr)
"""


def imported_by(home: Path, *words: str) -> set[str]:
    """The modules that a command line has imported when it ends."""
    done = subprocess.run(
        [sys.executable, "-c", RUN, *words],
        env={"QUIZCLI_HOME": str(home), "QUIZCLI_LANG": "en", "PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    status, modules = json.loads(done.stderr.splitlines()[-1])
    assert status == 0, done.stderr
    return set(modules)


@pytest.mark.parametrize("words", [["--help"], ["-V"]])
def test_no_command_is_imported_for_the_list_of_commands(tmp_path: Path, words: list[str]) -> None:
    modules = imported_by(tmp_path, *words)
    assert not modules & {f"quizcli.cli.commands.{entry.module}" for entry in entries()}
    assert "quizcli.cli.command_list" in modules
    rooms = ("quizcli.study", "quizcli.judge", "quizcli.demo", "quizcli.bank")
    assert not [name for name in modules if name.startswith(rooms)]
    assert "rich.console" not in modules  # its import takes as long as the rest of the page


def test_a_command_imports_no_other(tmp_path: Path) -> None:
    modules = imported_by(tmp_path, "stats", "--help")
    others = {f"quizcli.cli.commands.{entry.module}" for entry in entries() if entry.name != "stats"}
    assert "quizcli.cli.commands.stats" in modules
    assert not modules & others


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.name)
def test_every_entry_leads_to_a_command_of_its_name(entry: object) -> None:
    deferred = Deferred(entry)  # type: ignore[arg-type]
    command = deferred.command()
    assert command.name == deferred.name
    assert command.help == deferred.help

"""Names of files that are no text in UTF-8, which most file systems allow: everything works with them."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from tests.program import Program
from tests.session.test_daily import FIRST

NAME = os.fsdecode(b"h\xe9 \xff")


@pytest.fixture
def odd(site: Path, tmp_path: Path) -> Program:
    home = tmp_path / NAME / "home"
    try:
        home.mkdir(parents=True)
    except (OSError, UnicodeError):
        pytest.skip("this file system knows no such names")
    return Program(site, home)


def test_a_session_its_backup_and_a_store_that_vanishes(odd: Program) -> None:
    with odd.terminal() as terminal:
        terminal.wait_for(FIRST)
        terminal.send(" ")
        terminal.wait_for("4 easy")
        terminal.send("3")
        terminal.wait_for("Which number is even?")
        while not list((odd.home / "data" / "backups").glob("*-daily.zip")):
            time.sleep(0.02)  # made in the background
        for file in (odd.home / "data").glob("quizcli.db*"):
            file.unlink()
        terminal.send("2")
        terminal.wait_for("again 1m")
        terminal.send("3")
        terminal.wait_for("Zero is even.")
        terminal.send("q")
        assert terminal.exit_status() == 0
        assert "had been deleted" in terminal.screen
        assert "mistake" not in terminal.screen
    (daily,) = json.loads(odd.run("restore", "--json").stdout)
    assert daily["why"] == "daily"
    done = odd.run("restore", daily["name"], "--yes")
    assert (done.returncode, done.stderr) == (0, "")
    assert "\\udce9" in odd.run("backup").stdout


def test_json_is_json(odd: Program) -> None:
    checks = json.loads(odd.run("doctor", "--json").stdout)
    assert any("\udce9" in each["detail"] + each["advice"] for each in checks)

"""`quizcli backup` and `quizcli restore`, as a person types them."""

import json
import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from tests.program import Program

FIRST = " 3 3q"  # two answers, then quit


def reviews(program: Program) -> int:
    db = sqlite3.connect(program.home / "data" / "quizcli.db")
    (count,) = db.execute("SELECT count(*) FROM answer").fetchone()
    db.close()
    return int(count)


def names(program: Program) -> list[str]:
    rows = json.loads(program.run("backup", "--list", "--json").stdout)
    return [row["name"] for row in rows]


def meddled(program: Program, code: str) -> dict[str, str]:
    """An environment in which Python runs this code before the program."""
    folder = program.home.parent / "meddling"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(code)
    return {"PYTHONPATH": f"{folder}{os.pathsep}{program.site}"}


def test_studying_makes_the_days_backup(program: Program) -> None:
    assert program.run("restore").stdout == ""
    assert "no backups yet" in program.run("restore").stderr
    for _ in range(2):
        assert program.run(stdin=FIRST).returncode == 0
    (name,) = names(program)
    assert name.endswith("-daily.zip")
    listed = program.run("restore").stdout
    assert name in listed
    assert "the day's" in listed


def test_before_the_first_answer_there_is_nothing_to_back_up(program: Program) -> None:
    ended = program.run("backup")
    assert ended.returncode == 1
    assert "nothing to back up yet" in ended.stderr
    assert not (program.home / "data").exists()


@pytest.mark.parametrize("where", ["home", "data", "data/quizcli.db"])
def test_a_link_to_what_is_not_there_is_no_beginning(program: Program, tmp_path: Path, where: str) -> None:
    """Whose disk is not mounted has answered much; no command says that there is nothing yet."""
    link = program.home if where == "home" else program.home / where
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(tmp_path / "disk" / "there")
    told = f"quizcli: {link} is a link to {tmp_path}/disk/there, which is not there."
    for words in ("", "backup", "backup --list", "restore", "stats", "stats --json", "list"):
        ended = program.run(*words.split(), stdin=FIRST)
        assert ended.returncode == 1, words
        assert told in ended.stderr, words
        assert ended.stdout == "", words
    assert "which is not there" in " ".join(program.run("doctor").stdout.split())
    assert not (tmp_path / "disk").exists()


@pytest.mark.parametrize("where", ["config/config.toml", "data/packs.json"])
def test_settings_and_packs_behind_a_link_to_what_is_not_there(
    program: Program, tmp_path: Path, where: str
) -> None:
    """They are not the defaults, and not no packs: somebody keeps them elsewhere."""
    assert program.run(stdin=FIRST).returncode == 0
    link = program.home / where
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(tmp_path / "disk" / "there")
    for words in ("", "stats", "list"):
        ended = program.run(*words.split(), stdin=FIRST)
        assert ended.returncode == 1, words
        assert ended.stdout == "", words
        told = f"quizcli: {link} is a link to {tmp_path}/disk/there, which is not there.\n  Put it back there"
        assert ended.stderr.count(told) == 1, words
    if where.startswith("config"):
        assert "which is not there" in " ".join(program.run("doctor").stdout.split())
    else:
        assert f"left out: {link}" in program.run("backup").stderr
    link.unlink()
    assert program.run("stats").returncode == 0


@pytest.mark.parametrize("fault", ["EROFS", "ENOSPC"])
@pytest.mark.parametrize("killed", [False, True], ids=["ended", "killed"])
def test_what_only_reads_needs_no_room(program: Program, tmp_path: Path, fault: str, killed: bool) -> None:
    """SQLite cannot make the memory it shares; what a run that was killed has left in its log counts too."""
    assert program.run(stdin=FIRST).returncode == 0
    store = program.home / "data" / "quizcli.db"
    if killed:
        db = sqlite3.connect(store)
        db.execute("UPDATE card SET flagged = 1")
        db.commit()
        kept = {end: Path(f"{store}{end}").read_bytes() for end in ("", "-wal")}
        db.close()
        for end, data in kept.items():
            Path(f"{store}{end}").write_bytes(data)
    before = {path.name: path.read_bytes() for path in store.parent.iterdir() if path.is_file()}
    env = meddled(  # root may write everywhere: so it is opened through a Python that is told otherwise
        program,
        "import errno, os, sqlite3\nreal = sqlite3.connect\nreal_open = os.open\n"
        f"home = {os.fspath(program.home)!r}\n"
        "def connect(name, *rest, **how):\n"
        "    if home in str(name):\n"
        "        error = sqlite3.OperationalError('unable to open database file')\n"
        f"        error.sqlite_errorcode = sqlite3.SQLITE_{'FULL' if fault == 'ENOSPC' else 'CANTOPEN'}\n"
        "        raise error\n"
        "    return real(name, *rest, **how)\n"
        "def open_(path, flags, *rest, **how):\n"
        "    if str(path).startswith(home) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):\n"
        f"        raise OSError(errno.{fault}, os.strerror(errno.{fault}), path)\n"
        "    return real_open(path, flags, *rest, **how)\n"
        "sqlite3.connect, os.open = connect, open_\n",
    )
    made = tmp_path / "elsewhere.zip"
    ended = program.run("backup", str(made), env=env)
    assert (ended.returncode, ended.stderr) == (0, "")
    for words in ("stats --json", "list --json", "show a-recall"):
        ended = program.run(*words.split(), env=env)
        assert ended.returncode == 0, ended.stderr
    assert program.run("list", "--flagged", env=env).stdout.count("· flagged") == 2 * killed
    assert {path.name: path.read_bytes() for path in store.parent.iterdir() if path.is_file()} == before
    assert program.run(stdin=FIRST, env=env).returncode == 1  # who writes is told as ever
    with zipfile.ZipFile(made) as whole:
        (tmp_path / "held.db").write_bytes(whole.read("quizcli.db"))
    db = sqlite3.connect(tmp_path / "held.db")
    assert db.execute("SELECT count(*), (SELECT sum(flagged) > 0 FROM card) FROM answer").fetchone() == (
        2,
        killed,
    )
    db.close()


def test_no_pack_is_added_where_a_link_leads_nowhere(program: Program, tmp_path: Path) -> None:
    program.home.mkdir()
    (program.home / "data").symlink_to(tmp_path / "disk" / "there")
    (tmp_path / "mine" / "questions").mkdir(parents=True)
    ended = program.run("pack", "add", str(tmp_path / "mine"))
    assert ended.returncode == 1
    assert "which is not there.\n  Put it back there" in ended.stderr
    assert not (tmp_path / "disk").exists()


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_where_nobody_may_look_it_is_not_said_that_nothing_is_there(program: Program) -> None:
    """Root may look everywhere: so the system is asked through a Python that is told otherwise."""
    assert program.run(stdin=FIRST).returncode == 0
    env = meddled(
        program,
        "import os\nreal = os.lstat\n"
        "def lstat(path, **how):\n"
        "    if str(path).endswith('quizcli.db'): raise PermissionError(13, 'Permission denied', path)\n"
        "    return real(path, **how)\n"
        "os.lstat = lstat\n",
    )
    ended = program.run("backup", env=env)
    assert ended.returncode == 1
    assert "quizcli.db: Permission denied" in ended.stderr
    assert "Permission denied" in program.run("doctor", env=env).stdout.replace("\n", " ")


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_backup_that_is_ended_leaves_nothing(program: Program, tmp_path: Path, number: int) -> None:
    assert program.run(stdin=FIRST).returncode == 0
    env = meddled(  # the signal comes when half of it is written
        program,
        "import os, zipfile\nreal = zipfile.ZipFile.open\n"
        "def open_(self, name, mode='r', *rest, **how):\n"
        f"    if mode == 'w': os.kill(os.getpid(), {int(number)})\n"
        "    return real(self, name, mode, *rest, **how)\n"
        "zipfile.ZipFile.open = open_\n",
    )
    (tmp_path / "elsewhere").mkdir()
    ended = program.run("backup", str(tmp_path / "elsewhere" / "mine.zip"), env=env)
    assert (ended.returncode, ended.stdout, ended.stderr) == (128 + number, "", "")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_what_there_is_without_a_store_is_backed_up(program: Program) -> None:
    draft = program.home / "data" / "code" / "drafts" / "x.py"
    draft.parent.mkdir(parents=True)
    draft.write_text("mine")
    made = program.run("backup")
    assert made.returncode == 0, made.stderr
    assert not (program.home / "data" / "quizcli.db").exists()
    draft.unlink()
    assert program.run("restore", Path(made.stdout.strip()).name, "--yes").returncode == 0
    assert draft.read_text() == "mine"


def test_settings_that_will_not_do_are_left_out_and_said(program: Program, tmp_path: Path) -> None:
    program.run(stdin=FIRST)
    made = tmp_path / "other.zip"
    assert program.run("backup", str(made)).returncode == 0
    with zipfile.ZipFile(made, "a") as whole:
        whole.writestr("config.toml", "lang = 5")
        whole.writestr("code/x.py", "x")
    ended = program.run("restore", str(made), "--yes")
    assert ended.returncode == 0, ended.stderr
    assert "Its settings are left out, the present ones stay: config.toml: lang" in ended.stdout
    assert program.run("restore").returncode == 0


def test_back_up_go_on_restore_and_undo_that(program: Program) -> None:
    program.run(stdin=FIRST)
    made = program.run("backup")
    path = Path(made.stdout.strip())
    assert path.is_file()
    program.run(stdin=FIRST)
    assert reviews(program) == 4
    asked = program.run("restore", path.name)  # nobody to be asked
    assert asked.returncode == 2
    assert "2 reviews would be lost, 0 would come back" in asked.stdout
    assert "--yes" in asked.stderr
    assert reviews(program) == 4
    done = program.run("restore", path.name, "--yes")
    assert done.returncode == 0
    assert reviews(program) == 2
    before = done.stdout.split("`quizcli restore ")[1].split("`")[0]
    undone = program.run("restore", before, "-y", "--lang", "zh")
    assert undone.returncode == 0
    assert "找回 2 次" in undone.stdout
    assert reviews(program) == 4
    again = program.run("restore", before, "--yes")
    assert again.returncode == 0
    assert "Nothing would change" in again.stderr


def test_a_path_of_ones_own(program: Program, tmp_path: Path) -> None:
    program.run(stdin=FIRST)
    goal = tmp_path / "stick" / "mine.zip"
    missing = program.run("backup", str(goal))
    assert missing.returncode == 1
    assert str(goal) in missing.stderr
    goal.parent.mkdir()
    assert program.run("backup", str(goal)).stdout.strip() == str(goal)
    twice = program.run("backup", str(goal))
    assert twice.returncode == 2
    assert "nothing is overwritten" in twice.stderr
    inside = Path(program.run("backup", str(goal.parent)).stdout.strip())
    assert inside.parent == goal.parent
    shutil.rmtree(program.home)
    assert program.run("restore", str(goal), "--yes").returncode == 0
    assert reviews(program) == 2


def test_json(program: Program) -> None:
    program.run(stdin=FIRST)
    about = json.loads(program.run("backup", "--json").stdout)["about"]
    assert (about["reviews"], about["why"]) == (2, "by-hand")
    program.run(stdin=FIRST)
    name = names(program)[-1]
    seen = program.run("restore", name, "--json")
    assert seen.returncode == 2
    assert json.loads(seen.stdout)["preview"]["lost"] == 2
    done = program.run("restore", name, "--json", "--yes")
    assert done.returncode == 0
    assert json.loads(done.stdout)["restored"] is True
    assert Path(json.loads(done.stdout)["before"]).is_file()


@pytest.mark.parametrize(
    "arguments", [("restore", "nothing"), ("restore", "x" * 5000), ("backup", "x", "--list")]
)
def test_wrong_usage(program: Program, arguments: tuple[str, ...]) -> None:
    program.run(stdin=FIRST)
    ended = program.run(*arguments)
    assert ended.returncode == 2
    assert "mistake in quizcli" not in ended.stderr


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_what_is_there_and_no_file_is_no_backup(program: Program, tmp_path: Path) -> None:
    program.run(stdin=FIRST)
    os.mkfifo(tmp_path / "pipe")
    for name in ("/dev/null", str(tmp_path / "pipe"), str(tmp_path)):
        ended = program.run("restore", name)
        assert ended.returncode == 2
        assert ended.stderr.startswith(f"quizcli: {name!r} is there, but it is no regular file\n")
        assert "`quizcli restore` lists them." in ended.stderr


def test_a_name_that_is_nearly_right(program: Program) -> None:
    program.run(stdin=FIRST)
    (name,) = names(program)
    assert f"Did you mean {name}?" in program.run("restore", name.replace("daily", "dialy")).stderr
    assert "0 would come back" in program.run("restore", name[:-10]).stdout  # a beginning of one only


def test_a_damaged_store_is_told_and_restored(program: Program) -> None:
    program.run(stdin=FIRST)
    program.run("backup")
    store = program.home / "data" / "quizcli.db"
    data = store.read_bytes()
    store.write_bytes(data[:4096] + b"\xff" * (len(data) - 4096))
    told = program.run("stats")
    assert told.returncode == 1
    assert "is damaged" in told.stderr
    assert "quizcli restore" in told.stderr
    assert program.run("restore", names(program)[-1], "--yes").returncode == 0
    assert reviews(program) == 2
    assert any(".damaged-" in path.name for path in store.parent.iterdir())


def test_a_store_that_is_gone_is_told(program: Program) -> None:
    program.run(stdin=FIRST)
    (program.home / "data" / "quizcli.db").unlink()
    ended = program.run(stdin=FIRST)
    assert ended.returncode == 0
    assert "was gone, and a new one has begun. There is 1 backup" in ended.stderr


def test_a_store_that_vanishes_in_a_session(program: Program) -> None:
    with program.terminal() as terminal:
        terminal.wait_for("6 left")
        terminal.send(" ")
        terminal.wait_for("▸3")
        terminal.send("3")
        terminal.wait_for("Which number is even?")
        for path in (program.home / "data").glob("quizcli.db*"):
            path.unlink()
        terminal.send(" ")
        terminal.wait_for("3 good")
        terminal.send("3")
        terminal.send("q")
        assert terminal.exit_status() == 0
        # The path before it may be so long that the terminal breaks the sentence, in a word too.
        assert "nothingislost." in "".join(terminal.screen.split())
    assert reviews(program) == 2


def test_asked_on_a_terminal(program: Program) -> None:
    program.run(stdin=FIRST)
    program.run("backup")
    program.run(stdin=FIRST)
    (name,) = [each for each in names(program) if "by-hand" in each]
    for key, left in (("n\r", 4), ("\x03", 4), ("y\r", 2)):
        with program.terminal("restore", name) as terminal:
            terminal.wait_for("[y/N]")
            terminal.send(key)
            terminal.exit_status()
        assert reviews(program) == left


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_window_that_is_closed_at_the_question_leaves_nothing(program: Program, number: int) -> None:
    program.run(stdin=FIRST)
    program.run("backup")
    program.run(stdin=FIRST)
    (name,) = [each for each in names(program) if "by-hand" in each]
    with program.terminal("restore", name) as terminal:
        terminal.wait_for("[y/N]")
        os.kill(terminal.child.pid, number)
        assert terminal.exit_status() == 128 + number
    assert reviews(program) == 4
    assert not list(program.home.rglob("*.partial*"))


def test_removing_a_pack_keeps_what_was_trusted(program: Program, tmp_path: Path) -> None:
    program.run(stdin=FIRST)
    shutil.copytree(program.questions, tmp_path / "own" / "questions")
    program.run("pack", "add", str(tmp_path / "own"))
    program.run("pack", "remove", "own")
    (name,) = [each for each in names(program) if "before-pack-removal" in each]
    program.run("restore", name, "--yes")
    assert "own" in program.run("pack", "list").stdout


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_everything_is_private_under_any_umask(program: Program, tmp_path: Path) -> None:
    shutil.copytree(program.questions, tmp_path / "own" / "questions")
    tour = f"""
import os, subprocess, sys
os.umask(0)
def run(*arguments, stdin=""):
    subprocess.run([sys.executable, "-m", "quizcli", *arguments], input=stdin, text=True, timeout=60)
run(stdin={FIRST!r})
run("quiz", "-n", "2", stdin=" 1 1")
run("pack", "add", {str(tmp_path / "own")!r})
run("backup")
run("pack", "remove", "own")
name = sorted(os.listdir(os.environ["QUIZCLI_HOME"] + "/data/backups"))[0]
run("restore", name, "--yes")
seen = 0
pipes = dict(stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
child = subprocess.Popen([sys.executable, "-m", "quizcli"], **pipes)
child.stdin.write(" 3"); child.stdin.flush()
for line in child.stdout:  # until the card after the one that was graded
    seen += " · new · " in line
    if seen == 2: break
for folder, folders, files in os.walk(os.environ["QUIZCLI_HOME"]):
    for name in (".", *files):
        print("MODE", oct(os.stat(os.path.join(folder, name)).st_mode), os.path.join(folder, name))
child.communicate("q", timeout=60)
"""
    ended = subprocess.run(
        [sys.executable, "-c", tour],
        env={**os.environ, **program.env},
        cwd=program.home.parent,  # from where it is not the program of this folder that runs
        capture_output=True,
        text=True,
        timeout=200,
    )
    lines = [line.split(" ", 2)[1:] for line in ended.stdout.splitlines() if line.startswith("MODE")]
    assert any(name.endswith("-wal") for _, name in lines), ended
    assert len(lines) > 10
    wide = [
        name
        for mode, name in lines
        if stat.S_IMODE(int(mode, 8)) != (0o700 if stat.S_ISDIR(int(mode, 8)) else 0o600)
    ]
    assert not wide


def test_a_config_file_that_is_damaged_is_restored_too(program: Program) -> None:
    """No other command runs with it; those that mend must."""
    config = program.home / "config" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text("new_per_day = 3\n")
    made = program.run("backup")
    config.write_bytes(b"\x00\xff")
    assert program.run("stats").returncode == 2
    listed = program.run("restore")
    assert (listed.returncode, Path(made.stdout.strip()).name in listed.stdout) == (0, True)
    assert f"{config}: cannot be read" in listed.stderr
    restored = program.run("restore", Path(made.stdout.strip()).name, "--yes")
    assert restored.returncode == 0, restored.stderr
    assert config.read_text() == "new_per_day = 3\n"
    assert program.run("stats").returncode == 0
    (before,) = (name for name in names(program) if "before-restore" in name)
    undone = program.run("restore", before, "--yes")
    assert undone.returncode == 0
    assert config.read_text() == "new_per_day = 3\n"  # settings with which nothing would run stay away


def test_what_a_killed_backup_left_elsewhere_is_cleared_away_a_day_later(
    program: Program, tmp_path: Path
) -> None:
    program.run(stdin=" 4")
    elsewhere = tmp_path / "stick"
    elsewhere.mkdir()
    old, new = (elsewhere / f".quizcli-{number}-0123abcd.partial" for number in (1, 2))
    for left in (old, new):
        left.write_bytes(b"PK")
    os.utime(old, (time.time() - 86_401,) * 2)
    made = Path(program.run("backup", str(elsewhere)).stdout.strip())
    assert {*elsewhere.iterdir()} == {new, made}

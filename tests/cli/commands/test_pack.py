"""`quizcli pack`, `quizcli bank new`, and packs in a session: the real program, in a real terminal."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.places import PACK
from tests.program import Program
from tests.session.test_daily import FIRST, HEAVY, answers

# Says on stderr's behalf that it has run: whoever imports it leaves a file behind.
NOSY = '''"""A demonstration that leaves a trace."""
from pathlib import Path
from quizcli.demo.events import *
Path(__file__).parent.parent.joinpath("ran").touch()
TITLE = {"en": "Nosy", "zh": "多事"}
def demonstrate(n: int = 1):
    yield Started()
    yield Claim(id="seen", text=TITLE, measured=float(n), expected=1.0)
'''
BANK = """topic: {topic}
title: {{en: Of mine, zh: 我的题}}
questions:
  - id: a-recall
    kind: recall
    level: 1
    ask: {{en: What did I write myself?, zh: 我自己写了什么？}}
    answer: {{en: This question., zh: 这道题。}}
    demo: {{run: {demo}, claims: [seen]}}
    follow: [own-truth]
    source: [me]
  - id: own-truth
    kind: truth
    level: 1
    ask: {{en: This is mine., zh: 这是我的。}}
    correct: true
    answer: {{en: It is., zh: 是的。}}
    source: [me]
"""
MINE = "What did I write myself?"


@pytest.fixture
def mine(program: Program) -> Path:
    """A pack in the folder where the program runs; one of its ids is taken by the program's own pack too."""
    root = program.home.parent / "mine"
    for folder in ("questions", "answers", "models"):
        (root / folder).mkdir(parents=True)
    (root / "questions" / "own.yaml").write_text(BANK.format(topic="own", demo="nosy"), encoding="utf-8")
    (root / "answers" / "nosy.py").write_text(NOSY, encoding="utf-8")
    return root


def ran(root: Path) -> bool:
    return (root / "ran").exists()


# bank new


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_new_bank_passes_the_check(program: Program, lang: str) -> None:
    here = program.home.parent
    said = program.run("bank", "new", "dropout", env={"QUIZCLI_LANG": lang})
    assert (said.returncode, said.stdout) == (0, "questions/dropout.yaml\n")
    assert "quizcli pack add ." in said.stderr
    text = (here / "questions" / "dropout.yaml").read_text(encoding="utf-8")
    schema = text.splitlines()[0].removeprefix("# yaml-language-server: $schema=")
    assert json.loads(Path(schema).read_text(encoding="utf-8"))["title"] == "quizcli bank"
    assert "en: " in text
    assert "zh: " in text
    assert program.run("bank", "new", "second", "--lang", lang).returncode == 0
    assert f"languages: [{lang}]" in (here / "questions" / "second.yaml").read_text(encoding="utf-8")
    assert program.run("bank", "check").returncode == 0


def test_a_bank_is_never_overwritten(program: Program) -> None:
    questions = program.home.parent / "questions"
    program.run("bank", "new", "dropout")
    (questions / "dropout.yaml").write_text("mine")
    (questions / "vae.yml").write_text("mine too")
    (questions / "link.yaml").symlink_to("nowhere")
    for topic, name in (("dropout", "dropout.yaml"), ("vae", "vae.yml"), ("link", "link.yaml")):
        said = program.run("bank", "new", topic)
        assert said.returncode == 2
        assert said.stderr.startswith(f"quizcli: questions/{name}: there already; nothing was written\n")
    assert (questions / "dropout.yaml").read_text() == "mine"


def test_a_topic_that_is_no_topic(program: Program) -> None:
    said = program.run("bank", "new", "Batch Norm")
    assert said.returncode == 2
    assert "Did you mean batch-norm?" in said.stderr
    assert program.run("bank", "new", "../x").returncode == 2
    assert program.run("bank", "new", "题目", "--lang", "zh").returncode == 2
    assert not (program.home.parent / "questions").exists()


# pack add, list, remove


def test_add_list_remove(program: Program, mine: Path) -> None:
    said = program.run("pack", "add", "mine")
    assert said.returncode == 0
    assert said.stdout.splitlines() == [
        "added mine: 1 bank, 2 questions, 1 demonstration",
        "  its code runs once you trust it: `quizcli pack trust mine`",
    ]
    assert program.run("pack", "add", "mine").stdout.startswith("added already, as mine: 1 bank")
    (listed,) = json.loads(program.run("pack", "list", "--json").stdout)
    assert listed == {
        "name": "mine",
        "root": str(mine.resolve()),
        "banks": 1,
        "questions": 2,
        "mistakes": 0,
        "demonstrations": ["nosy"],
        "trust": "untrusted",
        "trouble": "",
    }
    assert program.run("pack", "remove", "mine").stdout.startswith("mine: removed; ")
    assert json.loads(program.run("pack", "list", "--json").stdout) == []
    none = program.run("pack", "list")
    assert (none.returncode, none.stdout) == (0, "")
    assert "quizcli pack add PATH" in none.stderr
    assert mine.is_dir()
    assert not ran(mine)


def test_in_chinese(program: Program, mine: Path) -> None:
    zh = {"QUIZCLI_LANG": "zh"}
    added = program.run("pack", "add", "mine", env=zh).stdout
    assert (
        added
        == "已添加 mine：1 个题库，2 题，1 个演示\n  信任后才会运行其中的代码：`quizcli pack trust mine`\n"
    )
    assert "已信任" in program.run("pack", "trust", "mine", "--yes", env=zh).stdout
    assert "代码已信任" in program.run("pack", "list", env=zh).stdout
    assert "已移除" in program.run("pack", "remove", "mine", env=zh).stdout
    assert "没有题库包 'mine'" in program.run("pack", "remove", "mine", env=zh).stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("add nowhere", "nowhere: there is no such folder"),
        ("remove mnie", "there is no pack 'mnie'; did you mean 'mine'?"),
        ("trust mnie", "there is no pack 'mnie'; did you mean 'mine'?"),
        ("add mine --name other", "mine: added already, as mine"),
        ("trust mine", "nobody is here to be asked"),
        ("trust mine --no-input", "nobody is here to be asked"),
    ],
)
@pytest.mark.usefixtures("mine")
def test_wrong_usage(program: Program, words: str, says: str) -> None:
    program.run("pack", "add", "mine")
    said = program.run("pack", *words.split())
    assert said.returncode == 2
    assert said.stderr.startswith(f"quizcli: {says}\n")


def test_a_damaged_file_of_packs_is_named(program: Program) -> None:
    (program.home / "data").mkdir(parents=True)
    (program.home / "data" / "packs.json").write_text("{")
    for words in (["list"], ["pack", "list"], []):
        said = program.run(*words, stdin="q")
        assert said.returncode == 1
        assert "packs.json: cannot be read" in said.stderr
        assert "Delete it" in said.stderr


# Its questions


def test_its_questions_are_everywhere(program: Program, mine: Path) -> None:
    program.run("pack", "add", "mine")
    rows = json.loads(program.run("list", "--json").stdout)
    assert [row["id"] for row in rows][-3:] == ["f-order", "mine/a-recall", "mine/own-truth"]
    assert rows[0]["id"] == "a-recall", "the program's own question of the same id is another one"
    shown = program.run("show", "mine/a-recall").stdout
    assert MINE in shown
    assert "This is mine." in shown, "its follow-up is found in its pack"
    assert [row["id"] for row in json.loads(program.run("search", "myself", "--json").stdout)] == [
        "mine/a-recall"
    ]
    topics = {topic["topic"] for topic in json.loads(program.run("stats", "--json").stdout)["topics"]}
    assert topics == {"kinds", "own"}
    assert "own · Of mine · 2 questions" in program.run("list").stdout
    assert MINE in program.run("quiz", "--topic", "own", "--kind", "recall", stdin="q").stdout
    assert MINE in program.run("--topic", "own", stdin="q").stdout
    program.run("pack", "remove", "mine")
    assert "Of mine" not in program.run("list").stdout


def test_a_topic_that_both_have_keeps_the_title_of_the_program(program: Program, mine: Path) -> None:
    (mine / "questions" / "own.yaml").write_text(BANK.format(topic="kinds", demo="nosy"), encoding="utf-8")
    program.run("pack", "add", "mine")
    assert program.run("list").stdout.splitlines()[0] == "kinds · Every kind · 8 questions"


def test_progress_hangs_on_the_full_name(program: Program, mine: Path) -> None:
    """The same id in the program's pack is another card, and a pack may go, move and come back."""
    program.run("pack", "add", "mine")
    program.run("--topic", "own", stdin=" 3q")
    program.run("--topic", "kinds", stdin=" 1q")
    assert answers(program) == [("mine/a-recall", 3), ("a-recall", 1)]
    mine.rename(mine.with_name("moved"))
    gone = program.run("list", "--json")
    assert gone.returncode == 0
    assert len(json.loads(gone.stdout)) == 6
    assert gone.stderr.startswith(
        f"quizcli: the pack mine is no longer in {mine} (`quizcli pack add` its new place"
    )
    assert len(gone.stderr.splitlines()) == 1
    said = program.run("pack", "add", "moved", "--name", "mine").stdout
    assert said.startswith(f"mine was in {mine} and goes on here: 1 bank")
    states = {row["id"]: row["state"] for row in json.loads(program.run("list", "--json").stdout)}
    assert states["mine/a-recall"]["reviews"] == 1
    assert states["mine/own-truth"] is None


def test_a_broken_pack_hides_nothing_else(program: Program, mine: Path) -> None:
    other = mine.with_name("other")
    shutil.copytree(mine, other)
    program.run("pack", "add", "mine")
    program.run("pack", "add", "other")
    (mine / "questions" / "own.yaml").write_text("topic: [")
    said = program.run("list", "--json")
    assert said.stderr == (
        f"quizcli: 1 mistake in the pack mine; questions are left out (`quizcli bank check {mine}`)\n"
    )
    assert len(json.loads(said.stdout)) == 8
    (mine / "answers" / "nosy.py").write_text("def demonstrate(:")
    demos = program.run("demo")
    assert demos.returncode == 0
    assert [line.split()[0] for line in demos.stdout.splitlines()] == ["coin", "other/nosy"]
    assert "nosy.py:1: " in demos.stderr
    listed = {pack["name"]: pack for pack in json.loads(program.run("pack", "list", "--json").stdout)}
    assert listed["other"]["trouble"] == ""
    assert "nosy.py:1: " in listed["mine"]["trouble"]
    shutil.rmtree(mine)
    assert "no longer in" in program.run("demo").stderr


def test_edit_in_a_pack(program: Program, mine: Path, tmp_path: Path) -> None:
    program.run("pack", "add", "mine")
    script = tmp_path / "editor.sh"
    script.write_text('#!/bin/sh\nfor last; do :; done\nsed -i "s/write myself/say myself/" "$last"\n')
    script.chmod(0o755)
    bank = (mine / "questions" / "own.yaml").read_bytes()
    with program.terminal("--topic", "own", env={"VISUAL": str(script)}) as terminal:
        terminal.wait_for(MINE)
        terminal.send("e")
        terminal.wait_for("u does not undo it", "What did I say myself?")
    assert (mine / "questions" / "own.yaml").read_bytes() == bank
    assert "What did I say myself?" in program.run("show", "mine/a-recall").stdout
    assert FIRST in program.run("show", "a-recall").stdout


def test_a_pack_that_is_removed_during_a_session(program: Program, mine: Path) -> None:
    program.run("pack", "add", "mine")
    with program.terminal("--topic", "own") as terminal:
        terminal.wait_for(MINE)
        program.run("pack", "remove", "mine")
        for key in "ed":
            terminal.send(key)
            terminal.wait_for("there is no pack 'mine'")
            terminal.send("?")  # any key takes the message away
            terminal.wait_for("ctrl-c")
            terminal.send("?")
            terminal.settle()
        terminal.send(" ")
        terminal.wait_for("▸3")
        terminal.send("3")
        terminal.wait_for("This is mine.")
        terminal.send("q")
        assert terminal.exit_status() == 0
    assert answers(program) == [("mine/a-recall", 3)]
    assert not ran(mine)


# Its demonstrations


def test_its_demonstrations_wait_for_trust(program: Program, mine: Path) -> None:
    program.run("pack", "add", "mine")
    listed = [line.split()[0] for line in program.run("demo").stdout.splitlines()]
    assert listed == ["coin", "mine/nosy"]
    assert "--n INT" in program.run("demo", "nosy", "-h").stdout
    line = "`quizcli pack trust mine` first: it shows the code that would run, and asks"
    for words in ("demo nosy", "demo mine/nosy --json", "verify nosy"):
        said = program.run(*words.split())
        assert (said.returncode, said.stderr) == (1, f"quizcli: {line}\n"), words
    assert not ran(mine)
    assert program.run("pack", "trust", "mine", "--yes").returncode == 0
    assert not ran(mine)
    assert program.run("demo", "nosy").returncode == 0
    assert ran(mine)
    verified = program.run("verify", "--questions", "--json")
    assert {json.loads(row)["demo"] for row in verified.stdout.splitlines()} == {"coin", "mine/nosy"}
    (mine / "models" / "more.py").write_text("")
    (mine / "ran").unlink()
    changed = program.run("demo", "nosy", "--lang", "zh")
    assert changed.stderr == "quizcli: 请先执行 `quizcli pack trust mine`：代码在你信任之后有改动\n"
    left_out = program.run("verify", "--json")
    assert {json.loads(row)["demo"] for row in left_out.stdout.splitlines()} == {"coin"}
    assert "pack trust mine" in left_out.stderr
    assert not ran(mine)


def test_names_that_clash(program: Program, mine: Path) -> None:
    shutil.copy(mine / "answers" / "nosy.py", mine / "answers" / "coin.py")
    shutil.copytree(mine, mine.with_name("other"))
    for name in ("mine", "other"):
        program.run("pack", "add", name)
        program.run("pack", "trust", name, "--yes")
    assert program.run("demo", "coin").stdout.startswith("A coin")
    assert program.run("demo", "mine/coin").stdout.startswith("Nosy")
    said = program.run("demo", "nosy")
    assert said.returncode == 2
    assert "several packs have 'nosy': mine/nosy, other/nosy" in said.stderr
    assert "there is no demonstration 'nsy'\n  Did you mean nosy?" in program.run("demo", "mine/nsy").stderr
    assert program.run("demo", "nobody/nosy").returncode == 2


def test_a_pack_may_show_a_demonstration_of_the_program(program: Program, mine: Path) -> None:
    text = BANK.format(topic="own", demo="coin").replace("[seen]", "[mean-is-half]")
    (mine / "questions" / "own.yaml").write_text(text, encoding="utf-8")
    assert program.run("bank", "check", "mine").returncode == 0
    shutil.rmtree(mine / "answers")
    program.run("pack", "add", "mine")
    with program.terminal("--topic", "own") as terminal:
        terminal.wait_for(MINE)
        terminal.send("d")
        terminal.wait_for("✓ mean-is-half", timeout=60)


def test_save_goes_into_a_folder_of_the_bare_name(program: Program, mine: Path) -> None:
    program.run("pack", "add", "mine")
    program.run("pack", "trust", "mine", "--yes")
    with program.terminal("demo", "mine/nosy", "--save", "kept") as terminal:
        terminal.wait_for("seen", timeout=60)
        assert terminal.exit_status() == 0
    assert (program.home.parent / "kept" / "events.jsonl").is_file()


# The question


def test_the_question_of_trust(program: Program, mine: Path) -> None:
    program.run("pack", "add", "mine")
    (mine / "models" / "net.py").write_text("x = 1\n" * 1234)
    with program.terminal("pack", "trust", "mine") as terminal:
        screen = terminal.wait_for("Trust it? [y/N]")
        assert "answers/nosy.py       8 lines  " in screen
        assert "models/net.py     1,234 lines  " in screen
        assert "with all that you may do yourself" in screen
        assert f"It can be read in {mine.resolve()} too" in screen.replace("\n", "").replace("  ", " ")
        terminal.send("n\r")
        terminal.wait_for("not trusted; none of it runs")
        assert terminal.exit_status() == 1
    for keys, status in (("\r", 1), ("\x04", 1), ("yup\r", 1), ("\x03", 130)):
        with program.terminal("pack", "trust", "mine") as terminal:
            terminal.wait_for("Trust it?")
            terminal.send(keys)
            assert terminal.exit_status() == status
            assert "Traceback" not in terminal.screen
    assert program.run("demo", "nosy").returncode == 1
    with program.terminal("pack", "trust", "mine") as terminal:
        terminal.wait_for("Trust it?")
        terminal.send("Y\r")
        terminal.wait_for("mine: trusted, until one of these files changes")
        assert terminal.exit_status() == 0
    assert program.run("demo", "nosy").returncode == 0
    again = program.run("pack", "trust", "mine")
    assert (again.returncode, again.stderr) == (0, "")
    assert again.stdout.endswith("mine: trusted already; nothing has changed\n")


def test_asked_again_what_has_changed_is_marked(program: Program, mine: Path) -> None:
    (mine / "models" / "gone.py").write_text("")
    program.run("pack", "add", "mine")
    program.run("pack", "trust", "mine", "--yes")
    (mine / "models" / "gone.py").unlink()
    (mine / "models" / "more.py").write_text("x\n")
    with (mine / "answers" / "nosy.py").open("a") as stream:
        stream.write("# more\n")
    with program.terminal("pack", "trust", "mine", "--lang", "zh") as terminal:
        screen = terminal.wait_for("是否信任？[y/N]")
        listing = screen.split("\n\n")[0].splitlines()[1:]
        marks = {path: line.split()[-1] for line in listing for path in line.split() if ".py" in path}
        assert marks == {"answers/nosy.py": "有改动", "models/more.py": "新增", "models/gone.py": "已删除"}
        assert "+# more" in screen  # so little is shown without being asked for
        terminal.send("是\r")
        terminal.wait_for("已信任；文件一旦改动或增减，会再次询问")
        assert terminal.exit_status() == 0


def test_the_code_is_read_file_by_file(program: Program, mine: Path) -> None:
    program.run("pack", "add", "mine")
    (mine / "models" / "net.py").write_text("".join(f"line_{n} = {n}\n" for n in range(70)))
    with program.terminal("pack", "trust", "mine", rows=120) as terminal:
        screen = terminal.wait_for("Trust it? [y/N]")
        assert "line_1 = 1" not in screen
        terminal.send("s\r")
        terminal.wait_for("TITLE")
        terminal.send("s\r")
        terminal.wait_for("70  line_69 = 69")
        terminal.send("s\r")
        terminal.wait_for("That was all of it.")
        terminal.send("2\r")
        terminal.settle()
        assert terminal.screen.count("line_69 = 69") == 2
        terminal.send("y\r")
        assert terminal.exit_status() == 0


def test_after_a_change_only_that_is_shown(program: Program, mine: Path) -> None:
    program.run("pack", "add", "mine")
    net = mine / "models" / "net.py"
    net.write_text("".join(f"line_{n} = {n}\n" for n in range(70)))
    program.run("pack", "trust", "mine", "--yes")
    net.write_text(net.read_text().replace("line_40 = 40", "line_40 = 'evil \x1b[2J'"))
    shown = program.run("pack", "trust", "mine", "--show")
    assert (shown.returncode, shown.stderr) == (0, "")
    changes = shown.stdout.split("models/net.py\n")[-1].splitlines()
    assert "  -line_40 = 40" in changes
    assert "  +line_40 = 'evil \\x1b[2J'" in changes
    assert len(changes) == 9  # a head, three lines around them
    assert program.run("demo", "nosy").returncode == 1  # to look is no trust
    for path in (program.home / "data" / "trusted").iterdir():
        path.write_text("somebody was here")  # then it is no copy, and the whole file is shown
    assert "line_69 = 69" in program.run("pack", "trust", "mine", "--show").stdout
    program.run("pack", "trust", "mine", "--yes")
    assert len(list((program.home / "data" / "trusted").iterdir())) == 2


def test_what_cannot_be_shown_cannot_be_trusted(program: Program, mine: Path) -> None:
    program.run("pack", "add", "mine")
    (mine / "models" / "out.py").symlink_to("/etc/hostname")
    line = f"quizcli: {mine}/models/out.py: this link leaves the pack\n"
    for words in ("pack trust mine --yes", "demo nosy", "demo mine/nosy"):
        said = program.run(*words.split())
        assert said.returncode == 1
        assert said.stderr.startswith(line)
    assert "this link leaves the pack" in program.run("pack", "list").stdout
    assert program.run("demo").returncode == 0
    assert not ran(mine)


def test_a_pack_without_code_needs_no_trust(program: Program, mine: Path) -> None:
    shutil.rmtree(mine / "answers")
    assert "trust" not in program.run("pack", "add", "mine").stdout
    said = program.run("pack", "trust", "mine")
    assert (said.returncode, said.stdout) == (0, "mine: no code here; there is nothing to trust\n")


@pytest.mark.parametrize(
    ("lang", "line"),
    [("en", "`quizcli pack trust mine` first: it shows"), ("zh", "请先执行 `quizcli pack trust mine`")],
)
def test_d_on_a_card_of_an_untrusted_pack(program: Program, mine: Path, lang: str, line: str) -> None:
    program.run("pack", "add", "mine")
    with program.terminal("--topic", "own", "--lang", lang) as terminal:
        terminal.wait_for("我自己写了什么" if lang == "zh" else MINE)
        terminal.send("d")
        terminal.wait_for(line)
        assert not ran(mine)
        program.run("pack", "trust", "mine", "--yes")  # in another window
        terminal.send("d")
        terminal.wait_for("✓ seen", timeout=60)
        terminal.wait_for("任意键" if lang == "zh" else "any key")
        assert ran(mine)
        terminal.send(" ")
        terminal.wait_for("我自己写了什么" if lang == "zh" else MINE)
        terminal.send(" ")
        terminal.wait_for("✓ seen", "实测" if lang == "zh" else "measured")
        terminal.send("q")
        assert terminal.exit_status() == 0
    assert "✓ seen" in program.run("show", "mine/a-recall").stdout


def test_the_quiz_runs_it_too(program: Program, mine: Path) -> None:
    program.run("pack", "add", "mine")
    program.run("pack", "trust", "mine", "--yes")
    with program.terminal("quiz", "--topic", "own", "--kind", "recall") as terminal:
        terminal.wait_for(MINE)
        terminal.send("d")
        terminal.wait_for("✓ seen", timeout=60)


# The start


def modules(program: Program, tmp_path: Path) -> set[str]:
    """What is imported up to the first question of a start."""
    report = tmp_path / "modules.json"
    script = (
        "import atexit, json, sys\n"
        f"atexit.register(lambda: open({str(report)!r}, 'w').write(json.dumps(sorted(sys.modules))))\n"
        "from quizcli.__main__ import main\n"
        "main()"
    )
    with program.terminal(python=("-c", script)) as terminal:
        terminal.wait_for("q quit")
        terminal.send("q")
        assert terminal.exit_status() == 0
    return set(json.loads(report.read_text()))


def test_a_start_reads_no_yaml_and_no_code_of_packs(program: Program, mine: Path, tmp_path: Path) -> None:
    program.run("list")
    without = modules(program, tmp_path)
    assert not {name for name in without if name.startswith("quizcli.packs.")} & {
        "quizcli.packs.registry",
        "quizcli.packs.namespace",
        "quizcli.packs.trust",
    }, "who has added no pack pays for none"
    os.utime(mine / "questions" / "own.yaml", (1_500_000_000, 1_500_000_000))  # settled: not read again
    program.run("pack", "add", str(mine))
    with_pack = modules(program, tmp_path)
    assert not with_pack.intersection(HEAVY)
    more = with_pack - without
    assert {"quizcli.packs.registry", "quizcli.packs.namespace"} <= more
    assert len(more) <= 5, sorted(more)
    assert sorted(path.name.split("-")[0] for path in (program.home / "cache" / "banks").iterdir()) == [
        "builtin",
        "mine",
    ]


def test_names_are_completed(program: Program, mine: Path) -> None:
    program.run("pack", "add", str(mine))
    for words, wanted in (
        ("quizcli pack trust m", "mine"),
        ("quizcli demo mine", "mine/nosy"),
        ("quizcli show mine", "mine/a-recall"),
        ("quizcli list --topic o", "own"),
    ):
        env = {"_QUIZCLI_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
        assert wanted in program.run(env=env).stdout.split(), words


def test_the_fixture_pack_is_as_it_was() -> None:
    assert not (PACK / "ran").exists()

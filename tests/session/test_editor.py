"""The person's own editor: started as EDITOR says, and told of where it cannot be."""

from pathlib import Path

import pytest

from quizcli.errors import QuizError
from quizcli.session.editor import at_line, editor_command, open_editor


@pytest.mark.parametrize(
    ("editor", "told"),
    [
        ('vi "', "EDITOR is no command: 'vi \"': No closing quotation"),
        ("''", "the editor '' cannot be started"),
        ("no-such-editor -w", "the editor 'no-such-editor' cannot be started"),
        ("false", "false ended with status 1"),
        ("sh -c 'kill -9 $$'", "sh was ended by SIGKILL"),
        ("sh -c 'sh -c \"kill -9 \\$\\$\"; exit $?'", "sh ended with status 137"),
    ],
)
def test_an_editor_that_does_not_work_is_told(
    editor: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", editor)
    with pytest.raises(QuizError) as caught:
        open_editor(tmp_path / "draft.py", 1)
    assert caught.value.message.startswith(told)


@pytest.mark.parametrize(
    ("editor", "arguments"),
    [
        *((name, ["+7", "draft.py"]) for name in ("vim", "nvim", "nano", "emacs", "hx", "helix", "micro")),
        ("code", ["-g", "draft.py:7"]),
        ("Code.exe", ["-g", "draft.py:7"]),
        ("subl", ["draft.py:7"]),
        ("somebodys-own", ["draft.py"]),
    ],
)
def test_each_editor_is_told_the_line_in_its_own_way(editor: str, arguments: list[str]) -> None:
    assert at_line(editor, Path("draft.py"), 7) == arguments


@pytest.mark.parametrize("editor", ["", "   "])
def test_without_an_editor_it_is_vi(editor: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "vi").write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/seen\n')
    (tmp_path / "vi").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", editor)
    open_editor(tmp_path / "draft.py", 7)
    assert (tmp_path / "seen").read_text() == f"+7 {tmp_path}/draft.py\n"


@pytest.mark.parametrize(
    ("environ", "command"),
    [
        ({}, ["vi"]),
        ({"VISUAL": " ", "EDITOR": "nano"}, ["nano"]),
        ({"VISUAL": "code --wait", "EDITOR": "nano"}, ["code", "--wait"]),
        ({"EDITOR": "'/opt/my editor/ed' -x"}, ["/opt/my editor/ed", "-x"]),
    ],
)
def test_which_editor(environ: dict[str, str], command: list[str]) -> None:
    assert editor_command(environ, windows=False) == command


@pytest.mark.parametrize(
    ("wanted", "command"),
    [
        (r"C:\Windows\notepad.exe", [r"C:\Windows\notepad.exe"]),
        (r'"C:\Program Files\Vim\vim.exe" -f', [r"C:\Program Files\Vim\vim.exe", "-f"]),
    ],
)
def test_backslashes_stay_on_windows(wanted: str, command: list[str]) -> None:
    assert editor_command({"EDITOR": wanted}, windows=True) == command


@pytest.mark.parametrize("windows", [False, True])
def test_the_variable_that_is_wrong_is_named(windows: bool) -> None:
    with pytest.raises(QuizError, match=r"^VISUAL is no command"):
        editor_command({"VISUAL": "vim '", "EDITOR": "nano"}, windows=windows)

"""Keys: the decoder on its own, then a real pseudo-terminal with a child process in it."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from types import SimpleNamespace

import pexpect
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from quizcli.screen.terminal.key_decoder import KeyDecoder
from quizcli.screen.terminal.keyboard import Keyboard, LineEditor, edit_line, visible_part
from quizcli.screen.terminal.theme import make_console

READ_ALL = """
    import sys, os
    from quizcli.screen.terminal.keyboard import Keyboard
    with Keyboard() as keyboard:
        print("ready", flush=True)
        while (key := keyboard.read()) not in ("q", "eof"):
            print(f"<{key}>", flush=True)
    print("end", key, flush=True)
"""


def _child(script: str, *, start: bool = True) -> pexpect.spawn:
    child = pexpect.spawn(
        sys.executable, ["-c", textwrap.dedent(script)], encoding="utf-8", timeout=20, dimensions=(24, 80)
    )
    if start:
        child.expect("ready")
    return child


# The decoder


@pytest.mark.parametrize(
    ("sent", "keys"),
    [
        ("a", ["a"]),
        ("选 A", ["选", " ", "A"]),
        ("\r", ["enter"]),
        ("\r\n", ["enter"]),
        ("\n\n", ["enter", "enter"]),
        ("\x1b[A\x1b[B\x1b[C\x1b[D", ["up", "down", "right", "left"]),
        ("\x1bOA\x1bOH\x1bOF", ["up", "home", "end"]),
        ("\x1b[1~\x1b[4~\x1b[3~\x1b[5~\x1b[6~", ["home", "end", "delete", "pageup", "pagedown"]),
        ("\x1b[1;5C", ["right"]),
        ("\x1b[3;5~", ["delete"]),
        ("\x7f\x08\t", ["backspace", "backspace", "tab"]),
        ("\x03\x15\x04", ["ctrl-c", "ctrl-u", "eof"]),
        ("\x1b[15~x", ["unknown", "x"]),
        ("\x1b[[Ax", ["unknown", "x"]),
        ("\x1bq1", ["unknown", "1"]),
        ("\x1b]11;rgb:ffff/ffff/ffff\x07n", ["unknown", "n"]),
        ("\x1b]0;q\x1b\\n", ["unknown", "n"]),
        ("\x1b[<35;10;20Mx", ["unknown", "x"]),
        ("\x1b\x1b[A", ["esc", "up"]),
        ("\x00\x85", ["unknown", "unknown"]),
        ("\x1b[200~q 1\r\n\x1b[A中\x1b[201~x", ["paste:q 1   [A中", "x"]),
        ("\x1b[200~\x1b[201~x", ["paste:", "x"]),
    ],
)
def test_decoder(sent: str, keys: list[str]) -> None:
    assert KeyDecoder().feed(sent) == keys


def test_a_lone_escape_is_a_key_only_when_nothing_follows() -> None:
    decoder = KeyDecoder()
    assert decoder.feed("\x1b") == []
    assert [decoder.pending, decoder.settle(), decoder.pending] == [True, ["esc"], False]
    assert decoder.feed("\x1b[1;") == []
    assert decoder.settle() == ["unknown"]
    assert decoder.settle() == []


def test_a_paste_is_held_until_its_end_comes() -> None:
    decoder = KeyDecoder()
    assert decoder.feed("\x1b[200~que") == []
    assert not decoder.pending  # however long the rest takes, it is no lone Esc
    assert decoder.feed("ry\x1b[20") == []
    assert decoder.feed("1~q") == ["paste:query", "q"]
    assert decoder.feed("\x1b[200~lost") == []
    assert decoder.settle() == ["paste:lost"]


@given(
    st.lists(
        st.sampled_from(
            [*"ab1中é", "\x1b[A", "\x1b[3~", "\x1b[200~ab\x1b[201~", "\x1bOP", "\x1bx", "\r", "\x7f"]
        )
    ),
    st.data(),
)
def test_decoder_does_not_care_where_reads_are_cut(codes: list[str], data: st.DataObject) -> None:
    text = "".join(codes)
    cut = data.draw(st.integers(0, len(text)))
    whole, parts = KeyDecoder(), KeyDecoder()
    keys = whole.feed(text)
    assert len(keys) == len(codes)
    assert parts.feed(text[:cut]) + parts.feed(text[cut:]) == keys


@given(st.text(st.sampled_from("\x1b[]O;~0123456789AqdZ\x07\\ \r\n中"), max_size=30))
def test_decoder_takes_anything(text: str) -> None:
    decoder = KeyDecoder()
    keys = decoder.feed(text) + decoder.settle()
    assert all(keys)
    assert not decoder.pending
    assert "\x1b" not in "".join(keys)


# A real terminal


def test_keys_of_a_terminal() -> None:
    child = _child(READ_ALL)
    child.send("a中\x1b[A")
    child.expect_exact("<a>\r\n<中>\r\n<up>")
    child.send("\x1b")
    child.expect_exact("<esc>")
    child.send("\x1b[15~")
    child.expect_exact("<unknown>")
    child.send("\r")
    child.expect_exact("<enter>")
    child.send("q")
    child.expect_exact("end q")
    child.expect(pexpect.EOF)
    assert child.wait() == 0


def test_ctrl_c_is_a_key_and_ctrl_s_does_not_freeze() -> None:
    child = _child(READ_ALL)
    child.send("\x03\x13\x16")
    child.expect_exact("<ctrl-c>\r\n<ctrl-s>\r\n<ctrl-v>")
    os.kill(child.pid, signal.SIGINT)
    child.expect_exact("<ctrl-c>")
    child.send("q")
    child.expect_exact("end q")


def test_ctrl_c_is_heard_where_the_end_of_a_paste_was_lost() -> None:
    child = _child(READ_ALL)
    child.send("\x1b[200~half a paste \x03 and a bit")
    time.sleep(0.2)
    child.send("\x03")
    child.expect_exact("<ctrl-c>")
    child.send("q")
    child.expect_exact("end q")
    assert "a bit" not in str(child.before)


def test_a_character_in_two_reads() -> None:
    child = _child(READ_ALL)
    first, second = "中".encode()[:1], "中".encode()[1:]
    os.write(child.fileno(), first)
    time.sleep(0.15)  # longer than the wait for the rest of an escape sequence
    os.write(child.fileno(), second)
    child.expect_exact("<中>")
    child.send("q")
    child.expect_exact("end q")


def test_resize_wakes_the_reader() -> None:
    child = _child(READ_ALL)
    child.setwinsize(40, 120)
    child.expect_exact("<resize>")
    child.send("q")
    child.expect_exact("end q")


def test_a_signal_is_heard_while_the_reader_sleeps_through_it() -> None:
    """As where it comes just before the reader falls asleep: nothing interrupts its sleep."""
    child = _child(
        """
        import signal, threading, time
        from quizcli.screen.terminal.keyboard import Keyboard
        def press():
            time.sleep(0.3)
            signal.pthread_kill(threading.get_ident(), signal.SIGWINCH)
        with Keyboard() as keyboard:
            print("ready", flush=True)
            threading.Thread(target=press).start()
            print(f"<{keyboard.read()}>", flush=True)
        print("alarm", signal.set_wakeup_fd(-1))
        """
    )
    child.expect_exact("<resize>")
    child.expect_exact("alarm -1")  # as it was before


def test_ctrl_d_and_hang_up_end_the_input() -> None:
    child = _child(READ_ALL)
    child.send("\x04")
    child.expect_exact("end eof")


MODE_AFTER = """
    import sys, termios
    from quizcli.screen.terminal.keyboard import Keyboard
    def mode(): return termios.tcgetattr(0)
    before = mode()
    try:
        with Keyboard() as keyboard:
            assert mode() != before
            print("ready", flush=True)
            {body}
    finally:
        print("restored" if mode() == before else "spoilt", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_terminal_is_restored_on_signals(number: int) -> None:
    child = _child(MODE_AFTER.format(body="keyboard.read()"))
    os.kill(child.pid, number)
    child.expect_exact("restored")
    child.expect(pexpect.EOF)
    assert child.wait() == 128 + number


def test_terminal_is_restored_on_exceptions_and_end() -> None:
    child = _child(MODE_AFTER.format(body="raise LookupError"))
    child.expect_exact("restored")
    child = _child(MODE_AFTER.format(body="pass"))
    child.expect_exact("restored")


def test_suspended_gives_the_terminal_back_for_a_while() -> None:
    body = """
            keyboard.on_leave = lambda: print("leave", flush=True)
            keyboard.on_return = lambda: print("return", flush=True)
            with keyboard.suspended():
                assert mode() == before
                print("line:", sys.stdin.readline(), flush=True)
            assert mode() != before
            print("key:", keyboard.read(), flush=True)
    """
    child = _child(MODE_AFTER.format(body=body))
    child.expect_exact("leave")
    child.sendline("some words")
    child.expect_exact("line: some words")
    child.expect_exact("return")
    child.send("k")
    child.expect_exact("key: k")
    child.expect_exact("restored")


def test_a_program_that_dies_in_the_terminal_leaves_nothing_in_it() -> None:
    body = """
            import subprocess
            with keyboard.suspended():
                subprocess.run(["stty", "raw", "-echo"])
                print("\\x1b[?1000h\\x1b[?1006h\\x1b[?25l", flush=True)
            print("ours:", mode() != before, flush=True)
            print("key:", keyboard.read(), flush=True)
    """
    child = _child(MODE_AFTER.format(body=body))
    child.expect_exact("\x1b[?1000h")
    for control in ("\x1b[?1000l", "\x1b[?1006l", "\x1b[?25h", "ours: True"):
        child.expect_exact(control)
    child.send("k")
    child.expect_exact("key: k")
    child.expect_exact("restored")


def test_ctrl_z_stops_and_comes_back_to_a_terminal_of_ours(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    body = """
            keyboard.on_leave = lambda: print("left", flush=True)
            keyboard.on_return = lambda: print("back", mode() != before, flush=True)
            while (key := keyboard.read()) != "q":
                print(f"<{key}>", flush=True)
    """
    program.write_text(textwrap.dedent(MODE_AFTER.format(body=body)))
    shell = pexpect.spawn("bash", ["--norc", "--noediting", "-i"], encoding="utf-8", timeout=20)
    shell.sendline("PS1='$'; echo be''gin")
    shell.expect_exact("begin")
    shell.sendline(f"{sys.executable} {program}")
    shell.expect_exact("ready")
    for _ in range(2):
        shell.send("\x1a")
        shell.expect_exact("left")
        shell.expect_exact("Stopped")
        shell.sendline("echo stop''ped")
        shell.expect_exact("stopped")
        shell.sendline("fg")
        shell.expect_exact("back True")
        shell.expect_exact("<resize>")
        shell.send("k")
        shell.expect_exact("<k>")
    shell.send("q")
    shell.expect_exact("restored")
    shell.sendline("exit")
    shell.expect(pexpect.EOF)


def test_what_is_typed_while_nobody_reads() -> None:
    child = _child(
        """
        import time
        from quizcli.screen.terminal.keyboard import Keyboard
        with Keyboard() as keyboard:
            print("ready", flush=True)
            time.sleep(0.5)
            print([keyboard.read(0), keyboard.read(0)], flush=True)
            time.sleep(0.5)
            keyboard.flush()
            print([keyboard.read(0), keyboard.read(0.05)], flush=True)
        """
    )
    child.send("ab")
    child.expect_exact("['a', 'b']")
    child.send("c\x03d")
    child.expect_exact("['ctrl-c', None]")


def test_second_interrupt_gets_out_of_a_program_that_does_not_listen() -> None:
    child = _child(
        """
        import time
        from quizcli.screen.terminal.keyboard import Keyboard
        with Keyboard() as keyboard:
            print("ready", flush=True)
            for _ in range(200):
                time.sleep(0.05)
                if keyboard._keys and not _ % 2: print("first", flush=True)
        """
    )
    os.kill(child.pid, signal.SIGINT)
    child.expect_exact("first")
    os.kill(child.pid, signal.SIGINT)
    child.expect_exact("KeyboardInterrupt")


# No terminal


def _piped(data: bytes, script: str = READ_ALL) -> str:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        input=data,
        capture_output=True,
        timeout=20,
        check=True,
    )
    return done.stdout.decode()


MANY_OPEN = """
    import os, resource
    resource.setrlimit(resource.RLIMIT_NOFILE, (3000, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    for _ in range(1100):
        os.dup(2)
"""


def test_keys_beside_more_open_files_than_select_can_count() -> None:
    child = _child(MANY_OPEN + READ_ALL)
    child.send("k")
    child.expect_exact("<k>")
    child.send("\x1b")  # a time limit passes
    child.expect_exact("<esc>")
    os.kill(child.pid, signal.SIGWINCH)  # woken
    child.expect_exact("<resize>")
    child.send("q")
    child.expect_exact("end q")
    assert "<7>" in _piped(b"7q", MANY_OPEN + READ_ALL)


def test_piped_input_is_keys_and_then_the_end() -> None:
    assert _piped("1\n中\r\n".encode()) == "ready\n<1>\n<enter>\n<中>\n<enter>\nend eof\n"
    assert _piped(b"\x1b") == "ready\n<esc>\nend eof\n"
    assert _piped(b"\xe4") == "ready\n<\ufffd>\nend eof\n"


def test_piped_input_is_never_flushed() -> None:
    script = """
        from quizcli.screen.terminal.keyboard import Keyboard
        with Keyboard() as keyboard:
            keyboard.flush()
            print(keyboard.interactive, keyboard.read(), keyboard.read(), keyboard.read())
    """
    assert _piped(b"1", script) == "False 1 eof eof\n"


def test_a_pipe_that_says_nothing_does_not_block_a_reader_with_a_time_limit() -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading) as stream, os.fdopen(writing, "wb", 0) as pipe, Keyboard(stream) as keyboard:
        begun = time.monotonic()
        assert keyboard.read(0.05) is None
        assert keyboard.read(0) is None
        assert time.monotonic() - begun < 5
        pipe.write(b"y")
        assert keyboard.read() == "y"


def test_streams_in_memory_and_closed_ones() -> None:
    with Keyboard(io.StringIO("a\n")) as keyboard:
        assert [keyboard.read() for _ in range(4)] == ["a", "enter", "eof", "eof"]
    closed = io.StringIO()
    closed.close()
    with Keyboard(closed) as keyboard:
        assert keyboard.read(0) == "eof"


def test_signal_handlers_are_put_back() -> None:
    before = [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGTSTP)]
    with Keyboard(io.StringIO("")):
        assert signal.getsignal(signal.SIGINT) != before[0]
    assert [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGTSTP)] == before


# Windows, with a keyboard of our own


def _windows_console(monkeypatch: pytest.MonkeyPatch, typed: str) -> Keyboard:
    codes = list(typed)
    fake = SimpleNamespace(kbhit=lambda: bool(codes), getwch=lambda: codes.pop(0))
    monkeypatch.setitem(sys.modules, "msvcrt", fake)
    from quizcli.screen.terminal.windows import WindowsConsole

    keyboard = Keyboard(io.StringIO())
    keyboard._input = WindowsConsole()
    return keyboard


def test_windows_console(monkeypatch: pytest.MonkeyPatch) -> None:
    with _windows_console(monkeypatch, "a\xe0H\x00;\x03\r中\ud83d\ude00") as keyboard:
        assert [keyboard.read(0) for _ in range(8)] == [
            "a",
            "up",
            "unknown",
            "ctrl-c",
            "enter",
            "中",
            "😀",
            None,
        ]
    with _windows_console(monkeypatch, "\xe0") as keyboard:
        assert keyboard.read(0.02) == "à"


def test_windows_pipe() -> None:
    from quizcli.screen.terminal.windows import WindowsPipe

    reading, writing = os.pipe()
    keyboard = Keyboard(io.StringIO())
    keyboard._input = WindowsPipe(reading)
    with keyboard:
        assert keyboard.read(0) is None
        os.write(writing, "好\n".encode())
        os.close(writing)
        assert [keyboard.read() for _ in range(3)] == ["好", "enter", "eof"]
    os.close(reading)


# A line of text


def _typed(keys: list[str], text: str = "") -> tuple[str, int]:
    cursor = len(text)
    for key in keys:
        text, cursor = edit_line(text, cursor, key)
    return text, cursor


def test_editing_a_line() -> None:
    assert _typed([*"softmax", "home", "x", "right", "delete"]) == ("xsftmax", 2)
    assert _typed(["backspace"], "变分") == ("变", 1)
    assert _typed(["left", "ctrl-u"], "abc") == ("c", 0)
    assert _typed(["home", "right", "ctrl-k"], "abc") == ("a", 1)
    assert _typed(["ctrl-w"], "two words ") == ("two ", 4)
    assert _typed(["home", "delete", "backspace", "left"], "ab") == ("b", 0)
    assert _typed(["tab", "unknown", "resize"], "ab") == ("ab", 2)
    assert _typed(["left", "paste:x y"], "ab") == ("ax yb", 4)


def test_an_accent_moves_with_its_letter() -> None:
    assert _typed(["left"], "xe\u0301") == ("xe\u0301", 1)
    assert _typed(["home", "delete"], "e\u0301x") == ("x", 0)


@given(st.text(st.sampled_from("ab中文é ,"), max_size=40), st.data(), st.integers(4, 20))
def test_the_cursor_is_always_in_sight(text: str, data: st.DataObject, room: int) -> None:
    cursor = data.draw(st.integers(0, len(text)))
    shown, before = visible_part(text, cursor, room)
    assert cell_len(shown) <= room
    assert 0 <= before <= len(shown)
    assert cell_len(shown[:before]) < room
    assert shown in text
    if cell_len(text) < room:
        assert (shown, before) == (text, cursor)


def test_a_line_from_a_pipe() -> None:
    out = io.StringIO()
    with Keyboard(io.StringIO("0.5\nlast")) as keyboard:
        editor = LineEditor(keyboard, make_console(out))
        assert editor.edit("> ") == "0.5"
        assert editor.edit("> ") == "last"
        assert editor.edit("> ") is None
    assert out.getvalue() == ""


def test_a_line_at_a_terminal() -> None:
    child = _child(
        """
        import sys
        from quizcli.screen.terminal.keyboard import Keyboard, LineEditor
        from quizcli.screen.terminal.theme import make_console
        with Keyboard() as keyboard:
            print("ready", flush=True)
            editor = LineEditor(keyboard, make_console())
            print(ascii(editor.edit("答案 > ")), flush=True)
            print(ascii(editor.edit("> ", "kept")), flush=True)
            print("done", flush=True)
        """
    )
    child.expect_exact("答案 > ")
    child.send("1.36\x1b[D\x7f4变\r")
    child.expect_exact(ascii("1.4变6"))
    child.send("\x03")
    child.expect_exact("None")
    child.expect_exact("done")

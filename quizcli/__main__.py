"""The door of the program: global flags, the language, one funnel for errors and exit codes."""

import gc
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NoReturn

from quizcli import startup  # noqa: F401 - before all that takes its time
from quizcli.cli import stdio
from quizcli.errors import ExitStatus, QuizError, what_happened, what_helps
from quizcli.settings import Settings, likely_language, load_settings
from quizcli.text import tr, use_language

_MENDING = ("backup", "doctor", "restore")  # what is run when something is wrong, the settings perhaps


def main() -> NoReturn:
    """Entry point of the `quizcli` command."""
    sys.unraisablehook = _come_again
    try:
        status = run(sys.argv[1:])
    except KeyboardInterrupt:  # pressed again, while it was ending
        status = ExitStatus.INTERRUPTED
    if status == ExitStatus.INTERRUPTED:
        import signal

        signal.signal(signal.SIGINT, signal.SIG_IGN)  # and again: it ends
    sys.exit(status)


def _come_again(unraisable: "sys.UnraisableHookArgs") -> None:
    """A Ctrl-C that came where Python can raise nothing, as in a callback of an import, comes again."""
    if isinstance(unraisable.exc_value, KeyboardInterrupt):
        import _thread

        _thread.start_new_thread(_press, ())  # from here it would be lost as well
    else:
        sys.__unraisablehook__(unraisable)


def _press() -> None:
    import signal
    import time

    time.sleep(0.01)
    if sys.platform == "win32":
        signal.raise_signal(signal.SIGINT)
    else:
        os.kill(os.getpid(), signal.SIGINT)  # which wakes who sleeps


def run(argv: Sequence[str]) -> int:
    """Run one command line and return its exit status; what goes wrong ends in one clear message."""
    stdio.mend()
    _hear_of_children()
    debug = "--debug" in _before_separator(argv)
    try:
        status = _begun(argv)
        sys.stdout.flush()
        return status
    except QuizError as error:
        _say(error.message, error.hint, debug)
        return error.status
    except KeyboardInterrupt:
        return ExitStatus.INTERRUPTED
    except BrokenPipeError:
        return ExitStatus.OK  # the reader of our output has gone (| head): that is no error
    except SystemExit as end:  # Rich ends the process itself where a pipe breaks
        if isinstance(end.__context__, BrokenPipeError):
            return ExitStatus.OK
        raise
    except OSError as error:  # the system said no: a full disk, a folder without permission
        _say(what_happened(error), what_helps(error), debug)
        return ExitStatus.ERROR
    except Exception as error:  # noqa: BLE001 - the last line of defence: one message instead of a traceback
        hint = tr(
            "This is a mistake in quizcli; --debug shows where.",
            "这是 quizcli 的错误；加 --debug 可看到出错位置。",
        )
        _say(f"{type(error).__name__}: {error}", hint, debug)
        return ExitStatus.ERROR
    finally:
        gc.enable()  # where what went wrong was a flag or a setting
        stdio.let_go()


def _hear_of_children() -> None:
    """Who ignores SIGCHLD leaves that to what they start; the system then keeps no exit code for us."""
    if sys.platform == "win32":
        return
    import signal

    if signal.getsignal(signal.SIGCHLD) == signal.SIG_IGN:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)


def _begun(argv: Sequence[str]) -> int:
    use_language(likely_language(os.environ))
    arguments, flags = global_flags(argv)
    use_language(likely_language(os.environ, flags.get("lang", "")))
    settings = load_settings(mending=bool(arguments) and arguments[0] in _MENDING, **flags)
    use_language(settings.lang)
    if settings.left_aside:
        hint = tr(
            "It is left aside for now; no other command but `backup`, `restore` and `doctor` runs with it.",
            "这次先不使用它；除 `backup`、`restore` 与 `doctor` 外，其他命令在修正前都无法运行。",
        )
        _say(settings.left_aside, hint, debug=False)
    return int(_dispatch(arguments, settings))


def _dispatch(arguments: list[str], settings: Settings) -> int:
    # The daily start must be a blink: a bare `quizcli` goes to its first question without building the
    # command line parser (35 ms). Shells ask for completions with a bare `quizcli` too.
    if not arguments and "_QUIZCLI_COMPLETE" not in os.environ:
        from quizcli.session.daily import study

        return study(settings)  # which turns it on
    from quizcli.cli.app import dispatch

    gc.enable()
    return dispatch(arguments, settings)


def _say(message: str, hint: str, debug: bool) -> None:
    """Tell what went wrong on stderr, with --debug after the traceback of the exception being handled."""
    with suppress(OSError):  # where stderr has gone too, nobody is left to be told
        if debug:
            import traceback

            traceback.print_exc()
        print(f"quizcli: {message}", file=sys.stderr)
        if hint:
            print(f"  {hint}", file=sys.stderr)


def _before_separator(argv: Sequence[str]) -> list[str]:
    return list(argv[: argv.index("--")]) if "--" in argv else list(argv)


def global_flags(argv: Sequence[str]) -> tuple[list[str], dict[str, Any]]:
    """Take --lang, --debug, --no-input out of a command line, wherever they stand before a `--`."""
    rest: list[str] = []
    flags: dict[str, Any] = {}
    words = iter(argv)
    for word in words:
        if word == "--":
            rest += [word, *words]
        elif word == "--debug":
            flags["debug"] = True
        elif word == "--no-input":
            flags["interactive"] = False
        elif word == "--lang" or word.startswith("--lang="):
            value = next(words, None) if word == "--lang" else word.partition("=")[2]
            if value is None:
                raise QuizError(
                    tr("--lang needs a value: en or zh", "--lang 需要一个值：en 或 zh"),
                    tr("As in `quizcli --lang zh`.", "例如 `quizcli --lang zh`。"),
                    ExitStatus.USAGE,
                )
            flags["lang"] = value
        else:
            rest.append(word)
    return rest, flags


if __name__ == "__main__":
    main()

"""The door of the program: global flags, the language, one funnel for errors and exit codes."""

import os
import sys
from collections.abc import Sequence
from typing import Any

from quizcli.errors import ExitStatus, QuizError
from quizcli.settings import Settings, load_settings
from quizcli.text import tr, use_language


def main() -> None:
    """Entry point of the `quizcli` command."""
    sys.exit(run(sys.argv[1:]))


def run(argv: Sequence[str]) -> int:
    """Run one command line and return its exit status; what goes wrong ends in one clear message."""
    debug = "--debug" in _before_separator(argv)
    try:
        arguments, flags = global_flags(argv)
        settings = load_settings(**flags)
        use_language(settings.lang)
        return int(_dispatch(arguments, settings))
    except QuizError as error:
        if debug:
            raise
        print(f"quizcli: {error.message}", file=sys.stderr)
        if error.hint:
            print(f"  {error.hint}", file=sys.stderr)
        return error.status
    except KeyboardInterrupt:
        return ExitStatus.INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has gone (| head): that is no error, and nothing more can be said to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitStatus.OK
    except Exception as error:  # the last line of defence: one message instead of a traceback
        if debug:
            raise
        print(f"quizcli: {type(error).__name__}: {error}", file=sys.stderr)
        print(
            "  "
            + tr(
                "This is a mistake in quizcli; --debug shows where.",
                "这是 quizcli 的错误;加 --debug 可看到出错位置。",
            ),
            file=sys.stderr,
        )
        return ExitStatus.ERROR


def _dispatch(arguments: list[str], settings: Settings) -> int:
    # The daily start must be a blink: a bare `quizcli` goes to its first question without building the
    # command line parser (35 ms).
    if not arguments:
        from quizcli.cli.today import study

        return study(settings)
    from quizcli.cli.main import dispatch

    return dispatch(arguments, settings)


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
                    tr("--lang needs a value: en or zh", "--lang 需要一个值:en 或 zh"),
                    status=ExitStatus.USAGE,
                )
            flags["lang"] = value
        else:
            rest.append(word)
    return rest, flags


if __name__ == "__main__":
    main()

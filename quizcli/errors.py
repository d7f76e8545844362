"""The one exception that a person is meant to read, and the exit codes of every command."""

from enum import IntEnum


class ExitStatus(IntEnum):
    """What the process says to the shell when it ends."""

    OK = 0
    ERROR = 1
    USAGE = 2
    CHECK_FAILED = 3
    INTERRUPTED = 130


class QuizError(Exception):
    """Something a person can act on: what went wrong (and where), then what to do next.

    `message` and `hint` are complete, translated sentences; they are printed to stderr as they are.
    """

    def __init__(self, message: str, hint: str = "", status: ExitStatus = ExitStatus.ERROR) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.status = status

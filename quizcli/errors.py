"""The one exception that a person is meant to read, and the exit codes of every command."""

import errno
from enum import IntEnum

from quizcli.text import tr


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


def what_happened(error: QuizError | OSError) -> str:
    """What went wrong, and with which file where the system tells."""
    if isinstance(error, QuizError):
        return error.message
    place = f"{error.filename}: " if error.filename else ""
    return f"{place}{error.strerror or error}"


def what_helps(error: QuizError | OSError) -> str:
    """What to do about it; nothing where the system says no for a reason that we do not know."""
    if isinstance(error, QuizError):
        return error.hint
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return tr("Free some space, then try again.", "请清理磁盘空间后重试。")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return tr("Check its permissions, or name another place.", "请检查权限，或换一个位置。")
    if error.errno in (errno.ENOTDIR, errno.EISDIR):
        return tr("Something else is in its place: move it away.", "这个位置已被占用：请移走原有的内容。")
    if error.errno == errno.ENOENT:
        return tr("Check how it is spelled.", "请检查路径是否正确。")
    return ""


def message_and_hint(error: QuizError | OSError) -> str:
    """Both in one line, for where there is only one."""
    return f"{what_happened(error)}  {what_helps(error)}".rstrip()

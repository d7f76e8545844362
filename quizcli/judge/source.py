"""The text of a source file, as Python itself would read it."""

from __future__ import annotations

from importlib.util import decode_source
from pathlib import Path

from quizcli.errors import ExitStatus, QuizError
from quizcli.text import tr


def read_source(path: Path) -> str:
    """Without a byte order mark, in the encoding that its first lines name, with line ends that are one.

    OSError where it cannot be read, QuizError where it is no text.
    """
    data = path.read_bytes()
    try:
        return decode_source(data)
    except UnicodeDecodeError as error:
        message = tr(f"{path}: this is not UTF-8", f"{path}：不是 UTF-8 编码")
        raise QuizError(message, status=ExitStatus.USAGE) from error
    except SyntaxError as error:  # an encoding that there is not, or another one than the mark says
        raise QuizError(f"{path}: {error.msg}", status=ExitStatus.USAGE) from error

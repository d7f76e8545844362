"""The text of a source file, as Python itself would read it."""

from __future__ import annotations

import io
import tokenize
from pathlib import Path

from quizcli.errors import ExitStatus, QuizError
from quizcli.text import tr


def read_source(path: Path) -> str:
    """Without a byte order mark, in the encoding that its first lines name, with line ends that are one.

    OSError where it cannot be read, QuizError where it is no text.
    """
    data = path.read_bytes()
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        return data.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")
    except (UnicodeDecodeError, SyntaxError) as error:
        told = getattr(
            error, "msg", ""
        )  # of an encoding that there is not, or another one than the mark says
        if told.startswith(("unknown encoding", "encoding problem")):
            message = f"{path}: {told}"
        else:
            message = tr(f"{path}: this is not UTF-8", f"{path}：不是 UTF-8 编码")
        raise QuizError(message, status=ExitStatus.USAGE) from error

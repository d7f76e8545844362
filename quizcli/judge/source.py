"""The text of a source file, as Python itself would read it."""

from __future__ import annotations

import io
import tokenize
from pathlib import Path

from quizcli.errors import ExitStatus, QuizError
from quizcli.file_reading import MEBIBYTE, read_given
from quizcli.text import tr


def read_source(path: Path) -> str:
    """The text of a file that a person has named, which may be a pipe. OSError, QuizError."""
    return source_text(read_given(path, MEBIBYTE), path)


def source_text(data: bytes, path: Path) -> str:
    """Without a byte order mark, in the encoding that its first lines name, with line ends that are one.

    QuizError where it is no text; `path` is where it comes from.
    """
    encoding = "utf-8"
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        return data.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")
    except (UnicodeError, SyntaxError, LookupError) as error:  # LookupError: rot13 is a codec, not of text
        told = getattr(
            error, "msg", ""
        )  # of an encoding that there is not, or another one than the mark says
        if isinstance(error, LookupError):
            message = f"{path}: {error}"
        elif told.startswith(("unknown encoding", "encoding problem")):
            message = f"{path}: {told}"
        else:
            name = "UTF-8" if encoding.startswith("utf-8") else encoding
            message = tr(f"{path}: this cannot be read as {name}", f"{path}：无法按 {name} 解码")
        hint = tr("Save it as UTF-8.", "请以 UTF-8 编码保存。")
        raise QuizError(message, hint, ExitStatus.USAGE) from error

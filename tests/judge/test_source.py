"""A source is read as Python reads it, whatever an editor has made of it."""

from pathlib import Path

import pytest

from quizcli.errors import QuizError
from quizcli.judge.source import read_source

TEXT = "def f(x):\n\treturn x\n"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"\xef\xbb\xbf" + TEXT.encode(), TEXT),
        (TEXT.replace("\n", "\r\n").encode(), TEXT),
        (TEXT.replace("\n", "\r").encode(), TEXT),
        (b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode(), TEXT),
        ("# 梯度\n".encode(), "# 梯度\n"),
        ("# -*- coding: gbk -*-\nx = '梯度'\n".encode("gbk"), "# -*- coding: gbk -*-\nx = '梯度'\n"),
        (b"# coding: latin-1\nx = '\xe9'\n", "# coding: latin-1\nx = '\u00e9'\n"),
        (b"x = 1\n\x0cy = 2\n", "x = 1\n\x0cy = 2\n"),
        (b"", ""),
    ],
)
def test_every_form_of_a_source(data: bytes, text: str, tmp_path: Path) -> None:
    path = tmp_path / "answer.py"
    path.write_bytes(data)
    assert read_source(path) == text
    compile(read_source(path), "answer.py", "exec")


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"x = '\xff'", "this cannot be read as UTF-8"),
        (TEXT.encode("utf-16"), "UTF-8"),
        (b"# coding: klingon\n", "unknown encoding: klingon"),
        (b"# coding: rot13\n", "'rot13' is not a text encoding"),
        (b"# coding: hex\n", "'hex' is not a text encoding"),
        (b"# coding: undefined\n", "cannot be read as undefined"),
        (b"# coding: idna\nx = '\xff'\n", "cannot be read as idna"),
        (b"# coding: gbk\nx = '\xff\xff'\n", "cannot be read as gbk"),
        (b"\xef\xbb\xbf# coding: latin-1\n", "encoding problem"),
    ],
)
def test_what_is_no_text(data: bytes, told: str, tmp_path: Path) -> None:
    path = tmp_path / "answer.py"
    path.write_bytes(data)
    with pytest.raises(QuizError, match=told):
        read_source(path)

"""JSON on stdout: in UTF-8 whatever stdout speaks, and nothing in it that a terminal would obey."""

import json
import sys

import msgspec

from quizcli.visible_text import escaped


def print_json(value: object) -> None:
    """Print a value, indented."""
    _print(_encoded(value, indent=2).decode())


def print_json_line(value: object) -> None:
    """Print a value on one line, at once."""
    _print(_encoded(value).decode())


def print_json_text(line: bytes) -> None:
    """Print what is JSON already, at once."""
    _print(line.decode())


def _encoded(value: object, indent: int | None = None) -> bytes:
    try:
        line = msgspec.json.encode(value, enc_hook=str)
    except UnicodeEncodeError:  # half of a surrogate pair, from the name of a file: only in ASCII it is JSON
        return json.dumps(msgspec.to_builtins(value, enc_hook=str), indent=indent).encode()
    return line if indent is None else msgspec.json.format(line, indent=indent)


def _print(text: str) -> None:
    sys.stdout.flush()
    sys.stdout.buffer.write(f"{escaped(text)}\n".encode())
    sys.stdout.buffer.flush()

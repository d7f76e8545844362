"""JSON on stdout."""

import sys

import msgspec


def print_json(value: object) -> None:
    """Print a value, indented; in UTF-8 whatever stdout speaks, since JSON knows no other encoding."""
    sys.stdout.flush()
    sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n")

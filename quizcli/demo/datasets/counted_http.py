"""HTTP whose every byte is counted, headers and what frames the pieces too: nobody sends without end.

`http.client` reads as many interim replies, and as long extensions of chunks, as a server likes to send.
"""

from __future__ import annotations

import io
import socket
from collections.abc import Callable
from functools import partial
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from typing import Any
from urllib.request import AbstractHTTPHandler, Request

CountBytes = Callable[[int], None]


class Metered(io.RawIOBase):
    """What a socket says. `count` is told the bytes of each piece; what it raises ends the reply."""

    def __init__(self, raw: io.RawIOBase, count: CountBytes) -> None:
        self._raw = raw
        self._count = count

    def readable(self) -> bool:
        """Always: it is there to be read."""
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        """As the socket reads."""
        number = self._raw.readinto(buffer)
        self._count(number or 0)
        return number

    def close(self) -> None:
        """Close what it reads from too."""
        try:
            self._raw.close()
        finally:
            super().close()


class _Reply(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, count: CountBytes, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self.fp.close()
        self.fp = io.BufferedReader(Metered(sock.makefile("rb", buffering=0), count))


def _counted(
    connection: type[HTTPConnection], count: CountBytes, host: str, **options: Any
) -> HTTPConnection:
    made = connection(host, **options)
    made.response_class = partial(_Reply, count=count)  # type: ignore[assignment]
    return made


class Counted(AbstractHTTPHandler):
    """http:// and https:// as urllib speaks them, counted."""

    def __init__(self, count: CountBytes) -> None:
        super().__init__()
        self._counting = count

    def http_open(self, req: Request) -> HTTPResponse:
        """The reply to a request."""
        return self.do_open(partial(_counted, HTTPConnection, self._counting), req)

    def https_open(self, req: Request) -> HTTPResponse:
        """The reply to a request."""
        return self.do_open(partial(_counted, HTTPSConnection, self._counting), req)

    http_request = https_request = AbstractHTTPHandler.do_request_

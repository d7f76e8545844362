"""One file of known size from the network: not a byte more than that, nothing but HTTP, no long silence."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import urljoin

from quizcli.text import Text

if TYPE_CHECKING:
    from http.client import HTTPResponse
    from urllib.error import HTTPError

_CHUNK = 65_536
_TALK = 1 << 20  # bytes that a server may say beside what it was asked for
_REDIRECTS = 5
_MOVED = (301, 302, 303, 307, 308)


class FetchError(Exception):
    """A server that cannot be used; `why` says it in both languages."""

    def __init__(self, why: Text) -> None:
        super().__init__(why.en)
        self.why = why


class DiskError(Exception):
    """What arrives cannot be written: no other server mends that."""


def fetch(
    address: str,
    target: Path,
    part: Path,
    size: int,
    md5: str,
    silence: float,
    arrived: Callable[[int], None],
) -> None:
    """Download a file of `size` bytes into `part`, and move it to `target` when its checksum is right.

    `silence`: seconds after which a server that says nothing is given up. `arrived` is told the number of
    bytes of each piece, and 0 for what is none of the file; what it raises ends the download. Raises
    FetchError, DiskError.
    """
    digest = hashlib.md5(usedforsecurity=False)
    heard = 0

    def count(number: int) -> None:
        nonlocal heard
        heard += number
        if heard > 2 * size + _TALK:
            raise FetchError(
                Text(f"says {heard:,} bytes for {size:,}", f"为 {size:,} 字节发送了 {heard:,} 字节")
            )
        arrived(0)

    with _server_told(), _opened(address, silence, count) as reply:
        pieces = _pieces(reply, size)
        with _disk_told():
            out = part.open("wb", buffering=0)
        with out:
            for piece in pieces:
                digest.update(piece)
                with _disk_told():
                    out.write(piece)
                arrived(len(piece))
    if digest.hexdigest() != md5:
        raise FetchError(Text("not the published file (wrong checksum)", "校验和不符，不是官方文件"))
    arrived(0)
    with _disk_told():
        part.replace(target)


def _opened(address: str, silence: float, count: Callable[[int], None]) -> HTTPResponse:
    """The reply to a request, redirections followed by hand: urllib's own reads their bodies without end."""
    from urllib import error, request

    from quizcli.demo.datasets.counted_http import Counted

    opener = request.OpenerDirector()
    for handler in (
        request.ProxyHandler(),
        Counted(count),
        request.HTTPDefaultErrorHandler(),
        request.HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    for _ in range(_REDIRECTS):
        if not address.lower().startswith(("http://", "https://")):
            scheme = address.partition(":")[0]
            raise FetchError(Text(f"leads to {scheme}:, not to http", f"指向 {scheme}:，不是 http"))
        try:
            return cast("HTTPResponse", opener.open(address, timeout=silence))
        except error.HTTPError as moved:
            address = _next(moved, address)
    raise FetchError(Text("redirects without end", "重定向次数过多"))


def _next(reply: HTTPError, address: str) -> str:
    """Where a reply that is no success sends us; FetchError where it does not."""
    with reply:
        place = reply.headers.get("Location", "") if reply.code in _MOVED else ""
    if not place:
        told = f"HTTP {reply.code} {reply.reason}".strip()
        raise FetchError(Text(told, told))
    return urljoin(address, place)


def _pieces(reply: HTTPResponse, size: int) -> Iterator[bytes]:
    """The body, piece by piece, as long as it is what was announced."""
    announced = reply.headers.get("Content-Length", "")
    if announced.isdecimal() and int(announced) != size:
        raise FetchError(
            Text(f"offers {announced} bytes, not {size:,}", f"提供 {announced} 字节，应为 {size:,} 字节")
        )
    count = 0
    while piece := reply.read1(_CHUNK):
        count += len(piece)
        if count > size:
            raise FetchError(Text(f"sends more than {size:,} bytes", f"发送的数据超过 {size:,} 字节"))
        yield piece
    if count < size:
        raise FetchError(
            Text(f"broke off after {count:,} of {size:,} bytes", f"在 {count:,} / {size:,} 字节处中断")
        )


@contextmanager
def _server_told() -> Iterator[None]:
    try:
        yield
    except (OSError, HTTPException, ValueError) as error:
        reason = (str(error) or repr(error)).strip().splitlines()[-1]
        raise FetchError(Text(reason, reason)) from error


@contextmanager
def _disk_told() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DiskError(error.strerror or str(error)) from error

"""Raw payloads from files, as `muara parse` and the fixtures keep them: a body, or a whole HTTP request."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from channels.contract import RawMessage
from channels.errors import PayloadError

#: A file tells no receive time; a fixed one keeps `parse` repeatable.
NO_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)
_REQUEST_LINE_WORDS: Final = 3


def read_http(data: bytes, *, name: str = "") -> RawMessage:
    """A whole HTTP/1 request, lines ending in CRLF or LF; PayloadError where it is none. The body is what is left."""
    head, _, body = _split(data)
    request_line, *header_lines = head.replace("\r\n", "\n").split("\n")
    words = request_line.split(" ")
    if len(words) != _REQUEST_LINE_WORDS or not words[2].startswith("HTTP/"):
        raise PayloadError("the file does not begin with a request line such as: POST /hooks/x HTTP/1.1")
    _, _, query = words[1].partition("?")
    return RawMessage(
        id=name,
        account="",
        received_at=NO_TIME,
        body=body,
        query=query,
        headers=dict(_header(line) for line in header_lines if line),
        meta={"file": name} if name else {},
    )


def read_body(data: bytes, *, name: str = "") -> RawMessage:
    """A bare body; `name` is the file's own name, which some providers (gammu) put half of the message into.

    The ending `.body` is the fixtures' and not part of the name.
    """
    name = name.removesuffix(".body")
    return RawMessage(id=name, account="", received_at=NO_TIME, body=data, meta={"file": name} if name else {})


def _split(data: bytes) -> tuple[str, bytes, bytes]:
    """Head, blank line and body, at whichever blank line comes first."""
    ends = [(data.find(mark), mark) for mark in (b"\r\n\r\n", b"\n\n") if mark in data]
    if not ends:
        return data.decode("latin-1").rstrip("\r\n"), b"", b""
    at, mark = min(ends)
    return data[:at].decode("latin-1"), mark, data[at + len(mark) :]


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon:
        raise PayloadError("a header line has no colon")
    return name.strip().lower(), value.strip()

"""A mail as a tree of parts, made in time linear in its length and never deeper or wider than the limits."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import re
from typing import TYPE_CHECKING

from channels.email.parsing import headers, params
from channels.email.parsing.limits import MAX_DEPTH, MAX_NEAR_BOUNDARIES, MAX_PARTS, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from channels.email.parsing.headers import Headers

_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")
_DELETED = bytes(
    byte for byte in range(256) if not (chr(byte).isascii() and chr(byte).isalnum()) and byte not in b"+/="
)
_FIRST_BOUNDARY = re.compile(rb"\s*--([^\r\n]{1,200}?)[ \t]*\r?\n")
_MAIL_TYPES = frozenset({"message/rfc822", "message/global", "message/news"})
_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+")
#: base64 of one part may stand in so many padded pieces; beyond, the padding is taken out and the rest read as one.
_MOST_PIECES = 1_000


@dataclasses.dataclass(slots=True)
class Part:
    """One part: `type` is lower case and well formed, `children` those of a multipart or the one attached mail.

    `body` is what stands behind the headers, still in its transfer encoding.
    """

    headers: Headers
    body: bytes
    type: str
    params: dict[str, str]
    disposition: str = ""
    filename: str = ""
    children: list[Part] = dataclasses.field(default_factory=list)

    @property
    def is_mail(self) -> bool:
        """Whether this part is a whole mail that was attached."""
        return self.type in _MAIL_TYPES

    def content(self) -> bytes:
        """The bytes of the part with its transfer encoding undone, as far as that goes."""
        return _decoded(self.body, self.headers.plain("content-transfer-encoding").lower().strip("\"' "))


def parse(body: bytes) -> Part:
    """Read a whole mail. Unreadable beyond the limits."""
    lines = body if b"\n" in body else body.replace(b"\r", b"\n")
    return _Reader().part(lines, "text/plain", 0)


def walk(part: Part) -> Iterator[Part]:
    """A part and all below it, in the order of the mail."""
    yield part
    for child in part.children:
        yield from walk(child)


class _Reader:
    """Counts over the whole mail, so that no shape of it costs more than its length."""

    def __init__(self) -> None:
        self.parts = 0
        self.near = 0

    def part(self, body: bytes, default: str, depth: int) -> Part:
        self.parts += 1
        if self.parts > MAX_PARTS:
            raise Unreadable("parts")
        if depth > MAX_DEPTH:
            raise Unreadable("depth")
        fields, content = headers.split(body)
        kind, values = params.parse(fields.raw("content-type"))
        shown, more = params.parse(fields.raw("content-disposition"))
        filename = more.get("filename") or values.get("name") or ""
        part = Part(fields, content, kind if _TYPE.fullmatch(kind) else default, values, shown, filename)
        if part.type.startswith("multipart/"):
            self._multipart(part, depth)
        elif part.is_mail:
            part.children = [self.part(part.content(), "text/plain", depth + 1)]
        return part

    def _multipart(self, part: Part, depth: int) -> None:
        pieces = self._found(part, part.params.get("boundary", "").rstrip().encode("utf-8", "replace"))
        if pieces is None:  # no boundary anywhere: what stands there is text
            part.type = "text/plain"
            return
        default = "message/rfc822" if part.type == "multipart/digest" else "text/plain"
        part.children = [self.part(piece, default, depth + 1) for piece in pieces]

    def _found(self, part: Part, boundary: bytes) -> list[bytes] | None:
        """The pieces by the boundary that was announced, inside a forbidden encoding too, or by what looks like one."""
        if (pieces := self._split(part.body, boundary)) is not None:
            return pieces
        decoded = part.content()
        if decoded != part.body and (pieces := self._split(decoded, boundary)) is not None:
            return pieces
        first = _FIRST_BOUNDARY.match(part.body)
        return None if first is None else self._split(part.body, first[1])

    def _split(self, body: bytes, boundary: bytes) -> list[bytes] | None:
        """The pieces between the boundary lines; None where there is no such line."""
        mark = b"--" + boundary
        pieces: list[bytes] = []
        begin: int | None = None
        at = body.find(mark) if boundary else -1
        while at >= 0:
            line_end = body.find(b"\n", at)
            after = len(body) if line_end < 0 else line_end + 1
            rest = body[at + len(mark) : min(after, at + len(mark) + 1000)].rstrip()
            if rest in (b"", b"--") and (at == 0 or body[at - 1] in b"\r\n"):
                if begin is not None:
                    pieces.append(_without_newline(body, begin, at))
                begin = after
                if rest:
                    return pieces
                if len(pieces) + self.parts > MAX_PARTS:
                    raise Unreadable("parts")
            else:
                self.near += 1
                if self.near > MAX_NEAR_BOUNDARIES:
                    raise Unreadable("boundaries")
            at = body.find(mark, max(after - 1, at + 1))
        if begin is None:
            return None
        return [*pieces, body[begin:]]  # the closing line is missing: the mail was cut


def _without_newline(body: bytes, begin: int, end: int) -> bytes:
    """A piece without the line end that belongs to the boundary below it."""
    if end > begin and body[end - 1 : end] == b"\n":
        end -= 1
    if end > begin and body[end - 1 : end] == b"\r":
        end -= 1
    return body[begin:end]


def _decoded(body: bytes, encoding: str) -> bytes:
    if encoding == "base64":
        return _base64(body)
    if encoding == "quoted-printable":
        return binascii.a2b_qp(body)
    if encoding in {"x-uuencode", "uuencode", "x-uue", "uue"}:
        return _uuencoded(body)
    return body


def _base64(body: bytes) -> bytes:
    """Lenient: signs outside the alphabet are passed over, pieces that were padded on their own are joined."""
    packed = body.translate(None, _DELETED)
    inner = packed.rstrip(b"=")
    pieces = inner.split(b"=") if b"=" in inner and inner.count(b"=") < _MOST_PIECES else [inner.replace(b"=", b"")]
    return b"".join(_unpacked(piece) for piece in pieces)


def _unpacked(piece: bytes) -> bytes:
    whole = piece[:-1] if len(piece) % 4 == 1 else piece
    return base64.b64decode(whole + b"=" * (-len(whole) % 4))


def _uuencoded(body: bytes) -> bytes:
    lines: list[bytes] = []
    inside = False
    for line in body.splitlines():
        if line.startswith(b"begin "):
            inside = True
        elif inside and line.strip() == b"end":
            break
        elif inside:
            lines.append(_uu_line(line))
    return b"".join(lines) if inside else body


def _uu_line(line: bytes) -> bytes:
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:  # trailing rubbish, as many encoders leave it: as much as the length sign announces
        if not line:
            return b""
        size = (((line[0] - 32) & 63) * 4 + 5) // 3
        try:
            return binascii.a2b_uu(line[:size])
        except binascii.Error:
            return b""

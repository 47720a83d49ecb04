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
_UUENCODED = frozenset({"x-uuencode", "uuencode", "x-uue", "uue"})
_ENCODINGS = _UUENCODED | {"base64", "quoted-printable"}
#: Containers may be encoded, one in another too, as long as that is no more than so often the mail's length.
_DECODABLE = 3
_LONGEST_LINE = 1_000
#: base64 of one part may stand in so many padded pieces; beyond, the padding is taken out and the rest read as one.
_MOST_PIECES = 1_000


@dataclasses.dataclass(slots=True)
class Part:
    """One part: `type` is lower case and well formed, `children` those of a multipart or the one attached mail.

    Its content lies in `source` from `start` to `end`, still in its transfer encoding: nothing is copied until it is
    asked for, so that parts within parts cost no more memory than the mail.
    """

    headers: Headers
    source: bytes = dataclasses.field(repr=False)
    start: int
    end: int
    type: str
    params: dict[str, str]
    disposition: str = ""
    filename: str = ""
    children: list[Part] = dataclasses.field(default_factory=list)

    @property
    def is_mail(self) -> bool:
        """Whether this part is a whole mail that was attached."""
        return self.type in _MAIL_TYPES

    @property
    def body(self) -> bytes:
        """The bytes of the part as they were sent."""
        return self.source[self.start : self.end]

    @property
    def encoding(self) -> str:
        """The transfer encoding, lower case; empty where the bytes stand for themselves."""
        named = self.headers.plain("content-transfer-encoding").lower().strip("\"' ")
        return named if named in _ENCODINGS else ""

    def content(self) -> bytes:
        """The bytes of the part with its transfer encoding undone, as far as that goes."""
        return _decoded(self.body, self.encoding)


def parse(body: bytes) -> Part:
    """Read a whole mail. Unreadable beyond the limits."""
    lines = body if b"\n" in body else body.replace(b"\r", b"\n")
    return _Reader(len(lines)).part(lines, 0, len(lines), "text/plain", 0)


def walk(part: Part) -> Iterator[Part]:
    """A part and all below it, in the order of the mail."""
    yield part
    for child in part.children:
        yield from walk(child)


class _Reader:
    """Counts over the whole mail, so that no shape of it costs more than its length."""

    def __init__(self, length: int) -> None:
        self.parts = 0
        self.near = 0
        self.decodable = _DECODABLE * length

    def part(self, source: bytes, start: int, end: int, default: str, depth: int) -> Part:
        self.parts += 1
        if self.parts > MAX_PARTS:
            raise Unreadable("parts")
        if depth > MAX_DEPTH:
            raise Unreadable("depth")
        fields, begin = headers.split(source, start, end)
        kind, values = params.parse(fields.raw("content-type"))
        shown, more = params.parse(fields.raw("content-disposition"))
        filename = more.get("filename") or values.get("name") or ""
        kind = kind if _TYPE.fullmatch(kind) else default
        part = Part(fields, source, begin, end, kind, values, shown, filename)
        if part.type.startswith("multipart/"):
            self._multipart(part, depth)
        elif part.is_mail:
            inner, at, to = self._inside(part) if part.encoding else (part.source, part.start, part.end)
            part.children = [self.part(inner, at, to, "text/plain", depth + 1)]
        return part

    def _inside(self, part: Part) -> tuple[bytes, int, int]:
        """A container that was encoded as a whole, which is forbidden and done; but not one within the other."""
        self.decodable -= part.end - part.start
        if self.decodable < 0:
            raise Unreadable("encodings")
        content = part.content()
        return content, 0, len(content)

    def _multipart(self, part: Part, depth: int) -> None:
        source, start, end = part.source, part.start, part.end
        boundary = part.params.get("boundary", "").rstrip().encode("utf-8", "replace")
        pieces = self._split(source, start, end, boundary)
        if pieces is None and part.encoding:
            source, start, end = self._inside(part)
            pieces = self._split(source, start, end, boundary)
        if pieces is None and (first := _FIRST_BOUNDARY.match(source, start, end)) is not None:
            pieces = self._split(source, start, end, first[1])
        if pieces is None:  # no boundary anywhere: what stands there is text
            part.type = "text/plain"
            return
        default = "message/rfc822" if part.type == "multipart/digest" else "text/plain"
        part.children = [self.part(source, begin, to, default, depth + 1) for begin, to in pieces]

    def _split(self, source: bytes, start: int, end: int, boundary: bytes) -> list[tuple[int, int]] | None:
        """Where the pieces between the boundary lines lie; None where there is no such line."""
        mark = b"--" + boundary
        pieces: list[tuple[int, int]] = []
        begin: int | None = None
        at = source.find(mark, start, end) if boundary else -1
        while at >= 0:
            newline = source.find(b"\n", at, end)
            after = end if newline < 0 else newline + 1
            rest = source[at + len(mark) : min(after, at + len(mark) + _LONGEST_LINE)].rstrip()
            if rest in (b"", b"--") and (at == start or source[at - 1] in b"\r\n"):
                if begin is not None:
                    pieces.append((begin, _before_newline(source, begin, at)))
                begin = after
                if rest:
                    return pieces
                if len(pieces) + self.parts > MAX_PARTS:
                    raise Unreadable("parts")
            else:
                self.near += 1
                if self.near > MAX_NEAR_BOUNDARIES:
                    raise Unreadable("boundaries")
            at = source.find(mark, max(after - 1, at + 1), end)
        # Where the closing line is missing the mail was cut.
        return None if begin is None else [*pieces, (begin, end)]


def _before_newline(source: bytes, begin: int, end: int) -> int:
    """Where a piece ends without the line end that belongs to the boundary below it."""
    if end > begin and source[end - 1 : end] == b"\n":
        end -= 1
    if end > begin and source[end - 1 : end] == b"\r":
        end -= 1
    return end


def _decoded(body: bytes, encoding: str) -> bytes:
    if encoding == "base64":
        return _base64(body)
    if encoding == "quoted-printable":
        return binascii.a2b_qp(body)
    return _uuencoded(body) if encoding in _UUENCODED else body


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

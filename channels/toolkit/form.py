"""HTML form bodies (multipart and urlencoded) as text fields and files, read from the bytes as they were sent."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_to_bytes

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData

from channels.errors import PayloadError
from channels.toolkit.payload import storable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

#: More than any form of ours has; a body made of thousands of tiny parts is somebody's attack.
_MAX_PARTS: Final = 64
_LONGEST_NAME: Final = 120
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f]")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file of a form. `name` is its last path component; `content_type` is the browser's claim."""

    field: str
    name: str
    content_type: str | None
    content: bytes


@dataclasses.dataclass(frozen=True, slots=True)
class Form:
    """The fields, the first value of each name winning, and the files that are not empty, in the order sent."""

    fields: Mapping[str, str]
    uploads: Sequence[Upload] = ()

    def get(self, name: str) -> str:
        """A field's text without blanks around it; empty where it is absent."""
        return self.fields.get(name, "").strip()


def read_form(body: bytes, content_type: str, *, partial: bool = False) -> Form:
    """The form in a body. Text is UTF-8, else Windows-1252; line ends are LF; NUL becomes U+FFFD.

    PayloadError where it cannot be read to its end, unless `partial` asks for the parts that came whole.
    """
    mimetype, options = parse_options_header(content_type)
    if mimetype == "application/x-www-form-urlencoded":
        return Form(_urlencoded(body))
    if mimetype != "multipart/form-data":
        raise PayloadError("the body is not a form")
    boundary = options.get("boundary", "")
    if not boundary or not boundary.isascii():
        raise PayloadError("the form names no boundary")
    fields: dict[str, str] = {}
    uploads: list[Upload] = []
    try:
        for part, content in _parts(body, boundary.encode()):
            _keep(part, content, fields, uploads)
    except (ValueError, RequestEntityTooLarge) as error:
        if not partial:
            raise PayloadError(f"the form cannot be read to its end ({type(error).__name__})") from error
    return Form(fields, uploads)


def _parts(body: bytes, boundary: bytes) -> Iterator[tuple[Field | File, bytes]]:
    """Each part once all of it has come. ValueError for a body that ends too early or is not multipart."""
    decoder = MultipartDecoder(boundary, max_parts=_MAX_PARTS)
    decoder.receive_data(body)
    decoder.receive_data(None)
    part: Field | File | None = None
    chunks: list[bytes] = []
    while True:
        event = decoder.next_event()
        if isinstance(event, Epilogue | NeedData):
            return
        if isinstance(event, Field | File):
            part, chunks = event, []
        elif isinstance(event, Data) and part is not None:
            chunks.append(event.data)
            if not event.more_data:
                yield part, b"".join(chunks)


def _keep(part: Field | File, content: bytes, fields: dict[str, str], uploads: list[Upload]) -> None:
    if part.name is None:  # the library's type says it cannot be, its code says it can
        raise ValueError("a part has no name")
    if isinstance(part, Field):
        fields.setdefault(storable(part.name), _text(content))
    elif content:
        claim = parse_options_header(part.headers.get("content-type"))[0] or None
        name = _file_name(part.filename)
        uploads.append(Upload(field=storable(part.name), name=name, content_type=claim, content=content))


def _urlencoded(body: bytes) -> dict[str, str]:
    fields: dict[str, str] = {}
    for pair in body.split(b"&", _MAX_PARTS)[:_MAX_PARTS]:
        name, _, value = pair.replace(b"+", b" ").partition(b"=")
        if name:
            fields.setdefault(_text(unquote_to_bytes(name)), _text(unquote_to_bytes(value)))
    return fields


def _text(content: bytes) -> str:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")
    return storable(text.replace("\r\n", "\n").replace("\r", "\n"))


def _file_name(claimed: str) -> str:
    last = re.split(r"[/\\]", claimed)[-1]
    return storable(_UNPRINTABLE.sub("", last)).strip()[-_LONGEST_NAME:] or "berkas"

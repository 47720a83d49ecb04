"""winmail.dat (MS-OXTNEF): the text and the files that Outlook hides in it, read with every length checked."""

from __future__ import annotations

import contextlib
import dataclasses
import struct

from channels.email.parsing import charsets
from channels.email.parsing.limits import MAX_TNEF_OBJECTS, Unreadable

_SIGNATURE = 0x223E9F78
# Attributes, MS-OXTNEF 2.1.3.
_MESSAGE_PROPERTIES, _BODY, _CODEPAGE = 0x9003, 0x800C, 0x9007
_NEW_FILE, _FILE_TITLE, _FILE_DATA, _FILE_PROPERTIES = 0x9002, 0x8010, 0x800F, 0x9005
# Properties, MS-OXPROPS.
_TEXT, _HTML = 0x1000, 0x1013
_LONG_NAME, _SHORT_NAME, _DATA, _MIME_TYPE = 0x3707, 0x3704, 0x3701, 0x370E
# Types of properties, MS-OXCDATA 2.11.1, with the bytes that each takes here; None where a length stands before.
_SIZES = {0x2: 4, 0x3: 4, 0x4: 4, 0xA: 4, 0xB: 4, 0x5: 8, 0x6: 8, 0x7: 8, 0x14: 8, 0x40: 8, 0x48: 16, 0x1: 0}
_LENGTHS = frozenset({0xD, 0x1E, 0x1F, 0x102})
_UNICODE, _MULTIPLE, _NAMED = 0x1F, 0x1000, 0x8000


@dataclasses.dataclass(slots=True)
class File:
    """A file in a winmail.dat; type and name as Outlook gave them."""

    name: str = ""
    content_type: str = ""
    content: bytes = b""


@dataclasses.dataclass(slots=True)
class Winmail:
    """What a winmail.dat holds that a mail can show."""

    text: str = ""
    html: str = ""
    files: list[File] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(slots=True)
class _Cursor:
    data: bytes
    at: int = 0
    objects: int = 0

    def number(self, shape: str) -> int:
        value: int = struct.unpack_from(shape, self.data, self.at)[0]
        self.at += struct.calcsize(shape)
        return value

    def take(self, length: int) -> bytes:
        if length > len(self.data) - self.at:
            raise Unreadable("tnef")
        self.at += length
        return self.data[self.at - length : self.at]

    def count(self) -> None:
        self.objects += 1
        if self.objects > MAX_TNEF_OBJECTS:
            raise Unreadable("tnef")


def read(data: bytes) -> Winmail:
    """Read a winmail.dat. Unreadable where it is none, or broken."""
    try:
        return _read(_Cursor(data))
    except (struct.error, ValueError) as error:
        raise Unreadable("tnef") from error


def _read(cursor: _Cursor) -> Winmail:
    if cursor.number("<I") != _SIGNATURE:
        raise Unreadable("tnef")
    cursor.number("<H")  # a key that only Exchange uses
    found, codepage = Winmail(), "cp1252"
    while cursor.at + 11 <= len(cursor.data):
        cursor.count()
        cursor.number("<B")
        attribute = cursor.number("<I") & 0xFFFF
        data = cursor.take(cursor.number("<I"))
        cursor.number("<H")  # the checksum
        if attribute == _CODEPAGE and len(data) >= 4:  # noqa: PLR2004 - a 32-bit number
            codepage = f"cp{struct.unpack_from('<I', data)[0]}"
        elif attribute == _BODY:
            found.text = found.text or charsets.decode(data.rstrip(b"\0"), codepage)
        elif attribute == _MESSAGE_PROPERTIES:
            _message(found, data, codepage)
        elif attribute == _NEW_FILE and len(found.files) < MAX_TNEF_OBJECTS:
            found.files.append(File())
        elif found.files:
            _file(found.files[-1], attribute, data, codepage)
    return found


def _message(found: Winmail, data: bytes, codepage: str) -> None:
    for key, kind, value in _properties(data):
        if key == _TEXT:
            found.text = _text(kind, value, codepage) or found.text
        elif key == _HTML:
            found.html = charsets.decode(value.rstrip(b"\0"), codepage)


def _file(file: File, attribute: int, data: bytes, codepage: str) -> None:
    if attribute == _FILE_TITLE:
        file.name = file.name or charsets.decode(data.rstrip(b"\0"), codepage)
    elif attribute == _FILE_DATA:
        file.content = data
    elif attribute == _FILE_PROPERTIES:
        for key, kind, value in _properties(data):
            if key == _LONG_NAME or (key == _SHORT_NAME and not file.name):
                file.name = _text(kind, value, codepage)
            elif key == _MIME_TYPE:
                file.content_type = _text(kind, value, codepage).lower()
            elif key == _DATA and not file.content:
                file.content = value


def _text(kind: int, value: bytes, codepage: str) -> str:
    if kind == _UNICODE:
        return charsets.clean(value.decode("utf-16-le", "replace").rstrip("\0"))
    return charsets.decode(value.rstrip(b"\0"), codepage)


def _properties(data: bytes) -> list[tuple[int, int, bytes]]:
    """Key, type and first value of each property (MS-OXTNEF 2.1.3.4); what stands before a broken one is kept."""
    found: list[tuple[int, int, bytes]] = []
    cursor = _Cursor(data)
    with contextlib.suppress(struct.error, Unreadable):
        found.extend(_property(cursor) for _ in range(min(cursor.number("<I"), MAX_TNEF_OBJECTS)))
    return found


def _property(cursor: _Cursor) -> tuple[int, int, bytes]:
    kind, key = cursor.number("<H"), cursor.number("<H")
    if key & _NAMED:
        cursor.take(16)
        if cursor.number("<I"):
            length = cursor.number("<I")
            cursor.take(length + -length % 4)
        else:
            cursor.number("<I")
    several, base = bool(kind & _MULTIPLE), kind & ~_MULTIPLE
    count = cursor.number("<I") if several or base in _LENGTHS else 1
    first = b""
    for number in range(count):
        cursor.count()
        value = _value(cursor, base)
        first = first if number else value
    return key, base, first


def _value(cursor: _Cursor, kind: int) -> bytes:
    if kind in _SIZES:
        return cursor.take(_SIZES[kind])
    if kind not in _LENGTHS:
        raise Unreadable("tnef")
    length = cursor.number("<I")
    value = cursor.take(length)
    cursor.take(min(-length % 4, len(cursor.data) - cursor.at))
    # An object begins with the id of its interface, 16 bytes.
    return value[16:] if kind == 0xD else value  # noqa: PLR2004 - PtypObject

"""Attachments with names that are fit for a screen and a disk."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from channels.email.parsing import charsets
from channels.email.parsing.limits import MAX_NAME
from normalizer.messages import Attachment

if TYPE_CHECKING:
    from channels.email.parsing.mime import Part

_HIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffd]+")
_FORBIDDEN = re.compile(r'[<>:"|?*]+')
#: Endings by type: Python's own table differs between machines.
_ENDINGS = {
    "text/plain": ".txt",
    "text/html": ".html",
    "text/calendar": ".ics",
    "text/csv": ".csv",
    "text/vcard": ".vcf",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/gif": ".gif",
    "image/webp": ".webp",
    "image/heic": ".heic",
    "image/bmp": ".bmp",
    "image/tiff": ".tif",
    "audio/mpeg": ".mp3",
    "audio/ogg": ".ogg",
    "audio/amr": ".amr",
    "audio/mp4": ".m4a",
    "audio/wav": ".wav",
    "video/mp4": ".mp4",
    "video/3gpp": ".3gp",
    "video/quicktime": ".mov",
    "application/pdf": ".pdf",
    "application/zip": ".zip",
    "application/msword": ".doc",
    "application/vnd.ms-excel": ".xls",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/pkcs7-mime": ".p7m",
    "application/x-pkcs7-mime": ".p7m",
    "message/rfc822": ".eml",
    "message/global": ".eml",
    "message/delivery-status": ".txt",
    "message/disposition-notification": ".txt",
    "text/rfc822-headers": ".txt",
}
#: Longest ending that a cut name keeps.
_ENDING = 10


def attachment(part: Part, number: int) -> Attachment:
    """Make an attachment of a part; `number` names those that have no name."""
    content = part.content()
    found = name(part.filename) or unnamed(part.type, number)
    return Attachment(name=found, content_type=part.type, size=len(content), content=content)


def name(raw: str) -> str:
    """The last piece of a path, in one line, without signs that hide, turn or mean something to a disk."""
    last = re.split(r"[/\\]", _HIDDEN.sub("", charsets.clean(raw)))[-1]
    plain = " ".join(_FORBIDDEN.sub("_", last).split()).strip(". ")
    if len(plain) <= MAX_NAME:
        return plain
    stem, dot, ending = plain.rpartition(".")
    if not dot or len(ending) > _ENDING:
        return plain[:MAX_NAME]
    return f"{stem[: MAX_NAME - len(ending) - 1]}.{ending}"


def unnamed(content_type: str, number: int) -> str:
    """A name for a file that came without one."""
    kind = content_type.partition("/")[0]
    word = {"image": "gambar", "audio": "suara", "video": "video", "message": "surel"}.get(kind, "lampiran")
    return f"{word}-{number}{_ENDINGS.get(content_type, '.bin')}"

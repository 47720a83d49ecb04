"""How a stored file goes to a browser: shown as what we found it to be, or a download that nobody opens as a page."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from flask import Response, abort, request

from store.blobs import BlobError, BlobMissingError

if TYPE_CHECKING:
    from store.blobs import Blobs

#: What renditions are saved as.
ENDINGS: Final = {"image/jpeg": ".jpg", "audio/mpeg": ".mp3", "audio/mp4": ".m4a", "video/mp4": ".mp4"}
#: Whatever the bytes are, they run nothing and load nothing.
_POLICY: Final = "default-src 'none'; sandbox"
_LONGEST_NAME: Final = 120


def answer(blobs: Blobs, sha256: str, name: str, content_type: str | None, *, cache: str) -> Response:
    """The blob, whole or the range that the request asks for: inline as `content_type`, else as a download.

    `content_type` must be our own finding, and one that no browser takes for a page. `cache` is the Cache-Control.
    404 and 503 where the blob store does not give it.
    """
    try:
        content = blobs.get(sha256)
    except BlobMissingError:
        abort(404)
    except BlobError:
        abort(503)
    response = Response(content, content_type=content_type or "application/octet-stream")
    response.headers.set("Content-Disposition", "inline" if content_type else "attachment", **_names(safe(name)))
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Cache-Control"] = cache
    response.set_etag(sha256)
    # Players seek, and some play nothing from a server that knows no ranges; a download goes on where it broke off.
    response.make_conditional(request, accept_ranges=True, complete_length=len(content))
    return response


def _names(name: str) -> dict[str, str]:
    """A name of any script as headers can say it (RFC 6266, 5), with one in plain letters for whoever is old."""
    if name.isascii():
        return {"filename": name}
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return {"filename": plain, "filename*": f"UTF-8''{quote(name, safe='')}"}


def safe(name: str) -> str:
    """A name without paths and controls."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(char for char in last if char.isprintable())[-_LONGEST_NAME:] or "berkas"

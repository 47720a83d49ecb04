"""Citizens' files: previews, sounds and films inline, everything else as a download that no browser opens as a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import Response, abort, request

from inbox import papers, rights
from inbox.state import person, runtime, scope
from store import casefile
from store.blobs import BlobError, BlobMissingError

if TYPE_CHECKING:
    from uuid import UUID

#: What renditions are saved as.
_MADE: Final = {"image/jpeg": ".jpg", "audio/mpeg": ".mp3", "audio/mp4": ".m4a", "video/mp4": ".mp4"}


def show(attachment_id: UUID) -> Response:
    """What is shown of a stored file of a complaint that the officer sees; 404 for any other."""
    row = _row(attachment_id)
    if row.shown is not None:
        return _answer(row, row.shown, row.shown_type, _MADE[row.shown_type])
    if papers.kind(row) == "file":
        return original(attachment_id)
    return _answer(row, row.sha256, row.content_type)


def thumb(attachment_id: UUID) -> Response:
    """The small picture that stands in the thread."""
    row = _row(attachment_id)
    return _answer(row, row.thumb or abort(404), row.shown_type, _MADE[row.shown_type])


def original(attachment_id: UUID) -> Response:
    """The file as it came, to be saved; 404 where it could tell who wrote to somebody who may not know."""
    row = _row(attachment_id)
    if _hidden(row) and papers.tells(row, row.direction):
        abort(404)
    return _answer(row, row.sha256, None)


def _row(attachment_id: UUID) -> Any:
    with runtime().engine.connect() as connection:
        row = casefile.attachment(connection, scope(), attachment_id)
    if row is None or row.sha256 is None:
        abort(404)
    return row


def _hidden(row: Any) -> bool:
    return rights.masked(person(), anonim=row.anonim, rahasia=row.rahasia, case=row.case)


def _answer(row: Any, sha256: str, content_type: str | None, suffix: str = "") -> Response:
    """The blob, whole or the range asked for: inline as `content_type`, which is our own finding, or as a download."""
    try:
        content = runtime().blobs.get(sha256)
    except BlobMissingError:
        abort(404)
    except BlobError:
        abort(503)
    response = Response(content, content_type=content_type or "application/octet-stream")
    name = ("berkas" if _hidden(row) or not row.name else row.name) + suffix
    response.headers.set("Content-Disposition", "inline" if content_type else "attachment", filename=_safe(name))
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    # What was shown for a while must not be found in the browser afterwards.
    response.headers["Cache-Control"] = "private, no-store" if row.anonim or row.rahasia else "private, max-age=3600"
    response.set_etag(sha256)
    # Players seek, and some play nothing from a server that knows no ranges.
    response.make_conditional(request, accept_ranges=True, complete_length=len(content))
    return response


def _safe(name: str) -> str:
    """A name without paths and controls."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(char for char in last if char.isprintable())[-120:] or "berkas"

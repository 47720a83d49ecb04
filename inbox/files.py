"""Citizens' files: pictures inline, everything else as a download that no browser opens as a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response, abort

from inbox import rights
from inbox.state import person, runtime, scope
from inbox.thread import IMAGES
from store import casefile
from store.blobs import BlobError, BlobMissingError

if TYPE_CHECKING:
    from uuid import UUID


def show(attachment_id: UUID) -> Response:
    """One stored file of a complaint that the officer sees; 404 for any other."""
    with runtime().engine.connect() as connection:
        row = casefile.attachment(connection, scope(), attachment_id)
    if row is None or row.sha256 is None:
        abort(404)
    try:
        content = runtime().blobs.get(row.sha256)
    except BlobMissingError:
        abort(404)
    except BlobError:
        abort(503)
    image = row.content_type in IMAGES
    response = Response(content, content_type=row.content_type if image else "application/octet-stream")
    hidden = rights.masked(person(), anonim=row.anonim, rahasia=row.rahasia)
    name = "berkas" if hidden or not row.name else row.name
    response.headers.set("Content-Disposition", "inline" if image else "attachment", filename=_safe(name))
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "private, max-age=3600"
    return response


def _safe(name: str) -> str:
    """A name without paths and controls."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(char for char in last if char.isprintable())[-120:] or "berkas"

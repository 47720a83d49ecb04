"""Citizens' files: previews, sounds and films inline, everything else as a download that no browser opens as a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import abort

from dispatcher import serving
from inbox import rights
from inbox.case import papers
from inbox.state import person, reading, runtime, scope
from store import casefile

if TYPE_CHECKING:
    from uuid import UUID

    from flask import Response


def show(attachment_id: UUID) -> Response:
    """What is shown of a stored file of a complaint that the officer sees; 404 for any other."""
    row = _row(attachment_id)
    if row.shown is not None:
        return _answer(row, row.shown, row.shown_type, serving.ENDINGS[row.shown_type])
    if papers.kind(row) == "file":
        return original(attachment_id)
    return _answer(row, row.sha256, row.content_type)


def thumb(attachment_id: UUID) -> Response:
    """The small picture that stands in the thread."""
    row = _row(attachment_id)
    return _answer(row, row.thumb or abort(404), row.shown_type, serving.ENDINGS[row.shown_type])


def original(attachment_id: UUID) -> Response:
    """The file as it came, to be saved; 404 where it could tell who wrote to somebody who may not know."""
    row = _row(attachment_id)
    if _hidden(row) and papers.tells(row, row.direction):
        abort(404)
    return _answer(row, row.sha256, None)


def _row(attachment_id: UUID) -> Any:
    with reading() as connection:
        row = casefile.attachment(connection, scope(), attachment_id)
    if row is None or row.sha256 is None:
        abort(404)
    return row


def _hidden(row: Any) -> bool:
    return rights.masked(person(), anonim=row.anonim, rahasia=row.rahasia, case=row.case)


def _answer(row: Any, sha256: str, content_type: str | None, suffix: str = "") -> Response:
    """The blob under the name that the officer may know: inline as `content_type`, or as a download."""
    name = ("berkas" if _hidden(row) or not row.name else row.name) + suffix
    # What was shown for a while must not be found in the browser afterwards.
    cache = "private, no-store" if row.anonim or row.rahasia else "private, max-age=3600"
    return serving.answer(runtime().blobs, sha256, name, content_type, cache=cache)

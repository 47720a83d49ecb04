"""A mail as it was sent: its safe HTML alone on a page that may run nothing and load nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Response, abort
from markupsafe import escape

from inbox import rights
from inbox.i18n import _
from inbox.state import person, reading, scope
from store import casefile

if TYPE_CHECKING:
    from uuid import UUID

#: The page is a frame of nothing: even HTML that slipped through the sanitiser could not act or tell.
_POLICY: Final = "default-src 'none'; sandbox allow-popups allow-popups-to-escape-sandbox"
_PAGE: Final = """<!doctype html>
<html lang="id"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light"><title>{subject}</title></head>
<body>{html}</body></html>
"""


def show(message_id: UUID) -> Response:
    """The mail's HTML, where this officer may know who wrote it; 404 for any other."""
    with reading() as connection:
        row = casefile.letter(connection, scope(), message_id)
    if row is None or rights.masked(person(), anonim=row.anonim, rahasia=row.rahasia, case=row.case):
        abort(404)
    page = _PAGE.format(subject=escape(row.subject or _("Surel")), html=row.html)
    response = Response(page, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["Referrer-Policy"] = "no-referrer"
    return response

"""Files of answers as the tracking page shows them: pictures by their preview, everything else as a download."""

from __future__ import annotations

import dataclasses
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final, Literal

from dispatcher.rendering.kinds import RENDERED
from dispatcher.serving import ENDINGS, safe
from gateway.submission import ACCOUNT
from store.blobs import BlobError, BlobMissingError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from uuid import UUID

    from sqlalchemy import Connection

    from store.blobs import Blobs

#: Of an answer: it stands on the page, or it is about to. One that failed, was withheld or is nowhere has no files.
_STANDS: Final = ["accepted", "sent", "delivered", "read"]
_COMING: Final = ["queued", "sending"]
# Only what an officer sent to the form's own conversation. What went out by another channel went to the citizen's own
# telephone or mailbox, and what was handed over in person was kept for the record: neither was meant for this page.
_FILES = """
SELECT a.id, a.message_id, a.name, a.content_type, a.size, a.sha256, a.state,
       r.shown, r.thumb, r.content_type AS shown_type, o.state = ANY(%(stands)s) AS stands
FROM attachment a JOIN outbox o ON o.message_id = a.message_id LEFT JOIN rendition r ON r.sha256 = a.sha256
WHERE a.message_id = ANY(%(lines)s) AND o.account = %(account)s AND o.purpose = 'answer'
  AND (o.state = ANY(%(stands)s) OR o.state = ANY(%(coming)s))
ORDER BY a.message_id, a.position, a.id
"""

Kind = Literal["picture", "file", "coming", "gone"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Enclosed:
    """A file of an answer. `coming` is not ready yet, `gone` cannot be shown; neither of them has a `sha256`.

    `sha256` names what is handed out: a picture's preview, a playable copy, else the file as it is. `size` is its bytes
    where that is the file itself. `sort` is the media type's first half, or `pdf`.
    """

    id: UUID
    kind: Kind
    name: str
    sort: str
    sha256: str | None = None
    thumb: str | None = None
    content_type: str | None = None
    size: int | None = None


def of(connection: Connection, lines: Sequence[UUID], *, hidden: bool) -> dict[UUID, list[Enclosed]]:
    """The files of these answers, by line; where the reporter is `hidden` they go by numbers, as names may name him."""
    if not lines:
        return {}
    values = {"lines": lines, "account": ACCOUNT, "stands": _STANDS, "coming": _COMING}
    found: dict[UUID, list[Enclosed]] = {}
    for row in connection.exec_driver_sql(_FILES, values):
        files = found.setdefault(row.message_id, [])
        files.append(_enclosed(row, "" if hidden else row.name, len(files) + 1))
    return found


def sizes(blobs: Blobs, files: Iterable[Enclosed]) -> dict[UUID, int]:
    """The bytes that each file takes to fetch; without those that the blob store does not tell of now."""
    found: dict[UUID, int] = {}
    for file in files:
        if file.sha256 is None:
            continue
        try:
            found[file.id] = blobs.size(file.sha256) if file.size is None else file.size
        except BlobMissingError:
            continue
        except BlobError:
            # Whoever is away now will be away for the next one too, and the page waits.
            break
    return found


def _enclosed(row: Any, name: str | None, number: int) -> Enclosed:
    written = PurePath(row.name or "")
    stem = PurePath(name).stem if name else f"Lampiran {number}"
    sort = "pdf" if row.content_type == "application/pdf" else str(row.content_type).partition("/")[0]
    if row.shown is not None and row.stands and row.state == "stored":
        return Enclosed(
            id=row.id,
            kind="picture" if sort == "image" and row.thumb else "file",
            name=safe(stem + ENDINGS[row.shown_type]),
            sort=sort,
            sha256=row.shown,
            thumb=row.thumb,
            content_type=row.shown_type,
        )
    plain = safe(stem + written.suffix)
    if row.state == "owed" or not row.stands:
        return Enclosed(id=row.id, kind="coming", name=plain, sort=sort)
    # The file itself may say where, when and by whom it was made: of these only what was made of it goes out.
    if row.state != "stored" or row.content_type in RENDERED or row.sha256 is None:
        return Enclosed(id=row.id, kind="gone", name=plain, sort=sort)
    return Enclosed(id=row.id, kind="file", name=plain, sort=sort, sha256=row.sha256, size=row.size)

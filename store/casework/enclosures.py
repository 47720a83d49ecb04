"""Files that an officer sends along or keeps beside a note: rows of the line that they go with."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from sqlalchemy import insert, select

from store.journal import new_id
from store.models import Attachment, Message

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Enclosure:
    """A file that lies in the blob store under `sha256`; `preview` says that the media worker makes one of it."""

    name: str
    content_type: str
    size: int
    sha256: str
    preview: bool = False


def enclose(
    connection: Connection, line_id: uuid.UUID, account: str, files: Sequence[Enclosure], now: datetime
) -> None:
    """The files belong to this line; what is to be previewed is owed until the media worker has looked at it."""
    rows = [
        {
            "id": new_id(),
            "message_id": line_id,
            "account": account,
            "position": position,
            "name": file.name,
            "content_type": file.content_type,
            "size": file.size,
            "sha256": file.sha256,
            "state": "owed" if file.preview else "stored",
            "next_attempt_at": now if file.preview else None,
        }
        for position, file in enumerate(files)
    ]
    if rows:
        connection.execute(insert(Attachment).values(rows))


def done_already(connection: Connection, line_id: uuid.UUID, text: str, files: Sequence[Enclosure] = ()) -> bool:
    """Whether this very form was handled; one that came again with other words or files was not."""
    written = connection.execute(select(Message.text).where(Message.id == line_id)).scalar_one_or_none()
    if written != text:
        return False
    kept = select(Attachment.sha256).where(Attachment.message_id == line_id).order_by(Attachment.position)
    return list(connection.scalars(kept)) == [file.sha256 for file in files]

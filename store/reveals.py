"""Identities that are open for a while: to one session, of one complaint, written into its history."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from store.casework.base import LOOKED, Act, locked, record
from store.models import Reveal

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

    from sqlalchemy import Connection

#: How long an identity is open to whoever has asked for it.
OPEN: Final = timedelta(minutes=15)


def reveal(connection: Connection, act: Act, session_id: str, reason: str) -> None:
    """Open it for this session, and write down who did and why; a second click within the time writes nothing."""
    locked(connection, act)
    held = select(Reveal.until).where(Reveal.token_hash == session_id, Reveal.complaint_id == act.complaint_id)
    until = connection.execute(held).scalar_one_or_none()
    if until is not None and until > act.now:
        return
    end = act.now + OPEN
    renewed = insert(Reveal).values(token_hash=session_id, complaint_id=act.complaint_id, until=end)
    connection.execute(
        renewed.on_conflict_do_update(
            index_elements=[Reveal.token_hash, Reveal.complaint_id], set_={"until": renewed.excluded.until}
        )
    )
    record(connection, act, LOOKED, reason=reason, until=end.isoformat())


def cover(connection: Connection, session_id: str, complaint_id: uuid.UUID) -> None:
    """Close it before its time."""
    mine = delete(Reveal).where(Reveal.token_hash == session_id, Reveal.complaint_id == complaint_id)
    connection.execute(mine)


def left(until: datetime, now: datetime) -> int:
    """Whole seconds after which what is open until then has certainly been closed."""
    return math.ceil((until - now).total_seconds())


def open_to(connection: Connection, session_id: str, now: datetime) -> dict[uuid.UUID, datetime]:
    """The complaints whose reporter this session may see now, and until when."""
    mine = select(Reveal.complaint_id, Reveal.until).where(Reveal.token_hash == session_id, Reveal.until > now)
    return {row.complaint_id: row.until for row in connection.execute(mine)}

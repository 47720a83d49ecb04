"""What is open for a while, to one session, and leaves a trace: who reports a complaint, what stands in quarantine."""

from __future__ import annotations

import math
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from store.casework.base import LOOKED, Act, locked, record
from store.models import Reveal

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

#: How long it is open to whoever has asked for it.
OPEN: Final = timedelta(minutes=15)


def payload(item_id: int) -> uuid.UUID:
    """What the payload of a quarantined item is called among what is open; no complaint's id is so small."""
    return uuid.UUID(int=item_id)


def reveal(connection: Connection, act: Act, session_id: str, reason: str) -> None:
    """Show this session who reports, and write down who did and why; a second click within the time writes nothing."""
    locked(connection, act)
    end = lay_open(connection, session_id, act.complaint_id, act.now)
    if end is not None:
        record(connection, act, LOOKED, reason=reason, until=end.isoformat())


def lay_open(connection: Connection, session_id: str, subject: uuid.UUID, now: datetime) -> datetime | None:
    """Open it to this session, until when; None where it is open already, and then not for longer."""
    made = insert(Reveal).values(token_hash=session_id, subject=subject, until=now + OPEN)
    renewed = made.on_conflict_do_update(
        index_elements=[Reveal.token_hash, Reveal.subject],
        set_={"until": made.excluded.until},
        where=Reveal.until <= now,
    )
    return connection.execute(renewed.returning(Reveal.until)).scalar_one_or_none()


def cover(connection: Connection, session_id: str, subject: uuid.UUID) -> None:
    """Close it before its time."""
    connection.execute(delete(Reveal).where(Reveal.token_hash == session_id, Reveal.subject == subject))


def left(until: datetime, now: datetime) -> int:
    """Whole seconds after which what is open until then has certainly been closed."""
    return math.ceil((until - now).total_seconds())


def open_to(connection: Connection, session_id: str, now: datetime) -> dict[uuid.UUID, datetime]:
    """What this session may see now, and until when."""
    mine = select(Reveal.subject, Reveal.until).where(Reveal.token_hash == session_id, Reveal.until > now)
    return {row.subject: row.until for row in connection.execute(mine)}

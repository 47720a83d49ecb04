"""An officer's own chat with the installation's bot: linked by a code that only his open session shows him."""

from __future__ import annotations

import enum
import re
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from normalizer.telling import Way
from store import delivery, tokens, users
from store.models import Delivery, Officer, Reach
from store.tokens import Purpose

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

LIFE: Final = timedelta(minutes=10)
#: Without what looks like something else; 50 bits.
_LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
CODE: Final = re.compile(rf"[{_LETTERS}]{{5}}-[{_LETTERS}]{{5}}", re.IGNORECASE)


class Linked(enum.Enum):
    """What became of a code."""

    DONE = "done"
    TAKEN = "taken"
    WRONG = "wrong"


def make_code(connection: Connection, officer_id: int, now: datetime) -> str:
    """A code such as ABCDE-FGHJK, good once within `LIFE`; the one before is good no more."""
    first, second = ("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(2))
    return tokens.make(connection, officer_id, Purpose.TELEGRAM, now, LIFE, token=f"{first}-{second}")


def link(connection: Connection, code: str, account: str, address: str, now: datetime) -> tuple[Linked, str | None]:
    """Link the chat to the officer whose code this is, instead of his last one; and the officer's language.

    A chat that another active officer has linked stays his, and the code stays good.
    """
    code = code.upper()
    officer_id = tokens.owner(connection, code, Purpose.TELEGRAM, now)
    if officer_id is None:
        return Linked.WRONG, None
    mine = (Reach.way == Way.TELEGRAM.value, Reach.account == account, Reach.address == address)
    holder = connection.execute(
        select(Officer.id, Officer.active).join(Reach, Reach.officer_id == Officer.id).where(*mine)
    ).one_or_none()
    if holder is not None and holder.id != officer_id and holder.active:
        return Linked.TAKEN, None
    if tokens.use(connection, code, Purpose.TELEGRAM, now) is None:
        return Linked.WRONG, None
    connection.execute(delete(Reach).where(*mine))
    values = {
        "account": account,
        "address": address,
        "since": now,
        "failures": 0,
        "error": None,
        "paused_at": None,
    }
    row = upsert(Reach).values(officer_id=officer_id, way=Way.TELEGRAM.value, **values)
    connection.execute(row.on_conflict_do_update(index_elements=[Reach.officer_id, Reach.way], set_=values))
    users.record(connection, now, officer_id, officer_id, "telegram_linked")
    language = connection.execute(select(Officer.language).where(Officer.id == officer_id)).scalar_one()
    return Linked.DONE, language


def unlink(connection: Connection, officer_id: int, now: datetime) -> bool:
    """Let the chat go, with what waits for it; False where none was linked."""
    ours = (Reach.officer_id == officer_id, Reach.way == Way.TELEGRAM.value)
    gone = connection.execute(delete(Reach).where(*ours)).rowcount
    waiting = update(Delivery).where(
        Delivery.officer_id == officer_id, Delivery.way == Way.TELEGRAM.value, delivery.WAITING
    )
    connection.execute(waiting.values(state="dropped"))
    if gone:
        users.record(connection, now, officer_id, officer_id, "telegram_unlinked")
    return bool(gone)

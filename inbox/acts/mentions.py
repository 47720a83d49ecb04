"""@username in a note: the colleague is told, where he may see the complaint at all."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from inbox import rights
from inbox.state import person, runtime
from store import notices
from store import queue as store
from store.models import Officer
from store.notices import NewNotice
from store.people import Person, Role

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from store.casework import Act
    from store.queue import Row

#: Not what stands in a mail address. A name never ends with what ends a sentence.
_AT: Final = re.compile(r"(?<![\w.@-])@([a-z0-9][a-z0-9._-]{0,62}[a-z0-9])", re.IGNORECASE)
#: Nobody means more people than this by name.
_MOST: Final = 20


class BlindError(Exception):
    """Somebody is called who may not see the complaint; names him."""


def meant(connection: Connection, row: Row, text: str) -> list[int]:
    """The officers that a note calls, but for its writer; what is nobody's name is just a word. BlindError."""
    names = list(dict.fromkeys(found.lower() for found in _AT.findall(text)))[:_MOST]
    query = select(Officer).where(Officer.username.in_(names), Officer.active, Officer.id != person().id)
    called = connection.execute(query.order_by(Officer.id)).all() if names else []
    for each in called:
        other = Person(
            id=each.id,
            username=each.username,
            name=each.name,
            role=Role(each.role),
            programs=frozenset(each.programs),
            unit=each.unit,
            sees_identity=each.sees_identity,
        )
        if store.find(connection, rights.scope(other, runtime()), row.ticket) is None:
            raise BlindError(each.username)
    return [each.id for each in called]


def tell(connection: Connection, act: Act, officers: list[int]) -> None:
    """A notice for each, in the transaction of the note."""
    rows = [
        NewNotice(officer_id=each, complaint_id=act.complaint_id, kind="mention", data={"by": person().name})
        for each in officers
    ]
    notices.add(connection, rows, act.now)

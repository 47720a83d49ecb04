"""Saved views: an officer's own names for queues as he has narrowed them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from store.engine import KEPT
from store.models import Officer, SavedView

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

    from sqlalchemy import Connection

#: More is no help in a rail.
MOST: Final = 20


class ViewError(Exception):
    """A view that cannot be kept; nothing was changed."""


class NameTakenError(ViewError):
    """The officer has another view of that name."""


class TooManyError(ViewError):
    """The officer has as many as there may be."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """One of them; `query` is the address's query string without its question mark."""

    id: uuid.UUID
    name: str
    query: str


_ALL: Final = "SELECT id, name, query FROM saved_view WHERE officer_id = %s ORDER BY lower(name), id"


def all_of(connection: Connection, officer_id: int) -> list[Saved]:
    """The officer's views by name."""
    rows = connection.exec_driver_sql(_ALL, (officer_id,), KEPT)
    return [Saved(id=view_id, name=name, query=query) for view_id, name, query in rows]


def add(  # noqa: PLR0917 - the columns of a view
    connection: Connection, view_id: uuid.UUID, officer_id: int, name: str, query: str, now: datetime
) -> None:
    """Keep one; the same form sent twice is one. NameTakenError, TooManyError."""
    # Two windows of the officer's take their turns, so that together they do not exceed what he may have.
    connection.execute(select(Officer.id).where(Officer.id == officer_id).with_for_update())
    known = all_of(connection, officer_id)
    if any(each.id == view_id for each in known):
        return
    if any(each.name == name for each in known):
        raise NameTakenError(name)
    if len(known) >= MOST:
        raise TooManyError(str(MOST))
    row = {"id": view_id, "officer_id": officer_id, "name": name, "query": query, "created_at": now}
    connection.execute(insert(SavedView).values(row))


def rename(connection: Connection, officer_id: int, view_id: uuid.UUID, name: str) -> bool:
    """Another name for it; False where the officer has no such view. NameTakenError."""
    own = update(SavedView).where(SavedView.id == view_id, SavedView.officer_id == officer_id)
    try:
        with connection.begin_nested():
            return connection.execute(own.values(name=name)).rowcount == 1
    except IntegrityError as error:
        raise NameTakenError(name) from error


def remove(connection: Connection, officer_id: int, view_id: uuid.UUID) -> bool:
    """Gone; False where the officer has no such view."""
    own = delete(SavedView).where(SavedView.id == view_id, SavedView.officer_id == officer_id)
    return connection.execute(own).rowcount == 1

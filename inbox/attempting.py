"""What is refused leaves a trace: whose complaint was asked for by its address, and which act by whom."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from flask import g, request
from sqlalchemy.exc import SQLAlchemyError

from inbox.state import now, person, runtime, scope
from normalizer import ticket as codes
from store import attempts
from store import queue as store

if TYPE_CHECKING:
    from sqlalchemy import Connection


def note(status: int) -> None:
    """Write down that this request was answered 403, or 404 where the complaint is there and not the officer's.

    In a transaction of its own, since the request's is rolled back; a trace that cannot be written changes no answer.
    """
    if g.get("person") is None:
        return
    with contextlib.suppress(SQLAlchemyError), runtime().engine.begin() as connection:
        if status == 403:  # noqa: PLR2004 - HTTP
            attempts.refused(connection, now(), person().id, (request.endpoint or "").rpartition(".")[2])
        elif status == 404:  # noqa: PLR2004 - HTTP
            ticket = _meant(connection)
            if ticket is not None and store.find(connection, scope(), ticket) is None:
                attempts.tried(connection, now(), person().id, ticket)


def _meant(connection: Connection) -> str | None:
    """The ticket of the complaint that the address names, itself or by one of its files or mails."""
    asked = request.view_args or {}
    code = codes.read(asked["ticket"]) if "ticket" in asked else None
    return attempts.ticket_of(
        connection, code=code or "", file=asked.get("attachment_id"), line=asked.get("message_id")
    )

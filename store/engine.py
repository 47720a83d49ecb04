"""The engine: how we connect to PostgreSQL, and what counts as PostgreSQL being away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
import psycopg
from psycopg.types.json import set_json_loads
from sqlalchemy import create_engine, event
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, TimeoutError  # noqa: A004 - SQLAlchemy's own

if TYPE_CHECKING:
    from sqlalchemy import Engine


def connect(url: str, *, pool_size: int = 5, name: str = "muara") -> Engine:
    """An engine for `postgresql+psycopg://…`; opens no connection yet.

    Statement time-outs are set by whoever needs one: a migration may take as long as it takes.
    """
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=True,
        pool_timeout=10,
        hide_parameters=True,  # they are citizens' words, and errors are logged
        connect_args={
            "connect_timeout": 3,
            "application_name": name,
            "options": "-c timezone=UTC",
            # A machine that vanished answers nothing; without these a lock or a thread would wait for it for minutes.
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 15_000,
        },
    )
    event.listen(engine, "connect", _read_json_quickly)
    return engine


def _read_json_quickly(connection: psycopg.Connection, _record: object) -> None:
    set_json_loads(orjson.loads, connection)


def is_full(error: BaseException) -> bool:
    """Whether the database could read but had no room to write."""
    return isinstance(error, DBAPIError) and isinstance(error.orig, psycopg.errors.DiskFull)


def is_away(error: BaseException) -> bool:
    """Whether the database is down or hanging, as against our having asked something wrong."""
    if isinstance(error, TimeoutError | InterfaceError):
        return True
    if isinstance(error, DBAPIError):
        if error.connection_invalidated:
            return True
        return isinstance(error, OperationalError) and not isinstance(
            error.orig, psycopg.errors.DeadlockDetected | psycopg.errors.SerializationFailure
        )
    return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)

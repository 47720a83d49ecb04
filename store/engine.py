"""The engine: how we connect to PostgreSQL, and what counts as PostgreSQL being away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

import orjson
import psycopg
from psycopg.types.json import set_json_loads
from sqlalchemy import Executable, create_engine, event
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, TimeoutError  # noqa: A004 - SQLAlchemy's own

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine


#: As `kept`, for a statement in SQL.
KEPT: Final = {"kept": True}
#: A connection's: the statements of all queues in all their orders, and of a case. Each takes the server some 50 kB.
_MOST_KEPT: Final = 200
_Statement = TypeVar("_Statement", bound=Executable)


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
    event.listen(engine, "connect", _made)
    event.listen(engine, "do_execute", _prepared_as_asked)
    return engine


def kept(statement: _Statement) -> _Statement:
    """A statement that the server shall parse and plan once for each connection, not for each use.

    Only for one whose plan is the same whatever its values: it is soon made without looking at them. psycopg forgets
    what is prepared with a ROLLBACK, so it is worth something only where transactions are committed.
    """
    return statement.execution_options(**KEPT)


def reading(engine: Engine) -> Connection:
    """A connection of which only `kept` statements are prepared, since others' plans depend on their values."""
    return engine.connect().execution_options(only_kept=True)


def _prepared_as_asked(cursor: Any, statement: str, parameters: Any, context: Any) -> bool:
    options = {} if context is None else context.execution_options
    if not options.get("only_kept"):
        return False
    cursor.execute(statement, parameters, prepare=bool(options.get("kept")))
    return True


def _made(connection: psycopg.Connection, _record: object) -> None:
    set_json_loads(orjson.loads, connection)
    connection.prepared_max = _MOST_KEPT


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

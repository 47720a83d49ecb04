"""smsd's inbox and outbox as SQL tables, in SQLite or PostgreSQL, with the columns of its own schema."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import psycopg

from channels.contract import Health, PollBatch, Polled
from channels.errors import PollFailed, ProviderDown
from channels.sms import segments
from normalizer.saying import Sentence, say

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from channels.contract import Cursor, OutboundReply

_ERRORS: Final = (sqlite3.Error, psycopg.Error, OSError)
_COLUMNS: Final = ("ID", "ReceivingDateTime", "SenderNumber", "SMSCNumber", "Coding", "UDH", "Text", "TextDecoded")
_CODINGS: Final = {segments.GSM7: "Default_No_Compression", segments.UCS2: "Unicode_No_Compression"}
_CREATOR: Final = "muara:"
_SECONDS: Final = 10


class SqlStore:
    """smsd with `Service = sql`. Rows count as new while they are not Processed and the cursor does not name them."""

    def __init__(self, database: str, phone_id: str, batch: int) -> None:
        self._database = database
        self._phone_id = phone_id
        self._batch = batch
        self._is_postgresql = database.startswith(("postgresql://", "postgres://"))

    def poll(self, cursor: Cursor) -> PollBatch:
        """The oldest new rows, each as a JSON object of its columns; PollFailed."""
        held = _ids(cursor)
        columns = ", ".join(f'"{column}"' for column in _COLUMNS)
        query = f'SELECT {columns} FROM inbox WHERE "Processed" = ? ORDER BY "ID" LIMIT ?'  # noqa: S608 - our names
        wanted = self._batch + len(held) + 1
        try:
            with self._connect() as connection:
                rows = self._all(connection, query, ("false", wanted))
        except _ERRORS as error:
            raise PollFailed(_gone(error)) from error
        fresh = [row for row in rows if int(row[0]) not in held]
        taken = fresh[: self._batch]
        present = {int(row[0]) for row in rows} & held
        ids = sorted(present | {int(row[0]) for row in taken})
        raws = [Polled(body=_body(row), meta={"backend": "sql"}) for row in taken]
        return PollBatch(raws=raws, cursor={"rows": list(ids)}, more=len(fresh) > self._batch)

    def confirm(self, cursor: Cursor) -> None:
        """Mark the rows that the cursor names as Processed; PollFailed."""
        ids = sorted(_ids(cursor))
        try:
            with self._connect() as connection:
                for id_ in ids:
                    self._run(connection, 'UPDATE inbox SET "Processed" = ? WHERE "ID" = ?', ("true", id_))
        except _ERRORS as error:
            raise PollFailed(_gone(error)) from error

    def put(self, reply: OutboundReply) -> None:
        """One message, in parts where it is long, unless it is there or was sent already. ProviderDown."""
        try:
            with self._connect() as connection:
                if not self._known(connection, reply.id):
                    self._insert(connection, reply)
        except _ERRORS as error:
            raise ProviderDown(_gone(error)) from error

    def health(self) -> Health:
        """Do the tables answer?"""
        try:
            with self._connect() as connection:
                self._all(connection, 'SELECT "ID" FROM inbox LIMIT 1', ())
                self._all(connection, 'SELECT "ID" FROM outbox LIMIT 1', ())
        except _ERRORS as error:
            return Health(ok=False, sentence=_gone(error))
        return Health(ok=True, sentence=say("Tabel inbox dan outbox gammu dapat dipakai."))

    def _known(self, connection: Any, ours: str) -> bool:
        creator = (_CREATOR + ours,)
        return any(
            self._all(connection, f'SELECT 1 FROM {table} WHERE "CreatorID" = ? LIMIT 1', creator)  # noqa: S608 - ours
            for table in ("outbox", "sentitems")
        )

    def _insert(self, connection: Any, reply: OutboundReply) -> None:
        pieces = segments.split(reply.text)
        coding = _CODINGS[segments.count(reply.text).encoding]
        long = len(pieces) > 1
        values = {
            "DestinationNumber": reply.to,
            "TextDecoded": pieces[0],
            "Coding": coding,
            "MultiPart": "true" if long else "false",
            "CreatorID": _CREATOR + reply.id,
            "UDH": _udh(reply.id, len(pieces), 1) if long else None,
            "SenderID": self._phone_id or None,
        }
        names = ", ".join(f'"{name}"' for name in values)
        marks = ", ".join("?" * len(values))
        query = f'INSERT INTO outbox ({names}) VALUES ({marks}) RETURNING "ID"'  # noqa: S608 - our names
        (id_,) = self._all(connection, query, tuple(values.values()))[0]
        follow = (
            'INSERT INTO outbox_multipart ("ID", "SequencePosition", "TextDecoded", "Coding", "UDH") '
            "VALUES (?, ?, ?, ?, ?)"
        )
        for number, piece in enumerate(pieces[1:], start=2):
            self._run(connection, follow, (id_, number, piece, coding, _udh(reply.id, len(pieces), number)))

    @contextlib.contextmanager
    def _connect(self) -> Iterator[Any]:
        """A connection with one transaction, closed at the end; a missing SQLite file is an error, not made."""
        if self._is_postgresql:
            with psycopg.connect(self._database, connect_timeout=_SECONDS) as connection:
                yield connection
            return
        address = f"{Path(self._database).absolute().as_uri()}?mode=rw"
        with contextlib.closing(sqlite3.connect(address, timeout=_SECONDS, uri=True)) as lite, lite:
            yield lite

    def _run(self, connection: Any, query: str, values: Sequence[object]) -> Any:
        return connection.execute(query.replace("?", "%s") if self._is_postgresql else query, values)

    def _all(self, connection: Any, query: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self._run(connection, query, values).fetchall()]


def _gone(error: Exception) -> Sentence:
    return say(
        "Basis data gammu tidak dapat dipakai (%(error)s): periksa `database` dan tabel smsd.",
        error=type(error).__name__,
    )


def _body(row: tuple[Any, ...]) -> bytes:
    fields = {name: value if isinstance(value, int) else str(value) for name, value in zip(_COLUMNS, row, strict=True)}
    return json.dumps(fields).encode()


def _ids(cursor: Cursor) -> set[int]:
    rows = cursor.get("rows")
    return {row for row in rows if isinstance(row, int)} if isinstance(rows, list) else set()


def _udh(ours: str, total: int, number: int) -> str:
    """The header of one part, in hexadecimal; the reference is the same for every try of one reply."""
    return f"050003{zlib.crc32(ours.encode()) & 0xFF:02X}{total:02X}{number:02X}"

"""`muara queue`, `show` and `ledger`: what stands in an installation, for people and for programs."""

from __future__ import annotations

import contextlib
from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click
from sqlalchemy import text

from commands.context import running
from commands.saying import fail, show
from gateway.spool import Spool, TornError
from inbox.i18n import in_english
from inbox.masking import veil
from normalizer import ticket
from store import ledger, search_index

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from uuid import UUID
    from zoneinfo import ZoneInfo

    from sqlalchemy import Connection

    from config.settings import Settings
    from dispatcher.runtime import Runtime
    from inbox.masking import Veil

_QUEUE = """
SELECT id, ticket, program, account, channel, state, subject, unit, opened_at, next_due_at, anonim, rahasia,
       format_unclear, likely_double
FROM complaint WHERE next_due_at IS NOT NULL AND (CAST(:program AS text) IS NULL OR program = :program)
ORDER BY next_due_at, id LIMIT :limit
"""
_CASE = """
SELECT c.id, c.ticket, c.program, c.account, c.channel, c.conversation, c.state, c.type, c.anonim, c.rahasia,
       c.format_unclear, c.likely_double, c.subject, c.place, c.unit, c.opened_at, c.response_due_at,
       c.resolution_due_at, c.responded_at, c.closed_at
FROM ticket t JOIN complaint c ON c.id = t.complaint_id WHERE t.code = :code
"""
_THREAD = """
SELECT m.direction, m.role, m.text, m.revised, m.withdrawn_at, m.missing, m.sent_at, o.state AS delivery, o.error,
       (SELECT coalesce(json_agg(json_build_object('name', a.name, 'content_type', a.content_type, 'size', a.size,
                                                   'state', a.state, 'sha256', a.sha256) ORDER BY a.position), '[]')
        FROM attachment a WHERE a.message_id = m.id) AS attachments
FROM message m LEFT JOIN outbox o ON o.message_id = m.id WHERE m.complaint_id = :id
ORDER BY m.sent_at, m.sequence, m.external_id
"""
_HISTORY = "SELECT at, actor, kind, data, origin FROM event WHERE complaint_id = :id ORDER BY seq"


def queue(settings: Settings, *, program: str | None, limit: int, as_json: bool) -> None:
    """The open complaints by deadline."""
    with running(settings) as runtime, runtime.engine.connect() as connection:
        rows = _rows(connection, _QUEUE, program=program, limit=limit)
        veils = _veils(connection, rows)
    for row in rows:
        row["subject"] = veils[row.pop("id")].text(row["subject"])

    def line(row: dict[str, Any]) -> str:
        due = row["next_due_at"].astimezone(runtime.zone)
        program = row["program"] or "(triase)"
        return f"{row['ticket']}  {due:%d-%m %H:%M}  {program:14} {row['channel']:9} {row['state']:15} {row['subject']}"

    show(rows, as_json=as_json, line=line)


def case(settings: Settings, code: str, *, as_json: bool) -> None:
    """One complaint with its thread and history, without the reporter's name and address."""
    wanted = ticket.read(code)
    if wanted is None:
        fail(f"{code!r} is no ticket code")
    with running(settings) as runtime, runtime.engine.connect() as connection:
        found = _rows(connection, _CASE, code=wanted)
        if not found:
            fail(f"there is no complaint {wanted}")
        row = found[0]
        cover = _veils(connection, [row])[row["id"]]
        ident = row.pop("id")
        row["thread"] = _rows(connection, _THREAD, id=ident)
        for line in row["thread"]:
            line["error"] = in_english(line["error"]) if line["error"] else None
        row["history"] = _rows(connection, _HISTORY, id=ident)
        if cover.hidden:
            _cover(row, cover)
    show([row], as_json=as_json, line=lambda found: _written(found, runtime.zone))


def _veils(connection: Connection, rows: list[dict[str, Any]]) -> dict[UUID, Veil]:
    """The veil over each, by its id: who is at the server's command line has no permission and gives no reason."""
    known = search_index.identities(connection, [row["id"] for row in rows if row["anonim"] or row["rahasia"]])
    return {row["id"]: veil(row["anonim"] or row["rahasia"], known.get(row["id"], ())) for row in rows}


def _cover(row: dict[str, Any], cover: Veil) -> None:
    """Take away whoever wrote: a chat or a number says it, and so may any text and a file's name."""
    row["conversation"] = None
    row["subject"] = cover.text(row["subject"])
    if row["place"] and row["place"].get("label"):
        row["place"] = row["place"] | {"label": cover.text(row["place"]["label"])}
    for line in row["thread"]:
        for name in ("text", "revised", "error"):
            line[name] = cover.text(line[name]) if line[name] is not None else None
        for file in line["attachments"]:
            file["name"] = None


def _written(row: dict[str, Any], zone: ZoneInfo) -> str:
    """For people: times as their clock shows them."""

    def at(moment: datetime) -> str:
        return f"{moment.astimezone(zone):%d-%m %H:%M}"

    facts = [
        f"{name:18} {at(value) if isinstance(value, datetime) else value}"
        for name, value in row.items()
        if name not in {"thread", "history"} and value
    ]
    thread = [
        f"  {at(line['sent_at'])} {line['direction']:4} {line['delivery'] or '':9} {line['text']}"
        for line in row["thread"]
    ]
    history = [f"  {at(event['at'])} {event['actor']} {event['kind']}" for event in row["history"]]
    return "\n".join([*facts, "thread", *thread, "history", *history])


def balance(settings: Settings, *, day: date | None, account: str | None, as_json: bool) -> bool:
    """Print the ledger; False if anything cannot be accounted for. What lies in this machine's spool is pending."""
    with running(settings) as runtime, runtime.engine.connect() as connection:
        lines = {(line.account, line.day): line for line in ledger.balance(connection, day=day, account=account)}
        spooled = Counter(
            key for key in _spooled(settings, runtime) if (day or key[1]) == key[1] and (account or key[0]) == key[0]
        )
    keys = sorted({*lines, *spooled}, key=lambda key: (key[1], key[0]))
    rows = [_ledger_row(name, at, lines.get((name, at)), spooled[name, at]) for name, at in keys]
    widths = {name: max(len(name), *(len(str(row[name])) for row in rows)) for name in (rows[0] if rows else ())}
    if not as_json and rows:
        click.echo("  ".join(f"{name:>{width}}" for name, width in widths.items()))
    show(rows, as_json=as_json, line=lambda row: "  ".join(f"{row[name]!s:>{width}}" for name, width in widths.items()))
    return all(line.remainder == 0 for line in lines.values())


def _ledger_row(account: str, day: date, line: ledger.Line | None, spooled: int) -> dict[str, Any]:
    return {
        "account": account,
        "day": day.isoformat(),
        "payloads": line.payloads if line else 0,
        "spooled": spooled,
        "unparsed": line.unparsed if line else 0,
        "items": line.items if line else 0,
        "pending": line.pending if line else 0,
        **(line.outcomes if line else dict.fromkeys(ledger.OUTCOMES, 0)),
        "remainder": line.remainder if line else 0,
    }


def _spooled(settings: Settings, runtime: Runtime) -> Iterator[tuple[str, date]]:
    """Account and day of every payload that the gateway of this machine keeps on disk until the database takes it."""
    spool = Spool(settings.spool)
    for name in spool.names():
        # Drained meanwhile, or torn: the gateway counts torn files, this is about payloads.
        with contextlib.suppress(FileNotFoundError, TornError):
            entry = spool.read(name)
            yield entry.account, runtime.day(entry.received_at)


def _rows(connection: Connection, sql: str, **values: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(text(sql), values).mappings()]

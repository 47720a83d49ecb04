"""`muara quarantine` and `muara replay`: look at what could not be read, and read it again."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import click

from commands.context import running
from commands.saying import fail, show
from dispatcher import bells
from dispatcher.bells import Bell
from store import journal, quarantine
from store.blobs import BlobError

if TYPE_CHECKING:
    import uuid
    from datetime import date

    from config.settings import Settings
    from dispatcher.runtime import Runtime
    from store.journal import Pending


def listing(settings: Settings, *, account: str | None, as_json: bool) -> None:
    """What stands in quarantine."""
    with running(settings) as runtime, runtime.engine.connect() as connection:
        rows = [dataclasses.asdict(row) for row in quarantine.listing(connection, account=account)]
    show(
        rows,
        as_json=as_json,
        line=lambda row: f"{row['id']:8}  {row['account']:14} {row['received_at']:%Y-%m-%d %H:%M}  {row['reason']}",
    )


def display(settings: Settings, item: int, *, as_json: bool) -> None:
    """One item with the payload that it came in, as it came."""
    with running(settings) as runtime, runtime.engine.connect() as connection:
        found = quarantine.find(connection, item)
        if found is None:
            fail(f"there is no item {item}")
        raw = journal.read(connection, found.journal_id)
        body = b"" if raw is None else _body(runtime, raw)
    row = {
        **dataclasses.asdict(found),
        "query": "" if raw is None else raw.query,
        "headers": {} if raw is None else dict(raw.headers),
        "body": body.decode("utf-8", "backslashreplace"),
    }
    show([row], as_json=as_json, line=lambda entry: "\n".join(f"{name:16} {value}" for name, value in entry.items()))


def _body(runtime: Runtime, raw: Pending) -> bytes:
    if raw.blob is None:
        return raw.body or b""
    try:
        return runtime.blobs.get(raw.blob)
    except BlobError as error:
        fail(str(error))


def again(settings: Settings, items: tuple[int, ...], *, account: str | None) -> None:
    """Read the payloads of these quarantined items again, or of all."""
    with running(settings) as runtime:
        with runtime.engine.begin() as connection:
            if items:
                ids = []
                for item in items:
                    found = quarantine.find(connection, item)
                    if found is None:
                        fail(f"there is no item {item}")
                    ids.append(found.journal_id)
            else:
                ids = quarantine.payloads(connection, account)
            count = quarantine.replay(connection, ids)
        _ring(runtime, count)


def replay(settings: Settings, *, account: str | None, day: date | None, version: str | None) -> None:
    """Read payloads again by account, day or adapter version."""
    if account is None and day is None and version is None:
        fail("say which payloads: --channel, --day or --adapter-version")
    with running(settings) as runtime:
        with runtime.engine.begin() as connection:
            ids: list[uuid.UUID] = quarantine.select(connection, account=account, day=day, version=version)
            count = quarantine.replay(connection, ids)
        _ring(runtime, count)


def _ring(runtime: Runtime, count: int) -> None:
    bells.ring(runtime.redis, Bell.DRAIN)
    click.echo(f"{count} payloads are read again")

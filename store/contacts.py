"""Contacts: who a citizen is, by the addresses that wrote to us."""

from __future__ import annotations

from typing import TYPE_CHECKING

from store import bulk
from store.journal import new_id

if TYPE_CHECKING:
    import uuid
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection

_ADDRESSES = """
INSERT INTO contact_address (scheme, address, contact_id, name, phone, last_seen_at)
SELECT scheme, address, contact_id, name, phone, last_seen_at
FROM jsonb_populate_recordset(NULL::contact_address, %s::jsonb)
ORDER BY scheme, address
ON CONFLICT (scheme, address) DO UPDATE
SET name = coalesce(EXCLUDED.name, contact_address.name), last_seen_at = EXCLUDED.last_seen_at
RETURNING scheme, address, contact_id
"""


def resolve(
    connection: Connection, found: Mapping[tuple[str, str], str | None], now: datetime
) -> dict[tuple[str, str], uuid.UUID]:
    """The contact of each (scheme, address), made where it is new; the values are names, as the citizens give them."""
    if not found:
        return {}
    wanted = {key: new_id() for key in found}
    rows = [
        {
            "scheme": scheme,
            "address": address,
            "contact_id": wanted[scheme, address],
            "name": name,
            "phone": address if address.startswith("+") else None,
            "last_seen_at": now,
        }
        for (scheme, address), name in found.items()
    ]
    result = {
        (row[0], row[1]): row[2] for row in connection.exec_driver_sql(_ADDRESSES, (bulk.dumps(rows),)).fetchall()
    }
    # The contact follows its address: the key between them is checked at the commit.
    fresh = [
        {"id": contact, "name": found.get(key), "created_at": now}
        for key, contact in result.items()
        if wanted.get(key) == contact
    ]
    bulk.insert(connection, "contact", ("id", "name", "created_at"), fresh)
    return result

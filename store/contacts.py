"""Contacts: who a citizen is, by the addresses that wrote to us."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from normalizer.identity import canonical_phone
from store import bulk
from store.journal import new_id

if TYPE_CHECKING:
    import uuid
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection

_ADDRESSES = """
INSERT INTO contact_address (scheme, address, contact_id, name, phone, email, email_verified, last_seen_at)
SELECT scheme, address, contact_id, name, phone, email, email_verified, last_seen_at
FROM jsonb_populate_recordset(NULL::contact_address, %s::jsonb)
ORDER BY scheme, address
ON CONFLICT (scheme, address) DO UPDATE
SET name = coalesce(EXCLUDED.name, contact_address.name), last_seen_at = EXCLUDED.last_seen_at,
    phone = coalesce(EXCLUDED.phone, contact_address.phone), email = coalesce(EXCLUDED.email, contact_address.email),
    email_verified = CASE WHEN EXCLUDED.email IS NULL OR EXCLUDED.email = contact_address.email
                          THEN contact_address.email_verified OR EXCLUDED.email_verified
                          ELSE EXCLUDED.email_verified END
RETURNING scheme, address, contact_id
"""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a message tells of its sender: the name as given; `phone` in E.164; `email`, and whether its own server
    vouched for it.
    """

    name: str | None = None
    phone: str | None = None
    email: str | None = None
    email_verified: bool = False

    def after(self, earlier: Seen) -> Seen:
        """What is told now, and from the earlier telling what is missing now."""
        return Seen(
            name=self.name or earlier.name,
            phone=self.phone or earlier.phone,
            email=self.email or earlier.email,
            email_verified=self.email_verified or (earlier.email_verified and self.email in (None, earlier.email)),
        )


def seen(address: str, name: str | None, hints: Mapping[str, Any]) -> Seen:
    """What an address and a message's hints tell."""
    phone, email = hints.get("phone"), address if "@" in address else hints.get("email")
    return Seen(
        name=name,
        phone=address if address.startswith("+") else canonical_phone(phone) if isinstance(phone, str) else None,
        email=email if isinstance(email, str) and email else None,
        email_verified=hints.get("email_verified") is True,
    )


def resolve(
    connection: Connection, found: Mapping[tuple[str, str], Seen], now: datetime
) -> dict[tuple[str, str], uuid.UUID]:
    """The contact of each (scheme, address), made where it is new."""
    if not found:
        return {}
    wanted = {key: new_id() for key in found}
    rows = [
        {
            "scheme": scheme,
            "address": address,
            "contact_id": wanted[scheme, address],
            **dataclasses.asdict(known),
            "last_seen_at": now,
        }
        for (scheme, address), known in found.items()
    ]
    result = {
        (row[0], row[1]): row[2] for row in connection.exec_driver_sql(_ADDRESSES, (bulk.dumps(rows),)).fetchall()
    }
    # The contact follows its address: the key between them is checked at the commit.
    fresh = [
        {"id": contact, "name": found[key].name, "created_at": now}
        for key, contact in result.items()
        if wanted[key] == contact
    ]
    bulk.insert(connection, "contact", ("id", "name", "created_at"), fresh)
    return result

"""Tests of notices: an officer has one sent to himself, and sees what became of it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select

from normalizer.telling import Kind, Way
from store.models import Delivery, Notice

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A test that was asked for at `at`; `ends` are the rows of `delivery` by way, of which there are none at first."""

    at: datetime
    planned: bool
    ends: Mapping[Way, Any]


def ask(connection: Connection, officer_id: int, now: datetime) -> None:
    """One test on all ways that the officer chose; the bell does not ring for it."""
    row = {"officer_id": officer_id, "kind": Kind.TEST.value, "made_at": now, "seen_at": now}
    connection.execute(insert(Notice).values(row))


def latest(connection: Connection, officer_id: int, since: datetime) -> Trial | None:
    """The officer's last test, where he asked for one since then."""
    mine = select(Notice.id, Notice.made_at, Notice.planned).where(
        Notice.officer_id == officer_id, Notice.kind == Kind.TEST.value, Notice.made_at >= since
    )
    found = connection.execute(mine.order_by(Notice.id.desc()).limit(1)).one_or_none()
    if found is None:
        return None
    rows = connection.execute(select(Delivery).where(Delivery.notice_id == found.id))
    return Trial(at=found.made_at, planned=found.planned, ends={Way(row.way): row for row in rows})

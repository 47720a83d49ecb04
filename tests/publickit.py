"""What the tests of the public pages share: the site with and without a database, and what the journal holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from channels.contract import RawMessage
from channels.web.adapter import WebChannel
from normalizer.messages import InboundMessage
from store.engine import connect
from tests.public_site import Site, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine

NOWHERE = "postgresql+psycopg://muara@127.0.0.1:9/muara"


@pytest.fixture
def site(engine: Engine, redis_client: Redis, tmp_path: Path) -> Iterator[Site]:
    with running(engine, redis_client, tmp_path) as made:
        yield made


@pytest.fixture
def cut_off(redis_client: Redis, tmp_path: Path) -> Iterator[Site]:
    """The same pages with no database anywhere."""
    nowhere = connect(NOWHERE)
    with running(nowhere, redis_client, tmp_path) as made:
        yield made
    nowhere.dispose()


def journalled(site: Site) -> list[InboundMessage]:
    """What the web adapter makes of the journal."""
    found = []
    for row in site.rows("SELECT id, body, blob, headers, meta, received_at, account FROM journal ORDER BY seq"):
        body = site.runtime.blobs.get(row.blob) if row.body is None else row.body
        raw = RawMessage(
            id=str(row.id),
            account=row.account,
            received_at=row.received_at,
            body=body,
            headers=row.headers,
            meta=row.meta,
        )
        [item] = WebChannel.offline().parse(raw)
        assert isinstance(item, InboundMessage)
        found.append(item)
    return found

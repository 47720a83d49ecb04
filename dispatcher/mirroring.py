"""After the drain has handled reports of another system: their states there reach the complaints here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from normalizer import remote
from normalizer.messages import Ignored
from store import mirror

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from dispatcher.runtime import Runtime
    from store.items import ItemRow


def mirrored(runtime: Runtime, connection: Connection, rows: Sequence[ItemRow], now: datetime) -> None:
    """Apply what these handled items say of other systems' states, in the transaction that handled them."""
    told = []
    for row in rows:
        said = remote.read(row.content.reason) if isinstance(row.content, Ignored) else None
        account = runtime.accounts.get(row.account)
        if said is not None and account is not None:
            told.append(
                mirror.Told(
                    account=row.account,
                    external_id=row.external_id,
                    version=row.version,
                    system=str(getattr(account.channel.settings, "system", account.manifest.name)),
                    remote=said,
                )
            )
    if told:
        mirror.apply(connection, told, now, runtime.programs)

"""Step one of the drain: journal rows become items. A payload that cannot be read becomes one that says so."""

from __future__ import annotations

import dataclasses
import logging
from typing import TYPE_CHECKING

from channels.contract import RawMessage
from channels.errors import ChannelError
from normalizer import codec
from normalizer.messages import KINDS, DeliveryReceipt, Edit, Ignored, InboundMessage, Malformed
from store.blobs import BlobError, BlobMissingError
from store.items import NewItem
from store.partitions import partition

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dispatcher.runtime import Account, Runtime
    from normalizer.messages import Inbound
    from store.journal import Pending

log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """A journal row with its items and the version of the adapter that read it."""

    row: Pending
    items: list[NewItem]
    adapter_version: str


def parse(runtime: Runtime, row: Pending) -> Parsed:
    """All items of one row, each ready to be written. BlobError where the blob store is away: then nothing is lost."""
    account = runtime.accounts.get(row.account)
    if account is None:
        found: list[Inbound] = [Malformed(error=f"account {row.account} is not configured")]
        return _written(runtime, row, found, "none")
    return _written(runtime, row, _read(runtime, account, row), account.manifest.version)


def _read(runtime: Runtime, account: Account, row: Pending) -> Sequence[Inbound]:
    try:
        body = runtime.blobs.get(row.blob) if row.blob is not None else row.body or b""
        raw = RawMessage(
            id=str(row.id),
            account=row.account,
            received_at=row.received_at,
            body=body,
            query=row.query,
            headers=row.headers,
            meta=row.meta,
        )
        return account.channel.parse(raw) or [Ignored(reason="empty")]
    except (ChannelError, BlobMissingError) as error:
        return [Malformed(error=f"{type(error).__name__}: {error}")]
    except BlobError:
        raise
    except Exception as error:  # noqa: BLE001 - a bug in one adapter must not stop the rest; it is quarantined instead
        log.error("adapter %s failed on journal row %s: %s", account.channel.key, row.id, type(error).__name__)  # noqa: TRY400 - a traceback could carry a citizen's words
        return [Malformed(error=f"{type(error).__name__} in the adapter")]


def _written(runtime: Runtime, row: Pending, items: Sequence[Inbound], version: str) -> Parsed:
    return Parsed(
        row=row,
        items=[_item(runtime, row, ordinal, item) for ordinal, item in enumerate(items)],
        adapter_version=version,
    )


def _item(runtime: Runtime, row: Pending, ordinal: int, item: Inbound) -> NewItem:
    account = _routed(runtime, row.account, item.to)
    hashes: list[str | None] = []
    if isinstance(item, InboundMessage | Edit):
        hashes = [None if file.content is None else runtime.blobs.put(file.content) for file in item.attachments]
    external_id = item.external_id or f"~{row.id}:{ordinal}"
    # Receipts of one message follow each other; they have no conversation where the provider names none.
    conversation = item.conversation_id or (external_id if isinstance(item, DeliveryReceipt) else "")
    return NewItem(
        journal_id=row.id,
        ordinal=ordinal,
        journal_seq=row.seq,
        account=account,
        day=row.day,
        kind=KINDS[type(item)],
        external_id=external_id,
        version=item.version,
        conversation=conversation,
        partition=partition(account, conversation),
        received_at=row.received_at,
        payload=codec.encode(item, hashes),
    )


def _routed(runtime: Runtime, name: str, to: str | None) -> str:
    """The account that `to` belongs to: one provider app may serve many pages or numbers."""
    account = runtime.accounts.get(name)
    if account is None or to is None or to in account.channel.addresses:
        return name
    for other in runtime.accounts.values():
        if other.channel.key == account.channel.key and to in other.channel.addresses:
            return other.name
    return name


def replaced(parsed: Parsed, item: Malformed, runtime: Runtime) -> Parsed:
    """The same row with one item in place of those that the database would not take."""
    return _written(runtime, parsed.row, [item], parsed.adapter_version)

"""gammu-smsd: its inbox is polled, as files or as SQL tables, and its hook only rings. Source: Gammu's SMSD manual."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar, Final
from zoneinfo import ZoneInfo

from channels.contract import Capabilities, Health, Verdict
from channels.errors import VerificationFailed
from channels.sms import checks, gammu_format, gammu_store, query
from channels.sms.checks import checked
from channels.sms.dialects.base import Dialect, Settings
from channels.toolkit.signatures import same
from normalizer.messages import Delivery, DeliveryReceipt

if TYPE_CHECKING:
    from datetime import datetime

    from channels.contract import Cursor, OutboundReply, PollBatch, RawMessage, RawRequest
    from normalizer.messages import Inbound

#: Ten parts of UCS-2.
_MAX_TEXT: Final = 670
_HEADER: Final = "x-muara-secret"


@dataclasses.dataclass(frozen=True, kw_only=True)
class GammuSettings(Settings):
    """With `database` (a SQLite file or a postgresql:// address) the SQL tables are used, else the three folders.

    `secret` proves the hook's ring. `timezone` is the modem computer's. A file counts once it is `settle` seconds old,
    for smsd writes a long message file by file.
    """

    secret: str = dataclasses.field(repr=False)
    inbox: str = ""
    outbox: str = ""
    processed: str = ""
    database: str = dataclasses.field(default="", repr=False)
    phone_id: str = ""
    timezone: str = checked("Asia/Jakarta", checks.timezone)
    settle: float = checked(5.0, checks.above_zero)
    batch: int = checked(100, checks.above_zero)

    def __post_init__(self) -> None:
        """An account that is not for reading only (it has a secret) needs one place, and one only."""
        folders = (self.inbox, self.outbox, self.processed)
        if self.secret and (bool(self.database) == any(folders) or any(folders) != all(folders)):
            raise ValueError("expected either `database`, or all of `inbox`, `outbox` and `processed`")


class Gammu(Dialect[GammuSettings]):
    """One smsd with its modem."""

    settings_type: ClassVar[type[Settings]] = GammuSettings
    secret_params = frozenset({"secret"})

    @property
    def capabilities(self) -> Capabilities:
        """Sending by SQL is idempotent, because our id stands in CreatorID, which outlives the sending."""
        return Capabilities(
            webhook=True,
            polling=True,
            replies=True,
            attachments=True,
            idempotent_send=bool(self.settings.database),
            max_text=_MAX_TEXT,
        )

    def verify(self, request: RawRequest, now: datetime) -> Verdict:  # noqa: ARG002 - a ring can be repeated harmlessly
        """A ring, proven by the secret in the header X-Muara-Secret or in the query; it carries nothing."""
        in_query = query.text(query.parameters(request.query).get("secret"))
        if not same(request.headers.get(_HEADER, in_query), self.settings.secret):
            raise VerificationFailed("the secret is missing or wrong")
        return Verdict(journal=False, ring=True)

    def parse(self, raw: RawMessage) -> list[Inbound]:
        """A row of the inbox table, or a file of the inbox folder; one of the format `detail` may hold several."""
        return gammu_format.read(raw, region=self.settings.region, zone=ZoneInfo(self.settings.timezone))

    def poll(self, cursor: Cursor | None) -> PollBatch:
        """What lies in the inbox, but for what the cursor says was taken and only waits to be confirmed."""
        return self._store().poll(cursor or {})

    def confirm(self, cursor: Cursor) -> None:
        """Files go to the folder `processed`, rows become Processed."""
        self._store().confirm(cursor)

    def send(self, reply: OutboundReply) -> DeliveryReceipt:
        """Into smsd's outbox. What happens then only smsd knows: it gives no report."""
        self._store().put(reply)
        return DeliveryReceipt(external_id=reply.id, status=Delivery.ACCEPTED, conversation_id=reply.conversation_id)

    def health(self) -> Health:
        """Can inbox and outbox be used?"""
        return self._store().health()

    def _store(self) -> gammu_store.Store:
        settings = self.settings
        if settings.database:
            from channels.sms import gammu_sql  # noqa: PLC0415 - the gateway only hears the ring

            return gammu_sql.SqlStore(settings.database, settings.phone_id, settings.batch)
        return gammu_store.FileStore(
            settings.inbox, settings.outbox, settings.processed, settings.settle, settings.batch
        )

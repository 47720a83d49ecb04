"""The WhatsApp adapter: one account is one number at Meta's Cloud API."""

from __future__ import annotations

import functools
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar, Final, Self

from channels.contract import NO_FILES, AccountInfo, Capabilities, Channel, Files, Health, How, ReplyOptions, Verdict
from channels.errors import ChannelError, SendFailed
from channels.toolkit import meta
from channels.whatsapp import checkup, delivery, media, sending
from channels.whatsapp.api import Api
from channels.whatsapp.reading import read_webhook
from channels.whatsapp.settings import WhatsAppSettings
from channels.whatsapp.templates import MAX_TEXT as LONGEST_IN_TEMPLATE
from normalizer.saying import say

if TYPE_CHECKING:
    from datetime import datetime

    from channels.contract import Conversation, Media, Obligation, OutboundReply, RawMessage, RawRequest
    from normalizer.messages import DeliveryReceipt, Inbound

#: How long after a citizen's last message anything may be written to him.
WINDOW: Final = timedelta(hours=24)


class WhatsAppChannel(Channel[WhatsAppSettings]):
    """One number. Several of one Meta app may share a webhook: each item names the number that it was sent to."""

    key: ClassVar[str] = "whatsapp"
    settings_type: ClassVar[type] = WhatsAppSettings
    capabilities = Capabilities(
        webhook=True,
        replies=True,
        attachments=True,
        receipts=True,
        max_text=sending.MAX_TEXT,
        files=Files(most=10, largest=sending.MAX_FILE_BYTES),
    )

    def __init__(self, account: AccountInfo, settings: WhatsAppSettings) -> None:
        super().__init__(account, settings)
        self._api = Api(settings)

    @classmethod
    def offline(cls, dialect: str | None = None) -> Self:
        """A number with secrets that are none; WhatsApp has no dialects."""
        cls.settings_for(dialect)
        nothing = "offline-" + "0" * 16
        settings = WhatsAppSettings(
            phone_number_id="00000", waba_id="00000", token=nothing, app_secret=nothing, verify_token=nothing
        )
        return cls(AccountInfo(name="offline"), settings)

    @functools.cached_property
    def addresses(self) -> frozenset[str]:  # read for each message
        """Meta's id of the number."""
        return frozenset({self.settings.phone_number_id})

    @property
    def secret_params(self) -> frozenset[str]:
        """The handshake's token."""
        return frozenset({"hub.verify_token"})

    def verify(self, request: RawRequest, now: datetime) -> Verdict:  # noqa: ARG002 - Meta signs no time
        """Meta's handshake, or its signature over the body."""
        answer = meta.handshake(request, self.settings.verify_token)
        if answer is not None:
            return answer
        meta.check_signature(request, self.settings.app_secret)
        return Verdict()

    def parse(self, raw: RawMessage) -> list[Inbound]:
        """Everything in one webhook, of however many numbers."""
        return read_webhook(raw.body)

    def fetch(self, obligation: Obligation) -> Media:
        """A file by its media id, within seven days."""
        return media.fetch(self._api, obligation)

    def reply_options(self, conversation: Conversation, now: datetime) -> ReplyOptions:
        """Anything for 24 hours after the citizen's last message; then approved templates only."""
        last = conversation.last_inbound_at
        if last is not None and now < last + WINDOW:
            return ReplyOptions(allowed=True, until=last + WINDOW)
        if self.settings.templates:
            return ReplyOptions(
                allowed=True,
                how=How.TEMPLATE,
                reason=say(
                    "Sudah lebih dari 24 jam sejak warga terakhir menulis: jawaban dikirim sebagai pesan templat, "
                    "tanpa lampiran dan paling panjang sekitar %(most)s huruf.",
                    most=LONGEST_IN_TEMPLATE,
                ),
                max_text=LONGEST_IN_TEMPLATE,
                files=NO_FILES,
            )
        return ReplyOptions(
            allowed=False,
            reason=say(
                "Sudah lebih dari 24 jam sejak warga terakhir menulis, dan belum ada templat WhatsApp yang "
                "disetujui: telepon warga, jawab lewat saluran lain, atau tunggu sampai ia menulis lagi."
            ),
        )

    def send(self, reply: OutboundReply) -> DeliveryReceipt:
        """One reply, in one message for the text and one for each file, or in a template."""
        return sending.deliver(self._api, reply)

    def register(self) -> None:
        """Have our app ask for messages and Meta deliver this number's here. ChannelError."""
        try:
            delivery.establish(self._api, self.account.hook_url)
        except SendFailed as error:
            said = say("Meta tidak dapat diberi tahu ke mana mengantar: %(error)s", error=error.sentence)
            raise ChannelError(said) from error

    def health(self) -> Health:
        """Number, token, delivery and templates, in this order."""
        try:
            return checkup.examine(self._api, self.account.hook_url)
        except SendFailed as error:
            sentence = say("Periksa token, phone_number_id dan waba_id: %(error)s", error=error.sentence)
            return Health(ok=False, sentence=sentence)

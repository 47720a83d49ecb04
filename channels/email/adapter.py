"""The e-mail adapter: one account is one mailbox, read by IMAP and answered by SMTP."""

from __future__ import annotations

import dataclasses
import functools
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar, Final, Self

from channels.contract import AccountInfo, Capabilities, Channel, Files, Health, Media, ReplyOptions
from channels.email.composing import BAD_ADDRESS, compose
from channels.email.imap import Session, connect, select
from channels.email.mailbox import Mailbox
from channels.email.oauth import AccessTokens
from channels.email.parsing.automatic import is_machine
from channels.email.reading import read_mail
from channels.email.receiving import Receiver
from channels.email.settings import EmailSettings
from channels.email.smtp import connected, deliver
from channels.errors import ChannelError, FetchFailed, PollFailed, Refused, TooLarge
from normalizer.messages import Attachment, Delivery, DeliveryReceipt, InboundMessage, Malformed
from normalizer.saying import Sentence, joined, say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from channels.contract import Conversation, Cursor, Obligation, OutboundReply, PollBatch, RawMessage
    from normalizer.messages import JSON, Inbound

_TOO_LARGE: Final = "too-large"
#: Servers take 20 to 25 MB for a whole mail, in which a file takes a third more.
_MAX_FILE_BYTES: Final = 15 * 1024 * 1024
_NO_ANSWER: Final = say(
    "Alamat pengirim ini tidak menerima balasan (surat otomatis). Hubungi warga lewat kanal lain bila ada."
)


class EmailChannel(Channel[EmailSettings]):
    """One mailbox. A conversation is a token of the citizen's address, which also stands in our Reply-To."""

    key: ClassVar[str] = "email"
    settings_type: ClassVar[type] = EmailSettings
    capabilities = Capabilities(
        polling=True, replies=True, attachments=True, receipts=True, files=Files(most=10, largest=_MAX_FILE_BYTES)
    )

    def __init__(self, account: AccountInfo, settings: EmailSettings) -> None:
        super().__init__(account, settings)
        self._mailbox = Mailbox(
            (settings.address, *settings.aliases), settings.signing_key, settings.tag_separator, settings.authserv
        )
        self._tokens = AccessTokens(settings)
        self._session = Session(settings, self._tokens)
        self._receiver = Receiver(settings, self._session)

    @classmethod
    def offline(cls, dialect: str | None = None) -> Self:
        """A mailbox on a machine that is not there; mail has no dialects."""
        cls.settings_for(dialect)
        settings = EmailSettings(
            address="aduan@pemalang.example",
            signing_key="offline-and-no-secret",
            imap_host="imap.invalid",
            smtp_host="smtp.invalid",
            password="offline",  # noqa: S106 - none
        )
        return cls(AccountInfo(name="offline"), settings)

    @functools.cached_property
    def addresses(self) -> frozenset[str]:  # read for each message
        """The mailbox's address and its aliases, without tags."""
        return frozenset({self.settings.address, *self.settings.aliases})

    def parse(self, raw: RawMessage) -> list[Inbound]:
        """One mail; where the server gave only a part of it, the officer sees that."""
        meta = raw.meta
        place = f"{meta.get('folder')}:{meta.get('uidvalidity')}:{meta.get('uid')}" if "uid" in meta else ""
        if meta.get("lacks") == "all":
            return [
                Malformed(error="the mail server names this mail and does not give it", external_id=f"imap:{place}")
            ]
        items = read_mail(raw.body, self._mailbox, uid_key=place, internal_date=_moment(meta.get("internaldate")))
        lacks = meta.get("lacks")
        return [_shortened(item, meta) if lacks and isinstance(item, InboundMessage) else item for item in items]

    def poll(self, cursor: Cursor | None) -> PollBatch:
        """What is new in all folders by UIDVALIDITY and UID, marked by `confirm` only."""
        return self._receiver.poll(cursor)

    def wait(self, cursor: Cursor | None, timeout: float) -> bool:
        """IDLE in the first folder; without IDLE, or with more folders, for `poll_interval` at most."""
        return self._receiver.wait(cursor, timeout)

    def confirm(self, cursor: Cursor) -> None:
        """Mark as read or move what is ours, as the setting `after` says."""
        self._receiver.confirm(cursor)

    def close(self) -> None:
        """Give the kept connection back."""
        self._session.close()

    def fetch(self, obligation: Obligation) -> Media:
        """Files come with their mail; what is owed is only a mail that is larger than what is taken."""
        if obligation.ref == _TOO_LARGE:
            raise TooLarge("the whole mail is larger than max_bytes; it stands in the mailbox")
        raise FetchFailed("the mail server did not give the rest of this mail")

    def reply_options(self, conversation: Conversation, now: datetime) -> ReplyOptions:  # noqa: ARG002 - no window
        """At any time, to whoever has an address that somebody reads."""
        address = _addressee(conversation.address, conversation.hints)
        if "@" not in address:
            return ReplyOptions(allowed=False, reason=BAD_ADDRESS)
        if is_machine(address):
            return ReplyOptions(allowed=False, reason=_NO_ANSWER)
        return ReplyOptions(allowed=True)

    def send(self, reply: OutboundReply) -> DeliveryReceipt:
        """One mail; an automatic text to automatic mail is refused, or two machines would write to each other."""
        if reply.purpose != "answer" and (reply.hints.get("automatic") or reply.hints.get("no_reply")):
            raise Refused(say("Surat otomatis tidak dijawab secara otomatis."))
        if not reply.text.strip() and not reply.attachments:
            raise Refused(say("Balasan kosong tidak dikirim."))
        now = datetime.now(UTC)
        addressed = dataclasses.replace(reply, to=_addressee(reply.to, reply.hints))
        letter = compose(addressed, self.settings, self._mailbox, now)
        deliver(letter, self.settings, self._tokens)
        return DeliveryReceipt(
            external_id=letter.message_id.strip("<>"),
            status=Delivery.ACCEPTED,
            at=now,
            conversation_id=reply.conversation_id,
        )

    def health(self) -> Health:
        """Whether both servers take our login and all folders are there, on connections of its own."""
        troubles = [trouble for trouble in (self._receiving(), self._sending()) if trouble]
        if troubles:
            return Health(ok=False, sentence=joined(troubles, "; "))
        sentence = say(
            "%(address)s dibaca (%(folders)s) dan dapat mengirim.",
            address=self.settings.address,
            folders=", ".join(self.settings.folders),
        )
        return Health(ok=True, sentence=sentence)

    def _receiving(self) -> Sentence | None:
        try:
            client = connect(self.settings, self._tokens)
        except PollFailed as error:
            return error.sentence
        with client:
            try:
                for folder in self.settings.folders:
                    select(client, folder)
            except PollFailed as error:
                return error.sentence
            except Exception as error:  # noqa: BLE001 - health never raises, whatever a server sends
                return say("Server IMAP memutus sambungan (%(error)s)", error=type(error).__name__)
        return None

    def _sending(self) -> Sentence | None:
        try:
            with connected(self.settings, self._tokens):
                return None
        except ChannelError as error:
            return error.sentence


def _addressee(address: str, hints: Mapping[str, JSON]) -> str:
    """Whom to write to: the sender, and where nobody reads there, whom the mail itself names for answers.

    Reply-To goes before From only then: anybody can put his own address beside a forged From, and would be sent what
    is meant for another.
    """
    named = hints.get("reply_to")
    return named if isinstance(named, str) and "@" in named and is_machine(address) else address


def _moment(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo else None


def _shortened(message: InboundMessage, meta: Mapping[str, JSON]) -> InboundMessage:
    """The mail as far as it was given; in place of its last file, which is cut off, the whole as one not to be had."""
    size = meta.get("size")
    whole = Attachment(
        name="surat-lengkap.eml",
        content_type="message/rfc822",
        size=size if isinstance(size, int) else None,
        ref=_TOO_LARGE if meta.get("lacks") == "size" else "not-given",
    )
    return dataclasses.replace(message, attachments=(*message.attachments[:-1], whole))

"""The Instagram adapter: one account is one professional account, by Facebook Login or Instagram Login."""

from __future__ import annotations

import dataclasses
import functools
import secrets
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from channels.contract import NO_FILES, AccountInfo, Capabilities, Channel, Files, Health, ReplyOptions, Verdict
from channels.errors import ChannelError
from channels.instagram.changes import read_change, read_comment_node
from channels.instagram.graph import comments, mentioned
from channels.instagram.sending import MAX_TEXT, deliver
from channels.instagram.settings import InstagramSettings
from channels.instagram.watch import set_up, trouble
from channels.toolkit.meta import check_signature, handshake
from channels.toolkit.meta_catchup import catch_up, messages
from channels.toolkit.meta_client import GraphClient
from channels.toolkit.meta_envelope import Readers, read_body
from channels.toolkit.meta_messaging import read_messaging
from channels.toolkit.meta_nodes import read_message_node
from channels.toolkit.meta_sending import INSTAGRAM_PICTURE
from channels.toolkit.meta_watch import delivers
from channels.toolkit.meta_windows import MENTION, comment_window, is_public, message_window
from normalizer.messages import Ignored
from normalizer.saying import say

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from channels.contract import (
        Conversation,
        Cursor,
        Media,
        Obligation,
        OutboundReply,
        PollBatch,
        RawMessage,
        RawRequest,
    )
    from channels.toolkit.meta_catchup import Found
    from normalizer.messages import DeliveryReceipt, Inbound

_OBJECT: Final = "instagram"
_FILES: Final = frozenset({"image/*", "video/*", "audio/*", "application/pdf"})


class InstagramChannel(Channel[InstagramSettings]):
    """One account. What comes by webhook and what the poll fetches are the same items, so that nothing is doubled."""

    key: ClassVar[str] = "instagram"
    settings_type: ClassVar[type] = InstagramSettings
    capabilities = Capabilities(
        webhook=True,
        polling=True,
        replies=True,
        attachments=True,
        receipts=True,
        max_text=MAX_TEXT,
        files=Files(most=10, largest=INSTAGRAM_PICTURE, types=_FILES),
    )

    def __init__(self, account: AccountInfo, settings: InstagramSettings) -> None:
        super().__init__(account, settings)
        by_facebook = settings.login == "facebook"
        self.capabilities = dataclasses.replace(
            type(self).capabilities,
            polling=settings.catch_up,
            attachments=by_facebook,
            files=type(self).capabilities.files if by_facebook else NO_FILES,
        )
        quiet = settings.comment_reply == "private"
        self._readers = Readers(
            object_name=_OBJECT,
            messaging=lambda event, to: read_messaging(event, to, settings.app_id),
            change=lambda field, value, to, time: read_change(field, value, to, time, quiet=quiet),
            node=lambda kind, node, to: _read_node(kind, node, to, quiet=quiet),
        )
        # Only graph.facebook.com knows the proof of the app's secret.
        self._client = GraphClient(
            base=settings.base,
            token=settings.token,
            app_secret=settings.app_secret if by_facebook else "",
            timeout=settings.timeout,
        )

    @classmethod
    def offline(cls, dialect: str | None = None) -> Self:
        """An account of nobody's, whose secrets nobody knows; Instagram has no dialects."""
        cls.settings_for(dialect)
        unknown = secrets.token_urlsafe(32)
        settings = InstagramSettings(
            account_id="000", page_id="000", app_id="000", app_secret=unknown, verify_token=unknown, token=unknown
        )
        return cls(AccountInfo(name="offline"), settings)

    @functools.cached_property
    def addresses(self) -> frozenset[str]:  # read for each message
        """The account's number."""
        return frozenset({self.settings.account_id})

    @property
    def secret_params(self) -> frozenset[str]:
        """The handshake carries our verify token."""
        return frozenset({"hub.verify_token"})

    def verify(self, request: RawRequest, now: datetime) -> Verdict:  # noqa: ARG002 - Meta signs no time
        """Answer the handshake, or check the signature over the body."""
        hello = handshake(request, self.settings.verify_token)
        if hello is not None:
            return hello
        check_signature(request, self.settings.app_secret)
        return Verdict()

    def parse(self, raw: RawMessage) -> list[Inbound]:
        """Each event of each entry, whichever account it came to."""
        return read_body(raw.body, self._readers)

    def poll(self, cursor: Cursor | None) -> PollBatch:
        """Messages and comments that are newer than the cursor; the first poll only sets it."""
        settings, client = self.settings, self._client
        own = frozenset({settings.account_id, settings.username} - {""})

        def conversations(oldest: float) -> Iterable[Found]:
            return messages(client, settings.node, "instagram", own, oldest)

        def below_posts(oldest: float) -> Iterable[Found]:
            return comments(client, settings, oldest)

        sources = {"messages": conversations} | ({"comments": below_posts} if settings.comments else {})
        return catch_up(settings.account_id, sources, cursor)

    def fetch(self, obligation: Obligation) -> Media:
        """A file at Meta's CDN whose address came in the message, or the words of a mention."""
        if obligation.ref:
            return mentioned(self._client, self.settings, obligation.ref, obligation.max_bytes)
        from channels.toolkit.meta_media import fetch_media  # noqa: PLC0415 - only who fetches needs an HTTP client

        return fetch_media(obligation, base_url=self.settings.base, timeout=self.settings.timeout)

    def reply_options(self, conversation: Conversation, now: datetime) -> ReplyOptions:
        """The windows of direct messages, or the rules for comments and mentions."""
        where = conversation.conversation_id
        if not is_public(where):
            return message_window(conversation, now, human_agent=self.settings.human_agent)
        if conversation.hints.get("live") is True:
            said = say("Komentar siaran langsung hanya dapat dibalas selama siaran, di aplikasi Instagram.")
            return ReplyOptions(allowed=False, reason=said)
        if where.startswith(MENTION):
            return ReplyOptions(
                allowed=True,
                reason=say("Jawaban untuk sebutan tampil terbuka di bawah kiriman orang lain."),
                files=NO_FILES,
            )
        return comment_window(conversation, now, self.settings.comment_reply)

    def send(self, reply: OutboundReply) -> DeliveryReceipt:
        """One reply: a direct message, or an answer to a comment or a mention."""
        return deliver(self._client, self.settings, reply)

    def register(self) -> None:
        """Have the account's events delivered to the app, and with Facebook Login the app's to us. ChannelError."""
        set_up(self._client, self.settings, self.account)

    def health(self) -> Health:
        """Whether the token will work, and whether Meta delivers what we need, as far as Meta tells."""
        settings = self.settings
        try:
            found = trouble(self._client, settings, self.account)
        except ChannelError as error:
            return Health(ok=False, sentence=error.sentence)
        if found:
            return Health(ok=False, sentence=found)
        if settings.login == "instagram":
            sentence = say(
                "Akun %(account)s mengantar ke aplikasi. Tokennya habis 60 hari setelah dibuat atau diperbarui; "
                "Meta tidak menunjukkan kapan.",
                account=settings.account_id,
            )
            return Health(ok=True, sentence=sentence)
        account = say("Akun %(account)s", account=settings.account_id)
        return Health(ok=True, sentence=delivers(account, settings.poll_interval if settings.catch_up else None))


def _read_node(kind: str, node: Mapping[str, Any], account: str, *, quiet: bool) -> list[Inbound]:
    if kind == "message":
        return read_message_node(node, account)
    if kind == "comment":
        return read_comment_node(node, account, quiet=quiet)
    return [Ignored(reason=f"unsupported:{kind}", to=account)]

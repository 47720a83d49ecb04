"""The Facebook adapter: one account is one page, with its Messenger, comments and visitors' posts."""

from __future__ import annotations

import dataclasses
import functools
import secrets
from typing import TYPE_CHECKING, ClassVar, Final, Self

from channels.contract import AccountInfo, Capabilities, Channel, Files, Health, Verdict
from channels.errors import ChannelError
from channels.facebook.feed import read_change
from channels.facebook.nodes import feed, read_node
from channels.facebook.sending import MAX_TEXT, deliver
from channels.facebook.settings import FacebookSettings
from channels.toolkit.meta import check_signature, handshake
from channels.toolkit.meta_catchup import catch_up, messages
from channels.toolkit.meta_client import GraphClient
from channels.toolkit.meta_envelope import Readers, read_body
from channels.toolkit.meta_messaging import read_messaging
from channels.toolkit.meta_sending import MESSENGER_FILE
from channels.toolkit.meta_watch import App, delivers, hook_trouble, listen, missing_fields, subscribe, token_trouble
from channels.toolkit.meta_windows import comment_window, is_public, message_window
from normalizer.saying import Sentence, say

if TYPE_CHECKING:
    from collections.abc import Iterable
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
        ReplyOptions,
    )
    from channels.toolkit.meta_catchup import Found
    from normalizer.messages import DeliveryReceipt, Inbound

_OBJECT: Final = "page"
_MESSAGES: Final = (
    "messages",
    "messaging_postbacks",
    "messaging_referrals",
    "message_echoes",
    "message_deliveries",
    "message_reads",
    "message_reactions",
    "message_edits",
)
_COMMENTS: Final = ("feed",)
_SCOPES: Final = ("pages_messaging", "pages_manage_metadata", "pages_read_engagement")
_COMMENT_SCOPES: Final = ("pages_read_user_content", "pages_manage_engagement")


class FacebookChannel(Channel[FacebookSettings]):
    """One page. What comes by webhook and what the poll fetches are the same items, so that nothing is doubled."""

    key: ClassVar[str] = "facebook"
    settings_type: ClassVar[type] = FacebookSettings
    capabilities = Capabilities(
        webhook=True,
        polling=True,
        replies=True,
        attachments=True,
        receipts=True,
        max_text=MAX_TEXT,
        files=Files(most=10, largest=MESSENGER_FILE),
    )

    def __init__(self, account: AccountInfo, settings: FacebookSettings) -> None:
        super().__init__(account, settings)
        self.capabilities = dataclasses.replace(type(self).capabilities, polling=settings.catch_up)
        quiet = settings.comment_reply == "private"
        self._readers = Readers(
            object_name=_OBJECT,
            messaging=lambda event, page: read_messaging(event, page, settings.app_id),
            change=lambda field, value, page, time: read_change(field, value, page, time, quiet=quiet),
            node=lambda kind, node, page: read_node(kind, node, page, quiet=quiet),
        )
        self._client = GraphClient(
            base=settings.base_url, token=settings.token, app_secret=settings.app_secret, timeout=settings.timeout
        )

    @classmethod
    def offline(cls, dialect: str | None = None) -> Self:
        """A page of nobody's, whose secrets nobody knows; Facebook has no dialects."""
        cls.settings_for(dialect)
        unknown = secrets.token_urlsafe(32)
        settings = FacebookSettings(
            page_id="000", app_id="000", app_secret=unknown, verify_token=unknown, token=unknown
        )
        return cls(AccountInfo(name="offline"), settings)

    @functools.cached_property
    def addresses(self) -> frozenset[str]:  # read for each message
        """The page's number."""
        return frozenset({self.settings.page_id})

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
        """Each event of each entry, whichever page it came to."""
        return read_body(raw.body, self._readers)

    def poll(self, cursor: Cursor | None) -> PollBatch:
        """Messages, comments and visitors' posts that are newer than the cursor; the first poll only sets it."""
        page = self.settings.page_id

        def conversations(oldest: float) -> Iterable[Found]:
            return messages(self._client, page, "messenger", frozenset({page}), oldest)

        def comments(oldest: float) -> Iterable[Found]:
            return feed(self._client, page, oldest)

        sources = {"messages": conversations} | ({"feed": comments} if self.settings.comments else {})
        return catch_up(page, sources, cursor)

    def fetch(self, obligation: Obligation) -> Media:
        """A file at Meta's CDN, whose address came in the message."""
        from channels.toolkit.meta_media import fetch_media  # noqa: PLC0415 - only who fetches needs an HTTP client

        return fetch_media(obligation, base_url=self.settings.base_url, timeout=self.settings.timeout)

    def reply_options(self, conversation: Conversation, now: datetime) -> ReplyOptions:
        """Messenger's windows, or the rules for comments."""
        if is_public(conversation.conversation_id):
            return comment_window(conversation, now, self.settings.comment_reply)
        return message_window(conversation, now, human_agent=self.settings.human_agent)

    def send(self, reply: OutboundReply) -> DeliveryReceipt:
        """One reply, into Messenger or to a comment."""
        return deliver(self._client, self.settings, reply)

    def register(self) -> None:
        """Have the page deliver to the app, and the app to us unless it already does. ChannelError."""
        subscribe(self._client, self.settings.page_id, self._fields())
        listen(self._app(), _OBJECT, self._fields(), self.account, self.settings.verify_token)

    def health(self) -> Health:
        """Whether the token will work next week, and whether Meta delivers what we need to where we listen."""
        try:
            trouble = self._trouble()
        except ChannelError as error:
            return Health(ok=False, sentence=error.sentence)
        if trouble:
            return Health(ok=False, sentence=trouble)
        page = say("Halaman %(page)s", page=self.settings.page_id)
        return Health(ok=True, sentence=delivers(page, self.settings.poll_interval if self.settings.catch_up else None))

    def _trouble(self) -> Sentence | None:
        settings, fields = self.settings, self._fields()
        needed = _SCOPES + (_COMMENT_SCOPES if settings.comments else ())
        trouble = token_trouble(self._app(), settings.token, owner=settings.page_id, needed=needed)
        if trouble:
            return trouble
        if missing := missing_fields(self._client, settings.page_id, settings.app_id, fields):
            return say(
                "Halaman tidak mengantar %(fields)s ke aplikasi: jalankan ./muara doctor --fix.",
                fields=", ".join(missing),
            )
        return hook_trouble(self._app(), _OBJECT, fields, self.account)

    def _fields(self) -> tuple[str, ...]:
        return _MESSAGES + (_COMMENTS if self.settings.comments else ())

    def _app(self) -> App:
        settings = self.settings
        return App.of(settings.app_id, settings.app_secret, settings.base_url, settings.timeout)

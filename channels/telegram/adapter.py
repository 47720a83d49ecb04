"""The Telegram adapter: one account is one bot, which receives by webhook or by long polling."""

from __future__ import annotations

import dataclasses
import functools
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Self
from urllib.parse import urlsplit

from telegram.error import Conflict

from channels.contract import (
    AccountInfo,
    Capabilities,
    Channel,
    Files,
    Health,
    Media,
    PollBatch,
    Polled,
    ReplyOptions,
    Verdict,
)
from channels.errors import (
    ChannelError,
    Expired,
    FetchFailed,
    FetchLater,
    PollFailed,
    TooLarge,
    VerificationFailed,
)
from channels.telegram.bot import BotApi, CallFailed, Trouble
from channels.telegram.contents import integer
from channels.telegram.reading import ALLOWED_UPDATES, read_update
from channels.telegram.sending import MAX_FILE_BYTES, MAX_TEXT, deliver
from channels.telegram.settings import TelegramSettings
from channels.toolkit.signatures import same
from normalizer.saying import Sentence, say

if TYPE_CHECKING:
    from telegram import Bot, WebhookInfo

    from channels.contract import Conversation, Cursor, Obligation, OutboundReply, RawMessage, RawRequest
    from normalizer.messages import DeliveryReceipt, Inbound

_SECRET_HEADER = "x-telegram-bot-api-secret-token"  # noqa: S105 - a header's name
_BATCH = 100
_LONGEST_WAIT = 50
#: A delivery error that is older than this has healed.
_RECENT = timedelta(minutes=10)


class TelegramChannel(Channel[TelegramSettings]):
    """One bot. The same update by webhook and by poll gives the same item, so a change of mode doubles nothing."""

    key: ClassVar[str] = "telegram"
    settings_type: ClassVar[type] = TelegramSettings
    capabilities = Capabilities(
        webhook=True,
        polling=True,
        replies=True,
        attachments=True,
        max_text=MAX_TEXT,
        files=Files(most=10, largest=MAX_FILE_BYTES),
    )

    def __init__(self, account: AccountInfo, settings: TelegramSettings) -> None:
        super().__init__(account, settings)
        self._api = BotApi(settings)
        hooked = settings.mode == "webhook"
        self.capabilities = dataclasses.replace(type(self).capabilities, webhook=hooked, polling=not hooked)

    @classmethod
    def offline(cls, dialect: str | None = None) -> Self:
        """A bot with a token that is none, in neither mode; Telegram has no dialects."""
        cls.settings_for(dialect)
        channel = cls(AccountInfo(name="offline"), TelegramSettings(token="0:offline", mode="polling"))  # noqa: S106
        channel.capabilities = cls.capabilities
        return channel

    @functools.cached_property
    def addresses(self) -> frozenset[str]:  # read for each message
        """The bot's username, where the settings tell it."""
        return frozenset({self.settings.username} if self.settings.username else ())

    def verify(self, request: RawRequest, now: datetime) -> Verdict:  # noqa: ARG002 - Telegram signs no time
        """Compare the secret that we gave to setWebhook."""
        if not same(request.headers.get(_SECRET_HEADER, ""), self.settings.secret_token):
            raise VerificationFailed("X-Telegram-Bot-Api-Secret-Token is missing or is not ours")
        return Verdict()

    def parse(self, raw: RawMessage) -> list[Inbound]:
        """One update."""
        return read_update(raw.body, self.settings.username)

    def poll(self, cursor: Cursor | None) -> PollBatch:
        """The updates from the cursor's offset on; asking with it also tells Telegram that those below it are ours.

        The next offset follows the last update given, even if it is lower than the old one: after a week of silence
        Telegram starts again from a random number.
        """
        updates = self._updates(cursor, limit=_BATCH, timeout=0)
        raws = [Polled(body=json.dumps(update).encode()) for update in updates]
        after: Cursor = {"offset": updates[-1]["update_id"] + 1} if updates else dict(cursor or {})
        return PollBatch(raws=raws, cursor=after, more=len(updates) == _BATCH)

    def wait(self, cursor: Cursor | None, timeout: float) -> bool:
        """Long poll for one update, which stays unconfirmed and comes again with `poll`."""
        return bool(self._updates(cursor, limit=1, timeout=max(0, min(int(timeout), _LONGEST_WAIT))))

    def fetch(self, obligation: Obligation) -> Media:
        """A file by its file_id: at most 20 MB from Telegram's own servers."""
        ref = obligation.ref
        if not ref:
            raise FetchFailed("the message names no Telegram file")

        async def work(bot: Bot) -> Media:
            file = await bot.get_file(ref)
            _within(file.file_size, obligation.max_bytes)
            found.append(file.file_path or "")
            content = bytes(await file.download_as_bytearray())
            _within(len(content), obligation.max_bytes)
            return Media(content=content, name=urlsplit(found[0]).path.rsplit("/", 1)[-1] or None)

        found: list[str] = []
        try:
            return self._api.call(work)
        except CallFailed as error:
            raise _fetch_failed(error, located=bool(found)) from None

    def reply_options(self, conversation: Conversation, now: datetime) -> ReplyOptions:  # noqa: ARG002 - no window
        """Who has written to a bot can be answered at any time."""
        return ReplyOptions(allowed=True)

    def send(self, reply: OutboundReply) -> DeliveryReceipt:
        """One reply, in as many messages as its length and files need."""
        return deliver(self._api, reply)

    def register(self) -> None:
        """Bring Telegram in line with `mode`: set our webhook with its secret, or remove any. ChannelError."""

        async def work(bot: Bot) -> None:
            if self.settings.mode == "polling":
                await bot.delete_webhook(drop_pending_updates=False)
                return
            await bot.set_webhook(
                self.account.hook_url,
                secret_token=self.settings.secret_token,
                allowed_updates=ALLOWED_UPDATES,
                drop_pending_updates=False,
            )

        try:
            self._api.call(work)
        except CallFailed as error:
            raise ChannelError(say("Webhook tidak dapat diubah: %(error)s", error=error.sentence)) from None

    def health(self) -> Health:
        """Whether the token works, and whether Telegram delivers to where we listen."""

        async def work(bot: Bot) -> tuple[str, WebhookInfo]:
            me = await bot.get_me()
            return me.username or str(me.id), await bot.get_webhook_info()

        try:
            username, info = self._api.call(work)
        except CallFailed as error:
            return Health(ok=False, sentence=_advice(error))
        ours = self.settings.username
        if ours and ours.lower() != username.lower():
            sentence = say(
                "Token ini milik @%(username)s, bukan @%(ours)s: periksa token dan username.",
                username=username,
                ours=ours,
            )
            return Health(ok=False, sentence=sentence)
        return self._delivery(username, info)

    def _delivery(self, username: str, info: WebhookInfo) -> Health:
        known: dict[str, str | int] = {"bot": f"@{username}", "waiting": info.pending_update_count or 0}
        if self.settings.mode == "polling":
            if info.url:
                sentence = say(
                    "Webhook di %(host)s mengambil pesan %(bot)s: hapus webhook itu, atau ./muara doctor --fix.",
                    host=_host(info.url),
                    **known,
                )
                return Health(ok=False, sentence=sentence)
            return Health(ok=True, sentence=say("Pesan %(bot)s dijemput; %(waiting)s pesan menunggu.", **known))
        if info.url != self.account.hook_url:
            if not info.url:
                sentence = say(
                    "Telegram belum mengantar pesan %(bot)s ke mana pun: jalankan ./muara doctor --fix.", **known
                )
                return Health(ok=False, sentence=sentence)
            sentence = say(
                "Telegram mengantar pesan %(bot)s ke %(host)s: jalankan ./muara doctor --fix agar diantar ke sini.",
                host=_host(info.url),
                **known,
            )
            return Health(ok=False, sentence=sentence)
        if info.last_error_date and info.last_error_date > datetime.now(UTC) - _RECENT:
            sentence = say(
                "Telegram gagal mengantar ke webhook kita (%(said)s); %(waiting)s pesan menunggu. "
                "Periksa alamat publik dan sertifikatnya.",
                said=(info.last_error_message or "-")[:200],
                **known,
            )
            return Health(ok=False, sentence=sentence)
        return Health(
            ok=True,
            sentence=say("Telegram mengantar pesan %(bot)s ke webhook kita; %(waiting)s pesan menunggu.", **known),
        )

    def _updates(self, cursor: Cursor | None, *, limit: int, timeout: int) -> list[dict[str, Any]]:
        """Raw updates, so that one which the library cannot read holds up no other. PollFailed."""
        query: dict[str, Any] = {"limit": limit, "timeout": timeout, "allowed_updates": list(ALLOWED_UPDATES)}
        if (offset := integer((cursor or {}).get("offset"))) is not None:
            query["offset"] = offset

        async def work(bot: Bot) -> Any:
            try:
                return await bot.do_api_request("getupdates", api_kwargs=query)
            except Conflict as error:
                if self.settings.mode != "polling" or "webhook" not in error.message:
                    raise
                await bot.delete_webhook(drop_pending_updates=False)
                return await bot.do_api_request("getupdates", api_kwargs=query)

        try:
            updates = self._api.call(work, patience=timeout)
        except CallFailed as error:
            raise PollFailed(_advice(error), retry_after=error.retry_after) from None
        if not isinstance(updates, list) or not all(_numbered(update) for update in updates):
            raise PollFailed(say("Jawaban Telegram untuk getUpdates tidak dapat dibaca"))
        return updates


def _numbered(update: object) -> bool:
    return isinstance(update, dict) and integer(update.get("update_id")) is not None


def _within(size: int | None, most: int) -> None:
    if size is not None and size > most:
        raise CallFailed(Trouble.TOO_LARGE, say("Berkas terlalu besar"))


def _fetch_failed(error: CallFailed, *, located: bool) -> FetchFailed:
    said = str(error).lower()
    if error.trouble is Trouble.TOO_LARGE or "too big" in said:
        return TooLarge("the file is larger than what is taken or than the 20 MB that Telegram gives to bots")
    if located and error.trouble is Trouble.TOKEN:
        return Expired("Telegram no longer has the file")
    if error.trouble is Trouble.BAD_REQUEST and "temporarily unavailable" not in said:
        return Expired(str(error))
    return FetchLater(str(error), retry_after=error.retry_after)


def _advice(error: CallFailed) -> Sentence:
    said = error.sentence
    if error.trouble is Trouble.TOKEN:
        return say("%(error)s: minta token ke BotFather, lalu pasang lagi.", error=said)
    if error.trouble is Trouble.CONFLICT:
        return say("%(error)s: hanya satu program boleh menerima untuk satu bot.", error=said)
    return said


def _host(url: str) -> str:
    return urlsplit(url).hostname or say("alamat yang tidak terbaca")

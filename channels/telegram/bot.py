"""Calls to the Bot API through python-telegram-bot's Bot, each in its own event loop, with errors we can act on."""

from __future__ import annotations

import asyncio
import dataclasses
import enum
import json
import logging
import re
from typing import TYPE_CHECKING, Any, TypeVar

import httpx
from telegram import Bot
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    TelegramError,
)
from telegram.request import HTTPXRequest

from normalizer.saying import Sentence, say

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable

    from telegram._utils.types import JSONDict

    from channels.telegram.settings import TelegramSettings

T = TypeVar("T")

_UNAVAILABLE, _TOO_MANY = 503, 429
_DEFAULT_WAIT = 30.0
_TOKEN_IN_ADDRESS = re.compile(r"bot\d+(:|%3A)", re.IGNORECASE)
#: The library's loggers whose lines hold the token, or what a citizen or an officer wrote.
_TALKATIVE = ("httpx", "telegram.Bot", "telegram.request.BaseRequest", "telegram.request.HTTPXRequest")


class Trouble(enum.Enum):
    """Why a call failed, as far as it matters for what to do next."""

    FLOOD = "flood"
    NOT_SENT = "not-sent"
    TOKEN = "token"  # noqa: S105 - a kind of trouble, no secret
    FORBIDDEN = "forbidden"
    BAD_REQUEST = "bad-request"
    CONFLICT = "conflict"
    TOO_LARGE = "too-large"
    UNKNOWN = "unknown"


class CallFailed(Exception):  # noqa: N818 - says what happened
    """A call that Telegram did not fulfil. The text holds neither the token nor anybody's words."""

    def __init__(self, trouble: Trouble, sentence: Sentence, *, retry_after: float | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.trouble = trouble
        self.retry_after = retry_after


class _Flood(TelegramError):  # noqa: N818 - says what happened
    """HTTP 429, with the seconds to wait."""

    def __init__(self, seconds: float) -> None:
        super().__init__("too many requests")
        self.seconds = seconds


class _NoSecrets(logging.Filter):
    """Drops the lines in which the libraries repeat each call: its address is the token, its parameters are private."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep warnings and what other users of httpx log."""
        if record.levelno >= logging.WARNING:
            return True
        return record.name == "httpx" and not _TOKEN_IN_ADDRESS.search(record.getMessage())


_NO_SECRETS = _NoSecrets()


class _Request(HTTPXRequest):
    """PTB's request; it remembers the HTTP status, and tells a 429 in seconds without PTB's deprecated attribute."""

    status: int | None = None

    async def do_request(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        """As PTB's own."""
        self.status = None
        code, payload = await super().do_request(*args, **kwargs)
        self.status = code
        if code == _TOO_MANY:
            raise _Flood(_seconds(payload))
        return code, payload

    @staticmethod
    def parse_json_payload(payload: bytes) -> JSONDict:
        """As PTB's own, which logs the payload, and with it what citizens wrote, when it is no JSON."""
        try:
            answer = json.loads(payload.decode("utf-8", "replace"))
        except (ValueError, RecursionError):
            raise TelegramError("no JSON in the answer") from None
        if not isinstance(answer, dict):
            raise TelegramError("no object in the answer")
        return answer


def _seconds(payload: bytes) -> float:
    try:
        return float(json.loads(payload)["parameters"]["retry_after"])
    except (ValueError, KeyError, TypeError):
        return _DEFAULT_WAIT


@dataclasses.dataclass(slots=True)
class BotApi:
    """The Bot API for one bot; every error leaves as CallFailed."""

    settings: TelegramSettings
    _tls: ssl.SSLContext | None = dataclasses.field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Keep the token out of the logs from here on; adding the same filter again changes nothing."""
        for name in _TALKATIVE:
            logging.getLogger(name).addFilter(_NO_SECRETS)

    def call(self, work: Callable[[Bot], Awaitable[T]], *, patience: float = 0.0) -> T:
        """What `work` gives back; `patience` is how many seconds longer than usual Telegram may take to answer."""
        return asyncio.run(self._call(work, patience))

    async def _call(self, work: Callable[[Bot], Awaitable[T]], patience: float) -> T:
        request = self._request(patience)
        async with request:
            bot = Bot(
                self.settings.token,
                base_url=self.settings.base_url,
                base_file_url=self.settings.base_file_url,
                request=request,
                get_updates_request=request,
            )
            try:
                return await work(bot)
            except Exception as error:  # noqa: BLE001 - whatever it is, the token in its context must not leave
                failed = _failed(error, request.status)
        raise failed

    def _request(self, patience: float) -> _Request:
        timeout = self.settings.timeout
        return _Request(
            connection_pool_size=1,
            connect_timeout=timeout,
            read_timeout=timeout + patience,
            write_timeout=timeout,
            pool_timeout=timeout,
            media_write_timeout=timeout * 4,
            httpx_kwargs={"verify": self._trust()},
        )

    def _trust(self) -> ssl.SSLContext | bool:
        """The certificates to trust, read once; a plain http address has no use for them."""
        if not self.settings.base_url.startswith("https:"):
            return False
        if self._tls is None:
            self._tls = httpx.create_ssl_context()
        return self._tls


#: What PTB's errors mean; the first that fits, since BadRequest is a NetworkError too.
_MEANING: tuple[tuple[type[TelegramError], Trouble], ...] = (
    (Forbidden, Trouble.FORBIDDEN),
    (BadRequest, Trouble.BAD_REQUEST),
    (ChatMigrated, Trouble.BAD_REQUEST),
    (Conflict, Trouble.CONFLICT),
)


def _failed(error: Exception, status: int | None) -> CallFailed:
    if isinstance(error, CallFailed):
        return error
    if isinstance(error, _Flood):
        return CallFailed(Trouble.FLOOD, say("Telegram meminta kita menunggu"), retry_after=error.seconds)
    if isinstance(error, InvalidToken):
        said = say("Telegram tidak mengenal token bot ini (HTTP %(status)s)", status=str(status))
        return CallFailed(Trouble.TOKEN, said)
    for kind, trouble in _MEANING:
        if isinstance(error, kind):
            # Telegram's own words about a refusal name no text and no token.
            return CallFailed(trouble, say("Kata Telegram: %(words)s", words=error.message[:200]))
    if isinstance(error, NetworkError):
        return _network(error, status)
    said = say("Jawaban Telegram tidak dapat dibaca (%(error)s)", error=type(error).__name__)
    return CallFailed(Trouble.UNKNOWN, said)


#: With these the connection was never made, so nothing can have been sent.
_BEFORE_SENDING = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)


def _network(error: NetworkError, status: int | None) -> CallFailed:
    cause = error.__cause__
    if isinstance(cause, _BEFORE_SENDING):
        said = say("%(who)s tidak dapat dihubungi (%(error)s)", who="Telegram", error=type(cause).__name__)
        return CallFailed(Trouble.NOT_SENT, said)
    if status == _UNAVAILABLE:
        return CallFailed(Trouble.NOT_SENT, say("Telegram sedang tidak melayani (HTTP 503)"))
    if status:
        return CallFailed(Trouble.UNKNOWN, say("%(who)s menjawab HTTP %(status)s", who="Telegram", status=status))
    said = say("%(who)s tidak memberi jawaban (%(error)s)", who="Telegram", error=type(cause).__name__)
    return CallFailed(Trouble.UNKNOWN, said)

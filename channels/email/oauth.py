"""XOAUTH2: access tokens, got from the provider's token address and kept until shortly before they expire."""

from __future__ import annotations

import re
import threading
import time
from typing import TYPE_CHECKING, Final

from channels.errors import ChannelError, SendFailed
from normalizer.saying import say

if TYPE_CHECKING:
    from channels.email.settings import EmailSettings

#: A token that ends sooner than this (seconds) is not used any more: a session must be able to begin with it.
_MARGIN: Final = 120.0
_SHORT_LIFE: Final = 300.0
_WORD: Final = re.compile(r"[a-z_]{1,40}")
_TOKEN: Final = re.compile(r"[\x21-\x7e]+")


class TokenRefused(ChannelError):  # noqa: N818 - says what happened
    """The provider gives no access token, and says why in its own stable word."""


class TokenLater(ChannelError):  # noqa: N818 - says what happened
    """The token address cannot be reached, or cannot answer now."""


class AccessTokens:
    """The account's access tokens; safe for several threads."""

    def __init__(self, settings: EmailSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._token = ""
        self._until = 0.0

    def get(self, *, fresh: bool = False) -> str:
        """Give a token that still lives for a while; `fresh` asks for a new one. TokenRefused, TokenLater."""
        with self._lock:
            if fresh or time.monotonic() >= self._until:
                self._token, life = self._ask()
                self._until = time.monotonic() + life - min(_MARGIN, life / 2)
            return self._token

    def _ask(self) -> tuple[str, float]:
        from channels.toolkit import http  # noqa: PLC0415 - the gateway only receives and need not carry a client

        settings = self._settings
        form = {"client_id": settings.oauth_client_id}
        if settings.oauth_client_secret:
            form["client_secret"] = settings.oauth_client_secret
        if settings.oauth_scope:
            form["scope"] = settings.oauth_scope
        if settings.oauth_refresh_token:
            form |= {"grant_type": "refresh_token", "refresh_token": settings.oauth_refresh_token}
        else:
            form["grant_type"] = "client_credentials"
        try:
            reply = http.call("POST", settings.oauth_url, who="oauth_url", timeout=settings.timeout, data=form)
        except SendFailed as error:
            raise TokenLater(error.sentence) from None
        return _read(reply.status, reply.json())


def _read(status: int, answer: object) -> tuple[str, float]:
    told = answer if isinstance(answer, dict) else {}
    token, life = told.get("access_token"), told.get("expires_in")
    if status == 200 and isinstance(token, str) and _TOKEN.fullmatch(token):  # noqa: PLR2004 - RFC 6749, 5.1
        return token, float(life) if isinstance(life, int) and life > 0 else _SHORT_LIFE
    word = told.get("error")
    why = word if isinstance(word, str) and _WORD.fullmatch(word) else f"HTTP {status}"
    if status in {400, 401, 403}:
        raise TokenRefused(say("oauth_url tidak memberi access token (%(why)s)", why=why))
    raise TokenLater(say("oauth_url sedang tidak dapat menjawab (%(why)s)", why=why))

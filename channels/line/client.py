"""LINE's API through line-bot-sdk's own classes over our HTTP: its failures in the contract's words.

Import it where something is sent or asked: the library takes a second and a half.
"""

from __future__ import annotations

import functools
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final

from linebot.v3.messaging import ApiClient, Configuration, MessagingApi, MessagingApiBlob

from channels.errors import Refused
from channels.toolkit import http
from normalizer.saying import say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from channels.line.settings import LineSettings

WHO: Final = "LINE"
_BAD_REQUEST, _UNAUTHORIZED, _CONFLICT, _TOO_MANY = 400, 401, 409, 429


class InvalidReplyToken(Refused):
    """The reply token was used or has expired; `at` is LINE's own time of saying so, where it told."""

    def __init__(self, at: datetime | None) -> None:
        super().__init__(say("Reply token LINE sudah terpakai atau kedaluwarsa"))
        self.at = at


def messaging(settings: LineSettings) -> MessagingApi:
    """The Messaging API for one account. SendFailed and its kinds leave its methods."""
    return MessagingApi(_client(settings, settings.api_url))


def blob(settings: LineSettings) -> MessagingApiBlob:
    """The same for the server of citizens' files; the files themselves are too large for it, see `fetching`."""
    return MessagingApiBlob(_client(settings, settings.data_url))


def _client(settings: LineSettings, host: str) -> ApiClient:
    client = ApiClient(Configuration(host=host, access_token=settings.access_token))
    client.rest_client = _Transport(settings.timeout)
    return client


class _Response:
    """What the library reads of an answer."""

    def __init__(self, reply: http.Reply) -> None:
        self.status = reply.status
        self.reason = ""
        self.data = reply.body
        self._headers = dict(reply.headers)

    def getheaders(self) -> dict[str, str]:
        return self._headers

    def getheader(self, name: str, default: str | None = None) -> str | None:
        return self._headers.get(name.lower(), default)


class _Transport:
    """What the library's client sends through: one request and no second try of its own."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.get_request = functools.partial(self._request, "GET")
        self.post_request = functools.partial(self._request, "POST")
        self.put_request = functools.partial(self._request, "PUT")

    def _request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
        **_others: object,
    ) -> _Response:
        """SendFailed and its kinds for whatever is not a success."""
        reply = http.call(method, url, who=WHO, timeout=self._seconds, body=body, headers=headers)
        return _Response(checked(reply))


def checked(reply: http.Reply) -> http.Reply:
    """The reply where LINE did what it was asked, now or, by the same retry key, before; else the SendFailed."""
    problem = reply.json()
    said = str(problem.get("message", "")) if isinstance(problem, dict) else ""
    if reply.status == _CONFLICT and isinstance(problem, dict) and "x-line-accepted-request-id" in reply.headers:
        # An earlier try was taken; the body names what was sent then.
        return http.Reply(status=200, headers=reply.headers, body=reply.body)
    if reply.status == _BAD_REQUEST and said == "Invalid reply token":
        raise InvalidReplyToken(_time(reply.headers))
    if reply.status == _BAD_REQUEST and said == "Failed to send messages":
        raise Refused(say("LINE tidak mengenal penerima ini, mungkin akunnya sudah dihapus: balas lewat saluran lain."))
    if reply.status == _TOO_MANY and "monthly limit" in said:
        spent = say(
            "Kuota pesan LINE bulan ini habis: balas lewat saluran lain, atau minta administrator menaikkan paketnya."
        )
        raise Refused(spent)
    if reply.status == _UNAUTHORIZED:
        raise Refused(say("LINE menolak token akses (HTTP 401): minta administrator memasang access_token yang baru."))
    return http.check(reply, WHO)


def _time(headers: Mapping[str, str]) -> datetime | None:
    try:
        moment = parsedate_to_datetime(headers.get("date", ""))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

"""Twilio's own REST client over our HTTP: its failures in the contract's words, its address a setting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.rest import Client

from channels.errors import OutcomeUnknown, Refused
from channels.sms.dialects.twilio_whatsapp import PROBLEMS
from channels.toolkit import http
from normalizer.saying import say

if TYPE_CHECKING:
    from collections.abc import Mapping

_WHO = "Twilio"
_BAD_REQUEST = 400


class _Transport(HttpClient):  # type: ignore[misc] # twilio ships no types
    """What twilio's client sends through: the same request, to the configured address."""

    def __init__(self, api_url: str, seconds: float) -> None:
        self._api_url = api_url.rstrip("/")
        self._seconds = seconds

    def request(  # noqa: PLR0917 - twilio's interface
        self,
        method: str,
        url: str,
        params: Mapping[str, str] | None = None,
        data: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,  # noqa: ARG002 - twilio's interface; an API does not redirect
    ) -> Response:
        """SendFailed and its kinds for whatever is not 2xx; twilio's error number goes with it."""
        answer = http.call(
            method,
            self._api_url + url.removeprefix(f"https://{urlsplit(url).netloc}"),
            who=_WHO,
            timeout=timeout or self._seconds,
            params=params,
            data=data,
            headers=headers,
            auth=auth,
        )
        problem = answer.json()
        code = problem.get("code") if isinstance(problem, dict) else None
        if answer.status == _BAD_REQUEST and isinstance(code, int) and code in PROBLEMS:
            raise Refused(say("%(problem)s (%(code)s).", problem=PROBLEMS[code], code=f"{_WHO} {code}"))
        http.check(answer, _WHO, code=code if isinstance(code, int) else None)
        return Response(answer.status, answer.text, answer.headers)


def client(account_sid: str, auth_token: str, api_url: str, timeout: float) -> Client:
    """Twilio's client for one account; it takes nothing from the environment."""
    nothing = {"TWILIO_EDGE": ""}
    return Client(account_sid, auth_token, http_client=_Transport(api_url, timeout), environment=nothing)


def create_message(twilio: Client, wanted: Mapping[str, str], *, status_callback: str) -> str:
    """Send one message and return its sid. SendFailed; OutcomeUnknown where the answer to a success cannot be read."""
    callback = {"status_callback": status_callback} if status_callback else {}
    try:
        sid = twilio.messages.create(**wanted, **callback).sid
    except (ValueError, TypeError, AttributeError) as error:
        raise OutcomeUnknown(say("%(who)s menerima pesan, tetapi jawabannya tidak dapat dibaca", who=_WHO)) from error
    if not isinstance(sid, str) or not sid:
        raise OutcomeUnknown(say("%(who)s menerima pesan, tetapi tidak memberi nomornya", who=_WHO))
    return sid

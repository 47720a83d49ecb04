"""Calls to the Cloud API for one number: with its token, within its time, their failures in Indonesian.

It imports the HTTP client only when it calls: the gateway verifies and must not carry one.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from channels.errors import OutcomeUnknown
from channels.toolkit import meta
from channels.whatsapp import problems
from normalizer.saying import say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from channels.contract import OutboundFile
    from channels.toolkit.http import Reply
    from channels.whatsapp.settings import WhatsAppSettings


@dataclasses.dataclass(frozen=True, slots=True)
class Api:
    """The Graph API as one number uses it; every failure is a SendFailed."""

    settings: WhatsAppSettings

    def get(self, path: str, **params: str) -> dict[str, Any]:
        """What stands at a path."""
        return _object(problems.check(self._call("GET", path, params=params)))

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to a JSON body."""
        return _object(problems.check(self._call("POST", path, body=body)))

    def of_app(self, app_id: str, body: Mapping[str, str] | None = None) -> dict[str, Any]:
        """What the app asks Meta to tell it; with a body, ask for that. The app speaks with a token of its own."""
        token = f"{app_id}|{self.settings.app_secret}"
        method = "GET" if body is None else "POST"
        return _object(problems.check(self._call(method, f"{app_id}/subscriptions", token=token, data=body)))

    def message(self, body: Mapping[str, Any]) -> str:
        """Send one message and return its id."""
        own = {"messaging_product": "whatsapp", "recipient_type": "individual"}
        answer = self.post(f"{self.settings.phone_number_id}/messages", own | dict(body))
        messages = answer.get("messages")
        first = messages[0] if isinstance(messages, list) and messages else None
        key = first.get("id") if isinstance(first, dict) else None
        if not isinstance(key, str) or not key:
            raise OutcomeUnknown(say("WhatsApp menerima pesan ini, tetapi jawabannya tidak dapat dibaca."))
        return key

    def upload(self, file: OutboundFile) -> Reply:
        """Hand over a file that a message may then name, whatever the answer."""
        return self._call(
            "POST",
            f"{self.settings.phone_number_id}/media",
            data={"messaging_product": "whatsapp", "type": file.content_type},
            files={"file": (file.name, file.content, file.content_type)},
        )

    def _call(self, method: str, path: str, *, token: str = "", **more: Any) -> Reply:
        settings = self.settings
        return meta.graph(
            method,
            path,
            token=token or settings.token,
            app_secret=settings.app_secret,
            base=settings.api_url,
            timeout=settings.timeout,
            who="WhatsApp",
            **more,
        )


def _object(reply: Reply) -> dict[str, Any]:
    answer = reply.json()
    if not isinstance(answer, dict):
        raise OutcomeUnknown(say("Jawaban WhatsApp tidak dapat dibaca."))
    return answer

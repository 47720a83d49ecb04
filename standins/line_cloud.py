"""What LINE knows of one official account: its friends, reply tokens, files and quota; and its signed webhook calls."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import hmac
import json
import secrets
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from standins.request import Request

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Event = dict[str, Any]

#: How long a reply token works; LINE names about a minute.
TOKEN_LIFE: Final = timedelta(seconds=60)
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def _now() -> datetime:
    return datetime.now(UTC)


@dataclasses.dataclass(kw_only=True)
class Cloud:
    """One account. `reach` carries the call of a webhook test and gives the status, 0 where nobody answers.

    `files` are (content type, bytes) by message id; `preparing` those that are still converted, with the state that
    LINE tells of them. `quota` is the month's limit of pushed messages, None for none.
    """

    channel_secret: str
    destination: str
    name: str = "Aduan Kabupaten"
    clock: Callable[[], datetime] = _now
    reach: Callable[[Request], int] = lambda _: 200
    endpoint: str = ""
    active: bool = True
    quota: int | None = None
    pushed: int = 0
    users: set[str] = dataclasses.field(default_factory=set)
    blocked: set[str] = dataclasses.field(default_factory=set)
    files: dict[str, tuple[str, bytes]] = dataclasses.field(default_factory=dict)
    preparing: dict[str, str] = dataclasses.field(default_factory=dict)
    expired: set[str] = dataclasses.field(default_factory=set)
    _tokens: dict[str, tuple[str, datetime]] = dataclasses.field(default_factory=dict)
    _last_id: int = 600_000_000_000_000_000

    def next_id(self) -> str:
        """A message id."""
        self._last_id += 1
        return str(self._last_id)

    def restart_ids(self, at: int) -> None:
        """Number on from here, where an earlier start has used those below."""
        self._last_id = at

    def use_token(self, token: object) -> str | None:
        """Whom a reply token reaches; it is used up. None for one that is unknown, used or too old."""
        user, until = self._tokens.pop(token, (None, self.clock())) if isinstance(token, str) else (None, self.clock())
        return user if user is not None and self.clock() < until else None

    def event(self, user: str, kind: str, *, replies: bool = False, **content: Any) -> Event:
        """Any event of one user; with `replies` it brings a reply token."""
        now = self.clock()
        self.users.add(user)
        event: Event = {
            "type": kind,
            **content,
            "webhookEventId": "01" + "".join(secrets.choice(_ALPHABET) for _ in range(24)),
            "deliveryContext": {"isRedelivery": False},
            "timestamp": int(now.timestamp() * 1000),
            "source": {"type": "user", "userId": user},
            "mode": "active",
        }
        if replies:
            event["replyToken"] = secrets.token_hex(16)
            self._tokens[event["replyToken"]] = (user, now + TOKEN_LIFE)
        return event

    def message(self, user: str, kind: str, **content: Any) -> Event:
        """A message event of any sort."""
        message = {"type": kind, "id": self.next_id(), **content}
        return self.event(user, "message", replies=True, message=message)

    def text(self, user: str, text: str, **more: Any) -> Event:
        """A text."""
        return self.message(user, "text", quoteToken=secrets.token_urlsafe(24), text=text, **more)

    def images(self, user: str, contents: Sequence[bytes]) -> list[Event]:
        """Images sent together: an event for each, with the set they belong to where there are several."""
        set_id = secrets.token_hex(16).upper()
        events = []
        for number, content in enumerate(contents, start=1):
            together = {"imageSet": {"id": set_id, "index": number, "total": len(contents)}}
            events.append(self.file(user, "image", content, "image/jpeg", **(together if len(contents) > 1 else {})))
        return events

    def file(self, user: str, kind: str, content: bytes, content_type: str, **more: Any) -> Event:
        """An image, video, audio or file, which LINE keeps for a while."""
        named = {"fileName": more.pop("name", "surat.pdf"), "fileSize": len(content)} if kind == "file" else {}
        if kind in {"video", "audio"}:
            named["duration"] = 5000
        if kind != "file":
            named |= {"contentProvider": {"type": "line"}}
        if kind in {"image", "video"}:
            named["quoteToken"] = secrets.token_urlsafe(24)
        event = self.message(user, kind, **named, **more)
        self.files[event["message"]["id"]] = (content_type, content)
        return event

    def location(self, user: str, lat: float, lon: float, *, title: str = "", address: str = "") -> Event:
        """A place."""
        labels = {name: words for name, words in (("title", title), ("address", address)) if words}
        return self.message(user, "location", latitude=lat, longitude=lon, **labels)

    def unsend(self, event: Event) -> Event:
        """The citizen takes a message back."""
        return self.event(event["source"]["userId"], "unsend", unsend={"messageId": event["message"]["id"]})

    def webhook(self, hook_url: str, *events: Event, redelivery: bool = False) -> Request:
        """One signed call with these events, or without any: LINE's connection check."""
        told = [event | {"deliveryContext": {"isRedelivery": True}} if redelivery else event for event in events]
        body = json.dumps({"destination": self.destination, "events": told}, ensure_ascii=False).encode()
        return self.signed(hook_url, body)

    def signed(self, hook_url: str, body: bytes) -> Request:
        """A call with any body."""
        signature = base64.b64encode(hmac.digest(self.channel_secret.encode(), body, hashlib.sha256)).decode()
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "LineBotWebhook/2.0",
            "x-line-signature": signature,
        }
        return Request(method="POST", url=hook_url, headers=headers, body=body)

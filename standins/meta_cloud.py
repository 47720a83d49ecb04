"""All that Meta knows of one app's pages and Instagram accounts, and the webhook events that citizens cause there."""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import json
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from standins.request import Request

if TYPE_CHECKING:
    from collections.abc import Callable

Event = dict[str, Any]
DAY = 86_400
PAGE_SCOPES = (
    "pages_messaging", "pages_manage_metadata", "pages_read_engagement", "pages_read_user_content",
    "pages_manage_engagement", "instagram_basic", "instagram_manage_messages", "instagram_manage_comments",
)  # fmt: skip


@dataclasses.dataclass(slots=True)
class Account:
    """A page, or an Instagram account. One that is linked to a page (`page`) is written for with that page's token."""

    id: str
    name: str
    token: str
    object_name: str = "page"
    page: str = ""
    expired: bool = False
    expires_at: int = 0
    data_access_expires_at: int = 0
    scopes: tuple[str, ...] = PAGE_SCOPES
    fields: set[str] = dataclasses.field(default_factory=set)


@dataclasses.dataclass(slots=True)
class Thing:
    """A post, a media or a comment: `node` as the Graph API shows it, `at` in seconds, `below` what it is on."""

    node: dict[str, Any]
    at: float
    account: str
    author: str
    below: str = ""
    privately_answered: bool = False


@dataclasses.dataclass(slots=True)
class Talk:
    """One citizen's direct messages with one account, newest last; `open_since` is when the citizen last wrote."""

    nodes: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    updated: float = 0.0
    open_since: float = 0.0


class Cloud:
    """Safe for the threads of one server. `clock` gives seconds since 1970."""

    def __init__(self, app_id: str, app_secret: str, *, clock: Callable[[], float] = time.time) -> None:
        self.app_id = app_id
        self.app_secret = app_secret
        self.clock = clock
        self.human_agent = False
        self.lock = threading.RLock()
        self.accounts: dict[str, Account] = {}
        self.talks: dict[tuple[str, str], Talk] = {}
        self.things: dict[str, Thing] = {}
        self.hooks: dict[str, tuple[str, set[str]]] = {}
        self.blocked: set[str] = set()
        self.files: dict[str, tuple[str, bytes]] = {}
        self.expired_files: set[str] = set()
        self.uploads: set[str] = set()
        self._number = 1_000_000

    def next_number(self) -> int:
        """A number that was not given before."""
        with self.lock:
            self._number += 1
            return self._number

    def restart_numbers(self, at: int) -> None:
        """Number on from here, where an earlier start has used those below."""
        self._number = at

    def add(self, account: Account) -> Account:
        """Know a page or an account."""
        self.accounts[account.id] = account
        return account

    # What citizens do: each gives the part of a webhook's entry that Meta would send, and is kept for the API.

    def message(self, account: Account, citizen: str, text: str | None = None, **parts: Any) -> Event:
        """A direct message; `parts` are further fields of the event's `message`, as attachments."""
        mid = self.mid(account)
        message = {"mid": mid, **({"text": text} if text is not None else {}), **parts}
        self._keep(account, citizen, {"id": mid, "message": text or "", "from": {"id": citizen, "name": "Warga"}})
        return {**self._frame(citizen, account.id), "message": message}

    def picture(self, account: Account, citizen: str, url: str, text: str | None = None) -> Event:
        """A direct message with a picture that lies at `url`."""
        event = self.message(account, citizen, text, attachments=[{"type": "image", "payload": {"url": url}}])
        node = self.talks[account.id, citizen].nodes[-1]
        node["attachments"] = {"data": [{"id": "1", "mime_type": "image/jpeg", "image_data": {"url": url}}]}
        return event

    def comment(
        self, page: Account, citizen: str, name: str, post: str, text: str, *, parent: str | None = None, **more: Any
    ) -> Event:
        """A comment below a post of a page."""
        key = f"{post.rpartition('_')[2]}_{self.next_number()}"
        node: dict[str, Any] = {"id": key, "from": {"id": citizen, "name": name}, "message": text}
        if parent:
            node["parent"] = {"id": parent}
        at = self._thing(node, page, citizen, below=post)
        value = {
            "item": "comment",
            "verb": "add",
            "post_id": post,
            "comment_id": key,
            "parent_id": parent or post,
            "from": node["from"],
            "message": text,
            "created_time": int(at),
            **more,
        }
        return {"field": "feed", "value": value}

    def visitor_post(self, page: Account, citizen: str, name: str, text: str, *, photos: tuple[str, ...] = ()) -> Event:
        """A post of a citizen on a page."""
        key = f"{page.id}_{self.next_number()}"
        media = [{"type": "photo", "media": {"image": {"src": url}}} for url in photos]
        node = {"id": key, "from": {"id": citizen, "name": name}, "message": text, "attachments": {"data": media}}
        at = self._thing(node, page, citizen)
        value = {
            "item": "photo" if photos else "status",
            "verb": "add",
            "post_id": key,
            "from": node["from"],
            "message": text,
            "created_time": int(at),
            **({"photos": list(photos)} if photos else {}),
        }
        return {"field": "feed", "value": value}

    def instagram_comment(
        self, account: Account, citizen: str, username: str, media: str, text: str, *, parent: str | None = None
    ) -> Event:
        """A comment below a post of an Instagram account."""
        key = str(17_900_000_000_000_000 + self.next_number())
        author = {"id": citizen, "username": username}
        above = {"parent_id": parent} if parent else {}
        node = {"id": key, "from": author, "username": username, "text": text, **above}
        self._thing(node, account, citizen, below=media)
        value = {"id": key, "from": author, "text": text, "media": {"id": media, "media_product_type": "FEED"}, **above}
        return {"field": "comments", "value": value}

    def mention(self, account: Account, citizen: str, username: str, text: str) -> Event:
        """A comment below somebody else's post in which the account is named: the webhook tells ids only."""
        comment, media = str(self.next_number()), str(self.next_number())
        node = {"id": comment, "username": username, "text": text, "media": {"id": media}}
        self._thing(node, account, citizen, below=media)
        return {"field": "mentions", "value": {"media_id": media, "comment_id": comment}}

    def own_post(self, account: Account, text: str) -> str:
        """A post of the page or the account itself; its id."""
        number = self.next_number()
        key = f"{account.id}_{number}" if account.object_name == "page" else str(18_000_000_000_000_000 + number)
        self._thing({"id": key, "from": {"id": account.id, "name": account.name}, "message": text}, account, account.id)
        return key

    def echo(self, account: Account, citizen: str, text: str, app_id: str | None) -> Event:
        """What somebody wrote for the account, as Meta tells it to all its apps."""
        mid = self.mid(account)
        self._keep(account, citizen, {"id": mid, "message": text, "from": {"id": account.id}}, by_us=True)
        writer = {"app_id": int(app_id)} if app_id else {}
        return {**self._frame(account.id, citizen), "message": {"mid": mid, "text": text, "is_echo": True, **writer}}

    # For the server.

    def mid(self, account: Account) -> str:
        """A message's id in the form of the account's platform."""
        prefix = "m_" if account.object_name == "page" else "aWdfZAG1f"
        return f"{prefix}{hashlib.sha256(str(self.next_number()).encode()).hexdigest()[:40]}"

    def sent(self, account: Account, citizen: str, text: str) -> str:
        """Keep what an app sent; its id."""
        mid = self.mid(account)
        self._keep(account, citizen, {"id": mid, "message": text, "from": {"id": account.id}}, by_us=True)
        return mid

    def iso(self, at: float) -> str:
        """A time as the Graph API writes it."""
        return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")

    def _keep(self, account: Account, citizen: str, node: dict[str, Any], *, by_us: bool = False) -> None:
        with self.lock:
            now, talk = self.clock(), self.talks.setdefault((account.id, citizen), Talk())
            talk.nodes.append(node | {"created_time": self.iso(now)})
            talk.updated = now
            if not by_us:
                talk.open_since = now

    def _thing(self, node: dict[str, Any], account: Account, author: str, *, below: str = "") -> float:
        with self.lock:
            now = self.clock()
            stamp = "created_time" if account.object_name == "page" else "timestamp"
            self.things[node["id"]] = Thing(
                node=node | {stamp: self.iso(now)}, at=now, account=account.id, author=author, below=below
            )
            return now

    def _frame(self, sender: str, recipient: str) -> Event:
        return {"sender": {"id": sender}, "recipient": {"id": recipient}, "timestamp": int(self.clock() * 1000)}


def entry(account: Account, *events: Event, at: float) -> Event:
    """One entry of a webhook with messaging events, or with changed fields, never both."""
    changed = "field" in events[0]
    return {
        "id": account.id,
        "time": int(at if changed else at * 1000),
        "changes" if changed else "messaging": [*events],
    }


def incoming(hook_url: str, app_secret: str, object_name: str, *entries: Event) -> Request:
    """The signed webhook call that Meta makes."""
    body = json.dumps({"object": object_name, "entry": [*entries]}).encode()
    signature = hmac.new(app_secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json", "X-Hub-Signature-256": f"sha256={signature}"}
    return Request(method="POST", url=hook_url, headers=headers, body=body)


def greeting(hook_url: str, verify_token: str, challenge: str = "1158201444") -> Request:
    """The handshake that Meta makes when a webhook is set up."""
    query = f"hub.mode=subscribe&hub.challenge={challenge}&hub.verify_token={verify_token}"
    return Request(method="GET", url=f"{hook_url}?{query}", headers={})

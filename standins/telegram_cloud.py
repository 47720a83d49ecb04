"""One bot at Telegram: its chats, files and waiting updates, and the updates that a citizen's phone makes."""

from __future__ import annotations

import dataclasses
import json
import threading
import time
from typing import TYPE_CHECKING, Any

from standins.request import Request

if TYPE_CHECKING:
    from collections.abc import Callable

    from standins.mailroom import Mailroom

Update = dict[str, Any]

_FUTURE = 10
#: What a bot gets that named no allowed_updates is all but these.
_NOT_BY_DEFAULT = frozenset({"chat_member", "message_reaction", "message_reaction_count"})


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Citizen:
    """Somebody with Telegram on the phone; `id` is also the number of the private chat with the bot."""

    id: int
    first_name: str
    last_name: str | None = None
    username: str | None = None
    language_code: str = "id"

    def user(self) -> dict[str, Any]:
        """The Bot API's User."""
        return {"is_bot": False} | {name: value for name, value in dataclasses.asdict(self).items() if value}

    def chat(self) -> dict[str, Any]:
        """The Bot API's Chat, private."""
        named = {name: value for name, value in dataclasses.asdict(self).items() if value and name != "language_code"}
        return named | {"type": "private"}


@dataclasses.dataclass(slots=True)
class Webhook:
    """Where Telegram would deliver; an empty url for nowhere."""

    url: str = ""
    secret: str = ""
    last_error_date: int | None = None
    last_error_message: str | None = None


class Conflict(Exception):  # noqa: N818 - Telegram's word
    """Two ways of receiving at once."""


class Cloud:
    """All that Telegram knows of one bot; safe for the threads of one server.

    `insecure_hooks` lets setWebhook take plain http, which the real one refuses.
    """

    def __init__(
        self,
        mailroom: Mailroom,
        token: str,
        *,
        username: str = "aduan_bot",
        account: str = "telegram",
        insecure_hooks: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.mailroom = mailroom
        self.token = token
        self.username = username
        self.account = account
        self.insecure_hooks = insecure_hooks
        self.clock = clock
        self.webhook = Webhook()
        self.chats: dict[int, Citizen] = {}
        self.blocked: set[int] = set()
        self.messages: set[tuple[int, int]] = set()
        self.files: dict[str, tuple[str, bytes]] = {}
        #: Names and bytes of what the bot sent, in order.
        self.uploaded: list[tuple[str, bytes]] = []
        self.expired: set[str] = set()
        self._allowed: frozenset[str] | None = None
        self._changed = threading.Condition()
        self._waiting: list[Update] = []
        self._polls = 0
        self._next_update = 700_000_001
        self._next_message = 1

    # What the bot's side asks for.

    def pending(self) -> int:
        """How many updates wait to be fetched."""
        with self._changed:
            return len(self._waiting)

    def drop_pending(self) -> None:
        """Forget what waits."""
        with self._changed:
            self._waiting.clear()

    def allow(self, kinds: list[str]) -> None:
        """Keep only these kinds of updates from now on; an empty list for Telegram's own choice."""
        self._allowed = frozenset(kinds) or None

    def get_updates(self, offset: int, limit: int, timeout: float) -> list[Update]:
        """As getUpdates: what lies below the offset is confirmed and gone. Conflict."""
        with self._changed:
            if self.webhook.url:
                raise Conflict("can't use getUpdates method while webhook is active; use deleteWebhook to delete it")
            self._polls += 1
            mine = self._polls
            self._changed.notify_all()
            self._confirm(offset)
            self._changed.wait_for(lambda: self._waiting or self._polls != mine, timeout)
            if self._polls != mine:
                raise Conflict("terminated by other getUpdates request; make sure that only one bot is running")
            return self._waiting[:limit]

    def _confirm(self, offset: int) -> None:
        if offset < 0:
            del self._waiting[:offset]
        elif self._waiting and offset <= self._waiting[-1]["update_id"] + _FUTURE:
            self._waiting = [update for update in self._waiting if update["update_id"] >= offset]

    def restart_messages(self, at: int) -> None:
        """Number messages on from here, where an earlier start has used those below."""
        self._next_message = at

    def next_message(self, chat_id: int) -> int:
        """The number of the next message in any chat with this bot."""
        with self._changed:
            number = self._next_message
            self._next_message += 1
            self.messages.add((chat_id, number))
            return number

    # What happens on the citizen's side.

    def submit(self, update: Update) -> None:
        """Let an update wait for getUpdates, if its kind is allowed."""
        kind = next(name for name in update if name != "update_id")
        wanted = kind in self._allowed if self._allowed is not None else kind not in _NOT_BY_DEFAULT
        with self._changed:
            if wanted:
                self._waiting.append(update)
                self._changed.notify_all()

    def restart_numbers(self, at: int) -> None:
        """After a week without updates Telegram goes on from another number."""
        self._next_update = at

    def update_text(self, citizen: Citizen, text: str, *, reply_to: int | None = None) -> Update:
        """A text; commands carry their entity."""
        message = self._message(citizen, text=text)
        if text.startswith("/"):
            length = len(text.split(maxsplit=1)[0])
            message["entities"] = [{"type": "bot_command", "offset": 0, "length": length}]
        if reply_to is not None:
            message["reply_to_message"] = self._message(citizen, text="…") | {"message_id": reply_to}
        return self._update("message", message)

    def update_photo(self, citizen: Citizen, content: bytes, *, caption: str | None = None) -> Update:
        """A photo in two sizes."""
        return self._update("message", self._photo(citizen, content, caption))

    def update_album(self, citizen: Citizen, contents: list[bytes], *, caption: str | None = None) -> list[Update]:
        """Photos sent together: one update each, the caption on the first."""
        group = f"14{self._next_update}"
        return [
            self._update("message", self._photo(citizen, content, None if at else caption) | {"media_group_id": group})
            for at, content in enumerate(contents)
        ]

    def update_location(self, citizen: Citizen, lat: float, lon: float) -> Update:
        """A point on the map."""
        return self._update("message", self._message(citizen, location={"latitude": lat, "longitude": lon}))

    def update_edit(self, update: Update, text: str) -> Update:
        """The same message with other words."""
        edited = update["message"] | {"text": text, "edit_date": int(self.clock())}
        return self._update("edited_message", edited)

    def update_blocked(self, citizen: Citizen) -> Update:
        """The citizen blocks the bot: it can no longer write."""
        self.blocked.add(citizen.id)
        bot = {"id": int(self.token.split(":")[0]), "is_bot": True, "first_name": self.username}
        change = {
            "chat": citizen.chat(),
            "from": citizen.user(),
            "date": int(self.clock()),
            "old_chat_member": {"user": bot, "status": "member"},
            "new_chat_member": {"user": bot, "status": "kicked", "until_date": 0},
        }
        return self._update("my_chat_member", change)

    def _update(self, kind: str, content: dict[str, Any]) -> Update:
        with self._changed:
            number = self._next_update
            self._next_update += 1
        return {"update_id": number, kind: content}

    def _message(self, citizen: Citizen, **content: Any) -> dict[str, Any]:
        self.chats[citizen.id] = citizen
        return {
            "message_id": self.next_message(citizen.id),
            "from": citizen.user(),
            "chat": citizen.chat(),
            "date": int(self.clock()),
            **content,
        }

    def _photo(self, citizen: Citizen, content: bytes, caption: str | None) -> dict[str, Any]:
        small = self._file("photos/small.jpg", content[:64]) | {"width": 90, "height": 67}
        large = self._file("photos/large.jpg", content) | {"width": 1280, "height": 960}
        words = {"caption": caption} if caption else {}
        return self._message(citizen, photo=[small, large], **words)

    def _file(self, path: str, content: bytes) -> dict[str, Any]:
        number = len(self.files) + 1
        folder, _, name = path.partition("/")
        self.files[f"AgACFile{number}"] = (f"{folder}/{number}_{name}", content)
        return {"file_id": f"AgACFile{number}", "file_unique_id": f"AQAD{number}", "file_size": len(content)}


def incoming(hook_url: str, secret: str, update: Update) -> Request:
    """The webhook call that Telegram makes for one update."""
    headers = {"Content-Type": "application/json", "X-Telegram-Bot-Api-Secret-Token": secret}
    return Request(method="POST", url=hook_url, headers=headers, body=json.dumps(update).encode())

"""The filtered stream as a quicker messenger: what it brings is handed over at once, what it misses search finds."""

from __future__ import annotations

import contextlib
import json
import queue
import time
from typing import TYPE_CHECKING, Any, Final

import tweepy

from channels.errors import ChannelError
from channels.x import api
from channels.x.around import thing
from channels.x.feeds import POST_FIELDS, raw
from normalizer.saying import Sentence, say

if TYPE_CHECKING:
    from channels.contract import Polled
    from channels.x.settings import XSettings

#: Posts that wait to be handed over; what is more, search brings.
_MOST: Final = 500
_BATCH: Final = 100
#: Seconds after which a stream that nobody empties any more is given up, and between two starts of it.
_FORSAKEN: Final = 300.0
_PAUSE: Final = 60.0
_NO_RULES: Final = 409


class Stream:
    """One connection, which tweepy keeps up in a thread of its own from the first `take` on."""

    def __init__(self, settings: XSettings) -> None:
        self._settings = settings
        self._client: _Client | None = None
        self._again = 0.0

    @property
    def trouble(self) -> Sentence | None:
        """Why nothing comes, where it is known."""
        return self._client.trouble if self._client else None

    def take(self) -> list[Polled]:
        """What has come since the last time."""
        now = time.monotonic()
        if (self._client is None or not self._client.alive) and now > self._again:
            self._client = _Client(self._settings)
            self._again = now + _PAUSE
            self._client.filter(threaded=True, **POST_FIELDS)
        if self._client is None:
            return []
        self._client.emptied = now
        found: list[dict[str, Any]] = []
        with contextlib.suppress(queue.Empty):
            while len(found) < _BATCH:
                found.append(self._client.posts.get_nowait())
        return [raw(thing(each, "data"), thing(each, "includes"), self._settings.username) for each in found]

    def close(self) -> None:
        """Read no more, for it costs."""
        if self._client is not None:
            self._client.disconnect()


class _Client(tweepy.StreamingClient):  # type: ignore[misc] # tweepy ships no types
    """Keeps each post for `take`; its own log lines would hold what citizens wrote."""

    def __init__(self, settings: XSettings) -> None:
        api.hush()
        super().__init__(settings.bearer_token, daemon=True)
        self.session = api.Session(settings)
        self.posts: queue.Queue[dict[str, Any]] = queue.Queue(_MOST)
        self.emptied = time.monotonic()
        self.trouble: Sentence | None = None

    @property
    def alive(self) -> bool:
        """Whether its thread is at work, be it waiting to connect again."""
        return self.thread is not None and self.thread.is_alive()

    def on_data(self, raw_data: bytes) -> None:
        """One line: a post, or why the stream ends."""
        try:
            line = json.loads(raw_data)
        except (ValueError, RecursionError):
            return
        if isinstance(line, dict) and isinstance(line.get("data"), dict):
            with contextlib.suppress(queue.Full):
                self.posts.put_nowait(line)
        self._check()

    def on_keep_alive(self) -> None:
        """Twenty seconds of silence."""
        self._check()

    def _check(self) -> None:
        if time.monotonic() - self.emptied > _FORSAKEN:
            self.disconnect()

    def on_connect(self) -> None:
        """All is well."""
        self.trouble = None

    def on_request_error(self, status_code: int) -> None:
        """X refused the connection."""
        answered = say("%(who)s menjawab HTTP %(status)s", who="X", status=status_code)
        if status_code == _NO_RULES:
            self.trouble = say(
                "stream: %(error)s: jalankan ./muara doctor --fix agar aturannya dipasang", error=answered
            )
        else:
            self.trouble = _meanwhile(answered)

    def on_connection_error(self) -> None:
        """No connection, or it broke."""
        self.trouble = _meanwhile(say("tidak ada sambungan ke X"))

    def on_exception(self, exception: Exception) -> None:
        """The library gives the stream up; it is begun again."""
        self.trouble = _meanwhile(say("sambungan dilepas (%(error)s)", error=type(exception).__name__))

    def on_closed(self, response: object) -> None:
        """X ends every stream now and then; tweepy connects again."""

    def on_disconnect(self) -> None:
        """The thread ends."""


def _meanwhile(what: Sentence) -> Sentence:
    return say("stream: %(error)s; pencarian tetap berjalan", error=what)


def set_rule(settings: XSettings, tag: str) -> None:
    """Make the stream's rule that of the settings; other programs' rules stay. ChannelError."""
    try:
        rules = api.call(settings, lambda client: client.get_rules(), stream=True).body.get("data") or []
        ours = [rule for rule in rules if rule.get("tag") == tag]
        if [rule.get("value") for rule in ours] == [settings.rule]:
            return
        if ours:
            api.call(settings, lambda client: client.delete_rules([rule["id"] for rule in ours]), stream=True)
        rule = tweepy.StreamRule(settings.rule, tag=tag)
        answer = api.call(settings, lambda client: client.add_rules(rule), stream=True)
    except api.CallFailed as error:
        raise ChannelError(say("Aturan stream tidak dapat dipasang: %(error)s", error=error.advised)) from None
    if answer.body.get("errors"):
        raise ChannelError(say("X tidak menerima aturan stream: periksa tagarnya"))

"""One poll: one page of one feed, so that what was paid for is in the journal before the next page is asked for."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from channels.contract import PollBatch
from channels.errors import PollFailed
from channels.x import api
from channels.x.api import CallFailed, Trouble
from channels.x.around import thing, things
from channels.x.feeds import REACH, Page, raw, sources
from channels.x.state import FEEDS, State, midnight
from channels.x.stream import Stream
from normalizer.saying import joined, kept, quoted, remembered, say

if TYPE_CHECKING:
    from collections.abc import Callable

    from channels.contract import Cursor, Polled
    from channels.x.feeds import Source
    from channels.x.settings import XSettings
    from channels.x.state import Feed

#: Seconds that a feed rests after trouble that is not likely to pass at once, or that may.
_LONG_REST: Final = 900.0
_SHORT_REST: Final = 60.0
_DAY: Final = 86_400.0
#: Trouble that concerns all feeds, and the seconds until they are tried again; None for the house's own pace.
_FOR_ALL: Final = {Trouble.NOT_SENT: None, Trouble.KEYS: _LONG_REST, Trouble.CREDITS: _LONG_REST}


class Poller:
    """Reads an account's feeds in turn. A feed that X refuses or limits rests, and holds up no other."""

    def __init__(self, settings: XSettings, clock: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._clock = clock
        self._sources = sources(settings)
        self._stream = Stream(settings) if settings.stream else None

    def poll(self, cursor: Cursor | None) -> PollBatch:
        """What the stream brought, else the next page. PollFailed: today's reads are used up, or no feed can be asked.

        What the stream brings moves no place: search finds it again, and X charges a post once a day.
        """
        now = datetime.fromtimestamp(self._clock(), UTC)
        state = State.read(cursor, list(self._sources), now)
        if self._stream and state.spent.total < self._settings.reads_per_day and (raws := self._stream.take()):
            return PollBatch(raws=raws, cursor=state.cursor(), more=True)
        awake = [name for name, feed in state.feeds.items() if feed.rest <= now.timestamp()]
        state.todo = [name for name in state.todo if name in awake] or awake
        if not state.todo:
            return self._nothing(state, now.timestamp())
        source = self._sources[state.todo[0]]
        left = self._settings.reads_per_day - state.spent.total
        if left < source.fewest:
            if self._stream:
                self._stream.close()
            said = say("%(spent)s: pembacaan berhenti", spent=state.spent.says(self._settings))
            raise PollFailed(said, retry_after=midnight(now))
        return self._page(state, source, min(left, source.most), now)

    def alarm(self, cursor: Cursor) -> None:
        """PollFailed with what an operator should know of the last polls, though they went on."""
        now = datetime.fromtimestamp(self._clock(), UTC)
        state = State.read(cursor, list(self._sources), now)
        said = state.alarms(self._settings, now.timestamp())
        if self._stream and self._stream.trouble:
            said.append(self._stream.trouble)
        if said:
            raise PollFailed(joined(said, "; "), retry_after=1.0 if state.todo else self._settings.poll_interval)

    def _nothing(self, state: State, now: float) -> PollBatch:
        """All feeds rest: a failure only where one of them is in trouble."""
        troubles = [quoted(remembered(feed.trouble)) for feed in state.feeds.values() if feed.trouble]
        if troubles:
            wait = min(feed.rest for feed in state.feeds.values()) - now
            raise PollFailed(joined(troubles, "; "), retry_after=wait)
        return PollBatch(raws=[], cursor=state.cursor())

    def _page(self, state: State, source: Source, count: int, now: datetime) -> PollBatch:
        feed = state.feeds[source.name]
        if not feed.token:
            source.begin(feed, now)
        try:
            answer = api.call(self._settings, source.ask(feed, count))
            page = _readable(answer.body)
        except CallFailed as failed:
            _note(feed, source.name, failed, now.timestamp())
            return self._turn(state, source, [])
        again = datetime.fromtimestamp(feed.done, UTC).date() == now.date()
        fresh = source.take(page, feed, now)
        source.charge(page, len(fresh), state.spent, again=again)
        pause = 0.0 if feed.token or not source.pace else now.timestamp() + source.pace
        feed.trouble, feed.rest = "", max(answer.until, pause)
        return self._turn(state, source, [raw(each, page.includes, self._settings.username) for each in fresh])

    def _turn(self, state: State, source: Source, raws: list[Polled]) -> PollBatch:
        """The batch; the feed stays first while its run has more pages and it need not rest."""
        feed = state.feeds[source.name]
        if not feed.token or feed.rest:
            state.todo.remove(source.name)
        return PollBatch(raws=raws, cursor=state.cursor(), more=bool(state.todo))


def _readable(body: dict[str, Any]) -> Page:
    """The page of a 2xx answer, which may hold nothing but errors. CallFailed."""
    if "data" not in body and "meta" not in body:
        failed = CallFailed(Trouble.UNKNOWN, say("X menjawab tanpa data"), body=body)
        if failed.detail:
            failed.tells(say("X menjawab tanpa data: %(detail)s", detail=failed.detail))
        raise failed
    return Page.read(body)


def _note(feed: Feed, name: str, failed: CallFailed, now: float) -> None:
    """Trouble of one feed, which rests; PollFailed where it concerns them all."""
    if failed.trouble in _FOR_ALL:
        raise PollFailed(failed.advised, retry_after=_FOR_ALL[failed.trouble]) from None
    lasting = failed.trouble in {Trouble.FORBIDDEN, Trouble.GONE}
    if failed.trouble is Trouble.BAD:
        lasting = not _begin_anew(feed, failed, now)
    feed.trouble = kept(say("%(feed)s: %(error)s", feed=FEEDS[name], error=failed.advised))
    feed.rest = now + (_LONG_REST if lasting else _SHORT_REST)
    if failed.until is not None:
        feed.rest = min(max(failed.until, now + 1), now + _DAY)


def _begin_anew(feed: Feed, failed: CallFailed, now: float) -> bool:
    """A page or a place that X no longer knows is given up; the run begins anew. False where that is not it."""
    if feed.token:
        feed.token = feed.newest_id = ""
        return True
    if any("since_id" in thing(error, "parameters") for error in things(failed.body.get("errors"))):
        feed.since_id, feed.since = "", now - REACH.total_seconds()
        return True
    return False

"""Media: citizens' files are brought in before their deadline; the officer sees the file, or why it is not there.

Each file is claimed on a connection of its own, whose row lock lasts until the file is settled or we are dead. Its two
threads, one that fetches and one that waits for it and settles, outlast the run that started them, so that a slow
provider holds up its own account only; the worker must therefore not fork for each job. What is under way is read from
the list of living threads, and nothing has to be kept between runs.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from datetime import timedelta
from typing import TYPE_CHECKING

from channels.contract import Media, Obligation
from channels.errors import Expired, FetchFailed, FetchLater, TooLarge
from dispatcher import pulse
from dispatcher.rendering.kinds import RENDERED
from dispatcher.rendering.process import NOT_NOW, render
from dispatcher.sniff import sniff
from store import attachments, renditions
from store.blobs import BlobError

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from dispatcher.runtime import Runtime
    from store.attachments import Owed

log = logging.getLogger(__name__)

#: Files under way in one process; each holds a connection.
THREADS = 8
#: Of one account; where half of all is taken, one each, so that several dead providers leave room for the others.
PER_ACCOUNT = 2
#: Files whose bytes are here are looked at so many at a time: what is shown of a picture takes a process each.
LOOKS = 2
#: A fetch that takes longer (seconds) is given up for this time.
LONGEST_FETCH = 120.0
FIRST_PAUSE, LONGEST_PAUSE, LONGEST_ASKED = 5.0, 600.0, 3600.0
#: How long we try for a file that has no deadline.
PATIENCE = timedelta(hours=24)

_ADDRESS = re.compile(r"\w+://\S+|\bbot\d+\S*", re.IGNORECASE)
_LONGEST_ERROR = 200


def run(runtime: Runtime, seconds: float = 5.0) -> bool:
    """Bring in what is due, for about that long; True if something is still under way or due."""
    finish = time.monotonic() + seconds
    settled = threading.Event()
    while time.monotonic() < finish:
        settled.clear()
        if _start(runtime, settled):
            continue
        if not _under_way() and not _left(runtime):
            return False
        settled.wait(0.2)
    return True


def _left(runtime: Runtime) -> bool:
    """Whether a file is due that nobody holds: its account may be full."""
    with runtime.engine.connect() as connection:
        return attachments.claim(connection, runtime.clock(), ()) is not None


class _Fetch(threading.Thread):
    """Fetches one file; `account` is None where the bytes came along and only have to be looked at."""

    def __init__(self, runtime: Runtime, owed: Owed) -> None:
        self.account = owed.account if owed.sha256 is None else None
        super().__init__(name=f"fetch-{self.account or 'blob'}", daemon=True)
        self._runtime = runtime
        self._owed = owed
        self._result: Media | Exception = FetchLater("took too long")

    def run(self) -> None:
        """The file or the error, whatever it is."""
        try:
            self._result = _fetch(self._runtime, self._owed)
        except Exception as error:  # noqa: BLE001 - the thread that waits for us raises it again
            self._result = error

    def result(self, timeout: float) -> Media:
        """The file, or what went wrong; FetchLater after that many seconds."""
        self.join(timeout)
        result = FetchLater("took too long") if self.is_alive() else self._result
        if isinstance(result, Exception):
            raise result
        return result


class _Settle(threading.Thread):
    """Waits for one fetch and writes down what came of it; the connection with the row lock is its own."""

    def __init__(
        self, runtime: Runtime, connection: Connection, owed: Owed, fetch: _Fetch, settled: threading.Event
    ) -> None:
        super().__init__(name=f"media-{owed.account}", daemon=True)
        self._runtime = runtime
        self._connection = connection
        self._owed = owed
        self._fetch = fetch
        self._settled = settled
        self.looks = owed.sha256 is not None

    def run(self) -> None:
        """Settle and let go; without a database the file stays owed, and comes again."""
        try:
            with self._connection:
                _settle(self._runtime, self._connection, self._owed, self._fetch)
                self._connection.commit()
            pulse.bump(self._runtime.redis)
        except Exception as error:  # noqa: BLE001 - a thread has nobody to tell
            log.warning("file %s not settled: %s", self._owed.id, type(error).__name__)
        finally:
            self._settled.set()


def _under_way() -> list[_Settle]:
    return [thread for thread in threading.enumerate() if isinstance(thread, _Settle)]


def _full(threads: int) -> set[str]:
    """The accounts that may not begin another fetch; one that was given up counts until it really ends."""
    fetching = [thread.account for thread in threading.enumerate() if isinstance(thread, _Fetch)]
    most = PER_ACCOUNT if threads < THREADS // 2 else 1
    return {account for account in fetching if account is not None and fetching.count(account) >= most}


def _start(runtime: Runtime, settled: threading.Event) -> bool:
    """Claim one file and set its threads to work; False where there is no room or nothing to claim."""
    under_way = _under_way()
    threads = len(under_way)
    if threads >= THREADS:
        return False
    looks = sum(thread.looks for thread in under_way) < LOOKS
    connection = runtime.engine.connect()
    try:
        owed = attachments.claim(connection, runtime.clock(), _full(threads), looks=looks)
        if owed is None:
            connection.close()
            return False
        fetch = _Fetch(runtime, owed)
        fetch.start()
        _Settle(runtime, connection, owed, fetch, settled).start()
    except BaseException:
        connection.close()
        raise
    return True


def _fetch(runtime: Runtime, owed: Owed) -> Media:
    if owed.sha256 is not None:
        return Media(content=runtime.blobs.get(owed.sha256))
    account = runtime.accounts.get(owed.account)
    if account is None:
        raise FetchLater("account is not configured")
    if owed.ref is None and owed.url is None:
        raise FetchFailed("the message names no file")
    most = runtime.pace.max_media
    try:
        media = account.channel.fetch(Obligation(ref=owed.ref, url=owed.url, deadline=owed.deadline, max_bytes=most))
    except NotImplementedError:
        raise FetchFailed("the channel fetches no files") from None
    if len(media.content) > most:
        raise TooLarge(f"the file has {len(media.content)} bytes, {most} are allowed")
    return media


def _settle(runtime: Runtime, connection: Connection, owed: Owed, fetch: _Fetch) -> None:
    try:
        _keep(runtime, connection, owed, fetch.result(LONGEST_FETCH))
    except FetchLater as error:
        _later(runtime, connection, owed, str(error), error.retry_after)
    except Expired as error:
        attachments.end(connection, owed, "expired", _short(error))
    except TooLarge as error:
        attachments.end(connection, owed, "too_large", _short(error))
    except FetchFailed as error:
        attachments.end(connection, owed, "failed", _short(error))
    except BlobError as error:
        log.warning("file %s waits for the blob store: %s", owed.id, type(error).__name__)
        _later(runtime, connection, owed, type(error).__name__)
    except Exception as error:
        if connection.invalidated:
            raise
        # A bug in an adapter may be mended before the deadline.
        log.error("account %s: file %s failed: %s", owed.account, owed.id, type(error).__name__)  # noqa: TRY400 - a traceback could carry a citizen's words
        connection.rollback()
        _later(runtime, connection, owed, type(error).__name__)


def _keep(runtime: Runtime, connection: Connection, owed: Owed, media: Media) -> None:
    """Store the file; one that is shown by a rendition first arrives, and is looked at when it is claimed again."""
    sha256 = owed.sha256 or runtime.blobs.put(media.content)
    name = owed.name or media.name
    found = sniff(media.content, owed.content_type or media.content_type, name)
    kind, size, note = found.content_type, len(media.content), found.note
    if kind in RENDERED and owed.sha256 is None:
        now = runtime.clock()
        attachments.arrive(connection, owed, sha256=sha256, size=size, content_type=kind, name=name, now=now)
        return
    if kind in RENDERED:
        note = _render(runtime, connection, sha256, media.content, kind)
    attachments.store(connection, owed, sha256=sha256, size=size, content_type=kind, name=name, note=note)


def _render(runtime: Runtime, connection: Connection, sha256: str, content: bytes, kind: str) -> str | None:
    """What is shown of these bytes, made if nobody has made it; the note why nothing is."""
    if (known := renditions.note(connection, sha256)) is not None:
        return known[0]
    found = render(content, kind)
    if found.note == NOT_NOW:  # of the machine's making, not the file's: another time it may go
        return NOT_NOW
    made = renditions.Made(
        shown=None if found.shown is None else runtime.blobs.put(found.shown),
        thumb=None if found.thumb is None else runtime.blobs.put(found.thumb),
        content_type=found.content_type,
        location=found.location,
        note=found.note,
    )
    renditions.keep(connection, sha256, made, runtime.clock())
    return made.note


def _later(runtime: Runtime, connection: Connection, owed: Owed, error: str, retry_after: float | None = None) -> None:
    """Once more, a little later each time, and a last time at the deadline."""
    now = runtime.clock()
    if owed.deadline is not None and now >= owed.deadline:
        attachments.end(connection, owed, "expired", _short(error))
    elif owed.deadline is None and now - owed.made_at >= PATIENCE:
        attachments.end(connection, owed, "failed", _short(error))
    else:
        until = now + timedelta(seconds=pause(owed.attempts, retry_after))
        attachments.postpone(connection, owed, _earlier(until, owed.deadline), _short(error))


def pause(attempts: int, retry_after: float | None = None) -> float:
    """Seconds until the next try: what the provider asked for, else doubling from 5 s to 10 min."""
    if retry_after is not None:
        return min(max(retry_after, 1.0), LONGEST_ASKED)
    return float(min(FIRST_PAUSE * 2 ** min(attempts, 10), LONGEST_PAUSE))


def _earlier(until: datetime, deadline: datetime | None) -> datetime:
    return until if deadline is None else min(until, deadline)


def _short(error: object) -> str:
    """For the record: adapters put no secrets into their errors, and an address might be one."""
    return _ADDRESS.sub("…", str(error))[:_LONGEST_ERROR]

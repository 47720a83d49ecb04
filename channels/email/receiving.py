"""What is new in the folders, when something may be, and what is done with a mail that is safely ours."""

from __future__ import annotations

import dataclasses
import time
from imaplib import IMAP4
from typing import TYPE_CHECKING, Final

from channels.contract import PollBatch
from channels.email.fetching import Fetcher, Folder, facts
from channels.email.imap import Opened, select
from channels.email.network import said
from channels.email.places import Place, enter, newest, read_places, write_places
from channels.errors import PollFailed
from normalizer.saying import say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from imapclient import IMAPClient

    from channels.contract import Cursor, Polled
    from channels.email.fetching import Facts
    from channels.email.imap import Session
    from channels.email.settings import EmailSettings

#: One poll brings at most so many mails, and about so many bytes, of all folders together.
BATCH: Final = 100
BATCH_BYTES: Final = 16 * 1024 * 1024
#: UIDs that one STORE or MOVE names.
_CHUNK: Final = 500
#: After so many IDLEs in a row that ended with the connection, the server is polled as if it had no IDLE.
_BROKEN: Final = 3


class Receiver:
    """Reads all folders over the account's one connection. For one thread."""

    def __init__(
        self, settings: EmailSettings, session: Session, *, sleep: Callable[[float], object] = time.sleep
    ) -> None:
        self._settings = settings
        self._session = session
        self._sleep = sleep
        self._fetcher = Fetcher(settings.max_bytes)
        self._marked: dict[Folder, int] = {}
        self._lost_idles = 0

    def poll(self, cursor: Cursor | None) -> PollBatch:
        """Give what is new in each folder, oldest first; nothing is marked by that. PollFailed."""
        places, raws, more = read_places(cursor), [], False
        with self._session.talking() as client:
            for name in self._settings.folders:
                found, places[name], left = self._look(client, name, places.get(name))
                raws += found
                more = more or left
        return PollBatch(raws=raws, cursor=write_places(places), more=more)

    def _look(self, client: IMAPClient, name: str, place: Place | None) -> tuple[list[Polled], Place, bool]:
        opened = select(client, name)
        place = enter(place, opened, self._settings.first)
        uids, end = _next_uids(client, place, opened.top)
        if not uids:
            return [], dataclasses.replace(place, uid=max(place.uid, end)), False
        known = facts(client, uids[:BATCH])
        taken = self._affordable(uids[:BATCH], known)
        raws = self._fetcher.fetch(client, Folder(name=name, uidvalidity=opened.uidvalidity), taken, known)
        reached = end if len(taken) == len(uids) else taken[-1]
        after = dataclasses.replace(place, uid=reached, day=newest([place.day, *_days(known.values())]))
        return raws, after, reached < opened.top

    def _affordable(self, uids: Sequence[int], known: dict[int, Facts]) -> list[int]:
        left = BATCH_BYTES // len(self._settings.folders)
        taken: list[int] = []
        for uid in uids:
            size = known[uid].size if uid in known else self._settings.max_bytes
            left -= min(size, self._settings.max_bytes)
            if taken and left < 0:
                break
            taken.append(uid)
        return taken

    def wait(self, cursor: Cursor | None, timeout: float) -> bool:
        """Wait in the first folder by IDLE where the server has it; other folders are looked at when that ends."""
        quiet = min(timeout, self._settings.poll_interval)
        if self._lost_idles < _BROKEN:
            seconds = timeout if len(self._settings.folders) == 1 else quiet
            with self._session.talking() as client:
                if client.has_capability("IDLE"):
                    place = read_places(cursor).get(self._settings.folders[0])
                    opened = select(client, self._settings.folders[0])
                    return _is_ahead(opened, place) or self._idle(client, seconds)
        self._sleep(quiet)
        return False

    def _idle(self, client: IMAPClient, seconds: float) -> bool:
        """True at news; at a lost connection too, for the poll that follows makes a new one or says why it cannot."""
        try:
            news = _idle(client, seconds)
        except (OSError, IMAP4.abort):
            self._session.close()
            self._lost_idles += 1
            return True
        self._lost_idles = 0
        return news

    def confirm(self, cursor: Cursor) -> None:
        """Mark or move what is ours now. PollFailed; a mail that was dealt with before is not touched again."""
        if self._settings.after == "keep":
            return
        places = read_places(cursor)
        todo = [name for name in self._settings.folders if name in places and self._unmarked(name, places[name])]
        if not todo:
            return
        with self._session.talking() as client:
            for name in todo:
                self._mark(client, name, places[name])

    def _unmarked(self, name: str, place: Place) -> bool:
        return self._marked.get(Folder(name=name, uidvalidity=place.uidvalidity), 0) < place.uid

    def _mark(self, client: IMAPClient, name: str, place: Place) -> None:
        folder = Folder(name=name, uidvalidity=place.uidvalidity)
        if select(client, name, readonly=False).uidvalidity != place.uidvalidity:
            return
        uids: list[int] = []
        for _, keys in place.searches(self._marked.get(folder, 0), place.uid):
            if keys is not None:
                uids += client.search([*keys, "UNSEEN" if self._settings.after == "seen" else "UNDELETED"])
        for start in range(0, len(uids), _CHUNK):
            self._deal(client, name, uids[start : start + _CHUNK])
        self._marked[folder] = place.uid

    def _deal(self, client: IMAPClient, name: str, uids: list[int]) -> None:
        try:
            if self._settings.after == "seen":
                client.add_flags(uids, [b"\\Seen"], silent=True)
            else:
                _move(client, uids, self._settings.move_to)
        except IMAP4.abort:
            raise
        except IMAP4.error as error:
            known = {"folder": name, "why": said(error)}
            if self._settings.after == "seen":
                what = say("Surat diterima, tetapi tidak dapat ditandai terbaca di %(folder)s (%(why)s)", **known)
            else:
                what = say(
                    "Surat diterima, tetapi tidak dapat dipindah dari %(folder)s ke %(target)s (%(why)s)",
                    target=self._settings.move_to,
                    **known,
                )
            raise PollFailed(say("%(error)s: periksa hak folder itu", error=what)) from None


def _days(known: Iterable[Facts]) -> Iterator[str]:
    return (fact.arrived.date().isoformat() for fact in known if fact.arrived)


def _next_uids(client: IMAPClient, place: Place, top: int) -> tuple[list[int], int]:
    """UIDs after the place, oldest first, as soon as there are enough for a batch; and up to where they were sought."""
    found: list[int] = []
    end = place.uid
    for until, keys in place.searches(place.uid, top):
        if keys is not None:
            # A server may answer more than it was asked.
            found += sorted(uid for uid in set(client.search(keys)) if end < uid <= until)
        end = until
        if len(found) >= BATCH:
            break
    return found, end


def _is_ahead(opened: Opened, place: Place | None) -> bool:
    return place is None or place.uidvalidity != opened.uidvalidity or place.uid < opened.top


def _idle(client: IMAPClient, seconds: float) -> bool:
    until = time.monotonic() + seconds
    client.idle()
    news = False
    while not news and (left := until - time.monotonic()) > 0:
        heard = client.idle_check(timeout=left)
        news = _has_news(heard)
        if not heard:
            break  # the time is over, or the connection: the next line tells
    _, heard = client.idle_done()
    return news or _has_news(heard)


def _has_news(heard: Sequence[tuple[object, ...]]) -> bool:
    return any(b"EXISTS" in answer for answer in heard)


def _move(client: IMAPClient, uids: list[int], target: str) -> None:
    """Move, in the ways that servers have; the folder is made when it is not there."""
    atomic = client.has_capability("MOVE")
    send = client.move if atomic else client.copy
    try:
        send(uids, target)
    except IMAP4.abort:
        raise
    except IMAP4.error as error:
        if "TRYCREATE" not in str(error):
            raise
        client.create_folder(target)
        send(uids, target)
    if not atomic:
        client.delete_messages(uids, silent=True)
        if client.has_capability("UIDPLUS"):
            client.uid_expunge(uids)

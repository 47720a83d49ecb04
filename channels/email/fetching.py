"""Mails by their UIDs: many in one command, one by one where that fails, and of a sick one as much as can be had."""

from __future__ import annotations

import dataclasses
from collections import Counter
from datetime import datetime
from imaplib import IMAP4
from typing import TYPE_CHECKING, Any, Final

from channels.contract import Polled

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from imapclient import IMAPClient

    from normalizer.messages import JSON

#: How much of a mail over the cap is taken: its header, its text and the beginning of the rest.
PART: Final = 256 * 1024
#: What is asked for, in this order, until something comes.
_ASKED: Final = ("BODY.PEEK[]", f"BODY.PEEK[]<0.{PART}>", "BODY.PEEK[HEADER]")
#: The connection may die so often over one mail before less of it is asked for.
_DEATHS: Final = 3


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """A folder as it is now; UIDs mean nothing without the UIDVALIDITY."""

    name: str
    uidvalidity: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the server tells of a mail without giving it; `size` is 0 where it does not say."""

    size: int = 0
    arrived: datetime | None = None
    flags: tuple[str, ...] = ()


def facts(client: IMAPClient, uids: Sequence[int]) -> dict[int, Facts]:
    """Ask for sizes, arrival times and flags of mails; those that the server tells nothing of are not there."""
    try:
        told = client.fetch(uids, ["RFC822.SIZE", "INTERNALDATE", "FLAGS"])
    except IMAP4.abort:
        raise
    except IMAP4.error:
        return {}
    return {uid: _facts(answer) for uid, answer in told.items()}


def _facts(answer: Mapping[bytes, Any]) -> Facts:
    size, arrived, flags = (answer.get(key) for key in (b"RFC822.SIZE", b"INTERNALDATE", b"FLAGS"))
    return Facts(
        size=size if isinstance(size, int) else 0,
        arrived=arrived if isinstance(arrived, datetime) and arrived.tzinfo else None,
        flags=tuple(_text(flag) for flag in flags) if isinstance(flags, tuple) else (),
    )


def _text(flag: object) -> str:
    return flag.decode("ascii", "replace") if isinstance(flag, bytes) else str(flag)


class Fetcher:
    """Fetches; remembers the mails over which a connection died, so that one of them cannot stop all others."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._deaths: Counter[tuple[Folder, int]] = Counter()
        self._careful = False

    def fetch(
        self, client: IMAPClient, folder: Folder, uids: Sequence[int], known: Mapping[int, Facts]
    ) -> list[Polled]:
        """Give the mails in the order of their UIDs, without those that somebody deleted meanwhile."""
        bodies = {} if self._careful else self._many(client, [uid for uid in uids if not self._large(uid, known)])
        raws = []
        for uid in uids:
            told = known.get(uid, Facts())
            if uid in bodies:
                raws.append(_polled(folder, uid, told, bodies[uid]))
            elif (raw := self._one(client, folder, uid, told)) is not None:
                raws.append(raw)
        self._careful = False
        return raws

    def _large(self, uid: int, known: Mapping[int, Facts]) -> bool:
        return uid in known and known[uid].size > self._max_bytes

    def _many(self, client: IMAPClient, uids: Sequence[int]) -> dict[int, bytes]:
        self._careful = True  # until it went well: a connection that dies here tells not over which mail
        try:
            answers = client.fetch(uids, [_ASKED[0]])
        except IMAP4.abort:
            raise
        except IMAP4.error:
            return {}
        return {uid: body for uid, answer in answers.items() if (body := _body(answer)) is not None}

    def _one(self, client: IMAPClient, folder: Folder, uid: int, told: Facts) -> Polled | None:
        large = told.size > self._max_bytes
        begin = max(self._deaths[folder, uid] // _DEATHS, 1 if large else 0)
        self._deaths[folder, uid] += 1
        body = None
        for asked in _ASKED[begin:]:
            try:
                body = _body(client.fetch([uid], [asked]).get(uid, {}))
            except IMAP4.abort:
                raise
            except IMAP4.error:
                continue
            if body is not None:
                whole = asked == _ASKED[0]
                break
        gone = body is None and uid not in client.search(["UID", str(uid)])
        del self._deaths[folder, uid]
        if gone:
            return None
        if body is None:
            return _polled(folder, uid, told, b"", lacks="all")
        return _polled(folder, uid, told, body, lacks="" if whole else "size" if large else "rest")


def _body(answer: Mapping[bytes, Any]) -> bytes | None:
    found = (value for key, value in answer.items() if key.startswith(b"BODY["))
    value = next(found, None)
    return value if isinstance(value, bytes) else None


def _polled(folder: Folder, uid: int, told: Facts, body: bytes, *, lacks: str = "") -> Polled:
    meta: dict[str, JSON] = {
        "folder": folder.name,
        "uid": uid,
        "uidvalidity": folder.uidvalidity,
        "internaldate": told.arrived.isoformat() if told.arrived else None,
        "flags": list(told.flags),
        "size": told.size,
    }
    return Polled(body=body, meta=meta | {"lacks": lacks} if lacks else meta)

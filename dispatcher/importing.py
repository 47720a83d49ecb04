"""Bringing a file of another system's reports in: what would come of each row, and the same for good."""

from __future__ import annotations

import dataclasses
import enum
from typing import TYPE_CHECKING, Final

from channels.importing import importer
from dispatcher.bells import Bell, ring
from store import imports, journal

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy import Connection

    from channels.importing import Importer, Report
    from dispatcher.runtime import Account, Runtime
    from store.imports import Known

#: Rows of one statement.
_CHUNK: Final = 1000
#: Orders as text: UTC, of one length.
_STAMP: Final = "%Y-%m-%dT%H:%M:%S.%fZ"
_LONGEST_NAME: Final = 120


class Fate(enum.StrEnum):
    """What becomes of a row."""

    NEW = "new"
    EDITED = "edited"
    STATUS = "status"
    UNCHANGED = "unchanged"
    OLDER = "older"
    REPEATED = "repeated"
    UNREADABLE = "unreadable"


#: What an officer reads for each.
LABELS: Final[dict[Fate, str]] = {
    Fate.NEW: "baru",
    Fate.EDITED: "isi berubah",
    Fate.STATUS: "status berubah",
    Fate.UNCHANGED: "tidak berubah",
    Fate.OLDER: "lebih lama dari yang sudah ada",
    Fate.REPEATED: "ganda di berkas ini",
    Fate.UNREADABLE: "tidak terbaca",
}
#: How the payload is marked for `parse`; what has no mark is not journalled.
_AS: Final = {Fate.NEW: "new", Fate.EDITED: "edit", Fate.STATUS: "status"}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A row of the file by its number there; `note` is Indonesian, for the officer, and empty where all is said."""

    number: int
    external_id: str
    fate: Fate
    note: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """All rows of a file, in their order."""

    lines: tuple[Line, ...]

    @property
    def counts(self) -> dict[Fate, int]:
        """How many rows come to what."""
        return {fate: sum(line.fate is fate for line in self.lines) for fate in Fate}


def accounts(runtime: Runtime) -> dict[str, Account]:
    """The accounts that files can be brought into."""
    return {name: account for name, account in runtime.accounts.items() if importer(account.channel) is not None}


def preview(runtime: Runtime, account: Account, content: bytes) -> Outcome:
    """What would come of a file; nothing is written. ImportRefused."""
    reports = list(_reader(account).reports(content))
    with runtime.engine.connect() as connection:
        return Outcome(lines=tuple(line for line, _, _ in _compared(connection, account.name, reports)))


def bring(runtime: Runtime, account: Account, content: bytes, *, name: str, by: str) -> Outcome:
    """Journal what is new or has changed, in one transaction, and ring. ImportRefused, BlobError.

    `name` is the file's, `by` who brought it. Two imports into one account never overlap.
    """
    reports = list(_reader(account).reports(content))
    with runtime.engine.begin() as connection:
        imports.lock(connection, account.name)
        compared = _compared(connection, account.name, reports)
        notes = {"file": name[-_LONGEST_NAME:], "by": by, "at": runtime.clock().strftime(_STAMP)}
        entries = [_entry(runtime, account.name, report, {**notes, "as": mark}) for _, report, mark in compared if mark]
        for start in range(0, len(entries), _CHUNK):
            journal.insert(connection, entries[start : start + _CHUNK])
    if entries:
        ring(runtime.redis, Bell.DRAIN)
    return Outcome(lines=tuple(line for line, _, _ in compared))


def _reader(account: Account) -> Importer:
    found = importer(account.channel)
    if found is None:
        raise ValueError(f"account {account.name} takes no files")
    return found


def _compared(connection: Connection, account: str, reports: list[Report]) -> list[tuple[Line, Report, str]]:
    """Each row with what becomes of it, and its mark for `parse`; no mark where it is not journalled."""
    known = imports.known(connection, account, list({report.external_id for report in reports}))
    last = {report.external_id: at for at, report in enumerate(reports)}
    found = []
    for at, report in enumerate(reports):
        fate = Fate.REPEATED if last[report.external_id] != at else _fate(report, known.get(report.external_id))
        mark = _AS.get(fate, "")
        if fate is Fate.UNREADABLE and report.external_id not in known:
            mark = "new"  # it is kept in quarantine, once
        note = report.problem or report.note or ""
        ident = "" if report.problem else report.external_id
        found.append((Line(number=report.number, external_id=ident, fate=fate, note=note), report, mark))
    return found


def _fate(report: Report, known: Known | None) -> Fate:
    if report.problem is not None:
        return Fate.UNREADABLE
    if known is None:
        return Fate.NEW
    if report.updated is not None and _stamp(report.updated) < known.updated:
        return Fate.OLDER
    if report.words != known.words:
        return Fate.EDITED
    return Fate.UNCHANGED if report.status == known.status else Fate.STATUS


def _stamp(moment: datetime) -> str:
    return moment.strftime(_STAMP)


def _entry(runtime: Runtime, account: str, report: Report, notes: dict[str, str]) -> journal.Entry:
    now = runtime.clock()
    large = len(report.body) > journal.INLINE
    return journal.Entry(
        id=journal.new_id(),
        account=account,
        source=imports.SOURCE,
        received_at=now,
        day=runtime.day(now),
        body=None if large else report.body,
        blob=runtime.blobs.put(report.body) if large else None,
        meta={
            **notes,
            "row": report.number,
            "id": report.external_id,
            "words": report.words,
            "status": report.status,
            "updated": _stamp(report.updated) if report.updated else "",
        },
    )


def summary(counts: Iterable[tuple[Fate, int]]) -> str:
    """`3 baru, 1 tidak terbaca`; what nobody has is left out."""
    return ", ".join(f"{count} {LABELS[fate]}" for fate, count in counts if count)

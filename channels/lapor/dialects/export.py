"""Exports of SP4N-LAPOR and LaporGub: a file becomes rows, a row becomes a report and what they say of its state."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
from typing import TYPE_CHECKING, ClassVar, Final
from zoneinfo import ZoneInfo

from channels.contract import Health
from channels.errors import PayloadError
from channels.importing import ImportRefused, Report
from channels.lapor import cells, columns, tables, words
from channels.lapor.dialects.base import Dialect, Settings, checked, timezone
from channels.toolkit.payload import load_json, storable
from normalizer.identity import canonical_phone
from normalizer.messages import Edit, Ignored, InboundMessage, Malformed, Sender
from normalizer.remote import RemoteState
from normalizer.saying import Sentence, say

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from channels.contract import RawMessage
    from channels.lapor.tables import Row
    from normalizer.complaint import State
    from normalizer.messages import JSON, Inbound

_LONGEST_ID: Final = 100
_TIMES: Final = ("reported", "updated", "incident")
#: What stands in the column of names where nobody gave one.
_NAMELESS: Final = frozenset({"anonim", "anonymous", "rahasia", "-", "tanpa nama"})
_NO_TABLE: Final = say(
    "Kolom nomor pelacakan dan isi laporan tidak ditemukan. Periksa baris judul kolom, atau sebut nama kolomnya "
    "di pengaturan akun (column_id, column_text)."
)
_NO_ROWS: Final = say("Di bawah judul kolom tidak ada satu baris pun.")
#: What is wrong with a row: for the journal, and for the officer.
_NO_ID: Final = ("the row has no tracking id", say("nomor pelacakan kosong"))
_LONG_ID: Final = ("the tracking id is too long", say("nomor pelacakan terlalu panjang"))
_NO_TEXT: Final = ("the row has neither text nor title", say("isi laporan kosong"))
_NO_TIME: Final = ("a time cannot be read", say("tanggal tidak dapat dibaca"))
_NO_CSV: Final = say("baris tidak dapat dibaca sebagai CSV")


@dataclasses.dataclass(frozen=True, kw_only=True)
class ExportSettings(Settings):
    """`column_…` names a heading where the export's is not one of those that are known.

    `timezone` is the zone of times without one; `states` are pairs such as `Disetujui = selesai`.
    """

    timezone: str = checked("Asia/Jakarta", timezone)
    states: tuple[str, ...] = checked((), words.checked)
    column_id: str = ""
    column_text: str = ""
    column_subject: str = ""
    column_reported: str = ""
    column_incident: str = ""
    column_updated: str = ""
    column_place: str = ""
    column_agency: str = ""
    column_category: str = ""
    column_status: str = ""
    column_name: str = ""
    column_phone: str = ""
    column_email: str = ""
    column_anonim: str = ""
    column_rahasia: str = ""
    column_secrecy: str = ""
    column_type: str = ""
    column_source: str = ""


class RowError(Exception):
    """A row that is no report: why, for the journal and for the officer."""

    def __init__(self, problem: tuple[str, Sentence]) -> None:
        super().__init__(problem[0])
        self.problem = problem[1]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A row understood; times are aware."""

    id: str
    text: str
    subject: str
    reported: datetime | None
    updated: datetime | None
    name: str | None
    remote: RemoteState
    hints: dict[str, JSON]

    @property
    def words(self) -> str:
        """A digest of what the citizen wrote; the title is often the administrators' own."""
        return hashlib.sha256((self.text or self.subject).encode("utf-8", "replace")).hexdigest()[:32]

    @property
    def status(self) -> str:
        """What they say of it; empty where they say nothing."""
        said = self.remote.word or self.remote.anonim or self.remote.rahasia
        return self.remote.reason if said else ""


class Export(Dialect[ExportSettings]):
    """Files that an administrator exports there and brings here."""

    settings_type: ClassVar[type[Settings]] = ExportSettings

    def reports(self, content: bytes) -> Iterator[Report]:
        """Each row below the headings. ImportRefused for a file that is too large, or no export."""
        headings, above, rows = self._table(content)
        number, found = above, 0
        for row in rows:
            number += 1
            if row is not None and not any(cell.strip() for cell in row):
                continue
            found += 1
            if found > tables.MAX_ROWS:
                raise ImportRefused(tables.TOO_MANY)
            yield self._report(number, headings, row)
        if not found:
            raise ImportRefused(_NO_ROWS)

    def _table(self, content: bytes) -> tuple[list[str], int, Iterator[Row]]:
        """Headings, the number of their row, and the rows below: of the reading that finds the most columns."""
        best: tuple[int, list[str], int, Iterator[Row]] | None = None
        for table in tables.tables(content):
            for at, row in enumerate(first := tables.head(table)):
                found = columns.mapping(row or [], self._chosen)
                if columns.complete(found) and (best is None or len(found) > best[0]):
                    best = (len(found), list(row or []), at + 1, _after(first[at + 1 :], table))
                    break
            if best is not None and content.startswith(b"PK"):
                break  # the first sheet with reports; the book is read front to back
        if best is None:
            raise ImportRefused(_NO_TABLE)
        return best[1:]

    @functools.cached_property
    def _chosen(self) -> dict[str, str]:
        return {field: getattr(self.settings, f"column_{field}") for field in columns.HEADINGS}

    @functools.cached_property
    def _states(self) -> dict[str, State]:
        return words.pairs(self.settings.states)

    def _report(self, number: int, headings: Sequence[str], row: Row) -> Report:
        pairs = [[storable(name), storable(cell)] for name, cell in zip(headings, row or (), strict=False)]
        body = json.dumps({"row": pairs}, ensure_ascii=False).encode()
        if row is None:
            body = json.dumps({"row": [], "number": number}).encode()
            return Report(number=number, external_id=_stand_in(body), body=body, problem=_NO_CSV)
        try:
            record = self._record(pairs)
        except RowError as error:
            return Report(number=number, external_id=_stand_in(body), body=body, problem=error.problem)
        strange = bool(record.remote.word) and record.remote.state is None
        return Report(
            number=number,
            external_id=record.id,
            body=body,
            words=record.words,
            status=record.status,
            updated=record.updated,
            note=_unknown(record.remote.word[:40]) if strange else None,
        )

    def parse(self, raw: RawMessage) -> list[Inbound]:
        """One row: the report, or its edited words, and what they say of its state.

        `meta`, which our own import wrote, says as what it comes: `as` is new, edit or status, `at` orders.
        """
        try:
            record = self._record(_pairs(raw.body))
        except RowError as error:
            return [Malformed(error=f"export: {error}", external_id=_stand_in(raw.body))]
        kind, at = str(raw.meta.get("as") or "new"), str(raw.meta.get("at") or "")
        items: list[Inbound] = []
        sender = Sender(address=f"{self.account.name}:{record.id}", name=record.name)
        if kind == "edit":
            words = record.text or record.subject
            items.append(Edit(external_id=record.id, version=at, conversation_id=record.id, sender=sender, text=words))
        elif kind != "status":
            items.append(
                InboundMessage(
                    external_id=record.id,
                    conversation_id=record.id,
                    sender=sender,
                    sent_at=record.reported,
                    subject=record.subject or None,
                    text=record.text,
                    command="lapor",
                    hints=record.hints,
                )
            )
        if record.status:
            items.append(Ignored(reason=record.status, external_id=record.id, version=at, conversation_id=record.id))
        return items

    def _record(self, pairs: Sequence[Sequence[str]]) -> Record:
        """The row's fields by its headings. RowError."""
        at = columns.mapping([name for name, _ in pairs], self._chosen)
        cell = {field: pairs[place][1].strip() for field, place in at.items()}
        get = cell.get
        ident = get("id", "").lstrip("#").strip()
        if not ident:
            raise RowError(_NO_ID)
        if len(ident) > _LONGEST_ID:
            raise RowError(_LONG_ID)
        if not get("text") and not get("subject"):
            raise RowError(_NO_TEXT)
        zone = ZoneInfo(self.settings.timezone)
        try:
            reported, updated, incident = (
                cells.moment(get(key, ""), zone) for key in ("reported", "updated", "incident")
            )
        except (ValueError, OverflowError):
            raise RowError(_NO_TIME) from None
        name = get("name") or None
        secrecy = get("secrecy", "").lower()
        nameless = name is not None and name.lower() in _NAMELESS
        anonim = cells.flag(get("anonim", "")) or "anonim" in secrecy or (nameless and "anonim" in str(name).lower())
        rahasia = cells.flag(get("rahasia", "")) or "rahasia" in secrecy
        status = get("status", "")
        return Record(
            id=ident,
            text=get("text", ""),
            subject=get("subject", ""),
            reported=reported,
            updated=updated,
            name=None if nameless else name,
            remote=RemoteState(
                word=status,
                state=words.state_of(status, self._states),
                anonim=anonim,
                rahasia=rahasia,
            ),
            hints=_hints(cell, incident, zone, anonim=anonim, rahasia=rahasia),
        )

    def health(self) -> Health:
        """Files are brought by hand: there is nobody to ask."""
        return Health(ok=True, sentence=say("Menunggu berkas: `./muara import`, atau halaman Impor di kotak masuk."))

    def why_shut(self, number: str) -> Sentence:
        """The reporter reads answers there."""
        return say(
            "Aduan ini berasal dari %(system)s: jawablah di sana dengan nomor pelacakan %(number)s, "
            "lalu catat jawabannya di sini.",
            system=self.settings.system,
            number=number,
        )


def _unknown(status: str) -> Sentence:
    return say("status “%(status)s” tidak dikenal: keadaan aduan tidak diubah", status=status)


def _after(first: Sequence[Row], rest: Iterator[Row]) -> Iterator[Row]:
    yield from first
    yield from rest


def _stand_in(body: bytes) -> str:
    """An id for a row that has none: the same bytes are the same row, however often they are brought."""
    return f"row:{hashlib.sha256(body).hexdigest()[:32]}"


def _pairs(body: bytes) -> list[list[str]]:
    """Heading and cell of a journalled row. PayloadError where it is none of ours."""
    table = load_json(body)
    pairs = table.get("row") if isinstance(table, dict) else None
    if not isinstance(pairs, list):
        raise PayloadError("export: the payload is no row")
    for pair in pairs:
        if not (isinstance(pair, list) and len(pair) == 2 and all(isinstance(each, str) for each in pair)):  # noqa: PLR2004 - a pair
            raise PayloadError("export: a cell is no pair of texts")
    return pairs


def _hints(
    cell: dict[str, str], incident: datetime | None, zone: ZoneInfo, *, anonim: bool, rahasia: bool
) -> dict[str, JSON]:
    hints: dict[str, JSON] = {"anonim": anonim, "rahasia": rahasia, "no_reply": True}
    phone = cell.get("phone", "")
    optional: dict[str, JSON] = {
        "type": cells.report_type(cell.get("type", "")),
        "place": cell.get("place"),
        "incident_date": incident.astimezone(zone).date().isoformat() if incident else None,
        "agency": cell.get("agency"),
        "category": cell.get("category"),
        "via": cell.get("source"),
        "phone": canonical_phone(phone) or phone,
        "email": cell.get("email", "").lower(),
    }
    return hints | {name: value for name, value in optional.items() if value}

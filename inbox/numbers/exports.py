"""Complaints as tables that leave the house: CSV and XLSX of whatever is filtered, without who wrote.

The reporter of an anonymous or confidential complaint stands in no export, whoever asks. Of others the name and address
are only there where somebody who may see identities asked for them. Each export leaves a trace: who, what, when.
"""

from __future__ import annotations

import dataclasses
import tempfile
import unicodedata
from typing import IO, TYPE_CHECKING, Any, Final

from flask import Response, abort, request, stream_with_context

from inbox import words
from inbox.i18n import _, _c, lazy, lazy_c, said
from inbox.masking import veil
from inbox.numbers import number_words, question
from inbox.presenters import place_label, unit_name
from inbox.queue import finding
from inbox.queue.view import view
from inbox.state import now, page, person, runtime, scope
from normalizer.cells import csv_text, safe_cell
from normalizer.complaint import State
from store import queue as store
from store import search, search_index, users
from store.figures import rows
from store.figures.facts import ANSWERS, OUTCOMES, Slice
from store.models import Complaint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from werkzeug.wrappers import Response as BaseResponse

    from inbox.masking import Veil
    from store.figures.facts import Asked

#: Rows of a workbook: a sheet takes ten times as many, but whoever asks waits for it.
_MOST_XLSX: Final = 100_000
#: What a search by words finds at most for an export.
_MOST_FOUND: Final = 5_000
_PIECE: Final = 1 << 16
_LONGEST_CELL: Final = 32_000
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs"})
#: Line breaks and tabs; and what joins the parts of one emoji.
_KEPT_SIGNS: Final = "\n\t\u200d"
_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_HEADS: Final = (
    lazy("Nomor aduan"), lazy("Program"), lazy("Kanal"), lazy("Jenis"), lazy("Keadaan"), lazy("Unit"),
    lazy("Kecamatan"), lazy("Tempat"), lazy_c("waktu", "Masuk"), lazy("Tenggat tanggapan"), lazy("Dijawab"),
    lazy("Tanggapan pertama"), lazy("Tenggat penyelesaian"), lazy("Ditutup"), lazy("Penyelesaian"), lazy("Anonim"),
    lazy("Rahasia"), lazy("Isi"),
)  # fmt: skip
_WHO: Final = (lazy("Nama pelapor"), lazy("Alamat pelapor"))


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An export as it was asked for: which rows, judged how, in which form, with whom, and how the trace names it."""

    where: ColumnElement[bool]
    asked: Asked
    kind: str
    who: bool
    source: str
    filters: str


def of_queue(kind: str) -> BaseResponse:
    """The queue as its address narrows it."""
    seen = view()
    with runtime().engine.connect() as connection:
        where = store.narrowed(seen.wanted, scope(), now())
        if seen.sought is not None and seen.sought.ticket is None:
            hunt = finding.hunt(connection, seen.wanted, seen.sought)
            where = Complaint.id.in_([row.id for row in search.page(connection, hunt, limit=_MOST_FOUND).rows])
    cut = Slice(start=now(), end=now())
    asked = question.asked(cut, now(), past=False)
    # What was looked for may be a citizen's name: the trace says that there was a search, not for whom.
    return _answer(where, asked, kind, "antrean", seen.link(q="…" if seen.typed else None))


def of_figures(kind: str) -> BaseResponse:
    """The complaints that a figure counts."""
    asked = question.read()
    return _answer(rows.behind(asked.asked()), asked.asked(), kind, "angka", asked.here)


def _answer(where: ColumnElement[bool], asked: Asked, kind: str, source: str, filters: str) -> BaseResponse:
    makers: dict[str, Callable[[Order], Response]] = {"csv": _csv, "xlsx": _xlsx}
    if kind not in makers:
        abort(404)
    who = request.args.get("pelapor") == "1"
    if who and not person().sees_identity:
        abort(403)
    order = Order(where=where, asked=asked, kind=kind, who=who, source=source, filters=filters)
    with runtime().engine.begin() as connection:
        count = rows.count(connection, where)
        if kind == "xlsx" and count > _MOST_XLSX:
            return _too_many(count)
        told = {"of": source, "filter": filters, "format": kind, "rows": count, "reporters": who}
        users.record(connection, now(), person().id, person().id, "exported", **told)
    response = makers[kind](order)
    name = f"aduan-{now().astimezone(runtime().zone):%Y%m%d-%H%M}.{kind}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _too_many(count: int) -> BaseResponse:
    message = _(
        "Ada %(count)s aduan. Buku kerja XLSX paling banyak %(most)s baris: persempit saringannya, atau ambil CSV.",
        count=number_words.number(count),
        most=number_words.number(_MOST_XLSX),
    )
    return page("error.html", 422, title=_("Tidak dapat dilakukan"), message=message, kept="")


def _csv(order: Order) -> Response:
    """Streamed: however many rows there are, a batch is in memory. csv_text says why it looks as it does."""
    lines = csv_text(_table(order, lambda at: f"{at:%Y-%m-%d %H:%M}"))
    return Response(stream_with_context(line.encode() for line in lines), content_type="text/csv; charset=utf-8")


def _xlsx(order: Order) -> Response:
    """Written to disk row by row, then handed out."""
    from openpyxl import Workbook  # noqa: PLC0415 - a second of imports that only an XLSX needs

    book = Workbook(write_only=True)
    write(book, _c("jumlah", "Aduan"), _table(order, lambda at: at), _WIDTHS)
    return workbook(book)


_WIDTHS: Final = (13, 16, 14, 14, 16, 26, 16, 26, 17, 17, 17, 26, 17, 17, 26, 9, 9, 80, 24, 24)


def write(book: Any, title: str, table: Iterator[Sequence[object]], widths: Sequence[int]) -> None:
    """A sheet of a write-only workbook: texts stay texts, whatever they begin with; the first row stays in sight."""
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415 - as above
    from openpyxl.utils import get_column_letter  # noqa: PLC0415 - as above

    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    for place, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(place)].width = width
    for row in table:
        cells = []
        for value in row:
            cell = WriteOnlyCell(sheet, value=safe_cell(value) if value != "" else None)
            if isinstance(value, str) and value:
                cell.data_type = "s"  # openpyxl itself would make a formula of what begins with `=`
            cells.append(cell)
        sheet.append(cells)


def workbook(book: Any) -> Response:
    """A finished workbook, handed out from disk."""
    kept: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - it is closed with the response
    book.save(kept)
    size = kept.tell()
    kept.seek(0)
    response = Response(_pieces(kept), content_type=_XLSX)
    response.content_length = size
    response.call_on_close(kept.close)
    return response


def _pieces(kept: IO[bytes]) -> Iterator[bytes]:
    with kept:
        yield from iter(lambda: kept.read(_PIECE), b"")


def _table(order: Order, moment: Callable[[datetime], object]) -> Iterator[list[object]]:
    """The head, then a row for each complaint."""
    yield [str(head) for head in (*_HEADS, *(_WHO if order.who else ()))]
    channels = {account.channel.key: said(account.manifest.name) for account in runtime().accounts.values()}
    with runtime().engine.connect() as connection:
        for batch in rows.sheet(connection, order.asked, order.where):
            veiled = [row.id for row in batch if row.anonim or row.rahasia]
            known = search_index.identities(connection, veiled)
            for row in batch:
                names = (row.name, row.contact_name, row.address, *known.get(row.id, ()))
                cover = veil(row.anonim or row.rahasia or not order.who, names)
                line = _line(row, cover, channels, moment)
                yield [_visible(value) for value in (*line, *(_reporter(row, cover) if order.who else ()))]


def _visible(value: object) -> object:
    """A text without signs that nobody sees, which could stand before a formula and which XML has no room for."""
    if not isinstance(value, str):
        return value
    seen = (sign for sign in value[:_LONGEST_CELL] if sign in _KEPT_SIGNS or unicodedata.category(sign) not in _UNSEEN)
    return "".join(seen)


def _line(row: Any, cover: Veil, channels: dict[str, str], moment: Callable[[datetime], object]) -> list[object]:
    house, zone = runtime(), runtime().zone

    def at(value: datetime | None) -> object:
        return "" if value is None else moment(value.astimezone(zone).replace(tzinfo=None))

    program = house.programs.get(row.program or "")
    return [
        row.ticket,
        program.name if program else row.program or "",
        channels.get(row.channel, row.channel),
        str(words.TYPES.get(row.type, row.type)),
        str(words.STATES[State(row.state)]),
        unit_name(house, row.program, row.unit),
        row.area or "",
        # Where a hidden reporter complains may be where he lives.
        "" if row.anonim or row.rahasia else cover.text(place_label(row.place)),
        at(row.opened_at),
        at(row.response_due_at),
        at(row.responded_at),
        str(number_words.ANSWERS[ANSWERS[row.answer]]),
        at(row.resolution_due_at),
        at(row.closed_at),
        str(number_words.OUTCOMES[OUTCOMES[row.outcome]]),
        _("ya") if row.anonim else _("tidak"),
        _("ya") if row.rahasia else _("tidak"),
        cover.text(row.body),
    ]


def _reporter(row: Any, cover: Veil) -> tuple[str, str]:
    """Name and address; who is hidden stays so."""
    if cover.hidden:
        return cover.who(anonim=row.anonim), ""
    return row.name or row.contact_name or "", row.address or ""

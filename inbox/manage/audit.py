"""Jejak audit: who did what, when and from where; whether the history holds; all of it as a file."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from flask import Response, abort, request, stream_with_context, url_for

from inbox import rights, words
from inbox.case import thread
from inbox.i18n import _, lazy
from inbox.manage import channels
from inbox.people import devices, users
from inbox.rights import Need
from inbox.routing import Route
from inbox.state import now, page, person, reading, runtime, scope
from normalizer import ticket as codes
from normalizer.cells import csv_text
from store import accounts, acts, attempts, checks, seals
from store import users as people
from store.acts import TAKEN, After, Book, Kind, Reach, Wanted
from store.verify import Wrong

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from store.acts import Line
    from store.verify import Fault

_KINDS: Final = {
    Kind.ALL: lazy("Semua, juga warga dan Muara"),
    Kind.CASES: lazy("Aduan"),
    Kind.IDENTITIES: lazy("Identitas dilihat"),
    Kind.ATTEMPTS: lazy("Percobaan yang ditolak"),
    Kind.OFFICERS: lazy("Petugas dan akun"),
    Kind.ACCOUNTS: lazy("Kanal dan karantina"),
}
_HEADS: Final = (
    lazy("Waktu"),
    lazy("Siapa"),
    lazy("Perbuatan"),
    lazy("Tentang"),
    lazy("Dari mana"),
    lazy("Baris"),
    lazy("Sidik jari"),
)
_LONGEST: Final = 64


def show() -> Response:
    """A page of the log, and how the history stands."""
    given = _given()
    with reading() as connection:
        wanted = _wanted(connection, given)
        lines = acts.page(connection, _reach(), wanted, _after(given))
        state = _state(connection)
    more = len(lines) > acts.PAGE
    lines = lines[: acts.PAGE]
    narrowed = {name: value for name, value in given.items() if name != "setelah"}
    return page(
        "audit.html",
        title=_("Jejak audit"),
        lines=[_shown(line) for line in lines],
        kinds={kind.value: str(name) for kind, name in _KINDS.items()},
        given=given,
        narrowed=bool(narrowed),
        older=_link(narrowed | {"setelah": _written(lines[-1].key)}) if more else None,
        file=url_for("inbox.audit_file") + (f"?{urlencode(narrowed)}" if narrowed else ""),
        **state,
    )


def file() -> Response:
    """The log as CSV, as it is narrowed; that somebody took it stands in it."""
    given = _given()
    with runtime().engine.begin() as connection:
        wanted = _wanted(connection, given)
        filters = urlencode(given)
        people.record(connection, now(), person().id, person().id, TAKEN, filter=f"?{filters}" if filters else "")
    reach, name = _reach(), f"jejak-audit-{now().astimezone(runtime().zone):%Y%m%d-%H%M}.csv"
    lines = (text.encode() for text in csv_text(_table(reach, wanted)))
    response = Response(stream_with_context(lines), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _table(reach: Reach, wanted: Wanted) -> Iterator[list[object]]:
    yield [str(head) for head in _HEADS]
    with reading() as connection:
        for line in acts.every(connection, reach, wanted):
            at = f"{line.at.astimezone(runtime().zone):%Y-%m-%d %H:%M:%S}"
            seen = _shown(line)
            yield [at, seen["who"], seen["what"], line.about, seen["origin"], line.seq, line.hash.hex()]


def _reach() -> Reach:
    if rights.sees_all(person()):
        return Reach(scope=scope(), programs=None, accounts=None)
    names = frozenset(account.name for account in rights.accounts(person(), runtime()))
    return Reach(scope=scope(), programs=person().programs, accounts=names)


def _given() -> dict[str, str]:
    """The filters of the address that say something."""
    names = ("petugas", "jenis", "dari", "sampai", "aduan", "setelah")
    found = {name: request.args.get(name, "").replace("\0", "").strip()[:_LONGEST] for name in names}
    return {name: value for name, value in found.items() if value}


def _wanted(connection: Connection, given: dict[str, str]) -> Wanted:
    """The filters as the store takes them; 400 for what no form of ours sends."""
    kind = given.get("jenis")
    if kind is not None and kind not in set(Kind):
        abort(400)
    ticket = given.get("aduan", "")
    code = codes.read(ticket) or "-" if ticket else ""
    return Wanted(
        kind=Kind(kind) if kind else None,
        username=given.get("petugas", "").lower(),
        start=_day(given.get("dari")),
        end=_day(given.get("sampai"), after=timedelta(days=1)),
        ticket=(attempts.ticket_of(connection, code=code) or code) if code else "",
        case=attempts.case_of(connection, code) if code else None,
    )


def _day(text: str | None, after: timedelta = timedelta()) -> datetime | None:
    """The beginning of a local day, or of the one after it."""
    if text is None:
        return None
    try:
        day = date.fromisoformat(text) + after
    except (ValueError, OverflowError):
        abort(400)
    return datetime(day.year, day.month, day.day, tzinfo=runtime().zone)


def _after(given: dict[str, str]) -> After | None:
    """Where the page begins, out of the address; 400 for what is not ours."""
    if "setelah" not in given:
        return None
    try:
        at, book, number = given["setelah"].split("_")
        found = After(at=datetime.fromisoformat(at), book=Book(int(book)), id=int(number))
    except ValueError:
        abort(400)
    if found.at.tzinfo is None or not 0 <= found.id < 2**63:
        abort(400)
    return found


def _written(key: After) -> str:
    return f"{key.at.isoformat()}_{key.book.value}_{key.id}"


def _link(values: dict[str, str]) -> str:
    return f"{url_for('inbox.audit')}?{urlencode(values)}"


def _shown(line: Line) -> dict[str, Any]:
    """A line in words; `case` where it is about a complaint."""
    trace = people.Trace(at=line.at, actor=line.actor, kind=line.kind, data=line.data)
    if line.book is Book.COMPLAINTS:
        what = thread.told(line.kind, line.data, runtime(), line.program)
    elif line.book is Book.OFFICERS:
        what = users.told(trace)
    else:
        what = channels.told(accounts.Trace(at=line.at, actor=line.actor, kind=line.kind, data=line.data))
    return {
        "at": words.absolute(line.at, runtime().zone),
        "iso": line.at.isoformat(),
        "who": thread.actor(line.actor) or _("Muara atau baris perintah"),
        "what": what,
        "about": line.about,
        "case": line.book is Book.COMPLAINTS,
        "origin": _origin(line.origin),
    }


def _origin(origin: str) -> str:
    """`lewat Firefox di Android`, of the word that the history has."""
    kind, _colon, detail = origin.partition(":")
    if kind == "inbox":
        return _("lewat %(device)s", device=devices.shown(detail))
    if kind == "channel":
        return _("lewat kanal %(account)s", account=detail)
    return _("dari baris perintah") if kind == "command" else ""


def _state(connection: Connection) -> dict[str, Any]:
    """When the history was last sealed and looked at, and what was found."""
    zone = runtime().zone
    sealed, looked = seals.latest(connection), checks.latest(connection)
    first = looked.first if looked is not None else None
    return {
        "sealed": None
        if sealed is None
        else {"id": sealed.id, "at": words.absolute(sealed.at, zone), "hash": sealed.hash},
        "looked": None
        if looked is None
        else {
            "at": words.absolute(looked.at, zone),
            "rows": looked.rows,
            "seals": looked.seals,
            "faults": looked.faults,
            "first": "" if first is None else _fault(first),
        },
    }


def _fault(fault: Fault) -> str:
    """What is wrong, and where."""
    at = {"row": fault.row, "name": fault.name}
    said = {
        Wrong.CHANGED: lambda: _("baris %(row)s dari %(name)s diubah", **at),
        Wrong.MISSING: lambda: _("baris %(row)s dari %(name)s hilang", **at),
        Wrong.GONE: lambda: _("semua %(row)s baris dari %(name)s hilang", **at),
        Wrong.BACKDATED: lambda: _("baris %(row)s dari %(name)s bertanggal mundur", **at),
        Wrong.UNSEALED: lambda: _("baris %(row)s dari %(name)s bukan yang disegel", **at),
        Wrong.END: lambda: _("akhir riwayat %(name)s setelah baris %(row)s diubah", **at),
        Wrong.SEAL_CHANGED: lambda: _("segel %(row)s diubah", **at),
        Wrong.SEAL_MISSING: lambda: _("ada segel yang hilang (%(name)s %(row)s)", **at),
        Wrong.UNKNOWN_SEAL: lambda: _("segel yang dicatat di luar tidak ada lagi"),
    }
    return said[fault.wrong]()


ROUTES: Final = (
    Route(rule="/audit", name="audit", view=show, need=Need.OVERSEE),
    Route(rule="/audit/file", name="audit_file", view=file, need=Need.OVERSEE),
)

"""The bell: what an officer was told, and a leader's reminder to a unit."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from flask import abort, g, redirect, request, url_for

from dispatcher.clocks import recipients
from inbox import words
from inbox.acts.acting import act_on, refused, stale, submission, typed
from inbox.case.page import found
from inbox.i18n import _
from inbox.people.notice_words import SAID, said
from inbox.presenters import unit_name
from inbox.queue.view import view
from inbox.rights import Need
from inbox.routing import Route
from inbox.state import now, page, person, reading, runtime, scope
from normalizer.complaint import TransitionError
from normalizer.program import Recipient
from store import notices

if TYPE_CHECKING:
    from flask import Response
    from sqlalchemy import Connection
    from werkzeug.wrappers import Response as BaseResponse

    from store.queue import Row

_PAGE: Final = 50
_LONGEST: Final = 1000


def count() -> str:
    """How many notices the officer has not read, as the rail shows it; empty for none."""
    if g.get("person") is None:
        return ""
    with reading() as connection:
        unseen = notices.unseen(connection, person().id)
    return f"{notices.CAP}+" if unseen > notices.CAP else str(unseen or "")


def show() -> Response:
    """The page, newest first."""
    before = request.args.get("sebelum", "")
    with reading() as connection:
        rows = notices.page(connection, scope(), _number(before), _PAGE + 1)
    shown = [_shown(row) for row in rows[:_PAGE]]
    fresh = any(each["fresh"] for each in shown)
    older = rows[_PAGE - 1].id if len(rows) > _PAGE else None
    newest = rows[0].id if fresh and not before else None
    return page("notices.html", title=_("Pemberitahuan"), notices=shown, newest=newest, older=older)


def _number(value: str) -> int | None:
    return int(value) if value.isascii() and value.isdigit() and len(value) < 19 else None  # noqa: PLR2004 - of bigint


def _shown(row: Any) -> dict[str, Any]:
    zone = runtime().zone
    if row.kind == "prod":
        text = _("%(name)s mengingatkan tentang aduan ini; pesannya ada di catatan aduan", name=row.data.get("by", ""))
    elif row.kind == "mention":
        text = _("%(name)s memanggil Anda dalam catatan aduan ini", name=row.data.get("by", ""))
    elif row.kind in SAID:
        text = said(row)
    elif row.kind == "silence":
        text = _silence(row.data)
    else:
        text = words.step(row.data["clock"], row.data["at"], datetime.fromisoformat(row.data["due"]), zone)
    return {
        "ticket": row.ticket,
        "account": row.data.get("account", "") if row.ticket is None else "",
        "text": text[:1].upper() + text[1:],
        "unit": unit_name(runtime(), row.program, row.unit),
        "at": words.ago(row.made_at, now(), zone),
        "at_title": words.absolute(row.made_at, zone),
        "fresh": row.seen_at is None,
    }


def _silence(data: dict[str, Any]) -> str:
    since = words.absolute(datetime.fromisoformat(data["since"]), runtime().zone)
    if data["working"]:
        return _("tidak ada pesan masuk selama %(hours)s jam kerja, sejak %(since)s", hours=data["hours"], since=since)
    return _("tidak ada pesan masuk selama %(hours)s jam, sejak %(since)s", hours=data["hours"], since=since)


def seen() -> BaseResponse:
    """Tandai sudah dibaca: what the officer had before him, and nothing that came since."""
    up_to = _number(request.form.get("up_to", "")) or abort(400)
    with runtime().engine.begin() as connection:
        notices.mark_seen(connection, person().id, now(), up_to=up_to)
    return redirect(url_for("inbox.notices"), 303)


def prod(ticket: str) -> BaseResponse:
    """Ingatkan: the officer who holds the complaint and the head of its unit are told, and it stands in the history."""
    text = typed()
    if not text:
        return refused(ticket, _("Tulis pesannya dulu."), 422)
    if len(text) > _LONGEST:
        long = _("Pesan terlalu panjang: %(length)s dari %(most)s huruf.", length=len(text), most=_LONGEST)
        return refused(ticket, long, 422)
    try:
        with runtime().engine.begin() as connection:
            row = found(connection, ticket)
            notices.prod(connection, act_on(row), person().name, text, submission(), _meant(connection, row))
    except TransitionError:
        return stale(ticket, closed=True)
    return redirect(url_for("inbox.case", ticket=row.ticket) + view().here, 303)


def _meant(connection: Connection, row: Row) -> list[int]:
    program = runtime().programs.get(row.program or "") or abort(409)
    known = notices.people(connection)
    wanted = (Recipient.OFFICER, Recipient.UNIT_HEAD)
    return list(dict.fromkeys(each.id for kind in wanted for each in recipients(kind, row, program, known)))


ROUTES: Final = (
    Route(rule="/notices", name="notices", view=show, need=Need.READ),
    Route(rule="/notices/seen", name="notices_seen", view=seen, need=Need.READ, method="POST"),
    Route(rule="/<ticket>/prod", name="prod", view=prod, need=Need.PROD, method="POST"),
)

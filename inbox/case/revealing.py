"""Who an anonymous or confidential reporter is: shown for a while, to one session, with a reason that stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import g, redirect, request, url_for

from inbox.acts.acting import refused
from inbox.acts.offers import REASON, act_for
from inbox.case.page import found
from inbox.case.thread import veil_of
from inbox.i18n import _
from inbox.queue.view import view
from inbox.rights import Need
from inbox.routing import Route
from inbox.state import person, runtime
from store import casefile, reveals
from store.tokens import digest

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as BaseResponse

    from store.queue import Row


def reveal(ticket: str) -> BaseResponse:
    """Lihat identitas: with a reason, which everybody reads who sees the complaint, and so names nobody."""
    reason = " ".join(request.form.get("reason", "").replace("\0", "").split())
    if not REASON["shortest"] <= len(reason) <= REASON["longest"]:
        return refused(
            ticket, _("Tulis alasan melihat identitas, %(shortest)s sampai %(longest)s huruf.", **REASON), 422
        )
    with runtime().engine.begin() as connection:
        row = found(connection, ticket)
        if row.anonim or row.rahasia:
            cover = veil_of(casefile.read(connection, row.id), person(), always=True)
            reveals.reveal(connection, act_for(row, row.version), digest(g.token), cover.text(reason))
    return _back(row)


def cover(ticket: str) -> BaseResponse:
    """Sembunyikan lagi, before the time is over."""
    with runtime().engine.begin() as connection:
        row = found(connection, ticket)
        reveals.cover(connection, digest(g.token), row.id)
    return _back(row)


def _back(row: Row) -> BaseResponse:
    return redirect(url_for("inbox.case", ticket=row.ticket) + view().here, 303)


ROUTES: Final = (
    Route(rule="/<ticket>/reveal", name="reveal", view=reveal, need=Need.REVEAL, method="POST"),
    Route(rule="/<ticket>/cover", name="cover", view=cover, need=Need.REVEAL, method="POST"),
)

"""How an act of an officer's is carried out: what his form carries, one transaction, and the page where it fails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import abort, redirect, request, url_for

from dispatcher.bells import Bell, ring
from inbox.acts import enclosing
from inbox.acts.offers import act_for
from inbox.case.page import found, render
from inbox.i18n import _
from inbox.queue.view import view
from inbox.state import reading, runtime, scope
from normalizer import ticket as codes
from normalizer.complaint import TransitionError
from store import casework
from store import queue as store

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Response
    from sqlalchemy import Connection
    from werkzeug.wrappers import Response as BaseResponse

    from store.casework import Act
    from store.queue import Row

#: Longer than any channel takes; a note has no other limit.
LONGEST = 20_000


def act_on(row: Row) -> Act:
    """Who acts on what he saw: the form's version of the complaint; 400 without one."""
    try:
        version = int(request.form.get("version", ""))
    except ValueError:
        abort(400)
    return act_for(row, version)


def submission() -> str:
    """What makes this very form one act, however often it is sent; 400 without it."""
    return request.form.get("submission", "")[:64] or abort(400)


def typed() -> str:
    """The form's words."""
    return request.form.get("text", "").replace("\r\n", "\n").replace("\0", "").strip()


def carry_out(ticket: str, deed: Callable[[Connection, Row, Act], object], *, bell: bool = False) -> BaseResponse:
    """Do it in one transaction and go back to the case; 409 with the officer's words where it cannot be done."""
    try:
        with runtime().engine.begin() as connection:
            row = found(connection, ticket)
            deed(connection, row, act_on(row))
    except (casework.MergeError, casework.BuiltOnError, casework.SplitError):
        raise  # whoever asked for it knows what to say
    except casework.TooLateError:
        late = _("Sudah terlambat untuk mengurungkan: warga sudah diberi tahu, atau aduan sudah berubah.")
        return refused(ticket, late)
    except casework.NotAnswerableError:
        return refused(ticket, _("Warga tidak meninggalkan alamat untuk dijawab."))
    except (casework.CaseworkError, TransitionError) as error:
        return stale(ticket, closed=isinstance(error, TransitionError))
    if bell:
        ring(runtime().redis, Bell.OUTBOX)
    return redirect(url_for("inbox.case", ticket=row.ticket) + view().here, 303)


def stale(ticket: str, *, closed: bool) -> Response:
    """Somebody was faster: what happened meanwhile, and the officer's words kept beside it."""
    if closed:
        message = _("Status aduan ini tidak mengizinkan tindakan itu. Lihat keadaan terbarunya di bawah.")
    else:
        message = _("Aduan ini baru saja berubah, mungkin oleh rekan Anda. Tindakan Anda belum dilakukan.")
    seen = request.form.get("seen", "")
    return refused(ticket, message, since=int(seen)) if seen.isdecimal() else refused(ticket, message)


def refused(ticket: str, message: str, status: int = 409, **extra: Any) -> Response:
    """The case as it is now, why the act was not done, and the officer's words back in their form.

    `extra` are more values of the page: `since` has it tell what others did after that entry of the history, `ask` has
    an answer asked for once more.
    """
    draft: dict[str, Any] = {"kind": (request.endpoint or "").rpartition(".")[2], "text": typed()}
    draft |= {name: request.form.get(name, "") for name in ("unit", "via", "to", "ground", "until", "into")}
    draft["files"] = enclosing.again()
    return render(ticket, status, refusal=message, draft=draft, **extra)


def after_leaving(ticket: str, response: BaseResponse) -> BaseResponse:
    """An officer of a unit who hands a case to another no longer sees it: then how to take it back, not a 404."""
    if response.status_code != 303:  # noqa: PLR2004 - the redirect after a success
        return response
    with reading() as connection:
        seen = store.find(connection, scope(), codes.read(ticket) or "")
    return response if seen else redirect(url_for("inbox.left", ticket=ticket) + view().here, 303)

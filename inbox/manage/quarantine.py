"""Karantina: what could not be read, looked at safely, read again once the adapter is mended, or let go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import abort, g, redirect, request, url_for

from dispatcher.bells import Bell, ring
from inbox import rights, words
from inbox.i18n import _, _n, lazy, said
from inbox.manage import payloads
from inbox.queue.lamps import reach
from inbox.state import now, page, person, reading, runtime
from store import accounts as trace
from store import journal, reveals
from store import quarantine as store
from store.blobs import BlobError
from store.tokens import digest

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

    from flask import Response
    from sqlalchemy import Connection
    from werkzeug.wrappers import Response as BaseResponse

    from store.journal import Pending
    from store.quarantine import Quarantined

LONGEST_REASON: Final = 300
_PAGE: Final = 50
_GONE: Final = lazy("Yang ini tidak lagi di karantina: sudah dibaca ulang atau dikeluarkan.")


def show() -> Response:
    """The list, newest first, with what stands there by account and error."""
    account = _plain("akun") or None
    reason = _plain("galat") if "galat" in request.args else None
    before = request.args.get("sebelum", "")
    number = int(before) if before.isascii() and before.isdigit() and len(before) < len(str(2**63)) else None
    with reading() as connection:
        groups = store.groups(connection, reach())
        rows = store.page(connection, reach(), account=account, reason=reason, before=number, limit=_PAGE + 1)
    return page(
        "quarantine.html",
        title=_("Karantina"),
        groups=[_group(row) for row in groups],
        rows=[_shown(row) for row in rows[:_PAGE]],
        older=rows[_PAGE - 1].id if len(rows) > _PAGE else None,
        account=account,
        reason=reason,
        done=_done(),
    )


def _plain(name: str) -> str:
    return request.args.get(name, "").replace("\0", "")


def _done() -> str:
    count = request.args.get("dibaca", "")
    if count.isascii() and count.isdigit() and len(count) < len("1000000"):
        return _n(
            "%(num)s kiriman dibaca ulang. Yang masih gagal muncul lagi di sini dalam beberapa detik.",
            "%(num)s kiriman dibaca ulang. Yang masih gagal muncul lagi di sini dalam beberapa detik.",
            int(count),
        )
    return _("Dikeluarkan dari karantina.") if "keluar" in request.args else ""


def _group(row: Any) -> dict[str, Any]:
    shown = payloads.redacted(row.reason) or _("tanpa keterangan")
    known = {"name": _name(row.account), "operates": _operates(row.account)}
    return {"account": row.account, "reason": row.reason, "shown": shown, "number": row.number, **known}


def _name(account: str) -> str:
    known = runtime().accounts.get(account)
    return said(known.manifest.name) if known else _("akun yang tidak ada lagi di berkas")


def _operates(account: str) -> bool:
    """Whether the officer may decide over what stands there; what is configured no more is the administrator's."""
    known = runtime().accounts.get(account)
    return rights.sees_all(person()) if known is None else rights.operates(person(), known)


def _shown(row: Quarantined) -> dict[str, Any]:
    zone = runtime().zone
    return {
        "id": row.id,
        "account": row.account,
        "name": _name(row.account),
        "reason": payloads.redacted(row.reason or "") or _("tanpa keterangan"),
        "version": row.adapter_version or "",
        "at": words.ago(row.received_at, now(), zone),
        "at_title": words.absolute(row.received_at, zone),
    }


def one(item_id: int) -> Response:
    """One of them, its payload still covered."""
    with reading() as connection:
        found = _known(connection, item_id)
    return _render(found)


def _known(connection: Connection, item_id: int) -> Quarantined:
    """The item where it stands in a quarantine that the officer oversees; 404 for all others."""
    found = store.find(connection, item_id) if item_id < 2**63 else None
    seen = reach()
    if found is None or found.outcome != "quarantined" or (seen is not None and found.account not in seen):
        abort(404)
    return found


def _mine(connection: Connection, item_id: int) -> Quarantined:
    found = _known(connection, item_id)
    if not _operates(found.account):
        abort(403)
    return found


def _render(found: Quarantined, status: int = 200, problem: str | None = None) -> Response:
    """The page of one, with its payload where this session has it open."""
    until, raw = _opened(found)
    preview = None
    if raw is not None:
        try:
            preview = payloads.preview(raw.headers, raw.query, _body(raw))
        except BlobError:
            status = 503
            problem = _("Isinya ada di penyimpanan berkas, dan itu sedang tidak dapat dibaca.")
    return page(
        "quarantined.html",
        status,
        title=_("Karantina nomor %(id)s", id=found.id),
        item=_shown(found),
        operates=_operates(found.account),
        may_reveal=person().sees_identity,
        preview=preview,
        revealed_until="" if until is None else words.absolute(until, runtime().zone),
        reveal_left=None if until is None else reveals.left(until, now()),
        reveal_minutes=int(reveals.OPEN.total_seconds() // 60),
        problem=problem,
        limit=LONGEST_REASON,
    )


def _opened(found: Quarantined) -> tuple[datetime | None, Pending | None]:
    """Until when this session may see the payload, and the payload; neither where it may not."""
    subject = reveals.payload(found.id)
    if subject not in person().revealed:
        return None, None
    with reading() as connection:
        until = reveals.open_to(connection, digest(g.token), now()).get(subject)
        return until, None if until is None else journal.read(connection, found.journal_id)


def _body(raw: Pending) -> bytes:
    return runtime().blobs.get(raw.blob) if raw.blob is not None else raw.body or b""


def _reason() -> str | None:
    """The form's reason on one line; None where there is none, or too much of it."""
    reason = " ".join(request.form.get("reason", "").replace("\0", "").split())
    return reason if 0 < len(reason) <= LONGEST_REASON else None


def _unsaid() -> str:
    return _("Tulis alasannya, paling banyak %(most)s huruf.", most=LONGEST_REASON)


def reveal(item_id: int) -> BaseResponse:
    """Lihat isinya: who wrote it may be anonymous, and nobody has read yet whether he is; so it leaves a trace."""
    _permitted()
    reason = _reason()
    with runtime().engine.begin() as connection:
        found = _known(connection, item_id)
        if reason is not None and reveals.lay_open(connection, digest(g.token), reveals.payload(found.id), now()):
            trace.record(connection, now(), person().id, found.account, "revealed", item=found.id, reason=reason)
    if reason is None:
        return _render(found, 422, _unsaid())
    return redirect(url_for("inbox.quarantined", item_id=found.id), 303)


def cover(item_id: int) -> BaseResponse:
    """Sembunyikan lagi, before the time is over."""
    _permitted()
    with runtime().engine.begin() as connection:
        found = _known(connection, item_id)
        reveals.cover(connection, digest(g.token), reveals.payload(found.id))
    return redirect(url_for("inbox.quarantined", item_id=found.id), 303)


def _permitted() -> None:
    """403 for whoever may not see who citizens are."""
    if not person().sees_identity:
        abort(403)


def replay_one(item_id: int) -> BaseResponse:
    """Baca ulang: this payload, by the adapter as it is now."""
    with runtime().engine.begin() as connection:
        found = _mine(connection, item_id)
        count = _replay(connection, found.account, [found.journal_id], item=found.id)
    return _read_again(count)


def replay_all() -> BaseResponse:
    """Baca ulang semua: every payload of an account that stands there for one error."""
    account, reason = request.form.get("account", ""), request.form.get("reason", "")
    seen = reach()
    if "\0" in account + reason or (seen is not None and account not in seen):
        abort(404)
    if not _operates(account):
        abort(403)
    with runtime().engine.begin() as connection:
        count = _replay(connection, account, store.payloads_of(connection, account, reason), error=reason)
    return _read_again(count)


def _replay(connection: Connection, account: str, ids: list[uuid.UUID], **data: Any) -> int:
    """The same as `muara quarantine replay`, traced."""
    count = store.replay(connection, ids)
    if count:
        trace.record(connection, now(), person().id, account, "replayed", payloads=count, **data)
    return count


def _read_again(count: int) -> BaseResponse:
    ring(runtime().redis, Bell.DRAIN)
    return redirect(url_for("inbox.quarantine", dibaca=count), 303)


def dismiss(item_id: int) -> BaseResponse:
    """Keluarkan: it ends as ignored, with the reason; a later replay of its payload reads it again."""
    reason = _reason()
    with runtime().engine.begin() as connection:
        found = _mine(connection, item_id)
        let_go = reason and store.dismiss(connection, found.id, f"{person().username}: {reason}", now())
        if let_go:
            trace.record(connection, now(), person().id, found.account, "dismissed", item=found.id, reason=reason)
    if reason is None:
        return _render(found, 422, _unsaid())
    return redirect(url_for("inbox.quarantine", keluar=1), 303) if let_go else _render(found, 409, str(_GONE))

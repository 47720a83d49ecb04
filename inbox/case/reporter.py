"""The reporter: his addresses on all channels, who may be the same person, and joining or parting them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import abort, redirect, request, url_for

from inbox import rights
from inbox.i18n import _, lazy, said
from inbox.queue.view import view
from inbox.state import now, page, person, runtime, scope
from normalizer import ticket as codes
from store import identity
from store import queue as store

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence

    from sqlalchemy import Connection
    from werkzeug.wrappers import Response as BaseResponse

    from store.queue import Row

_EQUAL = {"phone": lazy("nomor telepon sama"), "email": lazy("alamat surel sama")}


def may_join(connection: Connection, row: Row) -> bool:
    """Who acts on complaints may, unless the reporter is hidden from him, here or in another complaint of his."""
    if row.contact_id is None or not rights.may(person(), rights.Need.WORK):
        return False
    if row.anonim or row.rahasia:
        return not rights.masked(person(), anonim=row.anonim, rahasia=row.rahasia, case=row.id)
    return not identity.is_confidential(connection, row.contact_id)


def shown(connection: Connection, row: Row, addresses: Sequence[Any]) -> dict[str, Any]:
    """What the case page shows of the reporter, whose addresses these are."""
    if row.contact_id is None or not may_join(connection, row):
        return {"may_join": False}
    return {
        "may_join": True,
        "addresses": [(each.scheme, each.address, _channel(each.scheme)) for each in addresses],
        "likenesses": [
            (each, _channel(each.scheme), _EQUAL[each.equal]) for each in identity.suggested(connection, row.contact_id)
        ],
    }


def _channel(scheme: str) -> str:
    known = (account.manifest for account in runtime().accounts.values())
    return next((said(manifest.name) for manifest in known if manifest.key == scheme), scheme)


def join(ticket: str) -> BaseResponse:
    """Satukan: with a contact that was suggested, or with the reporter of another complaint."""
    with runtime().engine.begin() as connection:
        row = _found(connection, ticket)
        other = _other(connection, row)
        if other is None:
            message = _("Tidak ada aduan dengan nomor itu yang dapat Anda buka, atau pelapornya tidak dapat disatukan.")
            return page("error.html", 422, title=_("Tidak dapat disatukan"), message=message, kept="")
        if row.contact_id is not None:
            identity.join(connection, row.contact_id, other, actor=person().username, now=now())
    return redirect(url_for("inbox.case", ticket=row.ticket) + view().here, 303)


def part(ticket: str) -> BaseResponse:
    """Pisahkan one address of the reporter's."""
    with runtime().engine.begin() as connection:
        row = _found(connection, ticket)
        scheme, address = request.form.get("scheme", ""), request.form.get("address", "")
        if row.contact_id is not None:
            identity.part(connection, row.contact_id, scheme, address, actor=person().username, now=now())
    return redirect(url_for("inbox.case", ticket=row.ticket) + view().here, 303)


def _found(connection: Connection, ticket: str) -> Row:
    """The complaint, where this officer may see it and who wrote it; 404 for any other."""
    code = codes.read(ticket)
    row = store.find(connection, scope(), code) if code else None
    if row is None or not may_join(connection, row):
        abort(404)
    return row


def _other(connection: Connection, row: Row) -> uuid.UUID | None:
    """The contact to take in: one of the suggested, or that of a ticket within the officer's reach."""
    if wanted := request.form.get("contact", ""):
        offered = identity.suggested(connection, row.contact_id) if row.contact_id else []
        return next((each.contact_id for each in offered if str(each.contact_id) == wanted), None)
    code = codes.read(request.form.get("with", ""))
    other = store.find(connection, scope(), code) if code else None
    return other.contact_id if other is not None and may_join(connection, other) else None

"""Gabung: two complaints about one thing become one case; Pisahkan lagi takes that back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import redirect, request, url_for

from inbox.acting import carry_out, refused, submission
from inbox.queue import view
from inbox.state import runtime, scope
from normalizer import ticket as codes
from store import casework
from store import queue as store

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as BaseResponse


def merge(ticket: str) -> BaseResponse:
    """Gabung into another case of the officer's, by its ticket; then that one is shown."""
    code = codes.read(request.form.get("into", ""))
    with runtime().engine.connect() as connection:
        other = store.find(connection, scope(), code) if code else None
    if other is None:
        return refused(ticket, "Tidak ada aduan dengan nomor itu yang dapat Anda buka.", 422)
    try:
        response = carry_out(
            ticket, lambda connection, _row, act: casework.merge(connection, act, other.id, submission())
        )
    except casework.MergeError:
        return refused(ticket, "Aduan itu sudah ditutup, sudah digabung, dari program lain, atau aduan ini sendiri.")
    if response.status_code != 303:  # noqa: PLR2004 - the redirect after a success
        return response
    return redirect(url_for("inbox.case", ticket=other.ticket) + view().here, 303)


def unmerge(ticket: str) -> BaseResponse:
    """Pisahkan lagi, while nobody has written to or fro since."""
    try:
        return carry_out(ticket, lambda connection, _row, act: casework.part(connection, act))
    except casework.BuiltOnError:
        return refused(ticket, "Sudah ada pesan baru sejak digabung. Pecah pesannya menjadi aduan baru dari sana.")

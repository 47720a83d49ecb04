"""Gabung: two complaints about one thing become one case, and apart again; Pecah: one that is two becomes two."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import redirect, request, url_for
from sqlalchemy import select

from inbox.acts import answering
from inbox.acts.acting import carry_out, refused, submission
from inbox.i18n import _
from inbox.queue.view import view
from inbox.state import reading, runtime, scope
from normalizer import ticket as codes
from normalizer.program import Texts
from store import casework
from store import queue as store
from store.models import Complaint

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from sqlalchemy import Connection
    from werkzeug.wrappers import Response as BaseResponse

    from normalizer.program import Program
    from store.casework import Act
    from store.queue import Row


def merge(ticket: str) -> BaseResponse:
    """Gabung into another case of the officer's, by its ticket; then that one is shown."""
    code = codes.read(request.form.get("into", ""))
    with reading() as connection:
        other = store.find(connection, scope(), code) if code else None
    if other is None:
        return refused(ticket, _("Tidak ada aduan dengan nomor itu yang dapat Anda buka."), 422)
    try:
        response = carry_out(
            ticket,
            lambda connection, row, act: casework.merge(
                connection, act, other.id, submission(), _told(connection, row)
            ),
        )
    except casework.MergeError:
        return refused(ticket, _("Aduan itu sudah ditutup, sudah digabung, dari program lain, atau aduan ini sendiri."))
    if response.status_code != 303:  # noqa: PLR2004 - the redirect after a success
        return response
    return redirect(url_for("inbox.case", ticket=other.ticket) + view().here, 303)


def unmerge(ticket: str) -> BaseResponse:
    """Pisahkan lagi, while nobody has written to or fro since."""
    try:
        return carry_out(ticket, lambda connection, _row, act: casework.part(connection, act))
    except casework.BuiltOnError:
        return refused(ticket, _("Sudah ada pesan baru sejak digabung. Pecah pesannya menjadi aduan baru dari sana."))


def split(ticket: str, line_id: UUID) -> BaseResponse:
    """Pecah: this line and what follows it become a case of their own; then that one is shown."""
    made: list[UUID] = []

    def deed(connection: Connection, row: Row, act: Act) -> None:
        fresh = casework.split(connection, act, line_id, _acknowledgement(row), submission())
        if fresh is not None:
            made.append(fresh)

    try:
        response = carry_out(ticket, deed, bell=True)
    except casework.SplitError:
        return refused(
            ticket, _("Pesan itu tidak dapat dipecah: aduan ini bermula di sana, atau pesannya sudah pindah.")
        )
    if not made:
        return response
    with reading() as connection:
        code = connection.execute(select(Complaint.ticket).where(Complaint.id == made[0])).scalar_one()
    return redirect(url_for("inbox.case", ticket=code) + view().here, 303)


def _told(connection: Connection, row: Row) -> str:
    """What the citizen of a merged complaint is told; empty where its channel is shut or the program says nothing."""
    if not answering.choices(connection, row)[0].options.allowed:
        return ""
    program = runtime().programs.get(row.program or "")
    texts = Texts() if program is None else program.texts
    return texts.merged.format_map({"ticket": row.ticket, **_values(program)})


def _acknowledgement(row: Row) -> Callable[[str], str] | None:
    """What the citizen is told of the new ticket; None on a channel that takes no answer."""
    account = runtime().accounts.get(row.account)
    if account is None or not account.channel.capabilities.replies:
        return None
    program = runtime().programs.get(row.program or "")
    texts = Texts() if program is None else program.texts
    values = _values(program)
    template = texts.format if program is None else texts.ack
    return lambda code: template.format_map({"ticket": code, **values})


def _values(program: Program | None) -> dict[str, str]:
    """What the texts may name beside the ticket."""
    return {
        "program": "Layanan Aduan" if program is None else program.name,
        "format": "<isi aduan>" if program is None else program.format,
        "state": "",
        "link": f"{runtime().public_url}/lacak",
    }

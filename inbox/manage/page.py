"""Kelola: one page that leads to all of the administration, each officer to what is his."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import current_app, url_for

from inbox import rights
from inbox.i18n import _, lazy, lazy_c
from inbox.queue.lamps import quarantined
from inbox.rights import Need
from inbox.state import page, person

if TYPE_CHECKING:
    from flask import Response

#: Route, what it asks for, name, what it is for; what is not in this installation is left out.
_ENTRIES: Final = (
    (
        "channels",
        Need.OVERSEE,
        lazy_c("menu", "Kanal"),
        lazy("Kesehatan, jeda, pesan uji, buku besar, alarm bila sunyi"),
    ),
    ("quarantine", Need.OVERSEE, lazy("Karantina"), lazy("Kiriman yang tidak dapat dibaca")),
    ("programs", Need.OVERSEE, lazy("Program"), lazy("Kata kunci, unit, kalender, tenggat, peringatan")),
    ("users", Need.USERS, lazy_c("menu", "Petugas"), lazy("Undangan, peran, unit, kata sandi")),
    ("canned", Need.CANNED, lazy("Jawaban siap pakai"), lazy("Jawaban untuk program dan unit")),
    ("import_form", Need.IMPORT, lazy("Impor laporan"), lazy("Berkas dari SP4N-LAPOR dan LaporGub")),
    ("audit", Need.OVERSEE, lazy("Riwayat dan pemeriksaan"), lazy("Siapa berbuat apa, dan apakah riwayatnya utuh")),
)


def show() -> Response:
    """What this officer may look after."""
    entries = [
        {"url": url_for(f"inbox.{name}"), "title": title, "about": about, "name": name}
        for name, need, title, about in _ENTRIES
        if f"inbox.{name}" in current_app.view_functions and rights.may(person(), need)
    ]
    return page("manage.html", title=_("Kelola"), entries=entries, quarantined=quarantined())

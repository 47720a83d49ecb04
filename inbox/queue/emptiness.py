"""Why a list is empty, and the one thing to do about it; and what a search has left out."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

from inbox import words
from inbox.i18n import _, _n, lazy
from inbox.state import scope
from store.queue import Queue

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inbox.queue.finding import Results
    from inbox.queue.view import View

#: The filters of an address, by what stands before their value; of dates the value says it all.
_FILTERS: Final = {
    "program": lazy("program"),
    "kanal": lazy("kanal"),
    "jenis": lazy("jenis"),
    "unit": lazy("unit"),
    "kecamatan": lazy("tempat"),
    "tanda": lazy("tanda"),
    "dari": lazy("sejak"),
    "sampai": lazy("sampai"),
}
_LISTS: Final = {"program": "programs", "kanal": "channels", "jenis": "types", "unit": "units", "tanda": "flags"}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Emptiness:
    """A sentence, and a link that helps: its words and its query string."""

    text: str
    offer: str
    link: str


def queue(seen: View, choices: Mapping[str, Mapping[str, str]]) -> Emptiness:
    """Of a queue, or of a ticket that leads nowhere."""
    reach = scope()
    if reach.programs is not None and not reach.programs:
        return Emptiness(text=_("Anda belum diberi program. Mintalah kepada administrator."), offer="", link="")
    if seen.after is not None:
        return _behind_the_last(seen)
    if seen.wanted.ticket is not None:
        text = _("Tidak ada aduan bernomor %(ticket)s yang dapat Anda buka.", ticket=seen.wanted.ticket)
        return Emptiness(text=text, offer=_("Lihat semua aduan"), link=_all())
    name = str(words.QUEUES[seen.wanted.queue])
    if seen.narrowed:
        text = _("Di %(queue)s tidak ada aduan dengan %(filters)s.", queue=name, filters=_filters(seen, choices))
        if reach.units is not None and seen.wanted.unit is not None and seen.wanted.unit not in reach.units:
            text += " " + _("Anda hanya melihat aduan unit Anda dan yang belum punya unit.")
        return Emptiness(text=text, offer=_("Hapus saringan"), link=_without(seen))
    text = str(words.EMPTY[seen.wanted.queue])
    if seen.wanted.queue is Queue.ALL:
        return Emptiness(text=text, offer="", link="")
    return Emptiness(text=text, offer=_("Lihat semua aduan"), link=_all())


def search(seen: View, found: Results, choices: Mapping[str, Mapping[str, str]]) -> Emptiness:
    """Of a search: what was looked for, and where."""
    if seen.after is not None:
        return _behind_the_last(seen)
    if found.empty:
        text = _(
            "Tidak ada yang dapat dicari: tulis kata yang lebih khas, nomor aduan, nama, nomor telepon, atau tempat."
        )
        return Emptiness(text=text, offer=_("Lihat semua aduan"), link=_all())
    text = _(
        "“%(typed)s” tidak ditemukan. Dicari dalam pesan warga, jawaban, catatan, judul, nama berkas, nama, telepon, "
        "dan tempat dari semua aduan yang dapat Anda buka, yang sudah selesai juga.",
        typed=seen.typed,
    )
    text += " " + _("Pelapor anonim dan rahasia tidak dapat dicari dengan nama atau nomornya.")
    filters = _filters(seen, choices)
    if filters:
        text += " " + _("Pencarian ini disaring: %(filters)s.", filters=filters)
        return Emptiness(text=text, offer=_("Cari tanpa saringan"), link=_without(seen))
    return Emptiness(text=text, offer=_("Lihat semua aduan"), link=_all())


def _behind_the_last(seen: View) -> Emptiness:
    """Of a page that had something once: colleagues were faster."""
    text = _("Di halaman ini tidak ada lagi aduan.")
    return Emptiness(text=text, offer=_("Ke halaman pertama"), link=seen.link() or "?")


def remarks(found: Results) -> list[str]:
    """What whoever reads the results should know about them."""
    said = []
    if found.common and not found.empty:
        said.append(_("Tidak ikut dicari karena terlalu umum: %(words)s.", words=", ".join(found.common)))
    if not found.whole:
        said.append(_("Pencarian ini terlalu luas untuk seluruh riwayat: tambahkan kata, atau batasi tanggalnya."))
    if found.behind:
        said.append(
            _n(
                "%(num)s perubahan terbaru belum terbaca oleh pencarian.",
                "%(num)s perubahan terbaru belum terbaca oleh pencarian.",
                found.behind,
            )
        )
    return said


def told(seen: View, choices: Mapping[str, Mapping[str, str]]) -> str:
    """A view in words: `Antrean: kanal SMS, tempat Comal`."""
    name = _("Cari “%(typed)s”", typed=seen.typed) if seen.typed else str(words.QUEUES[seen.wanted.queue])
    filters = _filters(seen, choices)
    return f"{name}: {filters}" if filters else name


def gone(seen: View, choices: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Filters for what is not offered (any more), such as a saved view's unit that was dissolved."""
    said = []
    for name, offered in (*_LISTS.items(), ("kecamatan", "places")):
        value = seen.values.get(name)
        if value and value not in choices.get(offered, {}):
            said.append(
                _(
                    "Saringan %(filter)s “%(value)s” tidak dikenal lagi; aduan lama mungkin masih cocok.",
                    filter=_FILTERS[name],
                    value=value,
                )
            )
    return said


def _filters(seen: View, choices: Mapping[str, Mapping[str, str]]) -> str:
    """The filters in words: `kanal SMS, tempat Comal`; a unit that is gone goes by its code."""
    told = []
    for name, before in _FILTERS.items():
        value = seen.values.get(name)
        if value:
            told.append(f"{before} {choices.get(_LISTS.get(name, ''), {}).get(value, value)}")
    return ", ".join(told)


def _without(seen: View) -> str:
    return seen.link(**dict.fromkeys(_FILTERS))


def _all() -> str:
    return f"?antrean={Queue.ALL.value}"

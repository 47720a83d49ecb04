"""Whether the installation itself is well, in plain sentences that say what to do; for the top of the channels page."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from dispatcher import sweeper
from inbox import words
from inbox.i18n import _
from inbox.state import inbox, now, runtime
from store import housekeeping, journal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from sqlalchemy import Connection

#: Below this much room (bytes) the spool may soon be the only thing that still takes messages; `muara doctor` agrees.
ROOM: Final = 1_000_000_000
#: A message that waits longer than this to be read (seconds) means that nobody reads.
UNREAD: Final = 60.0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One part of the installation; `advice` says what to do where it is not well."""

    ok: bool
    sentence: str
    advice: str = ""


def findings(connection: Connection) -> list[Finding]:
    """All findings, what needs somebody first."""
    found = [*_clock(connection), *_drained(connection)]
    machine = inbox().machine
    if machine is not None:
        found += [*_disk(machine.free()), *_ready(machine.look())]
    return sorted(found, key=lambda finding: finding.ok)


def _ago(at: datetime) -> str:
    return words.ago(at, now(), runtime().zone)


def _clock(connection: Connection) -> Iterator[Finding]:
    beat = housekeeping.last_beat(connection, "clock")
    if beat is not None and now() - beat <= timedelta(seconds=sweeper.DEAD):
        yield Finding(ok=True, sentence=_("Proses jam hidup (%(ago)s).", ago=_ago(beat)))
        return
    since = _("belum pernah terlihat") if beat is None else _("terakhir terlihat %(ago)s", ago=_ago(beat))
    yield Finding(
        ok=False,
        sentence=_("Proses jam tidak berjalan (%(since)s).", since=since),
        advice=_("Peringatan tenggat, pemeriksaan kanal dan alarm berhenti. Mulai ulang Muara di server."),
    )


def _drained(connection: Connection) -> Iterator[Finding]:
    last = journal.last_parsed(connection)
    if last is not None:
        yield Finding(ok=True, sentence=_("Kiriman terakhir dibaca %(ago)s.", ago=_ago(last)))


def _disk(free: int) -> Iterator[Finding]:
    if free >= ROOM:
        yield Finding(ok=True, sentence=_("Ruang disk tersisa %(size)s GB.", size=free // 1_000_000_000))
        return
    yield Finding(
        ok=False,
        sentence=_("Disk hampir penuh: tersisa %(size)s MB.", size=free // 1_000_000),
        advice=_(
            "Kosongkan ruang di server: log lama (journalctl --vacuum-size=200M) dan cadangan lama. Jangan menghapus "
            "apa pun di folder postgres, blobs dan spool. Bila disk penuh, penyedia diminta mengirim ulang; tidak ada "
            "yang hilang selama mereka masih mencoba."
        ),
    )


def _ready(found: Mapping[str, Any]) -> Iterator[Finding]:
    """From the findings of /readyz."""
    if found["redis"] != "up":
        yield Finding(
            ok=False,
            sentence=_("Redis atau Valkey tidak menjawab."),
            advice=_("Tidak ada yang hilang, tetapi semuanya lebih lambat. Jalankan ./muara doctor di server."),
        )
    waiting = found["oldest_unparsed_s"]
    if waiting is not None and waiting > UNREAD:
        yield Finding(
            ok=False,
            sentence=_("Kiriman tertua sudah %(minutes)s menit menunggu dibaca.", minutes=max(1, int(waiting // 60))),
            advice=_("Proses drain mati atau kewalahan. Lihat lognya di server; mulai ulang Muara."),
        )
    yield from _spool(found["spool"])


def _spool(spool: Mapping[str, Any]) -> Iterator[Finding]:
    if not spool["writable"]:
        yield Finding(
            ok=False,
            sentence=_("Spool tidak dapat ditulis: disk penuh, atau hak foldernya salah."),
            advice=_("Bila basis data juga berhenti, kiriman ditolak agar penyedia mengulang. Kosongkan ruang dulu."),
        )
        return
    if spool["bad"]:
        yield Finding(
            ok=False,
            sentence=_("%(count)s kiriman di spool ditolak basis data (berkas .bad).", count=spool["bad"]),
            advice=_("Simpan berkasnya, jangan dihapus; lihat log gateway untuk sebabnya."),
        )
    if spool["pending"]:
        yield Finding(
            ok=False,
            sentence=_("%(count)s kiriman menunggu di spool.", count=spool["pending"]),
            advice=_("Biasanya pindah sendiri dalam semenit. Bila tidak berkurang, basis data tidak menerima tulisan."),
        )
    elif not spool["bad"]:
        yield Finding(ok=True, sentence=_("Spool kosong dan dapat ditulis."))

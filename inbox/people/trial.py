"""What became of the test that an officer had sent to himself, in words."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from inbox import words
from inbox.i18n import _, said
from inbox.state import now, person, runtime
from normalizer.telling import Way
from store import trials

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from normalizer.telling import Wishes

#: For so long its end is shown.
SHOWN: Final = timedelta(hours=24)


def shown(connection: Connection, wishes: Wishes, reach: Mapping[str, Any], mail: str) -> dict[str, Any] | None:
    """The last test: when it was asked for, a sentence for each way, whether any is still open, whether all arrived."""
    found = trials.latest(connection, person().id, now() - SHOWN)
    if found is None:
        return None
    ways = [way for way in Way if way in wishes.chosen or way in found.ends]
    states = {end.state for end in found.ends.values()}
    return {
        "at": words.absolute(found.at, runtime().zone),
        "ends": {way: _end(way, found, reach.get(way.value), mail) for way in ways},
        "open": not found.planned or not states.isdisjoint({"waiting", "sending"}),
        "well": states == {"sent"} and len(found.ends) == len(ways),
    }


def _end(way: Way, found: trials.Trial, reach: Any, mail: str) -> str:
    end = found.ends.get(way)
    if end is None or end.state == "dropped":
        return _barred(way, reach, mail) or (_("tidak dikirim") if found.planned else _("menunggu dikirim"))
    if end.state == "failed":
        refused = reach is not None and reach.failures > 0
        return _("ditolak (%(said)s)", said=said(reach.error)) if refused else _("gagal, dan tidak dicoba lagi")
    return _under_way(end)


def _under_way(end: Any) -> str:
    """Of what was handed over, or will be."""
    zone = runtime().zone
    if end.state == "sent":
        return _("terkirim, %(at)s", at=words.absolute(end.sent_at, zone))
    if end.state == "unknown":
        return _("tidak diketahui apakah sampai; lihatlah di sana")
    if end.state == "sending":
        return _("sedang dikirim")
    again = words.absolute(end.due_at, zone)
    return _("belum berhasil; dicoba lagi %(at)s", at=again) if end.attempts else _("menunggu dikirim")


def _barred(way: Way, reach: Any, mail: str) -> str:
    """Why nothing can go on a way now; empty where it can."""
    if way is Way.MAIL:
        if runtime().mailer is None:
            return _("instalasi ini tidak mengirim surel")
        if not mail:
            return _("belum ada alamat; mintalah administrator mengisinya")
    elif runtime().notify is None:
        return _("instalasi ini tidak menulis lewat Telegram")
    elif reach is None:
        return _("belum terhubung")
    held = reach is not None and reach.paused_at is not None and (way is not Way.MAIL or reach.address == mail)
    return _("dijeda karena ditolak; tekan Coba lagi dahulu") if held else ""

"""What the bell says of each kind of notice about a complaint's way through the house."""

from __future__ import annotations

from typing import Any, Final

from inbox.i18n import _
from inbox.presenters import unit_name
from inbox.state import runtime
from normalizer.telling import Kind

#: The kinds that have words here.
SAID: Final = frozenset({Kind.NEW.value, Kind.HANDED.value, Kind.AGAIN.value, Kind.FAILED.value})


def said(row: Any) -> str:
    """The sentence of a notice of one of `SAID`, with the columns of store.notices.page."""
    match row.kind:
        case Kind.NEW.value:
            more = row.data.get("more", 0)
            return _("Aduan baru, dan %(more)s lain", more=more) if more else _("Aduan baru")
        case Kind.HANDED.value:
            return _("Didisposisikan ke %(unit)s", unit=unit_name(runtime(), row.program, row.data.get("unit")))
        case Kind.AGAIN.value if row.data.get("reopened"):
            return _("Warga menulis lagi; aduan ini dibuka kembali")
        case Kind.AGAIN.value:
            return _("Warga menulis lagi")
    return _("Kiriman kepada warga gagal; buka aduannya untuk mengirim ulang")

"""Where we are in each folder, as the cursor keeps it; all by UIDVALIDITY and UID."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from channels.contract import Cursor
    from channels.email.imap import Opened

#: UIDs that one SEARCH is asked about: its answer is one line, and imaplib takes no line above a million bytes.
WINDOW: Final = 50_000
#: When a folder's UIDs became void, what is that much older than the newest mail read is not read again.
_REACH_BACK: Final = timedelta(days=7)
_FIRST: Final = {"unseen": "UNSEEN", "new": "NONE", "all": "ALL"}
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """All up to `uid` is ours. Of what was there when we came (up to `old`) only what fits `only` is.

    `only` is a search key of IMAP, or NONE. `day` (ISO) is that of the newest mail read, else that of our coming.
    """

    uidvalidity: int
    uid: int = 0
    old: int = 0
    only: str = "ALL"
    day: str = ""

    def searches(self, low: int, high: int) -> Iterator[tuple[int, list[str] | None]]:
        """Cut the UIDs from above `low` to `high` into searches: where each ends, and its keys; None: nothing there."""
        while low < high:
            end = min(low + WINDOW, high)
            only = "ALL"
            if low < self.old:
                end, only = min(end, self.old), self.only
            yield end, None if only == "NONE" else ["UID", f"{low + 1}:{end}", *only.split()]
            low = end


def read_places(cursor: Cursor | None) -> dict[str, Place]:
    """Read the folders' places out of a cursor; a folder that it does not know is not there."""
    folders: Any = (cursor or {}).get("folders")
    return {name: Place(**kept) for name, kept in folders.items()} if isinstance(folders, dict) else {}


def write_places(places: Mapping[str, Place]) -> Cursor:
    """Make the cursor of the folders' places."""
    return {"folders": {name: dataclasses.asdict(place) for name, place in places.items()}}


def enter(place: Place | None, opened: Opened, first: str) -> Place:
    """Where to go on in a folder, found new or under a new UIDVALIDITY too."""
    if place is not None and place.uidvalidity == opened.uidvalidity:
        return place
    if place is None:
        today = datetime.now(UTC).date().isoformat()
        return Place(uidvalidity=opened.uidvalidity, old=opened.top, only=_FIRST[first], day=today)
    # All UIDs are void. What we have read comes again and falls out by its Message-ID.
    only = place.only if place.uid < place.old else f"SINCE {_imap_day(date.fromisoformat(place.day) - _REACH_BACK)}"
    return dataclasses.replace(place, uidvalidity=opened.uidvalidity, uid=0, old=opened.top, only=only)


def newest(days: Iterable[str]) -> str:
    """Find the latest of some days (ISO) that are not in the future: a server's clock may be wrong."""
    return min(max(days), datetime.now(UTC).date().isoformat())


def _imap_day(day: date) -> str:
    return f"{day.day}-{_MONTHS[day.month - 1]}-{day.year}"

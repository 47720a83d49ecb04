"""What search reads: the words of each complaint's whole history, kept up to date behind the writers (docs/adr/0021).

Triggers note in `search_due` which complaints have changed; `catch_up` reads them anew. Of an anonymous or confidential
complaint only what is left under the veil is read: no search says who the reporter is, whoever searches.
"""

from __future__ import annotations

import dataclasses
import itertools
import logging
import unicodedata
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy.exc import DBAPIError

from normalizer import seek
from normalizer.text import clean, tokens
from normalizer.veil import cover, pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import Connection

log = logging.getLogger(__name__)

#: Characters of one complaint whose words keep their order; a longer history keeps each word once: no phrase finds it.
LONGEST: Final = 200_000
#: Bytes of words; PostgreSQL takes a megabyte with all that belongs to them.
_ROOM: Final = 800_000
_PER_WORD: Final = 8
#: Complaints that are read in one go.
BATCH: Final = 200
#: The advisory lock of whoever brings the index up to date: two at once could write what the first has read last.
_LOCK: Final = 7_246_021
#: The columns of a complaint that a search can be narrowed by inside the index, where they are true.
FLAGS: Final = ("anonim", "rahasia", "format_unclear", "likely_double")
#: Lengths in weeks of the spans by which the index is cut.
SPANS: Final = (1, 16, 128)
_WEEK: Final = 7 * 86400
_SEPARATOR: Final = "\x1f"


def week(at: datetime) -> int:
    """Weeks since 1970 (UTC); the index is cut by them, so that what is frequent need not be read whole."""
    return int(at.timestamp()) // _WEEK


def spans(number: int) -> list[str]:
    """The spans of time that a week lies in, the shortest first.

    A search names one or two of a length: with a hundred weeks in it, the index would go through those instead of the
    rows of its rarest word.
    """
    return [span(weeks, number // weeks) for weeks in SPANS]


def span(weeks: int, number: int) -> str:
    """The lexeme of all complaints that were opened in the span of so many weeks with that number."""
    return facet(f"weeks{weeks}", number)


def facet(kind: str, value: str | int | None) -> str:
    """A lexeme that no text can give, since it has a blank in it: what a search is narrowed by inside the index.

    `kind` is program, unit, account, channel, type, place, flag, phone or email, or a span of weeks; None is "has
    none".
    """
    return f"{kind} {'' if value is None else value}"


@dataclasses.dataclass(slots=True)
class _Case:
    """One complaint's texts, in the order of time."""

    row: Any
    texts: list[str]
    hidden_texts: list[str]
    identities: list[str]


_CLAIM = """
DELETE FROM search_due WHERE id IN (SELECT id FROM search_due ORDER BY id DESC LIMIT %s) RETURNING complaint_id
"""
_CASES = """
SELECT c.id, c.opened_at, c.program, c.unit, c.account, c.channel, c.type, c.place, c.anonim, c.rahasia,
       c.anonim OR c.rahasia AS hidden, c.format_unclear, c.likely_double, c.ticket, c.subject, c.contact_id,
       k.name AS contact
FROM complaint c LEFT JOIN contact k ON k.id = c.contact_id WHERE c.id = ANY(%s)
"""
_LINES = """
SELECT complaint_id, direction, name, address, text, revised, subject, quoted, location->>'label', hints
FROM message WHERE complaint_id = ANY(%s) AND role <> 'auto' ORDER BY sent_at, sequence, received_at
"""
_FILES = """
SELECT m.complaint_id, a.name FROM attachment a JOIN message m ON m.id = a.message_id
WHERE m.complaint_id = ANY(%s) AND a.name IS NOT NULL
"""
_ADDRESSES = "SELECT contact_id, name, address, phone, email FROM contact_address WHERE contact_id = ANY(%s)"
_WRITE = """
INSERT INTO complaint_search (complaint_id, veiled, opened_at, words)
SELECT complaint_id, veiled, opened_at, to_tsvector('indonesian', text) || array_to_tsvector(string_to_array(marks, %s))
FROM unnest(%s::uuid[], %s::bool[], %s::timestamptz[], %s::text[], %s::text[])
  AS t(complaint_id, veiled, opened_at, text, marks)
ON CONFLICT (complaint_id) DO UPDATE
SET veiled = EXCLUDED.veiled, opened_at = EXCLUDED.opened_at, words = EXCLUDED.words
"""


def behind(connection: Connection, most: int) -> int:
    """How many changes are not read yet, at most `most`."""
    query = "SELECT count(*) FROM (SELECT 1 FROM search_due LIMIT %s) AS due"
    return int(connection.exec_driver_sql(query, (most,)).scalar_one())


def catch_up(connection: Connection, most: int = BATCH) -> int:
    """Read what has changed last, at most so many changes, in this transaction; how many those were.

    0 also where somebody else is at it.
    """
    if not connection.exec_driver_sql("SELECT pg_try_advisory_xact_lock(%s)", (_LOCK,)).scalar_one():
        return 0
    due = connection.exec_driver_sql(_CLAIM, (most,)).scalars().all()
    if due:
        _read_anew(connection, sorted(set(due)))
    return len(due)


def identities(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    """By what names, addresses and numbers the reporters of these complaints are known."""
    return {each.row.id: each.identities for each in _gathered(connection, ids)}


def _read_anew(connection: Connection, ids: Sequence[UUID]) -> None:
    rows = [_row(each) for each in _gathered(connection, ids)]
    _write(connection, rows)


def _write(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Write these rows; one that the index refuses stays as it was, and holds up no other."""
    if not rows:
        return
    try:
        with connection.begin_nested():
            connection.exec_driver_sql(_WRITE, (_SEPARATOR, *(list(column) for column in zip(*rows, strict=True))))
    except DBAPIError as error:
        if error.connection_invalidated:
            raise
        if len(rows) == 1:
            log.warning("complaint %s cannot be searched anew: %s", rows[0][0], type(error.orig).__name__)
            return
        half = len(rows) // 2
        _write(connection, rows[:half])
        _write(connection, rows[half:])


def _gathered(connection: Connection, ids: Sequence[UUID]) -> list[_Case]:
    """All that there is to read of these complaints."""
    cases = {row.id: _case(row) for row in connection.exec_driver_sql(_CASES, (list(ids),))}
    for row in connection.exec_driver_sql(_LINES, (list(cases),)):
        _add_line(cases[row[0]], *row[1:])
    for complaint_id, name in connection.exec_driver_sql(_FILES, (list(cases),)):
        cases[complaint_id].hidden_texts.append(name)
    _add_addresses(connection, list(cases.values()))
    return list(cases.values())


def _case(row: Any) -> _Case:
    place = row.place or {}
    texts = [row.ticket, row.subject, place.get("label") or "", *(place.get("candidates") or ())]
    return _Case(row=row, texts=texts, hidden_texts=[], identities=[row.contact] if row.contact else [])


def _add_line(  # noqa: PLR0917 - the columns of a line
    case: _Case,
    direction: str,
    name: str | None,
    address: str | None,
    text: str,
    revised: str | None,
    subject: str | None,
    quoted: str | None,
    label: str | None,
    hints: dict[str, Any] | None,
) -> None:
    case.texts += [each for each in (text, revised, subject, label) if each]
    # A mail's history and the names of files tell of their writer in ways that no pattern knows: the veil is over all.
    if quoted:
        case.hidden_texts.append(quoted)
    if direction == "in":
        typed = [(hints or {}).get(key) for key in ("phone", "reporter_address", "name", "email", "username")]
        case.identities += [str(each) for each in (name, address, *typed) if each]


def _add_addresses(connection: Connection, cases: Sequence[_Case]) -> None:
    known: dict[UUID, list[str]] = {}
    contacts = [each.row.contact_id for each in cases if each.row.contact_id is not None]
    for contact_id, *found in connection.exec_driver_sql(_ADDRESSES, (contacts,)):
        known.setdefault(contact_id, []).extend(each for each in found if each)
    for each in cases:
        each.identities += known.get(each.row.contact_id, [])


def _row(case: _Case) -> tuple[UUID, bool, datetime, str, str]:
    """The columns of one row of the index; under the veil from exactly what is read under it."""
    row = case.row
    marks = _facets(row)
    if row.hidden:
        identity = pattern(case.identities)
        # Spelt plainly before it is covered: what a reader takes for the name must not be found by it either.
        words = [word for text in case.texts for word in tokens(cover(plain(text), identity))]
    else:
        texts = [*case.texts, *case.hidden_texts, *case.identities]
        words = [word for text in texts for word in tokens(text)]
        marks += [facet("phone", each) for each in _each(seek.phones(text) for text in texts)]
        marks += [facet("email", each) for each in _each(seek.emails(text) for text in texts)]
    return row.id, row.hidden, row.opened_at, _held(words), _SEPARATOR.join(marks)


def _facets(row: Any) -> list[str]:
    """What does not change with every click; whoever is unread or waits for an answer is asked of the complaint."""
    return [
        *(facet(kind, getattr(row, kind)) for kind in ("program", "unit", "account", "channel", "type")),
        *(facet("place", name) for name in (row.place or {}).get("candidates") or ()),
        *(facet("flag", name) for name in FLAGS if getattr(row, name)),
        *spans(week(row.opened_at)),
    ]


def _held(words: list[str]) -> str:
    """The words as one text that the index can hold."""
    text = " ".join(words)
    if len(text) <= LONGEST:
        return text
    once = list(dict.fromkeys(words))
    filled = itertools.accumulate(len(word.encode()) + _PER_WORD for word in once)
    return " ".join(word for word, sofar in zip(once, filled, strict=True) if sofar <= _ROOM)


def plain(text: str) -> str:
    """The text as it looks: without invisible characters and in the usual letters."""
    return unicodedata.normalize("NFKC", clean(text))


def _each(found: Iterable[Iterable[str]]) -> list[str]:
    return list(dict.fromkeys(each for one in found for each in one))

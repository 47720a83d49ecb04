"""Where in the found complaints it stands: lines to show a piece of, and which of their words are the found ones."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from uuid import UUID

    from sqlalchemy import Connection

    from store.search import Query

#: Characters of one line that are looked at, lines of one complaint, and lines that are shown of it at most.
_HEAD: Final = 8000
_LINES: Final = 200
_SHOWN: Final = 5


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A text of a complaint, unmasked. `kind` is in, out, note, subject, quoted or file."""

    complaint_id: UUID
    kind: str
    text: str


# Signs between words are blanks to the index (normalizer.text.tokens), but not to PostgreSQL's own parser.
_PASSAGES = """
SELECT l.complaint_id, l.kind, l.text
FROM unnest(%(ids)s::uuid[]) WITH ORDINALITY AS k(id, number)
CROSS JOIN LATERAL (
  SELECT * FROM (
    SELECT m.complaint_id, p.kind, left(p.text, %(head)s) AS text, m.sent_at, p.place
    FROM (SELECT * FROM message WHERE complaint_id = k.id AND role <> 'auto' ORDER BY sent_at LIMIT %(lines)s) m
    CROSS JOIN LATERAL (VALUES (1, m.direction, coalesce(m.revised, m.text)), (2, 'subject', m.subject),
                               (3, 'quoted', m.quoted)) AS p(place, kind, text)
    UNION ALL
    SELECT m.complaint_id, 'file', a.name, m.sent_at, 4
    FROM message m JOIN attachment a ON a.message_id = m.id WHERE m.complaint_id = k.id
  ) found
  WHERE text IS NOT NULL AND text <> '' AND (%(all)s OR to_tsvector('indonesian',
    translate(text, '.,:;/_-@+()<>&=#', repeat(' ', 16))) @@ %(stems)s::tsquery)
  ORDER BY sent_at, place LIMIT %(shown)s
) l
ORDER BY k.number, l.sent_at, l.place
"""


def passages(connection: Connection, ids: Sequence[UUID], query: Query) -> dict[UUID, list[Passage]]:
    """Texts of these complaints in which a found word stands, the first few in the order of time.

    For a phone number or a mail address any text may be one: the caller looks for it.
    """
    stems = " | ".join(_quoted(stem) for stem in sorted(query.stems))
    values = {
        "ids": list(ids),
        "head": _HEAD,
        "lines": _LINES,
        "all": not stems,
        "stems": stems,
        "shown": _SHOWN if stems else _LINES,
    }
    found: dict[UUID, list[Passage]] = {}
    for row in connection.exec_driver_sql(_PASSAGES, values) if ids else ():
        found.setdefault(row[0], []).append(Passage(complaint_id=row[0], kind=row[1], text=row[2]))
    return found


_WORDS = """
SELECT word FROM unnest(%s::text[]) AS w(word)
WHERE tsvector_to_array(to_tsvector('indonesian', word)) && %s::text[]
"""


def matching(connection: Connection, words: Iterable[str], query: Query) -> frozenset[str]:
    """Which of these words are found by the query: those with a stem that it looks for."""
    if not query.stems:
        return frozenset()
    rows: Any = connection.exec_driver_sql(_WORDS, (sorted(set(words)), sorted(query.stems)))
    return frozenset(rows.scalars())


def _quoted(stem: str) -> str:
    escaped = stem.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"

"""Search results: cards whose words are the piece of the history in which something was found, marked."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

from inbox import rights
from inbox.i18n import _, lazy
from inbox.masking import veil
from inbox.presenters import card
from inbox.queue.marking import Marker, flat
from inbox.state import now, person, runtime, scope
from normalizer.text import tokens
from store import passages, search, search_index

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from sqlalchemy import Connection, Engine

    from inbox.masking import Veil
    from inbox.presenters import Card
    from normalizer.seek import Sought
    from store.passages import Passage
    from store.queue import After, Row, Wanted
    from store.search import Query

#: Changes that a search reads first, so that an officer finds what he has just written; the clock reads the others.
_FIRST: Final = 40
#: Beyond this, nobody reads the figure.
_BEHIND: Final = 1000
_WHERE: Final = {
    "in": lazy("dalam pesan warga"),
    "out": lazy("dalam jawaban"),
    "note": lazy("dalam catatan"),
    "subject": lazy("dalam judul"),
    "quoted": lazy("dalam kutipan surat"),
    "file": lazy("dalam nama berkas"),
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """One page of what was found; `common` are words that were not looked for, `behind` changes not read yet."""

    cards: Sequence[Card]
    after: After | None
    common: tuple[str, ...]
    empty: bool
    whole: bool
    behind: int


def refresh(engine: Engine) -> None:
    """Let the search know what was written just now."""
    with engine.begin() as connection:
        search_index.catch_up(connection, _FIRST)


def hunt(connection: Connection, wanted: Wanted, sought: Sought) -> search.Hunt:
    """What this officer looks for where he may; never by a hidden reporter's identity, which would leave no trace."""
    query = search.prepare(connection, sought)
    return search.Hunt(scope=scope(), wanted=wanted, query=query, now=now())


def results(connection: Connection, wanted: Wanted, sought: Sought, after: After | None) -> Results:
    """A page of results."""
    wish = hunt(connection, wanted, sought)
    page = search.page(connection, wish, after=after)
    return Results(
        cards=_cards(connection, page.rows, wish.query),
        after=page.after,
        common=sought.common,
        empty=not wish.query.text,
        whole=page.whole,
        behind=search_index.behind(connection, _BEHIND),
    )


def _cards(connection: Connection, rows: Sequence[Row], query: Query) -> list[Card]:
    veils = _veils(connection, rows)
    texts = {each: _readable(found, veils[each]) for each, found in _passages(connection, rows, query).items()}
    shown = {row.id: card(row, person(), runtime(), now(), cover=veils[row.id]) for row in rows}
    known = {word for found in texts.values() for _kind, text in found for word in tokens(text)}
    known |= {word for each in shown.values() for text in (each.words, each.who, each.where) for word in tokens(text)}
    marker = Marker(sought=query.sought, words=passages.matching(connection, known, query))
    return [_found(shown[row.id], row, texts.get(row.id, []), marker) for row in rows]


def _passages(connection: Connection, rows: Sequence[Row], query: Query) -> Mapping[UUID, list[Passage]]:
    return passages.passages(connection, [row.id for row in rows], query)


def _veils(connection: Connection, rows: Sequence[Row]) -> dict[UUID, Veil]:
    """The veil over each; under it everything that the reporter is known by is hidden, as on the case's own page."""
    hidden = {row.id: rights.masked(person(), anonim=row.anonim, rahasia=row.rahasia) for row in rows}
    known = search_index.identities(connection, [each for each, down in hidden.items() if down])
    return {
        row.id: veil(hidden[row.id], [row.name, row.contact_name, row.address, *known.get(row.id, ())]) for row in rows
    }


def _readable(found: Sequence[Passage], cover: Veil) -> list[tuple[str, str]]:
    """Kind and text of what this officer may read; quoted mail and names of files are not shown under the veil."""
    if not cover.hidden:
        return [(each.kind, flat(each.text)) for each in found]
    open_ones = [each for each in found if each.kind not in ("quoted", "file")]
    return [(each.kind, flat(cover.text(search_index.plain(each.text)))) for each in open_ones]


def _found(shown: Card, row: Row, texts: Sequence[tuple[str, str]], marker: Marker) -> Card:
    """The card with its hits marked, from the text that has most of them."""
    best = max(texts, key=lambda each: marker.hits(each[1]), default=None)
    if best is None or not marker.hits(best[1]):
        hit, piece = _elsewhere(shown, marker), marker.around(shown.words)
    else:
        hit, piece = "" if flat(row.body).startswith(best[1][:80]) else str(_WHERE[best[0]]), marker.around(best[1])
    who = marker.whole(shown.who) if not shown.veiled else shown.who
    return dataclasses.replace(shown, words=piece, who=who, where=marker.whole(shown.where), hit=hit)


def _elsewhere(shown: Card, marker: Marker) -> str:
    """Why a complaint was found whose texts do not show it."""
    if marker.sought.phones and not shown.veiled:
        return _("nomor telepon pelapor")
    if marker.sought.emails and not shown.veiled:
        return _("alamat surel pelapor")
    return ""

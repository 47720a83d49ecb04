"""The page of figures, and the rows behind each of them."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from inbox import words
from inbox.i18n import _, _c, lazy
from inbox.numbers import charts, number_words, period, question, tallied
from inbox.numbers.charts import Series
from inbox.presenters import card
from inbox.queue.page import choices
from inbox.queue.view import read_after, write_after
from inbox.state import now, page, person, reading, runtime
from normalizer.program import Clock
from store import queue
from store.figures import rows
from store.figures.facts import NONE, Answer, Outcome
from store.figures.tally import Counts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from flask import Response
    from sqlalchemy import Connection

    from inbox.numbers.question import Question
    from store.figures.rows import Found, Point
    from store.figures.tally import Tally

#: For each dimension of the sums: how filters call it, what stands at the head of its column and of its table.
_DIMENSIONS: Final = {
    "program": ("program", lazy("Program"), lazy("Menurut program")),
    "unit": ("unit", lazy("Unit"), lazy("Menurut unit")),
    "channel": ("kanal", lazy("Kanal"), lazy("Menurut kanal")),
    "area": ("kecamatan", lazy("Kecamatan"), lazy("Menurut kecamatan")),
    "type": ("jenis", lazy("Jenis"), lazy("Menurut jenis")),
}
_OLDEST: Final = 10
_PAGE: Final = 50
#: Bars of a chart; the table beside it has all.
_BARS: Final = 12
_LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A row of a table: a name, and its counts with the query strings of their complaints."""

    name: str
    counts: Counts
    link: Mapping[str, str]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The counts by one thing, with a picture of them; `alt` says what it shows."""

    id: str
    title: str
    head: str
    lines: list[Line]
    picture: str
    alt: str


def show() -> Response:
    """The page of figures."""
    asked = question.read()
    with reading() as connection:
        found, counted = tallied.sums(connection, asked.asked())
        old = oldest(connection, asked)
    programs = asked.asked().programs
    values = {
        **choices(),
        "question": asked,
        "periods": period.NAMES,
        "found": found,
        "counted": None if counted is None else words.absolute(counted, runtime().zone),
        "tables": tables(found, asked),
        "bands": _bands(found),
        "oldest": old,
        "answers": number_words.ANSWERS,
        "short": number_words.SHORT,
        "outcomes": number_words.OUTCOMES,
        "band_names": number_words.BANDS,
        "rules": number_words.RULES,
        "times": {
            clock.value: (number_words.measured(programs, clock), words.CLOCKS[clock])
            for clock in (Clock.RESPONSE, Clock.RESOLUTION)
        },
        "took": lambda seconds, clock: number_words.span(seconds, programs, Clock(clock)),
        **shared(),
    }
    return page("numbers.html", title=_("Angka"), **values)


def shared() -> dict[str, Any]:
    """What templates need to write figures."""
    return {"number": number_words.number, "percent": number_words.percent}


def oldest(connection: Connection, asked: Question) -> list[Any]:
    """What has been open longest among what the filters leave, whenever it came."""
    cut = dataclasses.replace(asked.cut, start=_LONG_AGO, answer=None, outcome=None, band=None)
    return cards(connection, rows.oldest(connection, asked.asked(cut), _OLDEST))


def cards(connection: Connection, found: Iterable[Found | Point]) -> list[Any]:
    """Complaints as this officer may see them."""
    shown = queue.of(connection, [each.id for each in found])
    return [card(row, person(), runtime(), now()) for row in shown]


def tables(found: Tally, asked: Question) -> list[Table]:
    """The trend, and the counts by unit, channel, place and type; by program where there are several."""
    tabled = [_trend(found, asked)]
    for dimension, (parameter, head, title) in _DIMENSIONS.items():
        if found.by[dimension] and (dimension != "program" or len(choices()["programs"]) > 1):
            lines = [
                Line(name=name, counts=counts, link=_links(asked, **{parameter: value}))
                for value, name, counts in named(dimension, found.by[dimension])
            ]
            tabled.append(_table(dimension, str(title), str(head), lines, charts.rows))
    return tabled


def named(dimension: str, found: Mapping[str, Counts]) -> list[tuple[str, str, Counts]]:
    """The counts of one dimension with their values and what these are called: the largest first, at the end none."""
    names = _names(dimension)
    ordered = sorted(found.items(), key=lambda pair: (pair[0] == NONE, -pair[1].came, pair[0]))
    return [(value, str(names.get(value, value)), counts) for value, counts in ordered]


def _names(dimension: str) -> Mapping[str, str]:
    match dimension:
        case "unit":
            return {**choices()["units"], NONE: _("Belum didisposisikan")}
        case "area":
            return {NONE: _("Tidak disebut")}
        case "type":
            return words.TYPES
        case _:
            return dict(choices()["channels" if dimension == "channel" else "programs"])


def _links(asked: Question, **narrowed: str | None) -> dict[str, str]:
    """The query strings of a line's figures, by the name of the figure; `all` for the line itself."""
    found = {"all": asked.figure(**narrowed)}
    found |= {answer.value: asked.figure(tanggapan=answer.value, **narrowed) for answer in Answer}
    return found | {outcome.value: asked.figure(hasil=outcome.value, **narrowed) for outcome in Outcome}


def _trend(found: Tally, asked: Question) -> Table:
    lines = []
    for label, first, last in asked.period.columns():
        counts = Counts()
        for day, each in found.days.items():
            if first <= day <= last:
                counts.join(each)
        link = _links(asked, periode=None, dari=first.isoformat(), sampai=last.isoformat())
        lines.append(Line(name=label, counts=counts, link=link))
    title = _("Tren, %(step)s", step=number_words.STEPS[asked.period.step])
    return _table("trend", title, _("Masuk pada"), lines, charts.stacked)


def _table(key: str, title: str, head: str, lines: list[Line], draw: Any) -> Table:
    shown = lines if key == "trend" else lines[:_BARS]
    series = [
        Series(str(label), [line.counts.answers[answer] for line in shown])
        for answer, label in number_words.SHORT.items()
    ]
    alt = _("Grafik: %(title)s. Angkanya ada di tabel di bawahnya.", title=title)
    return Table(
        id=key, title=title, head=head, lines=lines, picture=draw([line.name for line in shown], series), alt=alt
    )


def _bands(found: Tally) -> str:
    names = [str(number_words.BANDS[band]) for band in found.bands]
    return charts.columns(names, [Series(_c("jumlah", "Aduan"), list(found.bands.values()))])


def show_rows() -> Response:
    """The complaints that one figure counts, the newest first."""
    asked = question.read()
    after = read_after(asked.values.get("setelah"))
    with reading() as connection:
        found, following = rows.page(connection, asked.asked(), after, _PAGE)
        shown = cards(connection, found)
    return page(
        "number_rows.html",
        title=_("Aduan di balik angka"),
        question=asked,
        kept=filters_in_words(asked),
        cards=shown,
        may_reveal=person().sees_identity,
        next_page=asked.link(setelah=write_after(following)) if following else None,
    )


def filters_in_words(asked: Question) -> list[str]:
    """What narrows the complaints: the figure whose rows they are, and the filters."""
    return [*_counted(asked), *_kept(asked)]


def _counted(asked: Question) -> list[str]:
    """The one figure whose rows they are, in words."""
    cut, found = asked.cut, []
    if cut.answer is not None:
        found.append(str(number_words.ANSWERS[cut.answer]))
    if cut.outcome is not None:
        found.append(str(number_words.OUTCOMES[cut.outcome]))
    if cut.band is not None:
        found.append(str(number_words.BANDS[cut.band]))
    return found


def _kept(asked: Question) -> list[str]:
    """The filters that hold, in words."""
    offered, given = choices(), asked.values
    found = [
        str(names.get(given[name], given[name]))
        for name, names in (
            ("program", offered["programs"]),
            ("kanal", offered["channels"]),
            ("jenis", words.TYPES),
            ("unit", offered["units"] | {NONE: _("Belum didisposisikan")}),
            ("kecamatan", {NONE: _("Tempat tidak disebut")}),
        )
        if name in given
    ]
    return [*found, *([_("Milik saya")] if given.get("saya") else [])]

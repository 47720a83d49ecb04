"""The monthly report of a program, as evaluation meetings read it: figures as they stood at the end of the month."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Final

from flask import Response, abort, request

from inbox import rights, words
from inbox.i18n import _, _c, lazy
from inbox.numbers import exports, number_words, period, question, tallied
from inbox.numbers.page import named
from inbox.numbers.period import Period
from inbox.presenters import unit_name
from inbox.state import now, page, person, reading, runtime, scope
from normalizer.program import Clock
from store import queue, users
from store.figures import rows
from store.figures.facts import Slice

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

    from normalizer.program import Program
    from store.figures.tally import Counts, Tally

_OLDEST: Final = 10
_MONTHS_BACK: Final = 36
_LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)
_HEADS: Final = {
    "unit": lazy("Unit"),
    "channel": lazy("Kanal"),
    "type": lazy("Jenis"),
    "area": lazy("Kecamatan"),
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Old:
    """A complaint that was open at the end of the month; `days` since it came."""

    ticket: str
    unit: str
    opened: str
    days: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A month of one program, as of `moment`: its end, or now while it goes on; and the month before, as of its end."""

    program: Program
    month: Period
    moment: datetime
    running: bool
    found: Tally
    before: Tally
    oldest: list[Old]

    def by(self, dimension: str) -> list[tuple[str, Counts]]:
        """The names and counts of one table, the largest first."""
        return [(name, counts) for _value, name, counts in named(dimension, self.found.by[dimension])]


def _month(text: str, today: date) -> date:
    """The first of a month written `2026-10`; nonsense and what is yet to come is the month before this one."""
    try:
        found = date.fromisoformat(f"{text}-01")
    except ValueError:
        return period.preceding(today)
    return found if found.year in period.YEARS and found <= today else period.preceding(today)


def _whole(first: date) -> Period:
    zone = runtime().zone
    return Period(name="bulan", first=first, last=period.last_of(first), zone=zone)


def _tally(connection: Connection, program: Program, month: Period, moment: datetime) -> Tally:
    cut = Slice(start=month.start, end=month.end, program=program.key)
    asked = question.asked(cut, moment, past=moment < now())
    return tallied.sums(connection, asked)[0]


def read() -> Report:
    """The report that the request's address asks for; 404 where the officer has no such program."""
    offered = rights.programs(person(), runtime())
    key = request.args.get("program")
    program = next((each for each in offered if key in {None, each.key}), None)
    if program is None:
        abort(404)
    month = _whole(_month(request.args.get("bulan", ""), now().astimezone(runtime().zone).date()))
    moment = min(month.end, now())
    earlier = _whole(period.preceding(month.first))
    with reading() as connection:
        return Report(
            program=program,
            month=month,
            moment=moment,
            running=moment < month.end,
            found=_tally(connection, program, month, moment),
            before=_tally(connection, program, earlier, earlier.end),
            oldest=_oldest(connection, program, moment),
        )


def _oldest(connection: Connection, program: Program, moment: datetime) -> list[Old]:
    cut = Slice(start=_LONG_AGO, end=moment, program=program.key)
    found = rows.oldest(connection, question.asked(cut, moment, past=moment < now()), _OLDEST)
    return [
        Old(
            ticket=row.ticket,
            unit=unit_name(runtime(), row.program, row.unit) or _("Belum didisposisikan"),
            opened=words.day(row.opened_at.astimezone(runtime().zone)),
            days=(moment - row.opened_at).days,
        )
        for row in queue.of(connection, [each.id for each in found])
    ]


def show() -> Response:
    """The report as a page to print."""
    report = read()
    programs = [report.program]
    return page(
        "report.html",
        title=_("Laporan %(month)s", month=period.month(report.month.first)),
        report=report,
        month_name=period.month(report.month.first),
        before_name=period.month(period.preceding(report.month.first)),
        months=_months(),
        chosen=f"{report.month.first:%Y-%m}",
        programs={program.key: program.name for program in rights.programs(person(), runtime())},
        summary=_summary(report),
        tables=[(_HEADS[each], report.by(each)) for each in _HEADS],
        bands=number_words.BANDS,
        answers=number_words.ANSWERS,
        outcomes=number_words.OUTCOMES,
        rules=number_words.RULES,
        units_only=scope().units is not None,
        told=words.absolute(report.moment, runtime().zone),
        measured=number_words.measured(programs, Clock.RESPONSE),
        number=number_words.number,
        percent=number_words.percent,
    )


def _months() -> dict[str, str]:
    """The months to choose from, this one first."""
    found, first = {}, now().astimezone(runtime().zone).date().replace(day=1)
    for _each in range(_MONTHS_BACK):
        found[f"{first:%Y-%m}"] = period.month(first)
        first = period.preceding(first)
    return found


def _summary(report: Report) -> list[tuple[str, str, str]]:
    """The figures that a meeting looks at first: name, this month, the month before."""
    pair = (report.found, report.before)
    programs = [report.program]

    def line(name: str, told: Sequence[str]) -> tuple[str, str, str]:
        return name, told[0], told[1]

    return [
        line(_("Aduan masuk"), [number_words.number(each.total.came) for each in pair]),
        *(
            line(str(label), [number_words.number(each.total.answers[answer]) for each in pair])
            for answer, label in number_words.ANSWERS.items()
        ),
        line(_("Tepat waktu (persen)"), [number_words.percent(each.total.share) for each in pair]),
        *(
            line(str(label), [number_words.number(each.total.outcomes[outcome]) for each in pair])
            for outcome, label in number_words.OUTCOMES.items()
        ),
        line(
            _("Separuh dijawab dalam"),
            [number_words.span(each.response.median, programs, Clock.RESPONSE) for each in pair],
        ),
        line(
            _("Separuh selesai dalam"),
            [number_words.span(each.resolution.median, programs, Clock.RESOLUTION) for each in pair],
        ),
    ]


def sheet() -> Response:
    """The report as a workbook, a sheet for each of its tables; leaves a trace."""
    from openpyxl import Workbook  # noqa: PLC0415 - a second of imports that only an XLSX needs

    report = read()
    wanted = f"?program={report.program.key}&bulan={report.month.first:%Y-%m}"
    told = {"of": "laporan", "filter": wanted, "format": "xlsx", "rows": report.found.total.came, "reporters": False}
    with runtime().engine.begin() as connection:
        users.record(connection, now(), person().id, person().id, "exported", **told)
    book = Workbook(write_only=True)
    for name, table in _sheets(report):
        exports.write(book, name, table, (38, *([18] * 9)))
    response = exports.workbook(book)
    file = f"laporan-{report.program.key}-{report.month.first:%Y-%m}.xlsx"
    response.headers["Content-Disposition"] = f'attachment; filename="{file}"'
    return response


def _sheets(report: Report) -> Iterator[tuple[str, Iterator[Sequence[object]]]]:
    yield _("Ringkasan"), iter(_first(report))
    for each in _HEADS:
        yield str(_HEADS[each]), _rows(str(_HEADS[each]), report.by(each))
    yield _("Paling lama terbuka"), iter(_last(report))


def _first(report: Report) -> list[Sequence[object]]:
    month = period.month(report.month.first)
    head: list[Sequence[object]] = [
        (report.program.name, report.program.organisation),
        (_("Keadaan"), words.absolute(report.moment, runtime().zone)),
        ("", month, period.month(period.preceding(report.month.first))),
        (_("Aduan masuk"), report.found.total.came, report.before.total.came),
    ]
    pair = (report.found, report.before)
    head += [(str(label), *(each.total.answers[key] for each in pair)) for key, label in number_words.ANSWERS.items()]
    head += [(str(label), *(each.total.outcomes[key] for each in pair)) for key, label in number_words.OUTCOMES.items()]
    head += [(str(label), *(each.bands[key] for each in pair)) for key, label in number_words.BANDS.items()]
    return head


def _rows(head: str, found: Sequence[tuple[str, Counts]]) -> Iterator[Sequence[object]]:
    short = [str(label) for label in number_words.SHORT.values()]
    yield [head, _c("waktu", "Masuk"), *short, _("Tepat waktu (persen)"), _("Terbuka"), _("Selesai")]
    for name, counts in found:
        yield [name, *_cells(counts)]


def _cells(counts: Counts) -> list[object]:
    share = "" if counts.share is None else round(counts.share * 100)
    return [counts.came, *(counts.answers[key] for key in number_words.SHORT), share, counts.open, counts.done]


def _last(report: Report) -> list[Sequence[object]]:
    head: list[Sequence[object]] = [(_("Nomor aduan"), _("Unit"), _c("waktu", "Masuk"), _("Hari terbuka"))]
    return [*head, *((each.ticket, each.unit, each.opened, each.days) for each in report.oldest)]

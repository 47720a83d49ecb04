"""Figures against a reckoning in plain Python: of now, and of past months as they then were."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from store.figures import rows
from store.figures.facts import Answer, Asked, Band, Facts, Outcome, Slice
from store.figures.tally import tally
from store.queue import Scope
from tests import factories, figurekit
from tests.figurekit import JAKARTA, PROGRAMS, Judged, judge, least, story, sums

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from tests.figurekit import Version

ALL = Scope(officer_id=0, programs=None, units=None, tray=None)
NOW = datetime(2026, 12, 1, tzinfo=UTC)
OCTOBER = (datetime(2026, 10, 1, tzinfo=JAKARTA), datetime(2026, 11, 1, tzinfo=JAKARTA))


def told(connection: Connection, stories: list[list[Version]]) -> None:
    for each in stories:
        figurekit.write(connection, each)


def brute(stories: list[list[Version]], start: datetime, end: datetime, moment: datetime) -> list[Judged]:
    came = [each for each in stories if start <= each[0].values["opened_at"] < end]
    return [found for each in came if (found := judge(each, moment)) is not None]


def check(connection: Connection, stories: list[list[Version]], moment: datetime, *, past: bool) -> None:
    start, end = OCTOBER
    cut = Slice(start=start, end=end)
    asked = Asked(scope=ALL, cut=cut, programs=PROGRAMS, moment=moment, past=past)
    found = tally(connection, asked, "Asia/Jakarta")
    expected = brute(stories, start, end, moment)
    assert found.total.came == len(expected)
    assert found.total.answers == Counter(each.answer for each in expected)
    assert found.total.outcomes == Counter(each.outcome for each in expected)
    for name in ("program", "channel", "unit", "type", "area"):
        wanted = sums(expected, name)
        assert {key: counts.came for key, counts in found.by[name].items()} == {
            key: sum(counts.values()) for key, counts in wanted.items()
        }
        for key, counts in wanted.items():
            late = sum(many for (answer, _), many in counts.items() if answer is Answer.LATE)
            assert found.by[name][key].answers[Answer.LATE] == late
    days = Counter(each.values["opened_at"].astimezone(JAKARTA).date() for each in expected)
    assert {day: counts.came for day, counts in found.days.items()} == dict(sorted(days.items()))
    assert found.bands == {band: sum(each.band is band for each in expected) for band in Band}
    for spread, seconds in (
        (found.response, [each.response for each in expected if each.response is not None]),
        (found.resolution, [each.resolution for each in expected if each.resolution is not None]),
    ):
        assert (spread.count, spread.median, spread.p90) == (len(seconds), least(seconds, 0.5), least(seconds, 0.9))


@pytest.mark.parametrize("seed", range(3))
def test_the_figures_are_those_that_plain_python_counts(engine: Engine, seed: int) -> None:
    chance = random.Random(seed)
    stories = [story(chance) for _ in range(120)]
    with engine.begin() as connection:
        told(connection, stories)
        check(connection, stories, NOW, past=False)
        for moment in (OCTOBER[1], datetime(2026, 10, 20, 3, tzinfo=UTC), NOW):
            check(connection, stories, moment, past=True)


def test_the_rows_behind_each_figure_are_as_many(engine: Engine) -> None:
    chance = random.Random(7)
    stories = [story(chance) for _ in range(100)]
    with engine.begin() as connection:
        told(connection, stories)
        start, end = OCTOBER
        expected = brute(stories, start, end, NOW)

        def many(**narrowed: object) -> int:
            cut = Slice(start=start, end=end, **narrowed)  # type: ignore[arg-type] # each is of its field's type
            asked = Asked(scope=ALL, cut=cut, programs=PROGRAMS, moment=NOW)
            found, after = rows.page(connection, asked, None, 1000)
            assert after is None
            assert rows.count(connection, rows.behind(asked)) == len(found)
            return len(found)

        for answer in Answer:
            assert many(answer=answer) == sum(each.answer is answer for each in expected)
        for outcome in Outcome:
            assert many(outcome=outcome) == sum(each.outcome is outcome for each in expected)
        for band in Band:
            assert many(band=band) == sum(each.band is band for each in expected)
        assert many(unit="-") == sum(each.values["unit"] is None for each in expected)
        assert many(area="Moga") == sum(each.values["place"] is not None for each in expected)
        assert many(unit="tidak-ada") == 0


def test_pages_of_rows_leave_none_out(engine: Engine) -> None:
    chance = random.Random(11)
    with engine.begin() as connection:
        told(connection, [story(chance) for _ in range(40)])
        cut = Slice(start=figurekit.FIRST, end=NOW)
        asked = Asked(scope=ALL, cut=cut, programs=PROGRAMS, moment=NOW)
        whole, _ = rows.page(connection, asked, None, 1000)
        seen, after = rows.page(connection, asked, None, 7)
        while after is not None:
            more, after = rows.page(connection, asked, after, 7)
            seen += more
        assert [each.id for each in seen] == [each.id for each in whole]
        assert len(seen) == len({each.id for each in seen}) > 7


def test_the_oldest_open_ones_then_and_now(engine: Engine) -> None:
    chance = random.Random(3)
    stories = [story(chance) for _ in range(100)]
    with engine.begin() as connection:
        told(connection, stories)
        for moment, past in ((NOW, False), (OCTOBER[1], True)):
            cut = Slice(start=figurekit.FIRST, end=moment)
            asked = Asked(scope=ALL, cut=cut, programs=PROGRAMS, moment=moment, past=past)
            expected = brute(stories, figurekit.FIRST, moment, moment)
            still = [each for each in expected if each.outcome in {Outcome.OPEN, Outcome.OPEN_LATE}]
            opened = sorted(each.values["opened_at"] for each in still)[:10]
            assert [each.opened_at for each in rows.oldest(connection, asked, 10)] == opened


def test_a_month_begins_at_midnight_of_the_wall_clock(engine: Engine) -> None:
    edge = OCTOBER[1]
    with engine.begin() as connection:
        for seconds in (-1, 0, 1):
            factories.complaint(connection, opened_at=edge + timedelta(seconds=seconds))
        asked = Asked(scope=ALL, cut=Slice(start=OCTOBER[0], end=edge), programs=PROGRAMS, moment=NOW)
        found = tally(connection, asked, "Asia/Jakarta")
        assert found.total.came == 1
        assert [day.isoformat() for day in found.days] == ["2026-10-31"]


def test_nothing_came(engine: Engine) -> None:
    with engine.begin() as connection:
        asked = Asked(scope=ALL, cut=Slice(start=OCTOBER[0], end=OCTOBER[1]), programs=PROGRAMS, moment=NOW)
        found = tally(connection, asked, "Asia/Jakarta")
        assert (found.total.came, found.total.share, found.response.median) == (0, None, None)
        assert rows.oldest(connection, asked, 10) == []


def test_a_scope_counts_only_what_it_reaches(engine: Engine) -> None:
    chance = random.Random(5)
    stories = [story(chance) for _ in range(80)]
    unit = Scope(officer_id=0, programs=frozenset({"siaga"}), units=frozenset({"dpu"}), tray=frozenset())
    with engine.begin() as connection:
        told(connection, stories)
        cut = Slice(start=figurekit.FIRST, end=NOW)
        asked = Asked(scope=unit, cut=cut, programs=PROGRAMS[:1], moment=NOW)
        expected = [
            each
            for each in brute(stories, figurekit.FIRST, NOW, NOW)
            if each.values["program"] == "siaga" and each.values["unit"] == "dpu"
        ]
        assert tally(connection, asked, "Asia/Jakarta").total.came == len(expected) > 0


def test_sums_read_the_index_alone(engine: Engine) -> None:
    with engine.begin() as connection:
        asked = Asked(scope=ALL, cut=Slice(start=OCTOBER[0], end=OCTOBER[1]), programs=PROGRAMS, moment=NOW)
        facts = Facts(asked)
        query = select(facts.answer, facts.outcome, facts.column("area"), func.count()).select_from(facts.source())
        shown = figurekit.plan(connection, query.where(facts.where()).group_by(*query.selected_columns[:3]))
        assert "Index Only Scan using ix_complaint_figures" in shown

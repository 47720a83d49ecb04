"""Whatever an officer may see: the branches of his scope bring all of it, in order, once, and nothing else."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from normalizer.complaint import CLOSED
from store import shelves
from store.engine import connect
from store.models import Complaint
from store.queue import After, Queue, Scope, Sort, Wanted, narrowed
from tests import factories
from tests.conftest import TEMPLATE
from tests.factories import NOW

if TYPE_CHECKING:
    import contextlib
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection, Engine

SIAGA, BOTH = frozenset({"siaga"}), frozenset({"siaga", "matur"})
SCOPES = {
    "all": Scope(officer_id=1, programs=None, units=None, tray=None),
    "all of programs": Scope(officer_id=1, programs=None, units=None, tray=frozenset()),
    "a program": Scope(officer_id=1, programs=SIAGA, units=None, tray=frozenset({"sms-a"})),
    "programs": Scope(officer_id=1, programs=BOTH, units=None, tray=frozenset()),
    "a unit": Scope(officer_id=1, programs=SIAGA, units=frozenset({"dpu"}), tray=frozenset()),
    "units": Scope(officer_id=1, programs=BOTH, units=frozenset({"dpu", "dinsos"}), tray=frozenset({"sms-a"})),
    "no program": Scope(officer_id=1, programs=frozenset(), units=None, tray=frozenset()),
}
NARROWED: dict[str, dict[str, Any]] = {
    "not at all": {},
    "program": {"program": "siaga"},
    "unit": {"unit": "dpu"},
    "both": {"program": "matur", "unit": "dpu"},
    "others' program": {"program": "lain"},
}


def fill(connection: Connection) -> None:
    """One of each kind that a scope or a queue tells apart."""
    officer = factories.officer(connection, "dewi")
    held = (("siaga", None), ("siaga", "dpu"), ("siaga", "dinkes"), ("matur", "dpu"), ("matur", None), (None, None))
    kinds = itertools.product(held, ("baru", "menunggu_warga", "selesai"), ("sms-a", "kertas"))
    for number, ((program, unit), state, account) in enumerate(kinds):
        closed = state in {each.value for each in CLOSED}
        due = NOW + timedelta(hours=number - 20)
        factories.complaint(
            connection,
            program=program,
            unit=unit,
            state=state,
            account=account,
            officer_id=officer if number % 4 == 1 else None,
            opened_at=NOW - timedelta(hours=number % 7),
            next_due_at=None if closed or state == "menunggu_warga" or number % 5 == 0 else due,
            closed_at=NOW if closed else None,
        )


def pages(connection: Connection, scope: Scope, wanted: Wanted) -> list[Any]:
    """The ids of a queue as an officer turns its pages."""
    found: list[Any] = []
    after: After | None = None
    while True:
        page = shelves.page(connection, scope, wanted, NOW, after=after, limit=4)
        found += [row.id for row in page.rows]
        after = page.after
        if after is None:
            return found


@pytest.fixture(scope="module")
def filled(template_url: str, new_database: Callable[..., contextlib.AbstractContextManager[str]]) -> Iterator[Engine]:
    """A database that these tests only read."""
    assert template_url
    with new_database(TEMPLATE) as url:
        engine = connect(url, name="test")
        with engine.begin() as connection:
            fill(connection)
        yield engine
        engine.dispose()


@pytest.fixture
def connection(filled: Engine) -> Iterator[Connection]:
    with filled.connect() as made:
        yield made


@pytest.mark.parametrize("scope", SCOPES.values(), ids=SCOPES)
@pytest.mark.parametrize("how", NARROWED.values(), ids=NARROWED)
def test_branches_bring_what_the_scope_reaches(connection: Connection, scope: Scope, how: dict[str, Any]) -> None:
    for queue, sort in itertools.product(Queue, Sort):
        wanted = Wanted(queue=queue, sort=sort, **how)
        reached = set(connection.execute(select(Complaint.id).where(narrowed(wanted, scope, NOW))).scalars())
        found = pages(connection, scope, wanted)
        assert set(found) == reached, (queue, sort)
        assert len(found) == len(reached), (queue, sort)
        assert shelves.count(connection, scope, wanted, NOW, 99) == len(reached), queue
        assert found == [row.id for row in shelves.page(connection, scope, wanted, NOW, limit=99).rows], (queue, sort)


def test_what_has_no_deadline_stands_behind_the_newest_on_top(connection: Connection) -> None:
    wanted = Wanted(queue=Queue.ALL, sort=Sort.DUE)
    rows = shelves.page(connection, SCOPES["all"], wanted, NOW, limit=99).rows
    due = [row.next_due_at for row in rows if row.next_due_at is not None]
    rest = [row.opened_at for row in rows[len(due) :]]
    assert all(row.next_due_at is None for row in rows[len(due) :])
    assert len(due) > 5 < len(rest)
    assert due == sorted(due)
    assert rest == sorted(rest, reverse=True)

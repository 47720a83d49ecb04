"""What search reads: kept up to date whoever writes, by the clock too; and what the index refuses holds up no other."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from dispatcher import reading, sweeper
from store import casework, identity, search_index
from tests import factories
from tests.inboxkit import Site

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Connection, Engine


@pytest.fixture
def site(engine: Engine, redis_client: Redis, tmp_path: Path) -> Site:
    return Site(engine, redis_client, tmp_path)


def known(site: Site, case: uuid.UUID) -> set[str] | None:
    """The lexemes of a complaint; None where it was not read yet."""
    rows = site.rows("SELECT tsvector_to_array(words) FROM complaint_search WHERE complaint_id = :id", id=case)
    return set(rows[0][0]) if rows else None


def catch_up(site: Site) -> int:
    with site.engine.begin() as connection:
        return search_index.catch_up(connection)


WRITES: dict[str, Callable[[Connection, uuid.UUID], Any]] = {
    "line": lambda connection, case: factories.line(connection, case, "barangbaru"),
    "edit": lambda connection, case: connection.execute(
        text("UPDATE message SET revised = 'barangbaru' WHERE complaint_id = :id"), {"id": case}
    ),
    "subject": lambda connection, case: connection.execute(
        text("UPDATE complaint SET subject = 'barangbaru' WHERE id = :id"), {"id": case}
    ),
    "place": lambda connection, case: connection.execute(
        text("""UPDATE complaint SET place = '{"label": "barangbaru"}' WHERE id = :id"""), {"id": case}
    ),
    "file": lambda connection, case: factories.attachment(
        connection, factories.line(connection, case, "foto"), name="barangbaru.jpg"
    ),
    "renamed file": lambda connection, case: connection.execute(
        text("UPDATE attachment SET name = 'barangbaru.jpg' WHERE name = 'lama.jpg'")
    ),
    "name": lambda connection, case: connection.execute(
        text("UPDATE contact_address SET name = 'barangbaru'"), {"id": case}
    ),
}


@pytest.mark.parametrize("write", WRITES)
def test_whoever_writes_is_read(site: Site, write: str) -> None:
    case = site.id_of(site.complaint("jalan rusak"))
    with site.engine.begin() as connection:
        factories.attachment(connection, factories.line(connection, case, "foto"), name="lama.jpg")
    catch_up(site)
    assert not {word for word in known(site, case) or () if word.startswith("barangbaru")}
    with site.engine.begin() as connection:
        WRITES[write](connection, case)
    assert catch_up(site) > 0
    assert {word for word in known(site, case) or () if word.startswith("barangbaru")}


def test_what_changes_no_word_is_not_read_again(site: Site) -> None:
    case = site.id_of(site.complaint("jalan rusak"))
    catch_up(site)
    with site.engine.begin() as connection:
        casework.mark_read(connection, case)
        connection.execute(text("UPDATE complaint SET send_failed = true, last_activity_at = now()"))
        connection.execute(text("UPDATE contact_address SET last_seen_at = now()"))
        factories.line(connection, case, "Tanda terima", direction="out", role="auto")
    assert catch_up(site) == 0


def test_a_split_part_takes_its_words_along(site: Site) -> None:
    case = site.id_of(site.complaint("jalan rusak"))
    with site.engine.begin() as connection:
        officer = factories.officer(connection, "dewi")
        line = factories.line(connection, case, "jembatan", sent_at=factories.NOW)
        fresh = casework.split(connection, factories.act(case, officer), line, None, "form")
    assert fresh is not None
    catch_up(site)
    assert "jembat" not in (known(site, case) or ())
    assert "jembat" in (known(site, fresh) or ())


def test_two_contacts_that_are_one_are_found_by_both_numbers(site: Site) -> None:
    case = site.id_of(site.complaint("jalan", address="+628111111111"))
    other = site.id_of(site.complaint("lampu", address="+628122222222"))
    with site.engine.begin() as connection:
        ids = [site.rows("SELECT contact_id FROM complaint WHERE id = :id", id=each)[0][0] for each in (case, other)]
        identity.join(connection, ids[0], ids[1], actor="dewi", now=factories.NOW)
    catch_up(site)
    for each in (case, other):
        assert {"phone +628111111111", "phone +628122222222"} <= (known(site, each) or set())


def test_a_row_that_the_index_refuses_holds_up_no_other(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    cases = [site.id_of(site.complaint(f"kata{number}")) for number in range(5)]
    facets = search_index._facets

    def refused(row: Any) -> list[str]:
        return ["", ""] if row.id == cases[2] else facets(row)

    monkeypatch.setattr(search_index, "_facets", refused)
    with caplog.at_level(logging.WARNING):
        assert catch_up(site) == 5
    assert [known(site, each) is not None for each in cases] == [True, True, False, True, True]
    assert str(cases[2]) in caplog.text
    assert catch_up(site) == 0


def test_the_clock_reads_what_has_changed(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    case = site.id_of(site.complaint("jalan rusak"))
    monkeypatch.setattr(sweeper, "INTERVAL", 0)
    stop = threading.Event()
    read = reading.read

    def once(runtime: Any) -> int:
        found = read(runtime)
        stop.set()
        return found

    monkeypatch.setattr("dispatcher.sweeper.reading.read", once)
    sweeper.run(site.runtime, stop)
    assert "rusak" in (known(site, case) or ())


def test_what_was_there_before_is_read_after_the_migration(site: Site) -> None:
    case = site.id_of(site.complaint("jalan rusak"))
    catch_up(site)
    with site.engine.begin() as connection:
        connection.execute(text("TRUNCATE complaint_search"))
        connection.execute(text("INSERT INTO search_due (complaint_id) SELECT id FROM complaint ORDER BY opened_at"))
    assert reading.read(site.runtime) == 1
    assert "rusak" in (known(site, case) or ())

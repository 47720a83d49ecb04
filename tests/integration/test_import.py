"""A file of another system's reports: looked at, brought in, brought in again, changed, broken."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from channels import registry
from channels.contract import AccountInfo
from channels.importing import ImportRefused
from channels.lapor.adapter import LaporChannel
from channels.lapor.dialects.export import ExportSettings
from dispatcher import drain, importing
from dispatcher.importing import Fate
from normalizer.complaint import State
from store import casework, ledger, quarantine
from store.casework import Act
from tests import factories
from tests.journalling import outcomes, rows, threads
from tests.toy import MASBUP, START, Clock, runtime

if TYPE_CHECKING:
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine

    from dispatcher.importing import Outcome
    from dispatcher.runtime import Runtime

HEADINGS = ("Tracking ID", "Judul", "Isi Laporan", "Tanggal Laporan", "Status", "Nama Pelapor", "Anonim", "Rahasia")
ROADS = ("101", "Jalan", "Jalan berlubang di Widuri", "01/11/2026 08:00", "Menunggu", "Budi", "Tidak", "Tidak")
LAMPS = ("102", "Lampu", "Lampu mati", "01/11/2026 09:00", "Menunggu", "Siti", "Tidak", "Tidak")


def table(*lines: tuple[str, ...], headings: tuple[str, ...] = HEADINGS) -> bytes:
    written = io.StringIO()
    csv.writer(written, delimiter=";").writerows([headings, *lines])
    return written.getvalue().encode()


def changed(row: tuple[str, ...], **cells: str) -> tuple[str, ...]:
    names = {"text": 2, "status": 4, "rahasia": 7}
    kept = list(row)
    for name, cell in cells.items():
        kept[names[name]] = cell
    return tuple(kept)


class World:
    """One account for files, its program, and time."""

    def __init__(self, engine: Engine, redis: Redis, folder: Path) -> None:
        self.clock = Clock(START)
        channel: Any = LaporChannel(AccountInfo(name="toy"), ExportSettings())
        self.runtime: Runtime = runtime(engine, redis, folder, channels=[channel], programs=[MASBUP], clock=self.clock)
        self.account = self.runtime.accounts["toy"]

    def bring(self, *lines: tuple[str, ...], drained: bool = True) -> Outcome:
        self.clock.now += timedelta(minutes=5)
        found = importing.bring(self.runtime, self.account, table(*lines), name="x.csv", by="sri")
        if drained:
            drain.run(self.runtime)
        return found

    def case(self, external_id: str) -> dict[str, Any]:
        names = "state, unread, rahasia, next_due_at, closed_at, touched, version, subject"
        sql = f"""SELECT {names}, c.id FROM complaint c WHERE conversation = :id"""  # noqa: S608 - names of ours
        [row] = rows(self.runtime, sql, id=external_id)
        return dict(zip([*names.split(", "), "id"], row, strict=True))

    def said(self, external_id: str) -> list[tuple[str, str | None]]:
        found = rows(
            self.runtime,
            """SELECT e.data ->> 'word', e.data ->> 'moved' FROM event e JOIN complaint c ON c.id = e.complaint_id
               WHERE c.conversation = :id AND e.kind = 'status_luar' ORDER BY e.id""",
            id=external_id,
        )
        return [(row[0], row[1]) for row in found]

    def officer(self, external_id: str, then: Any) -> None:
        """Dewi answers, in person."""
        with self.runtime.engine.begin() as connection:
            officer = factories.officer(connection, f"dewi{self.clock.now:%H%M%S}")
            case = self.case(external_id)
            act = Act(
                complaint_id=case["id"],
                version=case["version"],
                officer_id=officer,
                username="dewi",
                now=START,
                programs={},
            )
            casework.answer(connection, act, "Sudah", "1", then=then, deliver=False)


@pytest.fixture
def world(engine: Engine, redis_client: Redis, tmp_path: Path) -> World:
    return World(engine, redis_client, tmp_path)


def fates(outcome: Outcome) -> list[str]:
    return [line.fate.value for line in outcome.lines]


def test_a_dry_run_says_what_would_come_and_writes_nothing(world: World) -> None:
    found = importing.preview(world.runtime, world.account, table(ROADS, LAMPS, changed(LAMPS, text="Lampu")))
    assert fates(found) == ["new", "repeated", "new"]
    assert found.counts[Fate.NEW] == 2
    assert rows(world.runtime, "SELECT count(*) FROM journal") == [(0,)]


def test_rows_become_complaints_and_the_same_file_changes_nothing(world: World) -> None:
    assert fates(world.bring(ROADS, LAMPS)) == ["new", "new"]
    assert threads(world.runtime) == [("masbup", ["Jalan berlubang di Widuri"]), ("masbup", ["Lampu mati"])]
    assert world.case("101")["subject"] == "Jalan"
    before = rows(world.runtime, "SELECT ticket, state, version FROM complaint ORDER BY ticket")
    assert fates(world.bring(ROADS, LAMPS)) == ["unchanged", "unchanged"]
    assert rows(world.runtime, "SELECT count(*) FROM journal") == [(2,)]
    assert rows(world.runtime, "SELECT ticket, state, version FROM complaint ORDER BY ticket") == before
    assert rows(world.runtime, "SELECT count(*) FROM outbox") == [(0,)]
    with world.runtime.engine.connect() as connection:
        assert [line.remainder for line in ledger.balance(connection)] == [0]


def test_a_second_import_before_the_first_was_drained_knows_it_all_the_same(world: World) -> None:
    world.bring(ROADS, drained=False)
    assert fates(world.bring(ROADS, LAMPS, drained=False)) == ["unchanged", "new"]
    assert fates(world.bring(changed(ROADS, text="Lubang lagi"), LAMPS)) == ["edited", "unchanged"]
    assert threads(world.runtime)[0] == ("masbup", ["Lubang lagi"])


def test_other_words_become_an_edit_and_the_first_ones_stay(world: World) -> None:
    world.bring(ROADS)
    assert fates(world.bring(changed(ROADS, text="Jalan berlubang, dua jatuh"))) == ["edited"]
    assert rows(world.runtime, "SELECT text, revised FROM message") == [
        ("Jalan berlubang di Widuri", "Jalan berlubang, dua jatuh")
    ]
    assert fates(world.bring(changed(ROADS, text="Jalan berlubang, tiga jatuh"))) == ["edited"]
    assert rows(world.runtime, "SELECT revised FROM message") == [("Jalan berlubang, tiga jatuh",)]
    assert outcomes(world.runtime) == {"message": 1, "edit": 2, "ignored": 3}


def test_the_state_there_moves_the_complaint_here(world: World) -> None:
    world.bring(ROADS)
    assert world.case("101")["state"] == "baru"
    assert fates(world.bring(changed(ROADS, status="Diverifikasi"))) == ["status"]
    assert world.case("101")["state"] == "diverifikasi"
    world.bring(changed(ROADS, status="Dalam Tindakan"))
    assert world.case("101")["state"] == "tindak_lanjut"
    world.bring(changed(ROADS, status="Tuntas"))
    done = world.case("101")
    assert (done["state"], done["next_due_at"]) == ("selesai", None)
    assert done["closed_at"] is not None
    assert rows(world.runtime, "SELECT revised FROM message") == [(None,)]
    world.bring(changed(ROADS, status="Proses"))
    again = world.case("101")
    assert (again["state"], again["closed_at"]) == ("tindak_lanjut", None)
    assert again["next_due_at"] is not None
    assert [moved for _, moved in world.said("101")] == ["diverifikasi", "tindak_lanjut", "selesai", "tindak_lanjut"]


def test_a_report_that_comes_closed_stands_closed(world: World) -> None:
    world.bring(changed(ROADS, status="Selesai"))
    assert world.case("101")["state"] == "selesai"
    assert world.case("101")["next_due_at"] is None


def test_what_an_officer_closed_stays_closed_and_he_is_told(world: World) -> None:
    world.bring(ROADS)
    world.officer("101", State.SELESAI)
    world.bring(changed(ROADS, status="Proses"))
    case = world.case("101")
    assert (case["state"], case["unread"]) == ("selesai", True)
    assert world.said("101") == [("Proses", None)]


def test_what_an_officer_took_further_does_not_go_back_but_is_closed_by_them(world: World) -> None:
    world.bring(ROADS)
    world.officer("101", None)
    world.bring(changed(ROADS, status="Disposisi"))
    assert world.case("101")["state"] == "tindak_lanjut"
    world.bring(changed(ROADS, status="Selesai"))
    assert world.case("101")["state"] == "selesai"


def test_an_unknown_status_changes_nothing_and_is_said(world: World) -> None:
    world.bring(ROADS)
    found = world.bring(changed(ROADS, status="Disetujui"))
    assert (fates(found), "Disetujui" in found.lines[0].note) == (["status"], True)
    assert world.case("101")["state"] == "baru"
    assert world.said("101") == [("Disetujui", None)]


def test_a_flag_that_is_set_later_hides_and_one_that_is_taken_away_still_hides(world: World) -> None:
    world.bring(ROADS)
    assert not world.case("101")["rahasia"]
    world.bring(changed(ROADS, rahasia="Ya"))
    assert world.case("101")["rahasia"]
    world.bring(ROADS)
    assert world.case("101")["rahasia"]


def test_broken_rows_stand_in_quarantine_once_and_hold_nobody_up(world: World) -> None:
    broken = [("", *ROADS[1:]), ("103", "", "", "", "", "", "", ""), ("104", "x", "y", "32/13/2026", "", "", "", "")]
    found = world.bring(ROADS, *broken, LAMPS)
    assert fates(found) == ["new", "unreadable", "unreadable", "unreadable", "new"]
    assert all(line.note for line in found.lines[1:4])
    with world.runtime.engine.connect() as connection:
        assert len(quarantine.listing(connection)) == 3
    assert fates(world.bring(ROADS, *broken, LAMPS)) == ["unchanged", *["unreadable"] * 3, "unchanged"]
    assert outcomes(world.runtime)["quarantined"] == 3
    assert rows(world.runtime, "SELECT count(*) FROM journal") == [(5,)]


def test_an_older_export_is_left_aside_where_the_file_tells(world: World) -> None:
    headings = ("Tracking ID", "Isi Laporan", "Status", "Tanggal Update")

    def bring(*row: str) -> list[str]:
        world.clock.now += timedelta(minutes=1)
        content = table(row, headings=headings)
        found = importing.bring(world.runtime, world.account, content, name="x.csv", by="sri")
        drain.run(world.runtime)
        return fates(found)

    assert bring("7", "Kata", "Proses", "01/11/2026 10:00") == ["new"]
    assert bring("7", "Kata", "Selesai", "02/11/2026 10:00") == ["status"]
    assert bring("7", "Kata lama", "Proses", "01/11/2026 10:00") == ["older"]
    assert world.case("7")["state"] == "selesai"


def test_too_many_rows_and_too_many_bytes_are_refused_with_a_sentence(world: World) -> None:
    line = b"101;Judul;Isi;01/11/2026;Menunggu;;;\n"
    for content in (table() + line * 100_000, b"x" * (200 * 1024 * 1024)):
        with pytest.raises(ImportRefused, match=r"lebih (besar )?dari"):
            importing.bring(world.runtime, world.account, content, name="x.csv", by="sri")
    assert rows(world.runtime, "SELECT count(*) FROM journal") == [(0,)]


def test_a_row_of_the_journal_is_the_row_of_the_file(world: World) -> None:
    world.bring(ROADS)
    [(body, meta, source)] = rows(world.runtime, "SELECT body, meta, source FROM journal")
    assert dict(json.loads(bytes(body))["row"])["Isi Laporan"] == "Jalan berlubang di Widuri"
    assert (meta["by"], meta["row"], meta["file"], source) == ("sri", 2, "x.csv", "import")


def test_the_channel_is_found_by_what_it_offers(world: World) -> None:
    assert set(importing.accounts(world.runtime)) == {"toy"}
    assert registry.channel_type("lapor").offline("open311").importer is None  # type: ignore[attr-defined]

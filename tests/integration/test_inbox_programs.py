"""The pages of programs: what their files say, and what no longer fits them."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING

import pytest

from normalizer.program import Calendar, Clock, Clocks, Escalation, Program, Recipient
from tests.factories import SIAGA
from tests.inboxkit import Browser, Site

if TYPE_CHECKING:
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine

WORKING = dataclasses.replace(
    SIAGA,
    hashtags=("siagakita",),
    places=("Randudongkal", "Moga"),
    clocks=Clocks(
        calendar=Calendar.HOURS,
        office_hours="07:15-15:15",
        first_response=8,
        resolution=40,
        holidays=(dt.date(2026, 12, 24),),
        workdays=(dt.date(2026, 12, 25),),
        pause_while_waiting=(Clock.RESOLUTION,),
    ),
    escalation=(
        Escalation(clock=Clock.RESOLUTION, at="75%", to=(Recipient.OFFICER,)),
        Escalation(clock=Clock.RESOLUTION, at="-4h", to=(Recipient.UNIT_HEAD, Recipient.LEADER)),
        Escalation(clock=Clock.RESPONSE, at="0", to=(Recipient.OFFICER,)),
    ),
)


@pytest.fixture
def site(engine: Engine, redis_client: Redis, tmp_path: Path) -> Site:
    made = Site(engine, redis_client, tmp_path)
    programs: dict[str, Program] = made.runtime.programs  # type: ignore[assignment]
    programs["siaga"] = WORKING
    return made


@pytest.fixture
def admin(site: Site) -> Browser:
    return site.officer("admin", "administrator", programs=[])


def test_a_program_shows_what_its_file_says_and_where_it_stands(site: Site, admin: Browser) -> None:
    page = admin.get("/inbox/programs/siaga").text
    assert "config/programs/siaga.toml" in page
    for told in ("Kabupaten Siaga", "siagakita", "Randudongkal, Moga", "07:15-15:15", "Sabtu, Minggu", "sms-a"):
        assert told in page
    # A complaint of Monday 10.00: eight office hours end on Tuesday at ten.
    assert "Selasa 24 Nov 10.00" in page
    assert "8 jam kerja" in page
    assert "40 jam kerja" in page
    assert "berhenti selama menunggu warga" in page
    assert "tidak dipakai" in page
    assert '<th scope="row">2026-12-24</th><td>libur daerah</td>' in page
    assert '<th scope="row">2026-12-25</th><td>tetap masuk</td>' in page
    assert "Hari libur 2027" in page
    assert "setelah 75% waktunya" in page
    assert "4 jam sebelumnya" in page
    assert "kepala unit, pimpinan" in page
    assert "pada tenggatnya" in page
    assert site.officer("a", "auditor").get("/inbox/programs/siaga").status_code == 200


def test_units_stand_as_a_tree_with_their_people_and_open_cases(site: Site, admin: Browser) -> None:
    site.officer("kepala", "unit_head", unit="dpu", name="Ibu Kepala")
    site.officer("staf", "officer", unit="dpu-jalan", name="Pak Staf")
    site.officer("lepas", "officer", unit="dpu-jalan", name="Bu Lepas", active=False)
    site.complaint(unit="dpu-jalan")
    site.complaint(unit="dpu-jalan", state="selesai", next_due_at=None)
    site.complaint()
    page = admin.get("/inbox/programs/siaga").text
    tree = page.partition('<div class="tree">')[2].partition("</section>")[0]
    above, below = tree.index("Dinas Pekerjaan Umum"), tree.index("Bidang Jalan")
    assert above < tree.index("<ul>", above) < below
    assert "Kepala: Ibu Kepala" in tree
    assert "Petugas: Pak Staf" in tree
    assert "Bu Lepas" not in tree
    assert '<code class="soft">dpu-jalan</code> <span class="small">1 terbuka' in tree
    assert "1 aduan terbuka belum di unit mana pun" in page


def test_what_no_longer_fits_the_files_is_named(site: Site, admin: Browser) -> None:
    site.officer("lama", unit="dihapus", name="Pak Lama")
    site.officer("nyasar", programs=["dulu"], name="Bu Nyasar")
    site.complaint(unit="dihapus")
    site.complaint(program="dulu", account="dicabut")
    page = admin.get("/inbox/programs/siaga").text
    assert "Pak Lama ditugaskan di unit dihapus, yang tidak ada lagi." in page
    assert "1 aduan terbuka ada di unit dihapus, yang tidak ada lagi." in page
    assert "Belum ada admin program" in page
    whole = admin.get("/inbox/programs").text
    assert "3 masalah" in whole
    assert "Bu Nyasar ditugaskan di program dulu, yang tidak ada berkasnya." in whole
    assert "1 aduan terbuka milik program dulu" in whole
    assert "1 aduan terbuka masuk lewat akun dicabut, yang tidak ada lagi. Jawabannya tidak dapat dikirim." in whole
    site.officer("siaga", "program_admin")
    assert "Belum ada admin program" not in admin.get("/inbox/programs/siaga").text


def test_an_account_that_is_turned_off_is_named(site: Site, admin: Browser) -> None:
    programs: dict[str, Program] = site.runtime.programs  # type: ignore[assignment]
    programs["siaga"] = dataclasses.replace(WORKING, accounts=("sms-a", "dimatikan"))
    page = admin.get("/inbox/programs/siaga").text
    assert "Akun dimatikan di accounts tidak ada atau dimatikan di muara.toml." in page


def test_a_program_admin_sees_his_own_only_and_nothing_of_the_rest(site: Site) -> None:
    ours = site.officer("siaga", "program_admin")
    site.officer("nyasar", programs=["dulu"], name="Bu Nyasar")
    page = ours.get("/inbox/programs").text
    assert "Kabupaten Siaga" in page
    assert "Kabupaten Matur" not in page
    assert "Bu Nyasar" not in page
    assert ours.get("/inbox/programs/matur").status_code == 404
    assert ours.get("/inbox/programs/tidak-ada").status_code == 404
    assert site.officer("dewi").get("/inbox/programs").status_code == 403


def test_the_way_to_all_of_it(site: Site, admin: Browser) -> None:
    page = admin.get("/inbox/manage").text
    for address in ("channels", "quarantine", "programs", "users", "canned", "import"):
        assert f'href="/inbox/{address}"' in page
    assert 'href="/inbox/manage"' in admin.get("/inbox").text
    auditor = site.officer("a", "auditor")
    seen = auditor.get("/inbox/manage").text
    assert 'href="/inbox/channels"' in seen
    assert 'href="/inbox/users"' not in seen
    dewi = site.officer("dewi")
    assert dewi.get("/inbox/manage").status_code == 403
    assert 'href="/inbox/manage"' not in dewi.get("/inbox").text

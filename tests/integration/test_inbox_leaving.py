"""A case that leaves an officer's sight by his own act: the page after it, and the way back for ten minutes."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.inboxkit import Browser, Site, field

if TYPE_CHECKING:
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine


@pytest.fixture
def site(engine: Engine, redis_client: Redis, tmp_path: Path) -> Site:
    return Site(engine, redis_client, tmp_path)


def hand_over(site: Site) -> tuple[Browser, str]:
    ticket, staff = site.complaint(unit="dpu"), site.officer("staf", unit="dpu")
    gone = staff.post(f"/inbox/{ticket}/dispose", unit="dinkes", **staff.form(ticket))
    assert (gone.status_code, gone.location) == (303, f"/inbox/{ticket}/left")
    return staff, ticket


def test_a_disposition_out_of_ones_sight_can_be_taken_back(site: Site) -> None:
    staff, ticket = hand_over(site)
    assert staff.get(f"/inbox/{ticket}").status_code == 404
    page = staff.get(f"/inbox/{ticket}/left").text
    assert "Dinas Kesehatan" in page
    version = field(page, "version")
    back = staff.post(f"/inbox/{ticket}/undo", version=version)
    assert (back.status_code, back.location) == (303, f"/inbox/{ticket}")
    assert site.case(ticket).unit == "dpu"
    assert staff.get(f"/inbox/{ticket}").status_code == 200
    assert staff.get(f"/inbox/{ticket}/left").status_code == 303


def test_not_once_ten_minutes_are_over(site: Site) -> None:
    staff, ticket = hand_over(site)
    version = field(staff.get(f"/inbox/{ticket}/left").text, "version")
    site.clock.pass_by(timedelta(minutes=11))
    assert staff.get(f"/inbox/{ticket}/left").status_code == 404
    assert staff.post(f"/inbox/{ticket}/undo", version=version).status_code == 404
    assert site.case(ticket).unit == "dinkes"


def test_not_once_the_other_unit_has_begun(site: Site) -> None:
    staff, ticket = hand_over(site)
    version = field(staff.get(f"/inbox/{ticket}/left").text, "version")
    theirs = site.officer("perawat", unit="dinkes")
    theirs.post(f"/inbox/{ticket}/take", **theirs.form(ticket))
    assert staff.post(f"/inbox/{ticket}/undo", version=version).status_code == 404
    assert site.case(ticket).unit == "dinkes"


def test_what_another_did_is_nothing_to_take_back_or_to_look_at(site: Site) -> None:
    staff, ticket = hand_over(site)
    version = field(staff.get(f"/inbox/{ticket}/left").text, "version")
    other = site.officer("lain", unit="dpu")
    assert other.get(f"/inbox/{ticket}/left").status_code == 404
    assert other.post(f"/inbox/{ticket}/undo", version=version).status_code == 404
    assert site.case(ticket).unit == "dinkes"


def test_a_form_over_all_limits_says_where_the_words_are(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    ticket, staff = site.complaint(), site.officer("staf")
    form = {"text": "x" * 5_000, **staff.form(ticket)}
    monkeypatch.setattr("inbox.pages._LARGEST", 4_000)
    refused = staff.post(f"/inbox/{ticket}/note", **form)
    assert refused.status_code == 413
    assert "Kembali ke halaman sebelumnya" in refused.text


def test_what_was_handed_over_with_others_leads_to_the_way_back_too(site: Site) -> None:
    ticket, staff = site.complaint(unit="dpu"), site.officer("staf", unit="dpu")
    form = {"verb": "dispose", "unit": "dinkes", "sure": "1", "pick": f"{ticket}:1", "submission": "x"}
    assert f'href="/inbox/{ticket}/left"' in staff.post("/inbox/bulk", **form).text
    assert "Urungkan" in staff.get(f"/inbox/{ticket}/left").text

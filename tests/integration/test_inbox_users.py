"""Officers in the browser: who may manage whom, links that are good once, the last administrator, the trace."""

from __future__ import annotations

import re
import threading
from datetime import timedelta
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy.exc import DBAPIError

from store import people, users
from store.people import Role
from tests import factories
from tests.inboxkit import Browser, Site, cheap_hashing, field, tickets

if TYPE_CHECKING:
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine
    from werkzeug.test import TestResponse

NEW = "kuda besi lari pagi"


@pytest.fixture
def site(engine: Engine, redis_client: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    cheap_hashing(monkeypatch)
    return Site(engine, redis_client, tmp_path)


def form(**values: Any) -> dict[str, Any]:
    return {"name": "Sri Wahyuni", "role": "officer", "programs": ["siaga"], "unit": "", **values}


def link_in(page: TestResponse) -> str:
    found = re.search(r'value="http://localhost(/inbox/invite/[^"]+)"', page.text)
    assert found, page.text
    return unescape(found[1])


def choose(site: Site, link: str, password: str = NEW, again: str | None = None) -> TestResponse:
    browser = site.browser()
    csrf = field(browser.get(link).text, "csrf")
    return browser.client.post(link, data={"csrf": csrf, "password": password, "again": again or password})


def log_in(site: Site, username: str, password: str) -> TestResponse:
    browser = site.browser()
    csrf = field(browser.get("/inbox/login").text, "csrf")
    return browser.client.post("/inbox/login", data={"csrf": csrf, "username": username, "password": password})


def made(site: Site, username: str, role: str = "officer", **values: Any) -> int:
    with site.engine.begin() as connection:
        return factories.officer(connection, username, role, **values)


def invited(site: Site, admin: Browser, **values: Any) -> tuple[int, str]:
    page = admin.post("/inbox/users/new", **form(username="sri", **values))
    assert page.status_code == 200, page.text
    [(officer_id,)] = site.rows("SELECT id FROM officer WHERE username = 'sri'")
    return int(officer_id), link_in(page)


def of(site: Site, officer_id: int, column: str) -> Any:
    [(value,)] = site.rows(f"SELECT {column} FROM officer WHERE id = :id", id=officer_id)  # noqa: S608 - a test's own
    return value


def test_an_invited_officer_chooses_a_password_and_logs_in(site: Site) -> None:
    admin = site.officer("admin", "administrator", programs=[])
    _, link = invited(site, admin, email="Sri@Kab.example", unit="dpu")
    assert log_in(site, "sri", NEW).status_code == 401
    assert choose(site, link).location == "/inbox/login?siap=1"
    assert log_in(site, "sri", NEW).status_code == 303
    assert site.rows("SELECT email, unit, programs FROM officer WHERE username = 'sri'") == [
        ("sri@kab.example", "dpu", ["siaga"])
    ]


def test_a_link_is_good_once_and_looking_does_not_use_it_up(site: Site) -> None:
    _, link = invited(site, site.officer("admin", "administrator"))
    for _ in range(3):
        assert site.browser().get(link).status_code == 200
    browser = site.browser()
    csrf = field(browser.get(link).text, "csrf")
    assert choose(site, link).status_code == 303
    late = browser.client.post(link, data={"csrf": csrf, "password": "punya si pencuri", "again": "punya si pencuri"})
    assert late.status_code == 404
    assert log_in(site, "sri", NEW).status_code == 303


def test_a_link_runs_out(site: Site) -> None:
    _, link = invited(site, site.officer("admin", "administrator"))
    site.clock.pass_by(users.INVITED - timedelta(seconds=1))
    assert site.browser().get(link).status_code == 200
    site.clock.pass_by(timedelta(seconds=1))
    assert site.browser().get(link).status_code == 404


def test_the_table_opens_nothing_and_the_link_stands_nowhere(site: Site) -> None:
    admin = site.officer("admin", "administrator")
    officer_id, link = invited(site, admin)
    token = link.rpartition("/")[2]
    assert token not in admin.get(f"/inbox/users/{officer_id}").text
    [(kept,)] = site.rows("SELECT token_hash FROM officer_token")
    assert len(kept) == 64
    assert site.browser().get(f"/inbox/invite/{kept}").status_code == 404
    assert site.rows("SELECT count(*) FROM person_event WHERE data::text LIKE :t", t=f"%{token}%") == [(0,)]


def test_a_new_link_ends_the_old_one_and_choosing_ends_all_sessions(site: Site) -> None:
    admin = site.officer("admin", "administrator")
    officer_id, first = invited(site, admin)
    second = link_in(admin.post(f"/inbox/users/{officer_id}/link"))
    assert site.browser().get(first).status_code == 404
    choose(site, second)
    log_in(site, "sri", NEW)
    assert site.rows("SELECT count(*) FROM session WHERE officer_id = :i", i=officer_id) == [(1,)]
    choose(site, link_in(admin.post(f"/inbox/users/{officer_id}/link")), "kata yang lain lagi")
    assert site.rows("SELECT count(*) FROM session WHERE officer_id = :i", i=officer_id) == [(0,)]
    assert log_in(site, "sri", NEW).status_code == 401


@pytest.mark.parametrize(("password", "again"), [("pendek", None), (NEW, "lain sama sekali"), ("x" * 1025, None)])
def test_a_password_that_will_not_do_does_not_use_the_link_up(site: Site, password: str, again: str | None) -> None:
    _, link = invited(site, site.officer("admin", "administrator"))
    assert choose(site, link, password, again).status_code == 422
    assert choose(site, link).status_code == 303


def test_a_link_needs_the_cookie_that_came_with_its_form(site: Site) -> None:
    _, link = invited(site, site.officer("admin", "administrator"))
    csrf = field(site.browser().get(link).text, "csrf")
    data = {"csrf": csrf, "password": NEW, "again": NEW}
    assert site.browser().client.post(link, data=data).status_code == 400


def test_who_is_logged_in_as_another_may_use_a_link_too(site: Site) -> None:
    admin = site.officer("admin", "administrator")
    _, link = invited(site, admin)
    csrf = field(admin.get(link).text, "csrf")
    assert admin.client.post(link, data={"csrf": csrf, "password": NEW, "again": NEW}).status_code == 303


def test_letting_go_ends_sessions_and_links_at_once(site: Site) -> None:
    admin = site.officer("admin", "administrator")
    officer_id, link = invited(site, admin)
    choose(site, link)
    browser = site.browser()
    csrf = field(browser.get("/inbox/login").text, "csrf")
    browser.client.post("/inbox/login", data={"csrf": csrf, "username": "sri", "password": NEW})
    again = link_in(admin.post(f"/inbox/users/{officer_id}/link"))
    assert admin.post(f"/inbox/users/{officer_id}/active", active="0").status_code == 303
    assert browser.get("/inbox").status_code == 303
    assert site.browser().get(again).status_code == 404
    assert log_in(site, "sri", NEW).status_code == 401
    assert admin.post(f"/inbox/users/{officer_id}/link").status_code == 422
    admin.post(f"/inbox/users/{officer_id}/active", active="1")
    assert site.browser().get(again).status_code == 404
    assert log_in(site, "sri", NEW).status_code == 303


def test_the_last_administrator_stays(site: Site) -> None:
    admin_id = made(site, "kepala", "administrator", programs=[], password_hash="x")
    made(site, "tamu", "administrator", programs=[])
    admin = site.officer("kedua", "administrator", programs=[])
    for path, values in ((f"/inbox/users/{admin_id}/active", {"active": "0"}), (f"/inbox/users/{admin_id}", form())):
        response = admin.post(path, **values)
        assert response.status_code == 422
        assert "administrator terakhir" in response.text
    assert (of(site, admin_id, "role"), of(site, admin_id, "active")) == ("administrator", True)
    made(site, "ketiga", "administrator", programs=[], password_hash="x")
    assert admin.post(f"/inbox/users/{admin_id}/active", active="0").status_code == 303


def test_two_administrators_cannot_let_each_other_go(site: Site) -> None:
    pair = [made(site, name, "administrator", programs=[], password_hash="x") for name in ("satu", "dua")]
    start, results = threading.Barrier(2), []

    def let_go(actor: int, victim: int) -> None:
        start.wait()
        with site.engine.begin() as connection:
            users.alone(connection)
            user = users.find(connection, victim)
            assert user is not None
            try:
                users.let_go(connection, factories.NOW, actor, user)
            except users.UserError:
                results.append("kept")

    threads = [threading.Thread(target=let_go, args=two) for two in (pair, pair[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == ["kept"]
    assert site.rows("SELECT count(*) FROM officer WHERE active") == [(1,)]


@pytest.mark.parametrize(
    "changes",
    [
        {"role": "administrator", "programs": []},
        {"role": "program_admin"},
        {"role": "leader"},
        {"role": "auditor"},
        {"programs": ["siaga", "matur"]},
        {"programs": ["matur"]},
        {"sees_identity": "1"},
    ],
)
def test_a_programs_administrator_gives_nothing_that_is_not_his(site: Site, changes: dict[str, Any]) -> None:
    admin = site.officer("siaga", "program_admin")
    officer_id = made(site, "budi")
    before = site.rows("SELECT * FROM officer ORDER BY id")
    assert admin.post("/inbox/users/new", **form(username="sri", **changes)).status_code == 403
    assert admin.post(f"/inbox/users/{officer_id}", **form(**changes)).status_code == 403
    assert site.rows("SELECT * FROM officer ORDER BY id") == before
    assert site.rows("SELECT count(*) FROM person_event") == [(0,)]


@pytest.mark.parametrize(
    "values",
    [
        {"role": "administrator", "programs": []},
        {"role": "program_admin"},
        {"role": "leader"},
        {"programs": ["matur"]},
        {"programs": ["siaga", "matur"]},
        {"programs": []},
        {"sees_identity": True},
    ],
)
def test_a_programs_administrator_gets_no_way_into_stronger_accounts(site: Site, values: dict[str, Any]) -> None:
    admin = site.officer("siaga", "program_admin")
    officer_id = made(site, "kuat", **values)
    statuses = {admin.post(f"/inbox/users/{officer_id}{act}", **form()).status_code for act in ("", "/link", "/active")}
    assert statuses == {404}
    assert admin.get(f"/inbox/users/{officer_id}").status_code == 404
    assert site.rows("SELECT count(*) FROM officer_token") == [(0,)]


def test_a_programs_administrator_lists_his_units_people_only(site: Site) -> None:
    made(site, "budi", "officer")
    made(site, "citra", "unit_head", unit="dpu")
    made(site, "dinda", "officer", programs=["matur"])
    made(site, "eka", "leader")
    page = site.officer("siaga", "program_admin").get("/inbox/users").text
    assert re.findall(r'<span class="soft">(\w+)</span></p>', page) == ["budi", "citra"]


def test_search_takes_its_words_literally(site: Site) -> None:
    made(site, "budi", name="Budi 100%")
    made(site, "citra", name="Citra")
    admin = site.officer("admin", "administrator")
    for words, found in (("budi", True), ("%", True), ("_", False), ("budi citra", False), ("BUDI 100%", True)):
        assert ("budi</span>" in admin.get("/inbox/users", query_string={"q": words}).text) is found, words


def test_rights_change_with_the_next_click(site: Site) -> None:
    browser = site.officer("budi")
    [(officer_id,)] = site.rows("SELECT id FROM officer WHERE username = 'budi'")
    ticket = site.complaint(unit="dpu")
    assert tickets(browser.get("/inbox?antrean=semua").text) == [ticket]
    admin = site.officer("admin", "administrator", programs=[])
    assert admin.post(f"/inbox/users/{officer_id}", **form(unit="dinkes")).status_code == 303
    assert tickets(browser.get("/inbox?antrean=semua").text) == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"username": "X"}, "2 sampai 64"),
        ({"username": "budi"}, "sudah dipakai"),
        ({"email": "budi@kab.example"}, "sudah dipakai petugas lain"),
        ({"email": "a@b.example\nBcc: c@d.example"}, "tidak dapat dipakai"),
        ({"email": "tanpa-apa-apa"}, "tidak dapat dipakai"),
        ({"name": "  "}, "Tulis namanya"),
        ({"role": "raja"}, "Pilih perannya"),
        ({"programs": []}, "satu program"),
        ({"programs": ["tidak-ada"]}, "satu program"),
        ({"unit": "dinsos"}, "Unit itu tidak ada"),
        ({"role": "unit_head"}, "Pilih unit yang dikepalai"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_made(site: Site, changes: dict[str, Any], sentence: str) -> None:
    made(site, "budi", email="budi@kab.example")
    admin = site.officer("admin", "administrator")
    response = admin.post("/inbox/users/new", **form(**{"username": "sri", **changes}))
    assert response.status_code == 422
    assert sentence in response.text
    assert site.rows("SELECT count(*) FROM officer") == [(2,)]


def test_names_are_shown_as_written(site: Site) -> None:
    admin = site.officer("admin", "administrator")
    officer_id, _ = invited(site, admin, name="<b>Sri</b>")
    for url in ("/inbox/users", f"/inbox/users/{officer_id}"):
        page = admin.get(url).text
        assert "<b>Sri" not in page
        assert "&lt;b&gt;Sri" in page


def test_every_act_stands_in_the_trace_and_the_trace_stays(site: Site) -> None:
    admin = site.officer("admin", "administrator", name="Ibu Admin")
    officer_id, link = invited(site, admin)
    choose(site, link)
    admin.post(f"/inbox/users/{officer_id}", **form(role="unit_head", unit="dpu"))
    admin.post(f"/inbox/users/{officer_id}", **form(role="unit_head", unit="dpu"))
    admin.post(f"/inbox/users/{officer_id}/link")
    admin.post(f"/inbox/users/{officer_id}/active", active="0")
    admin.post(f"/inbox/users/{officer_id}/active", active="0")
    admin.post(f"/inbox/users/{officer_id}/active", active="1")
    kinds = [row[0] for row in site.rows("SELECT kind FROM person_event ORDER BY id")]
    assert kinds == ["invited", "password", "changed", "link", "deactivated", "activated"]
    page = admin.get(f"/inbox/users/{officer_id}").text
    assert "peran: Petugas → Kepala unit; unit: - → dpu" in page
    assert "dinonaktifkan oleh Ibu Admin" in page
    for statement in ("DELETE FROM person_event", "UPDATE person_event SET kind = 'x'", "TRUNCATE person_event"):
        with pytest.raises(DBAPIError, match="append-only"), site.engine.begin() as connection:
            connection.exec_driver_sql(statement)


def test_an_id_that_no_officer_can_have_is_not_there(site: Site) -> None:
    admin = site.officer("admin", "administrator")
    assert admin.get(f"/inbox/users/{2**70}").status_code == 404
    assert admin.get("/inbox/users/999").status_code == 404


def test_a_planted_cookie_becomes_nobodys_session(site: Site) -> None:
    """Fixation: the log-in makes a token of its own, and the session whose cookie the browser had ends."""
    with site.engine.begin() as connection:
        people.add_officer(connection, "dewi", "Dewi", factories.PASSWORD, Role.OFFICER, ["siaga"])
    victim = site.browser()
    csrf = field(victim.get("/inbox/login").text, "csrf")
    planted = site.officer("penyerang").client.get_cookie("muara_session", path="/inbox")
    assert planted is not None
    victim.client.set_cookie("muara_session", planted.value, path="/inbox")
    form = {"csrf": csrf, "username": "dewi", "password": factories.PASSWORD}
    assert victim.client.post("/inbox/login", data=form).status_code == 303
    now = victim.client.get_cookie("muara_session", path="/inbox")
    assert now is not None
    assert now.value != planted.value
    assert site.browser(planted.value).get("/inbox").status_code == 303
    assert "Dewi" in victim.get("/inbox").text

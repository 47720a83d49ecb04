"""Kirim uji ke saya: one message on each way that is chosen, over a real mail server and the strict bot; its end."""

from __future__ import annotations

import dataclasses
import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import insert

from dispatcher import delivering
from inbox.state import KEY
from normalizer.telling import Kind, Way
from store import health
from store.models import Reach
from tests.channels.telegram_stand import SITI, Telegram, serving
from tests.inboxkit import Browser, Site
from tests.noticekit import BOT, NOW, House
from tests.smtpd import Post, post_office

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine

URL = "/inbox/me/notices"
FORM = {"digest_hour": "7", "digest_days": "all"}
BOTH = {"again.mail": "digest", "prod.telegram": "now"}


@pytest.fixture
def post() -> Iterator[Post]:
    with post_office(login=False) as running:
        yield running


@pytest.fixture
def telegram(monkeypatch: pytest.MonkeyPatch) -> Iterator[Telegram]:
    for name in ("HTTP_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with serving() as running:
        yield running


@pytest.fixture
def house(engine: Engine, redis_client: Redis, tmp_path: Path, post: Post, telegram: Telegram) -> House:
    return House(engine, redis_client, tmp_path, post, telegram.channel())


@pytest.fixture
def site(engine: Engine, redis_client: Redis, tmp_path: Path, house: House) -> Site:
    """The same installation, as a browser sees it."""
    made = Site(engine, redis_client, tmp_path)
    made.clock = house.clock
    made.app.extensions[KEY] = dataclasses.replace(made.app.extensions[KEY], runtime=house.runtime)
    return made


@pytest.fixture
def dewi(site: Site, house: House) -> Browser:
    """An officer who has an address and a linked chat, and has chosen both ways."""
    browser = site.officer("dewi", email="dewi@kab.example", language=None)
    [(officer,)] = house.rows("SELECT id FROM officer")
    with house.engine.begin() as connection:
        row = {"officer_id": officer, "way": "telegram", "account": BOT, "address": str(SITI.id), "since": NOW}
        connection.execute(insert(Reach).values(row))
    assert browser.post(URL, **FORM, **BOTH).status_code == 303
    return browser


def ends(browser: Browser) -> dict[str, str]:
    """What the page says of each way."""
    page = browser.get(URL).text
    return dict(re.findall(r"<li>(Surel|Telegram): ([^<]+)</li>", page))


def ask(browser: Browser) -> None:
    answer = browser.post(f"{URL}/test")
    assert (answer.status_code, answer.location) == (303, f"{URL}#trial")


def test_it_comes_on_each_way_and_the_page_says_so(house: House, dewi: Browser, post: Post, telegram: Telegram) -> None:
    assert ends(dewi) == {}
    ask(dewi)
    assert ends(dewi) == {"Surel": "menunggu dikirim", "Telegram": "menunggu dikirim"}
    assert "Lihat keadaan terbaru" in dewi.get(URL).text
    house.look()
    house.look()
    at = "Senin, 23 Nov 2026 10.00 WIB"
    assert ends(dewi) == {"Surel": f"terkirim, {at}", "Telegram": f"terkirim, {at}"}
    assert "Lihat keadaan terbaru" not in dewi.get(URL).text
    [mail], [chat] = post.mails(), telegram.delivered()
    assert (mail["To"], mail["Subject"]) == (
        "dewi@kab.example",
        "Muara: Uji pemberitahuan: kiriman ke sini sampai",
    )
    for said in (mail.get_content(), chat):
        assert said.startswith("Uji pemberitahuan: kiriman ke sini sampai\n")
        assert "/inbox/me/notices" in said
        assert "dewi" not in said.lower()


def test_the_bell_is_silent_about_it(house: House, dewi: Browser) -> None:
    ask(dewi)
    house.look()
    page = dewi.get("/inbox/notices").text
    assert "Belum ada pemberitahuan" in page
    assert house.rows("SELECT kind, seen_at IS NOT NULL, data, complaint_id FROM notice") == [("test", True, {}, None)]


def test_it_goes_only_on_the_ways_that_are_chosen(house: House, dewi: Browser, post: Post, telegram: Telegram) -> None:
    dewi.post(URL, **FORM, **{"prod.telegram": "digest"})
    ask(dewi)
    house.look()
    assert list(ends(dewi)) == ["Telegram"]
    assert (post.taken, len(telegram.delivered())) == ([], 1)
    dewi.post(URL, **FORM)
    answer = dewi.post(f"{URL}/test")
    assert answer.status_code == 422
    assert "Pilih dan simpan dahulu" in answer.text
    assert "Kirim uji ke saya" not in dewi.get(URL).text
    assert len(house.rows("SELECT 1 FROM notice")) == 1


def test_it_comes_within_the_quiet_hours_and_what_waits_there_stays(house: House, dewi: Browser, post: Post) -> None:
    dewi.post(URL, **FORM, **{"again.mail": "now"}, quiet_from="00:00", quiet_to="23:59")
    [(officer,)] = house.rows("SELECT id FROM officer")
    house.tell(officer, house.complaint(), Kind.AGAIN)
    house.look()
    ask(dewi)
    house.look()
    assert [str(mail["Subject"]) for mail in post.mails()] == ["Muara: Uji pemberitahuan: kiriman ke sini sampai"]
    assert sorted(house.states()) == ["sent", "waiting"]


def test_a_refusal_is_named_and_counts_as_any_other(
    house: House, dewi: Browser, post: Post, telegram: Telegram
) -> None:
    post.answers["RCPT"] = "550 5.1.1 no such user"
    telegram.cloud.submit(telegram.cloud.update_blocked(SITI))
    for _ in range(3):
        ask(dewi)
        house.look()
        found = ends(dewi)
        assert found["Surel"].startswith("ditolak (")
        assert "550" in found["Surel"]
        assert found["Telegram"].startswith("ditolak (")
    house.clock.pass_by(timedelta(minutes=1))
    ask(dewi)
    house.look()
    held = "dijeda karena ditolak; tekan Coba lagi dahulu"
    assert ends(dewi) == {"Surel": held, "Telegram": held}
    post.answers.clear()
    dewi.post(f"{URL}/resume", way="mail")
    house.clock.pass_by(timedelta(minutes=2))
    ask(dewi)
    house.look()
    assert ends(dewi)["Surel"].startswith("terkirim, ")


def test_a_server_that_is_away_is_tried_again(house: House, dewi: Browser, post: Post) -> None:
    post.answers["MAIL"] = "451 4.3.0 come back later"
    ask(dewi)
    house.look(Way.MAIL)
    assert ends(dewi)["Surel"] == "belum berhasil; dicoba lagi Senin, 23 Nov 2026 10.01 WIB"
    post.answers.clear()
    house.clock.pass_by(delivering.FIRST_PAUSE)
    house.look(Way.MAIL)
    assert ends(dewi)["Surel"].startswith("terkirim, ")


def test_why_nothing_goes_is_said(house: House, site: Site, dewi: Browser, post: Post) -> None:
    house.change("UPDATE officer SET email = NULL")
    dewi.post("/inbox/me/telegram/unlink")
    ask(dewi)
    why = {"Surel": "belum ada alamat; mintalah administrator mengisinya", "Telegram": "belum terhubung"}
    assert ends(dewi) == why
    house.look()
    assert ends(dewi) == why
    bare = dataclasses.replace(house.runtime, mailer=None, notify=None)
    site.app.extensions[KEY] = dataclasses.replace(site.app.extensions[KEY], runtime=bare)
    assert ends(dewi) == {
        "Surel": "instalasi ini tidak mengirim surel",
        "Telegram": "instalasi ini tidak menulis lewat Telegram",
    }
    assert post.taken == []


def test_a_bot_that_rests_makes_it_wait(house: House, dewi: Browser, telegram: Telegram) -> None:
    with house.engine.begin() as connection:
        health.rest(connection, BOT, "429", house.clock(), house.clock() + timedelta(minutes=5))
    ask(dewi)
    house.look()
    assert ends(dewi)["Telegram"] == "menunggu dikirim"
    house.clock.pass_by(timedelta(minutes=5))
    house.look()
    assert ends(dewi)["Telegram"].startswith("terkirim, ")
    assert len(telegram.delivered()) == 1


def test_it_is_asked_for_only_so_often(house: House, dewi: Browser, post: Post) -> None:
    for _ in range(3):
        ask(dewi)
    refused = dewi.post(f"{URL}/test")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "60")
    house.look()
    assert len(house.rows("SELECT 1 FROM notice")) == 3
    assert len(post.taken) == 1  # what is asked for at once is one message
    house.clock.pass_by(timedelta(minutes=1))
    ask(dewi)


def test_each_sees_his_own_and_only_for_a_day(house: House, site: Site, dewi: Browser) -> None:
    ask(dewi)
    house.look()
    assert ends(site.officer("budi", email="budi@kab.example")) == {}
    house.clock.pass_by(timedelta(hours=23))
    house.change("UPDATE session SET seen_at = seen_at + interval '1 day', expires_at = expires_at + interval '1 day'")
    assert len(ends(dewi)) == 2
    house.clock.pass_by(timedelta(hours=2))
    assert ends(dewi) == {}


def test_it_is_written_in_the_officers_language(house: House, dewi: Browser, post: Post) -> None:
    house.change("UPDATE officer SET language = 'en'")
    ask(dewi)
    assert "Mail: waiting to be sent" in dewi.get(URL).text
    house.look()
    [mail] = post.mails()
    assert mail["Subject"] == "Muara: Test of your notifications: they arrive here"

"""Pemberitahuan saya: what is chosen is kept, what is nonsense is refused, and a chat is linked by its code."""

from __future__ import annotations

import dataclasses
import re
from datetime import time, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from dispatcher import drain, sending
from inbox.state import KEY
from normalizer.telling import Days, Kind, Way, When
from store import chats, delivery
from tests.inboxkit import Browser, Site
from tests.journalling import deliver
from tests.toy import ToyChannel, runtime

if TYPE_CHECKING:
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine

    from dispatcher.runtime import Runtime

FORM = {"digest_hour": "7", "digest_days": "weekdays"}
CODE = re.compile(r'<code class="big">([A-Z2-9]{5}-[A-Z2-9]{5})</code>')
ME = "77001"


class Named(ToyChannel):
    """A bot whose name the settings tell."""

    @property
    def addresses(self) -> frozenset[str]:
        return frozenset({"siaga_bot"})


@pytest.fixture
def site(engine: Engine, redis_client: Redis, tmp_path: Path) -> Site:
    return Site(engine, redis_client, tmp_path)


@pytest.fixture
def world(engine: Engine, redis_client: Redis, tmp_path: Path, site: Site) -> Runtime:
    """The same installation, whose bot is the toy account."""
    made = dataclasses.replace(runtime(engine, redis_client, tmp_path, channels=(Named("toy"),)), notify="toy")
    made = dataclasses.replace(made, clock=site.clock)
    site.app.extensions[KEY] = dataclasses.replace(site.app.extensions[KEY], runtime=made)
    return made


def write(world: Runtime, words: str, number: int = 1, who: str = ME, **values: Any) -> None:
    item = {"external_id": f"in-{number}", "text": words, "who": who, "at": number * 60, **values}
    deliver(world, [item], account="toy")
    drain.run(world)


def outcomes(site: Site) -> list[tuple[Any, ...]]:
    return site.rows("SELECT outcome, reason FROM item ORDER BY id")


def chats_of(site: Site) -> list[tuple[Any, ...]]:
    sql = """SELECT username, account, address FROM officer_reach r JOIN officer o ON o.id = r.officer_id
             WHERE way = 'telegram' ORDER BY username"""
    return site.rows(sql)


def code_for(browser: Browser) -> str:
    found = CODE.search(browser.post("/inbox/me/telegram").text)
    assert found
    return found[1]


def answers(world: Runtime) -> list[str]:
    channel = world.accounts["toy"].channel
    assert isinstance(channel, ToyChannel)
    with sending.sender(world) as sender:
        sender.run()
    return [reply.text for reply in channel.sent]


def test_what_is_chosen_is_kept_and_shown(site: Site) -> None:
    dewi = site.officer("dewi", email="dewi@kab.example")
    chosen = {
        **FORM,
        "again.mail": "now",
        "deadline.mail": "digest",
        "quiet_from": "20:00",
        "quiet_to": "06:30",
        "late_passes": "1",
    }
    assert dewi.post("/inbox/me/notices", **chosen).status_code == 303
    [(officer,)] = site.rows("SELECT id FROM officer")
    with site.engine.connect() as connection:
        wishes = delivery.wishes(connection, officer)
    assert wishes.ways == {(Kind.AGAIN, Way.MAIL): When.NOW, (Kind.DEADLINE, Way.MAIL): When.DIGEST}
    assert (wishes.digest_hour, wishes.digest_days) == (7, Days.WEEKDAYS)
    assert (wishes.quiet, wishes.late_passes) == ((time(20), time(6, 30)), True)
    page = dewi.get("/inbox/me/notices?siap=simpan").text
    assert "Pilihan Anda disimpan." in page
    for expected in ('value="20:00"', 'value="06:30"', 'value="1" checked'):
        assert expected in page
    assert re.search(r'name="again\.mail">.*?<option value="now" selected>', page)


def test_at_first_nothing_is_chosen_and_no_way_is_offered_that_there_is_not(site: Site) -> None:
    page = site.officer("dewi").get("/inbox/me/notices").text
    assert page.count('<option value="" selected>tidak</option>') == page.count('.mail">')
    assert "instalasi ini tidak mengirim surel" in page
    assert "Telegram:" not in page
    assert "silence.mail" not in page
    assert "silence.mail" in site.officer("admin", "administrator").get("/inbox/me/notices").text


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"quiet_from": "20:00"}, 422),
        ({"quiet_from": "20:00", "quiet_to": "20:00"}, 422),
        ({"quiet_from": "25:00", "quiet_to": "06:00"}, 422),
        ({"quiet_from": "20:00+07:00", "quiet_to": "06:00"}, 422),
        ({"quiet_from": "\0", "quiet_to": "\0"}, 422),
        ({"again.mail": "selalu"}, 400),
        ({"digest_hour": "24"}, 400),
        ({"digest_hour": "07"}, 400),
        ({"digest_days": "never"}, 400),
    ],
)
def test_nonsense_is_refused_and_changes_nothing(site: Site, form: dict[str, str], status: int) -> None:
    dewi = site.officer("dewi")
    assert dewi.post("/inbox/me/notices", **{**FORM, **form}).status_code == status
    assert site.rows("SELECT 1 FROM officer_choice") == []
    assert dewi.post("/inbox/me/notices/resume", way="merpati").status_code == 400


def test_a_way_that_was_refused_is_shown_and_tried_again(site: Site) -> None:
    dewi = site.officer("dewi", email="dewi@kab.example")
    dewi.post("/inbox/me/notices", **FORM)
    with site.engine.begin() as connection:
        officer = connection.execute(text("SELECT id FROM officer")).scalar_one()
        for _ in range(delivery.MOST_REFUSALS):
            delivery.refused(connection, officer, Way.MAIL, "dewi@kab.example", "550", site.clock())
    assert "menolak alamat Anda 3 kali" in dewi.get("/inbox/me/notices").text
    dewi.post("/inbox/me/notices/resume", way="mail")
    assert "menolak" not in dewi.get("/inbox/me/notices").text
    assert site.rows("SELECT failures, paused_at FROM officer_reach") == [(0, None)]


@pytest.mark.parametrize(
    ("words", "command"),
    [("{}", "start"), ("/petugas {}", None), ("/petugas@siaga_bot  {} ", None), ("{}", None)],
)
def test_a_code_links_the_chat_and_is_no_complaint(site: Site, world: Runtime, words: str, command: str | None) -> None:
    dewi = site.officer("dewi")
    code = code_for(dewi)
    page = dewi.post("/inbox/me/telegram").text
    assert f"https://t.me/siaga_bot?start={CODE.search(page)[1]}" in page  # type: ignore[index] # it is there
    assert "<svg" in page
    write(world, words.format(code))
    assert chats_of(site) == []  # the second code took the first one's place
    write(world, words.format(CODE.search(page)[1].lower()), 2, **({"command": command} if command else {}))  # type: ignore[index] # it is there
    assert chats_of(site) == [("dewi", "toy", ME)]
    assert outcomes(site)[-1] == ("ignored", "officer-code:done")
    assert answers(world)[-1].startswith("Terhubung.")
    assert "Telegram: terhubung" in dewi.get("/inbox/me/notices").text
    assert site.rows("SELECT kind FROM person_event WHERE kind LIKE 'telegram%'") == [("telegram_linked",)]


@pytest.mark.parametrize(("command", "prefix"), [("start", ""), (None, "/petugas ")])
def test_a_code_that_is_none_any_more_is_answered_with_help(
    site: Site, world: Runtime, command: str | None, prefix: str
) -> None:
    code = code_for(site.officer("dewi"))
    site.clock.pass_by(chats.LIFE)
    write(world, prefix + code, **({"command": command} if command else {}))
    assert (chats_of(site), outcomes(site)) == ([], [("ignored", "officer-code:wrong")])
    [said] = answers(world)
    assert "tidak berlaku lagi" in said
    assert site.rows("SELECT count(*) FROM complaint") == [(0,)]


@pytest.mark.parametrize(
    ("words", "command"),
    [
        ("/petugas desa kami tidak pernah datang", None),
        ("ABCDE-FGHJK", None),
        ("jalan rusak di depan pasar", "start"),
        ("/petugas", None),
    ],
)
def test_what_a_citizen_writes_never_vanishes(site: Site, world: Runtime, words: str, command: str | None) -> None:
    write(world, words, **({"command": command} if command else {}))
    assert outcomes(site) == [("message", None)]
    assert site.rows("SELECT text FROM message WHERE direction = 'in'") == [(words,)]


@pytest.mark.parametrize("who", ["group", "other account"])
def test_a_code_counts_only_between_two_and_on_the_bot(site: Site, world: Runtime, who: str) -> None:
    code = code_for(site.officer("dewi"))
    if who == "group":
        write(world, code, conversation="-100200300")
    else:
        write(dataclasses.replace(world, notify=None), code)
    assert (chats_of(site), outcomes(site)) == ([], [("message", None)])


def test_a_chat_has_one_officer_and_an_officer_one_chat(site: Site, world: Runtime) -> None:
    dewi, budi = site.officer("dewi"), site.officer("budi")
    write(world, code_for(dewi))
    write(world, code_for(budi), 2)
    assert chats_of(site) == [("dewi", "toy", ME)]
    assert outcomes(site)[-1] == ("ignored", "officer-code:taken")
    write(world, code_for(dewi), 3, who="88002")
    write(world, code_for(budi), 4)
    assert chats_of(site) == [("budi", "toy", ME), ("dewi", "toy", "88002")]
    with site.engine.begin() as connection:
        connection.execute(text("UPDATE officer SET active = false WHERE username = 'budi'"))
    sari = site.officer("sari")
    write(world, code_for(sari), 5)
    assert chats_of(site) == [("dewi", "toy", "88002"), ("sari", "toy", ME)]


def test_the_same_code_delivered_twice_is_one_code(site: Site, world: Runtime) -> None:
    code = code_for(site.officer("dewi"))
    write(world, code, command="start")
    write(world, code, command="start")
    write(world, code, 2, command="start")
    assert [row[1] for row in outcomes(site) if row[1]] == ["officer-code:done", "officer-code:wrong"]


def test_an_officer_complains_from_his_own_chat_and_lets_it_go(site: Site, world: Runtime) -> None:
    dewi = site.officer("dewi")
    write(world, code_for(dewi))
    write(world, "masbupsiaga lampu jalan mati", 2)
    assert site.rows("SELECT program FROM complaint") == [("masbup",)]
    assert dewi.post("/inbox/me/telegram/unlink").status_code == 303
    assert dewi.post("/inbox/me/telegram/unlink").status_code == 303
    assert chats_of(site) == []
    assert "belum terhubung" in dewi.get("/inbox/me/notices").text
    kinds = site.rows("SELECT kind FROM person_event WHERE kind LIKE 'telegram%' ORDER BY id")
    assert kinds == [("telegram_linked",), ("telegram_unlinked",)]


def test_codes_are_made_only_so_fast(site: Site, world: Runtime) -> None:
    assert world.notify == "toy"
    dewi = site.officer("dewi")
    for _ in range(5):
        code_for(dewi)
    refused = dewi.post("/inbox/me/telegram")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "30")
    site.clock.pass_by(timedelta(seconds=30))
    code_for(dewi)

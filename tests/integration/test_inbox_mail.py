"""Mail to officers over a real SMTP server: invitations, lost passwords, and what must never become a header."""

from __future__ import annotations

import dataclasses
import re
import threading
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from commands import doctor
from dispatcher.mailing import Mailer, MailError
from inbox.people import forgotten
from inbox.people.mailing import Background
from inbox.state import KEY
from store import people
from tests.dovecot import CERTIFICATES
from tests.factories import NOW, PASSWORD
from tests.inboxkit import Site, cheap_hashing, field
from tests.smtpd import Post, post_office

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine
    from werkzeug.test import TestResponse

NEW = "kuda besi lari pagi"
SENDER = "Muara Kabupaten <muara@kab.example>"


def mailer(post: Post, security: str = "none", **values: str) -> Mailer:
    given = {"host": "127.0.0.1", "security": security, "username": "", "password": "", "sender": SENDER, **values}
    return Mailer(port=post.port, patience=2.0, **given)  # type: ignore[arg-type] # all text


@pytest.fixture
def post() -> Iterator[Post]:
    with post_office(login=False) as running:
        yield running


@pytest.fixture
def site(engine: Engine, redis_client: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, post: Post) -> Site:
    cheap_hashing(monkeypatch)
    made = Site(engine, redis_client, tmp_path, public_url="https://aduan.kab.example", mailer=mailer(post))
    in_background(made, lambda work: work())
    with engine.begin() as connection:
        people.add_officer(connection, "dewi", "Dewi", PASSWORD, "officer", ["siaga"])
        connection.exec_driver_sql("UPDATE officer SET email = 'dewi@kab.example'")
    return made


def in_background(site: Site, do: Callable[[Callable[[], None]], None]) -> None:
    site.app.extensions[KEY] = dataclasses.replace(site.app.extensions[KEY], background=do)


def ask(site: Site, email: str, **headers: str) -> TestResponse:
    client = site.app.test_client()
    page = client.get("/inbox/forgotten", base_url="https://localhost").text
    form = {"csrf": field(page, "csrf"), "email": email}
    return client.post("/inbox/forgotten", data=form, headers=headers, base_url="https://localhost")


def choose(site: Site, link: str, password: str = NEW) -> int:
    client, path = site.app.test_client(), link.removeprefix("https://aduan.kab.example")
    page = client.get(path, base_url="https://localhost")
    if page.status_code != 200:
        return page.status_code
    form = {"csrf": field(page.text, "csrf"), "password": password, "again": password}
    return client.post(path, data=form, base_url="https://localhost").status_code


def links(post: Post) -> list[str]:
    texts = [mail.get_content() for mail in post.mails()]
    return [found for text in texts for found in re.findall(r"https://\S+", text)]


def test_a_lost_password_is_replaced_by_a_mailed_link_once(site: Site, post: Post) -> None:
    assert "Bila alamat itu milik" in ask(site, " Dewi@KAB.example ").text
    [mail] = post.mails()
    assert (mail["To"], mail["From"], mail["Auto-Submitted"]) == ("dewi@kab.example", SENDER, "auto-generated")
    assert post.taken[0].rcpt_tos == ["dewi@kab.example"]
    [link] = links(post)
    assert choose(site, link) == 303
    assert choose(site, link) == 404
    with site.engine.begin() as connection:
        assert people.check_password(connection, "dewi", NEW) is not None
    assert [row[0] for row in site.rows("SELECT kind FROM person_event ORDER BY id")] == ["reset_mailed", "password"]


def test_the_link_runs_out_after_half_an_hour(site: Site, post: Post) -> None:
    ask(site, "dewi@kab.example")
    site.clock.pass_by(forgotten.LIFE)
    assert choose(site, links(post)[0]) == 404


def test_a_second_request_ends_the_first_link_but_no_invitation(site: Site, post: Post) -> None:
    with site.engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO officer_token VALUES (repeat('0', 64), 1, 'password', timestamptz '2027-01-01')"
        )
    ask(site, "dewi@kab.example")
    ask(site, "dewi@kab.example")
    first, second = links(post)
    assert site.rows("SELECT count(*) FROM officer_token WHERE purpose = 'password'") == [(1,)]
    assert (choose(site, first), choose(site, second)) == (404, 303)
    assert site.rows("SELECT count(*) FROM officer_token") == [(0,)]


def test_nobody_learns_whose_address_it_is(site: Site, post: Post) -> None:
    site.officer("pergi", email="pergi@kab.example", active=False)
    answers = [ask(site, email) for email in ("dewi@kab.example", "tidak@ada.example", "pergi@kab.example", "", "\0")]
    assert {answer.status_code for answer in answers} == {200}
    assert len({re.sub(r'value="[^"]*"', "", answer.text) for answer in answers}) == 1
    assert len(post.mails()) == 1


def test_the_answer_waits_for_no_look_up_and_no_server(site: Site) -> None:
    left: list[Callable[[], None]] = []
    in_background(site, left.append)
    assert ask(site, "dewi@kab.example").status_code == 200
    assert len(left) == 1
    assert site.rows("SELECT count(*) FROM officer_token") == [(0,)]


def test_one_mailbox_and_one_address_are_not_flooded(site: Site, post: Post) -> None:
    assert [ask(site, "dewi@kab.example").status_code for _ in range(5)] == [200] * 3 + [429] * 2
    assert len(post.mails()) == 3
    assert [ask(site, "tidak@ada.example").status_code for _ in range(4)] == [200] * 3 + [429]
    statuses = [ask(site, f"a{number}@ada.example").status_code for number in range(20)]
    assert statuses[-1] == 429


def test_a_forged_host_does_not_get_into_the_link(site: Site, post: Post) -> None:
    ask(site, "dewi@kab.example", **{"X-Forwarded-Host": "jahat.example"})
    assert links(post)[0].startswith("https://aduan.kab.example/inbox/invite/")


@pytest.mark.parametrize("typed", ["dewi@kab.example\nBcc: x@jahat.example", "dewi@kab.example, x@jahat.example"])
def test_what_is_typed_addresses_nobody_else(site: Site, post: Post, typed: str) -> None:
    assert ask(site, typed).status_code == 200
    assert post.taken == []


@pytest.mark.parametrize(
    ("to", "subject"),
    [("a@b.example\r\nBcc: c@d.example", "Halo"), ("a@b.example, c@d.example", "Halo"), ("x", "Halo")],
)
def test_the_mailer_itself_sends_to_one_address(post: Post, to: str, subject: str) -> None:
    with pytest.raises(MailError):
        mailer(post).send(to, subject, "isi", NOW)
    assert post.taken == []


def test_a_name_with_a_line_break_stays_in_its_header(post: Post) -> None:
    mailer(post).send("a@b.example", "Halo\r\nBcc: c@d.example", "isi\n.\nlagi", NOW)
    [mail] = post.mails()
    assert mail["Bcc"] is None
    assert mail["Subject"] == "Halo Bcc: c@d.example"
    assert mail.get_content() == "isi\n.\nlagi\n"
    assert post.taken[0].rcpt_tos == ["a@b.example"]


def test_an_invitation_is_mailed_and_still_shown(site: Site, post: Post) -> None:
    client = site.officer("admin", "administrator").client
    page = client.get("/inbox/users/new").text
    form = {"csrf": field(page, "csrf"), "username": "sri", "name": "Sri", "email": "sri@kab.example"}
    shown = client.post("/inbox/users/new", data={**form, "role": "officer", "programs": "siaga"}).text
    [link] = links(post)
    assert link in shown
    assert "sudah dikirim ke sri@kab.example" in shown
    assert choose(site, link) == 303


def test_mails_are_in_the_language_of_who_gets_them(site: Site, post: Post) -> None:
    def elsewhere(work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()

    in_background(site, elsewhere)
    with site.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE officer SET language = 'en'")
    assert "Bila alamat itu milik" in ask(site, "dewi@kab.example", **{"Accept-Language": "id"}).text
    client = site.officer("admin", "administrator").client
    csrf = field(client.get("/inbox/users/1").text, "csrf")
    assert "sudah dikirim ke dewi@kab.example" in client.post("/inbox/users/1/link", data={"csrf": csrf}).text
    reset, renewed = post.mails()
    assert reset["Subject"] == "New password for Muara"
    assert "which works once, for 30 minutes" in reset.get_content()
    assert renewed["Subject"] == "Invitation to Muara"
    assert "until Tuesday, 24 Nov 2026 10:00 WIB" in renewed.get_content()


@pytest.mark.parametrize("fault", [{"answers": {"RCPT": "550 no such user"}}, {"drop": "DATA"}, {"hang": "MAIL"}])
def test_a_server_that_fails_is_said_and_the_link_is_there(site: Site, post: Post, fault: dict[str, object]) -> None:
    for name, value in fault.items():
        setattr(post, name, value)
    client = site.officer("admin", "administrator").client
    csrf = field(client.get("/inbox/users/1").text, "csrf")
    shown = client.post("/inbox/users/1/link", data={"csrf": csrf}).text
    assert "gagal dikirim" in shown
    assert re.search(r"https://aduan.kab.example/inbox/invite/\S+", shown)
    post.released.set()


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_certificates_are_checked(security: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with post_office("ssl" if security == "tls" else security, login=False) as post:
        with pytest.raises(MailError, match="SSLCertVerificationError"):
            mailer(post, security).check()
        monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATES / "ca.pem"))
        mailer(post, security).send("a@b.example", "Halo", "isi", NOW)
        assert len(post.taken) == 1


def test_a_wrong_password_is_named_and_not_shown(post: Post) -> None:
    with pytest.raises(MailError) as caught:
        mailer(post, username="muara", password="rahasia-sekali").check()
    assert "535" in str(caught.value)
    assert "rahasia-sekali" not in str(caught.value) + repr(mailer(post, password="rahasia-sekali"))


def test_the_doctor_looks_at_it(site: Site, post: Post) -> None:
    assert doctor._mail(site.runtime).ok
    post.answers["MAIL"] = "550"
    assert doctor._mail(site.runtime).ok
    broken = dataclasses.replace(
        site.runtime, mailer=Mailer(host="127.0.0.1", port=1, security="none", username="", password="", sender=SENDER)
    )
    finding = doctor._mail(broken)
    assert not finding.ok
    assert "ConnectionRefusedError" in finding.sentence
    assert doctor._mail(dataclasses.replace(site.runtime, mailer=None)).ok


def test_without_mail_the_page_says_whom_to_ask(engine: Engine, redis_client: Redis, tmp_path: Path) -> None:
    plain = Site(engine, redis_client, tmp_path)
    page = plain.browser().get("/inbox/forgotten")
    assert "kepada administrator" in page.text
    assert "<form" not in page.text


def test_background_work_is_bounded_and_survives_its_errors() -> None:
    begun, go, done = threading.Semaphore(0), threading.Event(), threading.Semaphore(0)
    background = Background(most=2)

    def work() -> None:
        begun.release()
        go.wait(10)
        done.release()
        raise ValueError("dewi@kab.example")

    for _ in range(5):
        background(work)
    assert begun.acquire(timeout=10)
    assert begun.acquire(timeout=10)
    assert not begun.acquire(blocking=False)
    go.set()
    assert done.acquire(timeout=10)
    assert done.acquire(timeout=10)


def test_old_links_do_not_outlive_a_new_password(site: Site, post: Post) -> None:
    ask(site, "dewi@kab.example")
    site.clock.pass_by(timedelta(minutes=1))
    client = site.app.test_client()
    csrf = field(client.get("/inbox/login", base_url="https://localhost").text, "csrf")
    form = {"csrf": csrf, "username": "dewi", "password": PASSWORD}
    client.post("/inbox/login", data=form, base_url="https://localhost")
    csrf = field(client.get("/inbox/me", base_url="https://localhost").text, "csrf")
    form = {"csrf": csrf, "old": PASSWORD, "password": NEW, "again": NEW}
    assert client.post("/inbox/me/password", data=form, base_url="https://localhost").status_code == 303
    assert choose(site, links(post)[0], "kata yang lain lagi") == 404

"""The mail adapter as a whole: settings, health, access tokens, and whom it answers."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest

from channels.contract import AccountInfo, Conversation, Obligation
from channels.email.adapter import EmailChannel
from channels.email.settings import EmailSettings
from channels.errors import FetchFailed, PollFailed, ProviderDown, TooLarge
from tests.dovecot import Dovecot, dovecot
from tests.mailkit import SITI, everything, mail, mailbox, reply
from tests.smtpd import post_office
from tests.toy import START

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def server(need: Callable[[str], str]) -> Iterator[Dovecot]:
    with dovecot(need("dovecot")) as running:
        yield running


WORKS: dict[str, Any] = {
    "address": "aduan@pemalang.example",
    "signing_key": "kunci-yang-cukup-panjang",
    "imap_host": "mail.pemalang.example",
    "smtp_host": "mail.pemalang.example",
    "password": "rahasia",
}
OAUTH: dict[str, Any] = {
    "password": "",
    "oauth_url": "https://login.example/token",
    "oauth_client_id": "muara",
    "oauth_refresh_token": "r",
}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"signing_key": "kurang"}, "signing_key"),
        ({"password": ""}, "password"),
        ({"imap_security": "none"}, "imap_security: none is allowed to this machine only"),
        ({"smtp_security": "none"}, "smtp_security"),
        ({"after": "move"}, "move_to"),
        ({"move_to": "Arsip"}, "move_to"),
        ({"after": "move", "move_to": "INBOX"}, "must not be one of the folders"),
        ({"max_bytes": 1000}, "max_bytes"),
        ({**OAUTH, "oauth_url": "http://login.example/"}, "https"),
        ({**OAUTH, "oauth_client_id": ""}, "oauth_client_id"),
        ({**OAUTH, "oauth_refresh_token": ""}, "oauth_refresh_token"),
        ({**OAUTH, "oauth_refresh_token": "", "oauth_client_secret": "s"}, "oauth_refresh_token"),
    ],
)
def test_settings_that_cannot_work_are_refused(change: dict[str, Any], why: str) -> None:
    EmailSettings(**WORKS)
    EmailSettings(**{**WORKS, **OAUTH})
    with pytest.raises(ValueError, match=why):
        EmailSettings(**{**WORKS, **change})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("address", "aduan"),
        ("address", "Aduan <aduan@pemalang.example>"),
        ("name", "Aduan\r\nBcc: x@y.example"),
        ("aliases", ("x",)),
        ("folders", ()),
        ("folders", ("A", "A")),
        ("imap_port", 70000),
        ("poll_interval", 0),
        ("timeout", -1.0),
    ],
)
def test_a_single_value_is_checked_by_the_settings_reader(name: str, value: object) -> None:
    fields: Any = EmailSettings.__dataclass_fields__
    with pytest.raises(ValueError, match="expected"):
        fields[name].metadata["check"](value)


def test_secrets_are_not_shown() -> None:
    made = EmailSettings(**{**WORKS, **OAUTH, "smtp_password": "satu-dua", "oauth_client_secret": "tiga-empat"})
    for secret in ("kunci-yang", "satu-dua", "tiga-empat", "oauth_refresh_token"):
        assert secret not in repr(made)


def test_the_gateway_carries_no_clients() -> None:
    check = "import sys, channels.email.adapter; print([m for m in ('imapclient', 'httpx') if m in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", check], text=True).strip() == "[]"


def test_health_when_both_servers_take_us(server: Dovecot) -> None:
    server.append(mail())
    with post_office() as post, mailbox(server, post) as channel:
        health = channel.health()
        assert (health.ok, health.sentence) == (True, "aduan@pemalang.example dibaca (INBOX) dan dapat mengirim.")
        assert post.taken == []
    assert server.unseen() == 1


def test_health_names_all_that_is_wrong(server: Dovecot) -> None:
    with post_office() as post:
        with mailbox(server, post, password="salah") as channel:
            sentence = channel.health().sentence
            assert "Server IMAP menolak login" in sentence
            assert "Server SMTP 127.0.0.1" in sentence
            assert "periksa username dan password" in sentence
            assert "salah" not in sentence
        with mailbox(server, post, folders=("INBOX", "Aduan")) as channel:
            assert "Folder Aduan tidak dapat dibuka" in channel.health().sentence
        with mailbox(server, 9) as channel:
            health = channel.health()
            assert (health.ok, "tidak dapat dihubungi" in health.sentence) == (False, True)


def test_health_does_not_disturb_the_kept_connection(server: Dovecot) -> None:
    with post_office() as post, mailbox(server, post) as channel:
        _, cursor = everything(channel)
        waiting = threading.Thread(target=channel.wait, args=(cursor, 1.0))
        waiting.start()
        assert channel.health().ok
        waiting.join()
        server.append(mail())
        assert len(channel.poll(cursor).raws) == 1


class Login:
    """A token address, and the mail server's question whether a token is good."""

    def __init__(self) -> None:
        self.asked: list[dict[str, list[str]]] = []
        self.refuse = ""
        self.status = 200
        self.good = {"token-1", "token-2"}
        login = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                login.asked.append(form)
                answer: dict[str, Any] = {"access_token": f"token-{len(login.asked)}", "expires_in": 3600}
                self.answer(login.status, {"error": login.refuse} if login.refuse else answer)

            def do_GET(self) -> None:
                token = self.headers["Authorization"].removeprefix("Bearer ")
                told = {"active": True, "email": "aduan@pemalang.example"} if token in login.good else {}
                self.answer(200, told or {"active": False})

            def answer(self, status: int, told: dict[str, Any]) -> None:
                body = json.dumps(told).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
                """Nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/"

    def settings(self, **more: str) -> dict[str, Any]:
        known = {"oauth_url": self.url, "oauth_client_id": "muara", "oauth_refresh_token": "segar", "password": ""}
        return {**known, **more}


@pytest.fixture
def login(monkeypatch: pytest.MonkeyPatch) -> Iterator[Login]:
    made = Login()
    yield made
    made.server.shutdown()
    made.thread.join()
    made.server.server_close()


@pytest.fixture
def oauth_server(need: Callable[[str], str], login: Login) -> Iterator[Dovecot]:
    with dovecot(need("dovecot"), introspection=login.url) as running:
        yield running


def test_both_servers_take_an_access_token(oauth_server: Dovecot, login: Login) -> None:
    oauth_server.append(mail())
    with post_office() as post, mailbox(oauth_server, post, **login.settings()) as channel:
        post.tokens = login.good
        assert len(channel.poll(None).raws) == 1
        channel.send(reply(channel))
        assert len(post.taken) == 1
    assert login.asked == [{"client_id": ["muara"], "grant_type": ["refresh_token"], "refresh_token": ["segar"]}]


def test_an_application_s_own_right(oauth_server: Dovecot, login: Login) -> None:
    own = login.settings(oauth_refresh_token="", oauth_client_secret="s", oauth_scope="https://mail.example/.default")
    with mailbox(oauth_server, **own) as channel:
        channel.poll(None)
    [asked] = login.asked
    assert asked["grant_type"] == ["client_credentials"]
    assert asked["scope"] == ["https://mail.example/.default"]


def test_a_token_that_ended_early_is_asked_for_again(oauth_server: Dovecot, login: Login) -> None:
    login.good = {"token-2", "token-3"}
    with post_office() as post, mailbox(oauth_server, post, **login.settings()) as channel:
        channel.poll(None)
        post.tokens = {"token-3"}
        channel.send(reply(channel))
    assert len(login.asked) == 3


def test_no_token_is_told_with_what_to_do(oauth_server: Dovecot, login: Login) -> None:
    login.refuse, login.status = "invalid_grant", 400
    with mailbox(oauth_server, **login.settings()) as channel:
        with pytest.raises(PollFailed, match=r"invalid_grant.*perbarui oauth_refresh_token") as told:
            channel.poll(None)
        assert told.value.retry_after == 300
        with pytest.raises(ProviderDown), post_office() as post, mailbox(9, post, **login.settings()) as sending:
            sending.send(reply(sending))
    login.refuse, login.status = "temporarily_unavailable", 503
    with (
        mailbox(oauth_server, **login.settings()) as channel,
        pytest.raises(PollFailed, match="sedang tidak dapat menjawab"),
    ):
        channel.poll(None)


def test_a_token_that_nobody_takes_names_the_permissions(oauth_server: Dovecot, login: Login) -> None:
    login.good = set()
    with mailbox(oauth_server, **login.settings()) as channel, pytest.raises(PollFailed, match="izin token"):
        channel.poll(None)


@pytest.mark.parametrize(
    ("address", "hints", "allowed"),
    [
        (SITI, {}, True),
        (SITI, {"automatic": True, "no_reply": True}, True),
        ("", {"no_reply": True}, False),
        ("no-reply@formulir.example", {}, False),
        ("no-reply@formulir.example", {"reply_to": SITI}, True),
        ("mailer-daemon@mail.example", {"no_reply": True}, False),
    ],
)
def test_whom_an_officer_may_answer(address: str, hints: dict[str, Any], *, allowed: bool) -> None:
    channel = EmailChannel(AccountInfo(name="surat"), EmailSettings(**WORKS))
    asked = Conversation(conversation_id="x", address=address, last_inbound_at=START, hints=hints)
    options = channel.reply_options(asked, START)
    assert options.allowed is allowed
    assert allowed or "Hubungi warga lewat kanal lain" in str(options.reason)


def test_a_file_that_is_owed_cannot_be_had() -> None:
    channel = EmailChannel.offline()
    for ref, kind in (("too-large", TooLarge), ("not-given", FetchFailed)):
        with pytest.raises(kind):
            channel.fetch(Obligation(ref=ref, url=None, deadline=None, max_bytes=10))


def test_several_addresses_are_ours(tmp_path: Path) -> None:
    settings = EmailSettings(**WORKS, aliases=("lapor@pemalang.example",))
    assert EmailChannel(AccountInfo(name="surat"), settings).addresses == {
        "aduan@pemalang.example",
        "lapor@pemalang.example",
    }


def test_no_words_and_no_secrets_are_logged(server: Dovecot, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    server.append(mail("kata warga yang rahasia"))
    with post_office() as post, mailbox(server, post) as channel:
        raws, cursor = everything(channel)
        channel.confirm(cursor)
        channel.send(reply(channel, "jawaban yang rahasia"))
    assert len(raws) == 1
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith(("mail.", "asyncio"))]
    assert [line for line in ours if "rahasia" in line or SITI in line] == []

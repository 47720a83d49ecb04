"""Webhooks: proven, journalled, answered; forged, oversize and unknown ones told so in constant words."""

from __future__ import annotations

import io
import threading
from typing import TYPE_CHECKING, Any

import pytest
import redis

from dispatcher.bells import listen_channel
from gateway import security, webhooks
from tests import gatewaykit
from tests.gatewaykit import MAX_BODY, Signed, edge, sign

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask.testing import FlaskClient
    from sqlalchemy import Engine

    from dispatcher.runtime import Runtime
    from gateway.edge import Edge

BODY = b'{"text": "jalan rusak \xff\x00"}'
PROXIES = security.Proxies.of(["127.0.0.0/8", "10.0.0.0/8", "::1"])


@pytest.fixture
def made(database_url: str, redis_url: str, tmp_path: Path) -> Runtime:
    return gatewaykit.runtime(database_url, redis_url, tmp_path)


@pytest.fixture
def running(made: Runtime, tmp_path: Path) -> Iterator[Edge]:
    with edge(made, tmp_path) as started:
        yield started


@pytest.fixture
def client(made: Runtime, running: Edge) -> FlaskClient:
    Signed.verified.clear()
    return gatewaykit.app(made, running, PROXIES).test_client()


def rows(engine: Engine) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.exec_driver_sql("SELECT * FROM journal ORDER BY seq"))


def post(client: FlaskClient, body: bytes = BODY, path: str = "/hooks/kab", **options: Any) -> Any:
    headers = {"X-Signature": sign(body), **options.pop("headers", {})}
    return client.post(path, data=body, headers=headers, **options)


def test_a_proven_request_is_journalled_and_gets_the_providers_answer(client: FlaskClient, engine: Engine) -> None:
    answer = post(client, headers={"Content-Type": "text/x", "X-Kept": "1", "X-Other": "2", "Cookie": "3"})
    assert (answer.status_code, answer.data, answer.content_type) == (202, b"<taken/>", "text/xml")
    (row,) = rows(engine)
    assert (row.account, row.source, row.body) == ("kab", "webhook", BODY)
    assert row.headers == {"content-type": "text/x", "x-kept": "1"}


def test_the_secret_in_the_query_is_never_stored(client: FlaskClient, engine: Engine) -> None:
    post(client, path="/hooks/kab?a=%41+b&token=hush&t%6Fken=hush&b=&token")
    (row,) = rows(engine)
    assert row.query == "a=%41+b&b="


def test_the_url_comes_from_the_settings_and_never_from_headers(client: FlaskClient) -> None:
    post(client, path="/hooks/kab?x=%2F", headers={"Host": "evil.example", "X-Forwarded-Proto": "gopher"})
    assert Signed.verified[-1].url == "https://aduan.example.go.id/hooks/kab?x=%2F"
    assert Signed.verified[-1].path == "/hooks/kab"


def test_a_forged_request_leaves_nothing_and_learns_nothing(client: FlaskClient, engine: Engine) -> None:
    answers = [post(client, body, headers={"X-Signature": "00"}) for body in (BODY, b"other")]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].data == answers[1].data
    assert sign(BODY).encode() not in answers[0].data
    assert rows(engine) == []


def test_an_unknown_account_is_404_and_a_wrong_method_405(client: FlaskClient, engine: Engine) -> None:
    assert post(client, path="/hooks/nobody").status_code == 404
    assert client.put("/hooks/nobody").status_code == 404
    assert client.put("/hooks/kab", data=BODY).status_code == 405
    assert client.options("/hooks/kab").status_code == 405
    assert rows(engine) == []


def test_a_handshake_is_answered_and_not_journalled(client: FlaskClient, engine: Engine) -> None:
    answer = client.get("/hooks/kab?challenge=42", headers={"X-Signature": sign(b"")})
    assert (answer.status_code, answer.data) == (200, b"challenge=42")
    assert rows(engine) == []


def test_a_bell_wakes_the_listener_and_is_not_journalled(client: FlaskClient, engine: Engine, redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as other, other.pubsub() as heard:
        heard.subscribe(listen_channel("kab"))
        assert heard.get_message(timeout=5)
        assert client.get("/hooks/kab?bell", headers={"X-Signature": sign(b"")}).status_code == 200
        message = heard.get_message(timeout=5)
    assert message
    assert message["type"] == "message"
    assert rows(engine) == []


def test_whatever_breaks_is_503_and_says_nothing(
    client: FlaskClient, engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    answer = post(client, headers={"X-Crash": "1"})
    assert answer.status_code == 503
    assert b"citizen" not in answer.data
    assert "citizen" not in caplog.text
    assert "RuntimeError" in caplog.text
    assert rows(engine) == []


def test_neither_journal_nor_spool_is_503(redis_url: str, tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("in the way")
    made = gatewaykit.runtime("postgresql+psycopg://muara@/muara?host=/nonexistent", redis_url, tmp_path)
    with edge(made, tmp_path) as running:
        client = gatewaykit.app(made, running).test_client()
        answer = post(client)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
        assert client.get("/readyz").status_code == 503
        assert client.get("/healthz").status_code == 200


def test_without_a_database_it_is_verified_spooled_and_answered(redis_url: str, tmp_path: Path) -> None:
    made = gatewaykit.runtime("postgresql+psycopg://muara@/muara?host=/nonexistent", redis_url, tmp_path)
    with edge(made, tmp_path) as running:
        client = gatewaykit.app(made, running).test_client()
        assert post(client).status_code == 202
        assert post(client, headers={"X-Signature": "00"}).status_code == 401
        assert [running.spool.read(name).body for name in running.spool.names()] == [BODY]
        found = client.get("/readyz")
        assert found.status_code == 200
        assert (found.json["database"], found.json["spool"]["pending"]) == ("down", 1)


def test_the_limit_is_exact(client: FlaskClient, engine: Engine) -> None:
    assert post(client, b"x" * MAX_BODY).status_code == 202
    assert post(client, b"x" * (MAX_BODY + 1)).status_code == 413
    assert len(rows(engine)) == 1


class Counted(io.BytesIO):
    taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        piece = super().read(size)
        self.taken += len(piece)
        return piece


def test_a_declared_oversize_is_refused_unread() -> None:
    stream = Counted(b"x" * 50)
    with pytest.raises(webhooks.RequestEntityTooLarge):
        webhooks.read_body({"wsgi.input": stream, "CONTENT_LENGTH": "50"}, 49)
    assert stream.taken == 0


def test_a_chunked_oversize_is_read_no_further_than_the_limit() -> None:
    stream = Counted(b"x" * 10_000_000)
    with pytest.raises(webhooks.RequestEntityTooLarge):
        webhooks.read_body({"wsgi.input": stream, "HTTP_TRANSFER_ENCODING": "chunked"}, 100_000)
    assert stream.taken == 100_001


def test_a_body_shorter_than_declared_is_not_taken_for_whole() -> None:
    with pytest.raises(webhooks.ClientDisconnected):
        webhooks.read_body({"wsgi.input": io.BytesIO(b"half"), "CONTENT_LENGTH": "8"}, 100)


def test_more_than_declared_is_not_read() -> None:
    stream = io.BytesIO(b"wholeNEXT")
    assert webhooks.read_body({"wsgi.input": stream, "CONTENT_LENGTH": "5"}, 100) == b"whole"


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("203.0.113.9", None, "203.0.113.9"),
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "6.6.6.6, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
        ("10.0.0.1", "nonsense", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1, nonsense", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("::ffff:10.0.0.1", "2001:db8::7", "2001:db8::7"),
        ("::1", "[2001:db8::7]", "2001:db8::7"),
        ("10.0.0.1", "10.0.0.3", "10.0.0.3"),
    ],
)
def test_the_remote_address_is_believed_from_our_proxies_only(peer: str, forwarded: str | None, expected: str) -> None:
    assert PROXIES.remote(peer, forwarded) == expected


def test_every_answer_is_hardened(client: FlaskClient) -> None:
    for path in ("/healthz", "/nowhere", "/hooks/kab", "/hooks/nobody"):
        headers = client.get(path).headers
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_pages_ask_for_https_where_the_public_url_has_it(client: FlaskClient) -> None:
    assert "max-age" in client.get("/healthz").headers["Strict-Transport-Security"]


def test_readyz_counts_what_waits(client: FlaskClient, running: Edge) -> None:
    post(client)
    running.refill.stop()
    running.spool.put(gatewaykit.entry())
    found = client.get("/readyz").json
    assert (found["database"], found["redis"], found["ready"]) == ("up", "up", True)
    assert found["spool"]["pending"] == 1
    assert found["oldest_unparsed_s"] >= 0
    running.refill.stop = lambda: None  # type: ignore[method-assign]


def test_big_bodies_take_turns(made: Runtime, running: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.patience.BIG", 1000)
    monkeypatch.setattr("gateway.patience.BIG_AT_ONCE", 1)
    flask = gatewaykit.app(made, running)
    inside, go_on = threading.Event(), threading.Event()
    verify = Signed.verify

    def slow(self: Signed, request: Any, now: Any) -> Any:
        if request.headers.get("x-slow"):
            inside.set()
            assert go_on.wait(10)
        return verify(self, request, now)

    monkeypatch.setattr(Signed, "verify", slow)
    big, found = b"x" * 5000, []
    first = threading.Thread(
        target=lambda: found.append(post(flask.test_client(), big, headers={"X-Slow": "1"}).status_code)
    )
    first.start()
    assert inside.wait(10)
    assert post(flask.test_client(), big).status_code == 503
    assert post(flask.test_client(), BODY).status_code == 202
    go_on.set()
    first.join()
    assert found == [202]
    assert post(flask.test_client(), big).status_code == 202

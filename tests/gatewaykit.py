"""A gateway for tests: one account whose provider signs with HMAC, everything behind it real."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import hmac
from typing import TYPE_CHECKING, Any, ClassVar
from zoneinfo import ZoneInfo

import redis
from flask import Flask

from channels.contract import AccountInfo, Answer, Capabilities, Channel, Verdict
from channels.errors import VerificationFailed
from channels.registry import Manifest, Statuses
from dispatcher.runtime import Account, Runtime
from gateway import health, security
from gateway.edge import Edge
from gateway.patience import Patience
from gateway.webhooks import Webhooks
from normalizer.keyword import KeywordIndex
from store.blobs import Blobs
from store.engine import connect
from store.journal import Entry, new_id

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterator
    from pathlib import Path

    from channels.contract import Conversation, Health, RawMessage, RawRequest, ReplyOptions
    from normalizer.messages import Inbound

SECRET = b"made up for tests"
MAX_BODY = 1024 * 1024


class Signed(Channel[None]):
    key: ClassVar[str] = "signed"
    settings_type: ClassVar[type] = type(None)
    capabilities = Capabilities(webhook=True)
    verified: ClassVar[list[RawRequest]] = []

    @classmethod
    def offline(cls, dialect: str | None = None) -> Signed:
        raise KeyError(dialect)

    @property
    def secret_params(self) -> frozenset[str]:
        return frozenset({"token"})

    def verify(self, request: RawRequest, now: dt.datetime) -> Verdict:
        assert now.tzinfo is not None
        self.verified.append(request)
        if request.headers.get("x-crash"):
            raise RuntimeError("the citizen's words")
        if not hmac.compare_digest(request.headers.get("x-signature", ""), sign(request.body)):
            raise VerificationFailed("signature")
        if request.method == "GET":
            return Verdict(answer=Answer(body=request.query.encode()), journal=False, ring="bell" in request.query)
        return Verdict(answer=Answer(status=202, body=b"<taken/>", content_type="text/xml"))

    def parse(self, raw: RawMessage) -> list[Inbound]:
        raise NotImplementedError(raw.id)

    def reply_options(self, conversation: Conversation, now: dt.datetime) -> ReplyOptions:
        raise NotImplementedError(conversation, now)

    def health(self) -> Health:
        raise NotImplementedError


def sign(body: bytes) -> str:
    return hmac.new(SECRET, body, hashlib.sha256).hexdigest()


def account(name: str = "kab") -> Account:
    manifest = Manifest(
        key="signed",
        name="Signed",
        version="1",
        read_on=dt.date(2026, 11, 22),
        sources=(),
        max_body=MAX_BODY,
        headers=("content-type", "x-kept"),
        statuses=Statuses(forged=401, malformed=200, unsupported=200),
        methods=("GET", "POST"),
    )
    channel = Signed(AccountInfo(name=name), None)
    return Account(name=name, channel=channel, manifest=manifest, programs=(), keywords=KeywordIndex(()))


def runtime(database_url: str, redis_url: str, folder: Path) -> Runtime:
    return Runtime(
        engine=connect(database_url, name="test"),
        redis=redis.Redis.from_url(redis_url, socket_timeout=1, socket_connect_timeout=1),
        accounts={"kab": account()},
        programs={},
        places={},
        blobs=Blobs((folder / "blobs").as_uri()),
        clock=lambda: dt.datetime.now(dt.UTC),
        public_url="https://aduan.example.go.id",
        zone=ZoneInfo("Asia/Jakarta"),
    )


@contextlib.contextmanager
def edge(made: Runtime, folder: Path, deadline: float = 0.5) -> Iterator[Edge]:
    running = Edge(made, spool_dir=folder / "spool", deadline=deadline)
    running.start()
    try:
        yield running
    finally:
        running.stop()
        made.engine.dispose()
        made.redis.close()


def app(made: Runtime, running: Edge, proxies: security.Proxies = security.Proxies()) -> Flask:  # noqa: B008 - frozen
    flask = Flask("test", static_folder=None)
    security.register(flask, https=True)
    flask.register_blueprint(health.blueprint(running.health))
    hooks = Webhooks(flask.wsgi_app, runtime=made, acceptor=running.acceptor, ringer=running.ringer, proxies=proxies)
    flask.wsgi_app = Patience(hooks, proxies)  # type: ignore[assignment, method-assign]
    return flask


def entry(body: bytes | None = b"{}", **changes: Any) -> Entry:
    at = dt.datetime.now(dt.UTC)
    fields: dict[str, Any] = {
        "id": new_id(),
        "account": "kab",
        "source": "webhook",
        "received_at": at,
        "day": at.date(),
        "body": body,
    }
    return Entry(**{**fields, **changes})


def journalled(url: str) -> list[uuid.UUID]:
    engine = connect(url, name="test look")
    try:
        with engine.connect() as connection:
            return [row[0] for row in connection.exec_driver_sql("SELECT id FROM journal ORDER BY seq")]
    finally:
        engine.dispose()

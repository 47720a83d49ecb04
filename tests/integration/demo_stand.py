"""A demo without its site: the town's providers, and the site's own adapters to judge; what demo tests share."""

from __future__ import annotations

import contextlib
import socket
import threading
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.serving import WSGIRequestHandler, make_server

import wiring
from channels.contract import RawMessage, RawRequest
from commands import demo_data, demo_stage
from standins import phones
from standins.citizens import Citizens
from standins.exchange import Exchange
from standins.postman import Postman
from standins.steps import Fill
from standins.stories import OPENING
from standins.town import Town

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from flask.testing import FlaskClient

    from dispatcher.runtime import Runtime
    from normalizer.messages import Inbound
    from standins.request import Request

OFFICERS = ["petugas", "admin"]
FORMS = {story.key for story in OPENING if any(isinstance(step, Fill) for step in story.steps)}


class Wall(Postman):
    """Instead of a site: it keeps what was carried to it."""

    def __init__(self) -> None:
        super().__init__()
        self.carried: list[Request] = []
        self.promised: list[Callable[[], list[Request]]] = []

    def carry(self, request: Request) -> None:
        self.carried.append(request)

    def later(self, seconds: float, make: Callable[[], list[Request]]) -> None:
        assert seconds > 0
        self.promised.append(make)


class Stand:
    """A town whose providers write to a wall."""

    def __init__(self, data_dir: Path) -> None:
        imap, smtp, town = free_ports(3)
        ports = {"port": 8080, "town_port": town, "imap_port": imap, "smtp_port": smtp}
        self.memory = demo_data.remember(data_dir, OFFICERS) | {"host": "127.0.0.1"} | ports
        demo_data.keep(data_dir, self.memory)
        self.settings = demo_data.settings(data_dir)
        stage = demo_stage.stage(self.settings, self.memory, pace=0, seed=1)
        self.town = Town(stage.path)
        self.wall = Wall()
        self.exchange = Exchange(stage.site, self.town, self.wall)
        self.pages = phones.create_app(self.exchange, inbox_url=stage.inbox_url, formats=stage.formats)
        self.client: FlaskClient = self.pages.test_client()

    def runtime(self) -> Runtime:
        return wiring.build(self.settings, database_url="postgresql+psycopg://", redis_url="redis://127.0.0.1:1/0")

    @contextlib.contextmanager
    def serving(self) -> Iterator[None]:
        """The providers' servers, where the settings say that they are."""
        app = DispatcherMiddleware(self.pages.wsgi_app, dict(self.exchange.apps))
        server = make_server("127.0.0.1", self.memory["town_port"], app, threaded=True, request_handler=_Quiet)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        self.exchange.start()
        try:
            yield
        finally:
            self.exchange.stop()
            server.shutdown()
            thread.join()
            server.server_close()


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - werkzeug's
        """Say nothing."""


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as taken:
        sockets = [taken.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def judged(site: Runtime, request: Request, **changed: Any) -> list[Inbound]:
    """What the account that the request is addressed to makes of it. VerificationFailed."""
    url = urlsplit(request.url)
    account = site.accounts[url.path.rpartition("/")[2]]
    headers = {name.lower(): value for name, value in request.headers.items()}
    fields: dict[str, Any] = {
        "method": request.method,
        "url": request.url,
        "path": url.path,
        "query": url.query,
        "headers": headers,
        "body": request.body,
        "remote": "127.0.0.1",
    }
    raw = RawRequest(**fields | changed)
    assert raw.method in account.manifest.methods
    now = datetime.now(UTC)
    account.channel.verify(raw, now)
    return account.channel.parse(
        RawMessage(
            id=uuid.uuid4().hex, account=account.name, received_at=now, query=raw.query, headers=headers, body=raw.body
        )
    )


def opened(stand: Stand, *, stop: threading.Event | None = None) -> list[Request]:
    """The opening without the forms, which need a site that answers."""
    for key in FORMS:
        stand.town.done(key)
    for story in OPENING:
        phone = stand.town.phone(story.who.kind, story.who.address, story.who.name)
        if any("STATUS" in getattr(step, "text", "") for step in story.steps):
            stand.town.received(phone, "nomor K7MP-2XWD")  # for whoever asks about his ticket
    Citizens(stand.exchange, pace=0, seed=1, stop=stop or threading.Event()).play()
    return stand.wall.carried

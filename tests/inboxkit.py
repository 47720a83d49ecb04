"""An inbox for tests: the application, officers who are logged in, and forms that are sent as a browser sends them."""

from __future__ import annotations

import contextlib
import dataclasses
import re
from html import unescape
from typing import TYPE_CHECKING, Any

from argon2 import PasswordHasher
from flask import Flask, g, has_request_context
from sqlalchemy import event, select, text

from dispatcher import pulse
from inbox.pages import register
from inbox.state import Access
from store import people, sessions
from store.models import Complaint
from tests import factories

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterator
    from pathlib import Path

    import pytest
    from flask.testing import FlaskClient
    from redis import Redis
    from sqlalchemy import Connection, Engine
    from werkzeug.test import TestResponse

    from dispatcher.mailing import Mailer

SECRET = "kunci-untuk-uji-kunci-untuk-uji"


def cheap_hashing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2 with the least of everything: the tests hash often."""
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(people, "_hasher", lambda: hasher)
    nobody = hasher.hash("bukan siapa-siapa")
    monkeypatch.setattr(people, "_nobody", lambda: nobody)


class Browser:
    """An officer's browser without JavaScript."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.csrf = ""

    def get(self, url: str, **options: Any) -> TestResponse:
        return self.client.get(url, **options)

    def post(self, url: str, **form: Any) -> TestResponse:
        if not self.csrf:
            self.csrf = field(self.get("/inbox").text, "csrf")
        return self.client.post(url, data={"csrf": self.csrf, **form})

    def reveal(self, ticket: str, reason: str = "Perlu ditelepon tim lapangan") -> None:
        """Has the hidden reporter shown to this session."""
        assert self.post(f"/inbox/{ticket}/reveal", version="1", reason=reason).status_code == 303

    def form(self, ticket: str) -> dict[str, str]:
        """The hidden fields of the case page's answer form."""
        page = self.get(f"/inbox/{ticket}").text
        return {"version": field(page, "version"), "submission": field(page, "submission")}


class Site:
    """One application on one database, and its time."""

    def __init__(
        self,
        engine: Engine,
        redis: Redis,
        folder: Path,
        *,
        public_url: str = "http://localhost",
        access: Access = Access(),  # noqa: B008 - frozen
        mailer: Mailer | None = None,
    ) -> None:
        self.engine = engine
        self.clock = factories.Clock()
        self.runtime = factories.house(engine, redis, folder, self.clock, public_url=public_url)
        self.runtime = dataclasses.replace(self.runtime, mailer=mailer)
        self.app = Flask("uji")
        self.app.config["PROPAGATE_EXCEPTIONS"] = True
        register(self.app, self.runtime, secret_key=SECRET, access=access)
        if not event.contains(engine, "checkout", _taken):
            event.listen(engine, "checkout", _taken)
            event.listen(engine, "checkin", _given_back)

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction of somebody else's, of which open pages are told once it is committed."""
        with self.engine.begin() as connection:
            yield connection
        pulse.bump(self.runtime.redis)

    def officer(self, username: str, role: str = "officer", **values: Any) -> Browser:
        """A new officer, logged in."""
        with self.engine.begin() as connection:
            officer_id = factories.officer(connection, username, role, **values)
            token = sessions.open_session(connection, officer_id, self.clock())
        return self.browser(token)

    def browser(self, token: str | None = None) -> Browser:
        client = self.app.test_client()
        if token:
            client.set_cookie("muara_session", token, path="/inbox")
        return Browser(client)

    def complaint(self, *words: str, **values: Any) -> str:
        """A new complaint's ticket."""
        with self.writing() as connection:
            complaint_id = factories.complaint(connection, *words, **values)
            return str(connection.scalar(select(Complaint.ticket).where(Complaint.id == complaint_id)))

    def id_of(self, ticket: str) -> uuid.UUID:
        [(found,)] = self.rows("SELECT id FROM complaint WHERE ticket = :t", t=ticket)
        return found  # type: ignore[no-any-return]

    def case(self, ticket: str) -> Any:
        with self.engine.connect() as connection:
            return connection.execute(select(Complaint).where(Complaint.ticket == ticket)).one()

    def rows(self, sql: str, **values: Any) -> list[tuple[Any, ...]]:
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(sql), values)]


def _taken(*_of_the_pool: object) -> None:
    """There are more threads than connections: if each held one and asked for another, all would wait for ever."""
    if has_request_context():
        g.held = g.get("held", 0) + 1
        assert g.held == 1, "a request asked for a second connection"


def _given_back(*_of_the_pool: object) -> None:
    if has_request_context():
        g.held = g.get("held", 1) - 1


def field(page: str, name: str) -> str:
    """The value of the first hidden field of that name."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, f"no field {name}"
    return unescape(found[1])


def tickets(page: str) -> list[str]:
    """The tickets of the list, in its order."""
    return re.findall(r'data-ticket="([^"]+)"', page)

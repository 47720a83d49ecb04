"""The application as it is really put together, and the runtime behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import wiring
from app import create_app
from config.settings import Settings, load
from inbox.state import KEY
from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask import Flask

TOKEN = "a-made-up-secret-token"
NOWHERE = "postgresql+psycopg://muara@/muara?host=/nonexistent"


def settings(tmp_path: Path, **overrides: Any) -> Settings:
    accounts = {"bot": {"channel": "telegram", "token": "1:made-up", "secret_token": TOKEN}}
    return load(ROOT / "config", {"data_dir": str(tmp_path), "accounts": accounts, **overrides}, {})


@pytest.fixture
def app(database_url: str, redis_url: str, tmp_path: Path) -> Iterator[Flask]:
    chosen = settings(tmp_path, public_url="https://aduan.example.go.id/muara")
    runtime = wiring.build(chosen, database_url=database_url, redis_url=redis_url)
    made = create_app(chosen, runtime)
    yield made
    made.extensions["edge"].stop()
    made.extensions["codes"].close()
    runtime.engine.dispose()
    runtime.redis.close()


@pytest.mark.parametrize("path", ["/", "/lapor", "/lacak", "/inbox/login", "/healthz", "/readyz"])
def test_each_room_answers_and_is_hardened(app: Flask, path: str) -> None:
    answer = app.test_client().get(path)
    assert answer.status_code == 200
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "max-age" in answer.headers["Strict-Transport-Security"]


def test_the_inbox_knows_of_the_machine_that_it_runs_on(app: Flask) -> None:
    machine = app.extensions[KEY].machine
    assert machine.free() > 0
    assert machine.look()["database"] == "up"


def test_a_page_that_is_not_there_says_so_in_constant_words(app: Flask) -> None:
    answer = app.test_client().get("/<script>alert(1)</script>")
    assert answer.status_code == 404
    assert b"script" not in answer.data


def test_an_account_of_the_settings_has_its_webhook(app: Flask) -> None:
    client = app.test_client()
    proof = {"X-Telegram-Bot-Api-Secret-Token": TOKEN}
    assert client.post("/hooks/bot", data=b'{"update_id": 1}', headers=proof).status_code == 200
    assert client.post("/hooks/bot", data=b'{"update_id": 1}').status_code in {401, 403}
    assert client.post("/hooks/web", data=b"{}").status_code == 404


def test_the_runtime_is_built_without_touching_database_or_redis(tmp_path: Path) -> None:
    chosen = settings(tmp_path, public_url="https://aduan.example.go.id/muara", parts_timeout_s=7.0)
    runtime = wiring.build(chosen, database_url=NOWHERE, redis_url="redis://127.0.0.1:1/0")
    assert runtime.accounts["bot"].channel.account.hook_url == "https://aduan.example.go.id/muara/hooks/bot"
    assert runtime.pace.parts_timeout == 7.0
    assert set(runtime.places) == set(runtime.programs)
    assert runtime.clock().tzinfo is not None


def test_sentinels_are_understood() -> None:
    client = wiring.redis_client("redis+sentinel://user:pass@one:26380,[::1],two/muara/3")
    manager = client.connection_pool.sentinel_manager
    guides = [guide.connection_pool.connection_kwargs for guide in manager.sentinels]
    assert [(guide["host"], guide["port"]) for guide in guides] == [("one", 26380), ("::1", 26379), ("two", 26379)]
    assert client.connection_pool.service_name == "muara"
    assert client.connection_pool.connection_kwargs["db"] == 3
    assert client.connection_pool.connection_kwargs["password"] == "pass"

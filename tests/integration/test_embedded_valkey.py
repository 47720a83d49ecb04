"""The embedded Valkey keeps what it was told, and starts whatever has become of its files."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest
import redis

from store.embedded import Valkey

if TYPE_CHECKING:
    from pathlib import Path


def test_valkey_keeps_what_it_was_told_and_listens_on_no_port(home: Path) -> None:
    server = Valkey(home / "data")
    server.start()
    try:
        with redis.Redis.from_url(server.url, decode_responses=True) as client:
            client.set("ring", "drain")
            told = client.config_get("*")
        assert told["port"] == "0"
        assert told["appendonly"] == "yes"
        assert told["appendfsync"] == "everysec"
        assert told["maxmemory-policy"] == "noeviction"
        assert server.socket.stat().st_mode & 0o777 == 0o700
    finally:
        server.stop()
    server.start()
    try:
        with redis.Redis.from_url(server.url, decode_responses=True) as client:
            assert client.get("ring") == "drain"
    finally:
        server.stop()


@pytest.mark.parametrize("damage", ["garbage", "cut", "manifest", "wiped"])
def test_valkey_starts_whatever_has_become_of_its_files(home: Path, damage: str) -> None:
    server = Valkey(home / "data")
    server.start()
    with redis.Redis.from_url(server.url) as client:
        for number in range(100):
            client.set(f"ring:{number}", "drain" * 20)
    server.stop()
    files = server.location / "appendonlydir"
    log = next(files.glob("*.incr.aof"))
    if damage == "garbage":
        log.write_bytes(os.urandom(2000) + log.read_bytes())
    elif damage == "cut":
        log.write_bytes(log.read_bytes()[:-30])
    elif damage == "manifest":
        next(files.glob("*.manifest")).write_text("nonsense\n")
    else:
        shutil.rmtree(server.location)
    server.start()
    try:
        with redis.Redis.from_url(server.url) as client:
            client.set("ring", "drain")
            kept = client.dbsize()
        assert kept == {"cut": 100}.get(damage, 1)
        assert (server.data_dir / "valkey.unreadable").exists() == (damage in {"garbage", "manifest"})
    finally:
        server.stop()

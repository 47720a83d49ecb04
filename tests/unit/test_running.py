"""Which processes `muara up` starts: the embedded servers only where nobody else's are named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from commands.context import CONFIG, settings_from
from commands.running import children

if TYPE_CHECKING:
    from pathlib import Path

DATABASE = "postgresql://u@db.example/muara"
REDIS = "redis://redis.example:6379/0"
OURS = ["migrate", "gateway", "drain-1", "drain-2", "outbox", "media", "listener", "clock"]


@pytest.mark.parametrize(
    ("urls", "servers"),
    [
        ({}, ["postgres", "valkey"]),
        ({"database_url": DATABASE}, ["valkey"]),
        ({"redis_url": REDIS}, ["postgres"]),
        ({"database_url": DATABASE, "redis_url": REDIS}, []),
    ],
)
def test_what_is_named_is_not_embedded(tmp_path: Path, urls: dict[str, str], servers: list[str]) -> None:
    settings = settings_from(CONFIG, data_dir=tmp_path, **urls)
    assert [child.name for child in children(settings)] == [*servers, *OURS]


def test_as_many_drains_as_the_settings_say(tmp_path: Path) -> None:
    settings = settings_from(CONFIG, data_dir=tmp_path, drain={"workers": 3})
    assert [child.name for child in children(settings) if child.name.startswith("drain")] == [
        "drain-1",
        "drain-2",
        "drain-3",
    ]

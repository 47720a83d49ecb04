"""What commands on an installation share: its settings and its runtime."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import SQLAlchemyError

import wiring
from commands.saying import fail
from config.settings import Settings, SettingsError, load
from dispatcher import runtime
from store import origin
from store.engine import is_away

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dispatcher.runtime import Runtime

CONFIG = Path(__file__).parent.parent / "config"


def settings_from(config_dir: Path, **overrides: Any) -> Settings:
    """The settings, or an end with the sentence that says which key of which file is wrong."""
    try:
        return load(config_dir, overrides)
    except SettingsError as error:
        fail(str(error))


@contextlib.contextmanager
def running(settings: Settings) -> Iterator[Runtime]:
    """The runtime of an installation that runs; ends with a sentence where its database does not answer."""
    database_url, redis_url = wiring.urls(settings)
    made = wiring.build(settings, database_url=database_url, redis_url=redis_url, name="muara cli")
    try:
        with runtime.active(made), origin.at(origin.COMMAND):
            yield made
    except SQLAlchemyError as error:
        if not is_away(error):
            raise
        fail("the database does not answer. Is Muara running (./muara up), and is --data-dir the right one?")
    finally:
        made.engine.dispose()

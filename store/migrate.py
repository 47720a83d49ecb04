"""Migrations: bring a database up to this code, and refuse one that is newer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from store.engine import connect

if TYPE_CHECKING:
    from sqlalchemy import Connection

SCRIPTS = Path(__file__).parent.parent / "migrations"
#: Several instances may start at once on one database; one of them migrates.
LOCK = 7_246_001


class NewerDatabaseError(Exception):
    """The database was made by a newer Muara than this code; names both revisions."""


def _config(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["url"] = url
    return config


def _refuse_newer(connection: Connection) -> None:
    present = MigrationContext.configure(connection).get_current_revision()
    connection.commit()
    known = {script.revision for script in ScriptDirectory(str(SCRIPTS)).walk_revisions()}
    if present is not None and present not in known:
        raise NewerDatabaseError(
            f"the database is at revision {present}, which this version of Muara does not know: "
            "install the newer version again, or restore the backup made before it"
        )


def upgrade(url: str, revision: str = "head") -> None:
    """Migrate the database at `url`. NewerDatabaseError if it knows a revision that this code does not."""
    engine = connect(url, name="muara migrate")
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": LOCK})
            connection.commit()
            _refuse_newer(connection)
            config = _config(url)
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
            connection.commit()
    finally:
        engine.dispose()


def downgrade(url: str, revision: str = "base") -> None:
    """Take the migrations back down to `revision`; data goes with the tables."""
    engine = connect(url, name="muara migrate")
    try:
        with engine.connect() as connection:
            config = _config(url)
            config.attributes["connection"] = connection
            command.downgrade(config, revision)
            connection.commit()
    finally:
        engine.dispose()

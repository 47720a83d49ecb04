"""Migrations go up and down, and make what the models say."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from store.engine import connect
from store.migrate import downgrade, upgrade
from store.models import Base


def test_migrations_go_up_and_down_and_up_again(empty_database_url: str) -> None:
    upgrade(empty_database_url)
    engine = connect(empty_database_url)
    try:
        assert set(Base.metadata.tables) <= set(inspect(engine).get_table_names())
        downgrade(empty_database_url)
        assert inspect(engine).get_table_names() == ["alembic_version"]
        upgrade(empty_database_url)
        upgrade(empty_database_url)
        assert set(Base.metadata.tables) <= set(inspect(engine).get_table_names())
    finally:
        engine.dispose()


def test_the_migrations_make_what_the_models_say(database_url: str) -> None:

    engine = connect(database_url)
    try:
        with engine.connect() as connection:
            differences = compare_metadata(MigrationContext.configure(connection), Base.metadata)
        assert differences == []
    finally:
        engine.dispose()

"""`muara audit`: the exit code and the words are what an operator and his cron job go by."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from sqlalchemy import text

import cli
from tests import factories
from tests.clikit import config, world
from tests.docs.test_shapes_documented import named, section
from tests.journalling import unguarded

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

    from dispatcher.runtime import Runtime


__all__ = ["config", "world"]


@pytest.fixture
def audit(config: Path) -> Callable[..., Result]:
    def call(*words: str) -> Result:
        return CliRunner().invoke(cli.main, ["audit", *words, "--config", str(config)], catch_exceptions=False)

    return call


def test_a_history_that_holds_and_one_that_does_not(world: Runtime, audit: Callable[..., Result]) -> None:
    with world.engine.begin() as connection:
        case = factories.complaint(connection)
        connection.execute(
            text("INSERT INTO event (complaint_id, at, actor, kind) VALUES (:c, now(), 'warga', 'diterima')"),
            {"c": case},
        )
        ticket = connection.execute(text("SELECT ticket FROM complaint")).scalar_one()
    sealed = audit("seal")
    noted = sealed.stdout.split()[-1]
    assert (sealed.exit_code, len(noted)) == (0, 64)
    assert audit("seal").stdout == sealed.stdout
    well = audit("verify", "--against", noted[:20].upper())
    assert (well.exit_code, well.stdout) == (0, f"the history holds: 1 rows, 1 seals; last {noted}\n")
    with world.engine.begin() as connection:
        unguarded(connection)
        connection.execute(text("""UPDATE event SET data = '{"x": 1}'"""))
    bad = audit("verify")
    assert bad.exit_code == 1
    assert bad.stdout.splitlines()[0] == f"row 1 of {ticket} is not what was written"
    [found] = [json.loads(line) for line in audit("verify", "--json").stdout.splitlines()]
    assert found["faults"] == [{"wrong": "changed", "name": ticket, "row": 1}]
    documented = named(section("JSON of audit").partition("`audit seal`:")[0])
    assert set(found) == documented
    assert set(json.loads(audit("seal", "--json").stdout)) == {"id", "at", "chains", "hash"}


def test_a_hash_that_was_never_a_seals(world: Runtime, audit: Callable[..., Result]) -> None:
    assert audit("seal").exit_code == 2
    result = audit("verify", "--against", "ab" * 32)
    assert result.exit_code == 1
    assert "no seal has the hash" in result.stdout
    assert audit("verify", "--against", "abc").exit_code == 2
    assert world.engine is not None

"""Complaints handed on to an Open311 server from the command line: what leaves, what never does, and only once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from sqlalchemy import text

import cli
from standins.faults import Faults
from standins.mailroom import Mailroom
from standins.open311 import City, create_app
from tests import factories
from tests.channels.loopback import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from click.testing import Result
    from sqlalchemy import Engine

MUARA_TOML = """
database_url = "{database}"
redis_url = "{redis}"
data_dir = "{data}"

[accounts.sms-a]
channel = "sms"
dialect = "kannel"
secret = "kannel-secret-of-the-test"
sendsms_url = "http://127.0.0.1:1/cgi-bin/sendsms"
username = "muara"
password = "kannel-password"

[accounts.lapor]
channel = "lapor"
dialect = "export"

[accounts.kota]
channel = "lapor"
dialect = "open311"
endpoint = "{url}/v2"
api_key = "kunci"
timeout = 2.0
"""
PROGRAM = 'name = "S"\norganisation = "S"\nkeywords = ["siaga"]\naccounts = ["sms-a", "lapor", "kota"]\n'
PLACE: dict[str, Any] = {"label": "Jl. Widuri 8", "candidates": [], "lat": -6.9, "lon": 109.4}


class World:
    """An installation on the test's database, and the city that takes complaints."""

    def __init__(self, engine: Engine, config: Path, city: City, faults: Faults, mailroom: Mailroom) -> None:
        self.engine, self.config = engine, config
        self.city, self.faults, self.mailroom = city, faults, mailroom

    def complaint(self, words: str = "Jalan berlubang", **values: Any) -> str:
        with self.engine.begin() as connection:
            complaint_id = factories.complaint(connection, words, **{"place": PLACE, **values})
            sql = text("SELECT ticket FROM complaint WHERE id = :id")
            return str(connection.scalar(sql, {"id": complaint_id}))

    def run(self, *given: str) -> Result:
        return CliRunner().invoke(cli.main, [*given, "--config", str(self.config)], catch_exceptions=False)

    def forward(self, ticket: str, *more: str, service: str = "006") -> Result:
        return self.run("forward", ticket, "--account", "kota", "--service", service, *more)

    def steps(self) -> list[tuple[str, str | None, str | None]]:
        sql = "SELECT data ->> 'step', data ->> 'id', data ->> 'token' FROM event WHERE kind = 'diteruskan' ORDER BY id"
        with self.engine.connect() as connection:
            return [(row[0], row[1], row[2]) for row in connection.execute(text(sql))]

    def posted(self) -> list[str]:
        return [each.text for each in self.mailroom.delivered()]


@pytest.fixture
def world(engine: Engine, database_url: str, redis_url: str, tmp_path: Path) -> Iterator[World]:
    faults, mailroom = Faults(), Mailroom()
    app = create_app(mailroom, api_key="kunci", faults=faults)
    folder = tmp_path / "config"
    (folder / "programs").mkdir(parents=True)
    (tmp_path / "data").mkdir()
    with serving(app) as url:
        values = {"database": database_url, "redis": redis_url, "data": tmp_path / "data", "url": url}
        (folder / "muara.toml").write_text(MUARA_TOML.format(**values), "utf-8")
        (folder / "programs" / "siaga.toml").write_text(PROGRAM, "utf-8")
        yield World(engine, folder, app.extensions["city"], faults, mailroom)
        faults.released.set()


def test_a_complaint_is_handed_on_once_and_its_id_there_is_noted(world: World) -> None:
    ticket = world.complaint("Jalan berlubang, NIK 3302 0112 3456 7890")
    done = world.forward(ticket)
    assert done.exit_code == 0, done.output
    [ident] = world.city.requests
    assert f"{ticket} was handed on as {ident}" in done.stdout
    assert world.steps() == [("mulai", None, None), ("terkirim", ident, None)]
    [posted] = world.posted()
    assert "Jalan berlubang" in posted
    assert "3302 0112" not in posted
    again = world.forward(ticket)
    assert (again.exit_code, f"before, as {ident}" in again.stderr) == (2, True)
    assert len(world.posted()) == 1


def test_a_confidential_complaint_never_leaves(world: World) -> None:
    ticket = world.complaint(rahasia=True)
    done = world.forward(ticket)
    assert (done.exit_code, "confidential" in done.stderr) == (2, True)
    assert (world.posted(), world.steps()) == ([], [])


def test_an_anonymous_reporter_leaves_without_name_and_number(world: World) -> None:
    ticket = world.complaint("Saya Siti Aminah, 0811-2626-116, lihat lubang", anonim=True)
    assert world.forward(ticket).exit_code == 0
    [posted] = world.posted()
    assert "lubang" in posted
    assert "Siti" not in posted
    assert "2626" not in posted


def test_a_complaint_without_a_place_is_not_posted(world: World) -> None:
    done = world.forward(world.complaint(place=None))
    assert (done.exit_code, "no place" in done.stderr) == (2, True)
    assert world.posted() == []


def test_what_is_mistyped_is_said(world: World) -> None:
    ticket = world.complaint()
    for words, sentence in (
        (("forward", "salah", "--account", "kota", "--service", "006"), "no ticket code"),
        (("forward", "2222-222R", "--account", "kota", "--service", "006"), "ticket code"),
        (("forward", ticket, "--account", "lapor", "--service", "006"), "hands nothing on; those that do: kota"),
        (("forward", ticket, "--account", "kota", "--service", "999"), "006 (Jalan berlubang)"),
    ):
        done = world.run(*words)
        assert done.exit_code == 2
        assert sentence in done.stderr or "there is no complaint" in done.stderr
    assert world.steps() == []


def test_a_refusal_may_be_tried_again(world: World) -> None:
    ticket = world.complaint()
    world.faults.unauthorized = True
    done = world.forward(ticket)
    assert (done.exit_code, "not handed on" in done.stderr) == (2, True)
    assert "Missing or Invalid api_key" in done.stderr
    world.faults.unauthorized = False
    assert world.forward(ticket).exit_code == 0
    assert [step for step, _, _ in world.steps()] == ["mulai", "gagal", "mulai", "terkirim"]


def test_what_nobody_knows_is_not_repeated_unless_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ticket = world.complaint()
    taken = world.city.report

    def taken_and_lost(*words: Any, **fields: Any) -> str:
        world.faults.lose_answer = True
        return taken(*words, **fields)

    monkeypatch.setattr(world.city, "report", taken_and_lost)
    lost = world.forward(ticket)
    assert (lost.exit_code, "nobody knows whether it arrived" in lost.stderr) == (2, True)
    monkeypatch.undo()
    world.faults.lose_answer = False
    done = world.forward(ticket)
    assert (done.exit_code, "say --again" in done.stderr) == (2, True)
    assert (len(world.posted()), [step for step, _, _ in world.steps()]) == (1, ["mulai"])
    assert world.forward(ticket, "--again").exit_code == 0
    assert [step for step, _, _ in world.steps()] == ["mulai", "mulai", "terkirim"]


def test_a_token_is_asked_for_its_id_later(world: World) -> None:
    ticket = world.complaint()
    first = world.forward(ticket, service="007")
    assert "token" in first.stdout
    assert "no request yet" in world.forward(ticket, service="007").stdout
    [token] = world.city.tokens
    ident = world.city.assign(token)
    assert f"handed on as {ident}" in world.forward(ticket, service="007").stdout
    assert world.steps()[-1] == ("terkirim", ident, token)
    assert len(world.posted()) == 1


def test_files_from_the_command_line(world: World, tmp_path: Path) -> None:
    file = tmp_path / "laporan.csv"
    file.write_text("Tracking ID;Isi Laporan\n1;Jalan\n;Lampu\n", "utf-8")
    look = world.run("import", str(file), "--account", "lapor", "--dry-run")
    assert look.exit_code == 1
    assert "would come: 1 baru, 1 tidak terbaca" in look.stdout
    assert "brought in: 1 baru" in world.run("import", str(file), "--account", "lapor").stdout
    again = world.run("import", str(file), "--account", "lapor", "--json")
    assert '"fate": "unchanged"' in again.stdout
    for words, sentence in (
        ((str(file), "--account", "sms-a"), "takes no files; those that do: lapor"),
        ((str(file.with_name("muara.toml")), "--account", "lapor"), "does not exist"),
    ):
        done = world.run("import", *words)
        assert (done.exit_code, sentence in done.stderr) == (2, True)
    file.write_text("Kolom\n", "utf-8")
    assert "tidak ditemukan" in world.run("import", str(file), "--account", "lapor").stderr

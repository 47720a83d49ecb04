"""The command line as other programs use it: stable JSON, honest exit codes, one sentence for what is wrong."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

import cli
from config.settings import load
from dispatcher import drain, sweeper
from gateway.spool import Spool
from store import journal, tokens
from tests.clikit import PROGRAM, config, lines, muara, world
from tests.journalling import rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result

    from dispatcher.runtime import Runtime

ROOT = Path(__file__).parent.parent.parent

__all__ = ["config", "muara", "world"]


def receive(world: Runtime, query: str) -> None:
    now = world.clock()
    entry = journal.Entry(
        id=journal.new_id(), account="sms1708", source="webhook", received_at=now, day=world.day(now), query=query
    )
    with world.engine.begin() as connection:
        journal.insert(connection, [entry])
    drain.run(world)


SMS = "sender=%2B628112626116&receiver=1708&text=masbupsiaga+jalan+rusak&id=abc-1&coding=0&charset=UTF-8"


def test_queue_show_and_ledger_speak_json(world: Runtime, muara: Callable[..., Result]) -> None:
    receive(world, SMS)
    [row] = lines(muara("queue", "--json"))
    assert row["program"] == "masbupsiaga"
    assert row["subject"] == "jalan rusak"
    assert row["state"] == "baru"
    [case] = lines(muara("show", row["ticket"].lower(), "--json"))
    assert case["thread"][0]["text"] == "masbupsiaga jalan rusak"
    assert [line["direction"] for line in case["thread"]] == ["in", "out"]
    assert case["history"][0]["kind"] == "diterima"
    result = muara("ledger", "--json")
    assert result.exit_code == 0
    [line] = lines(result)
    assert (line["account"], line["payloads"], line["items"], line["message"], line["remainder"]) == (
        "sms1708",
        1,
        1,
        1,
        0,
    )


def test_for_people_too(world: Runtime, muara: Callable[..., Result]) -> None:
    receive(world, SMS)
    [(ticket,)] = rows(world, "SELECT ticket FROM complaint")
    assert ticket in muara("queue").stdout
    assert "masbupsiaga jalan rusak" in muara("show", ticket).stdout
    assert "remainder" in muara("ledger").stdout


def test_a_confidential_reporters_number_is_not_shown(world: Runtime, muara: Callable[..., Result]) -> None:
    receive(world, SMS)
    with world.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE complaint SET rahasia = true, subject = 'Sudrajat: ' || subject")
        connection.exec_driver_sql("UPDATE message SET name = 'Sudrajat', text = text || ', saya sudrajat 08112626116'")
    [(ticket,)] = rows(world, "SELECT ticket FROM complaint")
    for words in (["show", ticket, "--json"], ["show", ticket], ["queue", "--json"], ["queue"]):
        said = muara(*words).stdout
        assert "jalan rusak" in said
        assert "8112626116" not in said
        assert "sudrajat" not in said.lower()


def test_the_ledger_ends_with_one_on_a_remainder(world: Runtime, muara: Callable[..., Result]) -> None:
    receive(world, SMS)
    with world.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE journal SET item_count = 2")
    result = muara("ledger", "--json")
    assert result.exit_code == 1
    assert lines(result)[0]["remainder"] == 1


def test_what_lies_in_the_spool_is_pending(world: Runtime, muara: Callable[..., Result], config: Path) -> None:
    now = world.clock()
    entry = journal.Entry(id=journal.new_id(), account="sms1708", source="webhook", received_at=now, day=world.day(now))
    Spool(load(config).spool).put(entry)
    result = muara("ledger", "--json")
    assert result.exit_code == 0
    assert [(line["spooled"], line["payloads"], line["remainder"]) for line in lines(result)] == [(1, 0, 0)]


def test_the_clock_raises_the_alarm_for_a_remainder_and_tidies_up(
    world: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    receive(world, SMS)
    with world.engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO throttle VALUES ('x', now() - interval '3 days', 1)")
        assert sweeper.look_after(world, connection) == 0
        assert connection.exec_driver_sql("SELECT count(*) FROM throttle").scalar_one() == 0
        connection.exec_driver_sql("UPDATE journal SET item_count = 3")
        assert sweeper.look_after(world, connection) == 2
    assert "2 items of sms1708" in caplog.text


def test_quarantine_is_listed_shown_and_read_again(world: Runtime, muara: Callable[..., Result]) -> None:
    receive(world, "nothing=known")
    [row] = lines(muara("quarantine", "list", "--json"))
    [shown] = lines(muara("quarantine", "show", str(row["id"]), "--json"))
    assert shown["query"] == "nothing=known"
    assert "1 payloads" in muara("quarantine", "replay", str(row["id"])).stdout
    assert rows(world, "SELECT count(*) FROM journal WHERE parsed_at IS NULL") == [(1,)]
    assert muara("quarantine", "show", "999999").exit_code == 2


def test_replay_wants_to_know_which(world: Runtime, muara: Callable[..., Result]) -> None:
    receive(world, SMS)
    assert muara("replay").exit_code == 2
    assert "1 payloads" in muara("replay", "--channel", "sms1708").stdout
    drain.run(world)
    assert len(lines(muara("queue", "--json"))) == 1


def test_an_officer_is_added_once(world: Runtime, muara: Callable[..., Result]) -> None:
    words = ["user", "add", "sri", "--name", "Sri", "--program", "masbupsiaga", "--password", "kata sandi yang panjang"]
    assert muara(*words).exit_code == 0
    again = muara(*words)
    assert again.exit_code == 2
    assert "taken" in again.stderr
    assert rows(world, "SELECT username, programs FROM officer") == [("sri", ["masbupsiaga"])]
    assert "kata sandi" not in str(rows(world, "SELECT password_hash FROM officer"))
    assert rows(world, "SELECT kind, actor_id FROM person_event") == [("added", None)]


def test_a_link_for_whoever_lost_his_password_is_made_on_the_server(
    world: Runtime, muara: Callable[..., Result]
) -> None:
    muara("user", "add", "sri", "--role", "administrator", "--password", "kata sandi yang panjang")
    link = muara("user", "link", "Sri").stdout.strip()
    with world.engine.begin() as connection:
        token = link.rpartition("/inbox/invite/")[2]
        assert tokens.use(connection, token, tokens.Purpose.PASSWORD, world.clock()) is not None
        connection.exec_driver_sql("UPDATE officer SET active = false")
    for username, sentence in (("sri", "sri is not active"), ("tidak-ada", "there is no officer 'tidak-ada'")):
        refused = muara("user", "link", username)
        assert refused.exit_code == 2
        assert sentence in refused.stderr


def test_a_demos_data_is_not_for_real_use(config: Path, muara: Callable[..., Result]) -> None:
    (load(config).data_dir / "demo.json").write_text("{}")
    result = muara("up")
    assert result.exit_code == 2
    assert "holds a demo" in result.stderr


def test_doctor_shows_what_the_spool_gave_up_on(config: Path, muara: Callable[..., Result]) -> None:
    spool = load(config).spool
    spool.mkdir(parents=True)
    (spool / "x.bad").write_bytes(b"torn")
    findings = {line["part"]: line for line in lines(muara("doctor", "--json"))}
    assert findings["spool"]["ok"] is False
    assert findings["database"]["ok"] is True


def test_a_ticket_that_is_none_and_a_ticket_that_is_not_there(world: Runtime, muara: Callable[..., Result]) -> None:
    assert world.accounts
    assert muara("show", "nonsense").exit_code == 2
    assert muara("show", "K7MP-2XWD").exit_code == 2


def test_without_a_database_there_is_one_sentence(config: Path, muara: Callable[..., Result]) -> None:
    settings = config / "muara.toml"
    settings.write_text('database_url = "postgresql://127.0.0.1:1/muara"\nredis_url = "redis://127.0.0.1:1"\n')
    (config / "programs" / "masbupsiaga.toml").write_text(PROGRAM.replace('accounts = ["sms1708"]', ""))
    result = muara("queue")
    assert result.exit_code == 2
    assert "the database does not answer" in result.stderr
    doctor = muara("doctor", "--json")
    assert doctor.exit_code == 1
    assert {line["part"]: line["ok"] for line in lines(doctor)}["database"] is False


def test_a_wrong_setting_names_key_and_file(config: Path, muara: Callable[..., Result]) -> None:
    settings = config / "muara.toml"
    settings.write_text(settings.read_text() + "\n[limits]\nmax_boddy_bytes = 5\n")
    result = muara("queue")
    assert result.exit_code == 2
    assert "max_boddy_bytes" in result.stderr
    assert "muara.toml" in result.stderr


OFFLINE = """
import socket, sys
class Closed(socket.socket):
    def connect(self, *_): raise SystemExit("a connection")
socket.socket = Closed
import cli
try:
    cli.main(["parse", *sys.argv[1:]])
finally:
    loaded = {"sqlalchemy", "redis", "flask", "config.settings"} & set(sys.modules)
    if loaded:
        print(f"loaded {sorted(loaded)}", file=sys.stderr)
        raise SystemExit(3)
"""


def test_parse_needs_no_database_no_settings_and_no_network(python: Path) -> None:
    fixtures = sorted((ROOT / "channels" / "sms" / "fixtures" / "kannel").glob("*.http"))
    assert len(fixtures) > 3
    done = subprocess.run(
        [python, "-c", OFFLINE, "sms:kannel", "--http", *map(str, fixtures)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
    )
    assert done.returncode == 0, done.stderr
    expected = [
        json.loads(line)
        for path in fixtures
        for line in path.with_suffix(".expected.jsonl").read_text("utf-8").splitlines()
    ]
    assert [json.loads(line) for line in done.stdout.splitlines()] == expected


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["parse", "fax", "pyproject.toml"], "no channel 'fax'"),
        (["parse", "sms", "pyproject.toml"], "sms:kannel"),
        (["parse", "telegram:x", "pyproject.toml"], "write telegram"),
        (["parse", "telegram", "no-such-file"], "no-such-file"),
    ],
)
def test_parse_called_wrongly(words: list[str], says: str) -> None:
    result = CliRunner().invoke(cli.main, words)
    assert result.exit_code == 2
    assert says in result.stderr


def test_parse_reports_what_it_cannot_read_as_an_item(tmp_path: Path) -> None:
    path = tmp_path / "update.body"
    path.write_bytes(b"\xff\x00{")
    result = CliRunner().invoke(cli.main, ["parse", "telegram", str(path)])
    assert result.exit_code == 0
    assert json.loads(result.stdout)["item"] == "malformed"


def test_help_names_every_command() -> None:
    text = CliRunner().invoke(cli.main, ["--help"]).stdout
    for name in cli.main.commands:
        assert name in text

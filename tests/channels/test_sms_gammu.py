"""gammu-smsd: folders and tables polled, confirmed, written to; a crash between the steps loses and doubles nothing."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import sqlite3
import time
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from channels.contract import AccountInfo, Cursor, OutboundReply, PollBatch, RawMessage
from channels.errors import PollFailed, ProviderDown
from channels.rawfile import NO_TIME
from channels.sms.adapter import SmsChannel
from channels.sms.dialects.gammu import GammuSettings
from normalizer.messages import InboundMessage, Part

if TYPE_CHECKING:
    from pathlib import Path

PHONE = "+628112626116"
ACCOUNT = AccountInfo(name="modem")
REPLY = OutboundReply(id="0192f0c4-aaaa_7bbb", conversation_id=PHONE, to=PHONE, text="Aduan Anda kami terima 🙏")
#: The tables of Gammu (docs/sql/sqlite.sql and pgsql.sql, schema 17), with the columns that matter here.
SCHEMA = """
CREATE TABLE inbox ("ReceivingDateTime" {stamp} NOT NULL DEFAULT '2026-11-10 08:15:30', "Text" text NOT NULL,
  "SenderNumber" varchar(20) NOT NULL DEFAULT '', "Coding" varchar(255) NOT NULL DEFAULT 'Default_No_Compression',
  "UDH" text NOT NULL, "SMSCNumber" varchar(20) NOT NULL DEFAULT '', "Class" integer NOT NULL DEFAULT -1,
  "TextDecoded" text NOT NULL DEFAULT '', "ID" {serial}, "RecipientID" text NOT NULL,
  "Processed" {boolean} NOT NULL DEFAULT 'false', "Status" integer NOT NULL DEFAULT -1);
CREATE TABLE outbox ("Text" text, "DestinationNumber" varchar(20) NOT NULL DEFAULT '',
  "Coding" varchar(255) NOT NULL DEFAULT 'Default_No_Compression', "UDH" text, "Class" integer DEFAULT -1,
  "TextDecoded" text NOT NULL DEFAULT '', "ID" {serial}, "MultiPart" {boolean} NOT NULL DEFAULT 'false',
  "SenderID" varchar(255), "CreatorID" text NOT NULL,
  CHECK ("Coding" IN ('Default_No_Compression', 'Unicode_No_Compression', '8bit')));
CREATE TABLE outbox_multipart ("Text" text, "Coding" varchar(255) NOT NULL, "UDH" text, "TextDecoded" text,
  "ID" integer, "SequencePosition" integer NOT NULL DEFAULT 1, PRIMARY KEY ("ID", "SequencePosition"));
CREATE TABLE sentitems ("ID" integer, "SequencePosition" integer, "CreatorID" text NOT NULL,
  PRIMARY KEY ("ID", "SequencePosition"));
"""
LITE = {"stamp": "NUMERIC", "serial": "INTEGER PRIMARY KEY AUTOINCREMENT", "boolean": "TEXT"}
POSTGRESQL = {"stamp": "timestamp(0) WITHOUT time zone", "serial": "serial PRIMARY KEY", "boolean": "boolean"}


@dataclasses.dataclass
class Modem:
    """A channel and the place where its messages appear."""

    channel: SmsChannel
    root: Path
    count: int = 0

    def receive(self, *texts: str, sender: str = PHONE) -> None:
        """One SMS, of several parts where several texts are given."""
        raise NotImplementedError

    def processed(self) -> int:
        raise NotImplementedError


class Folders(Modem):
    def receive(self, *texts: str, sender: str = PHONE) -> None:
        self.count += 1
        for number, text in enumerate(texts):
            name = f"IN20261110_0815{self.count:02d}_00_{sender}_{number:02d}.txt"
            self.write(name, b"\xfe\xff" + text.encode("utf-16-be"), age=1000 - self.count - number / 100)

    def write(self, name: str, data: bytes, age: float) -> None:
        path = self.root / "inbox" / name
        path.write_bytes(data)
        moment = time.time_ns() - int(age * 1e9)
        os.utime(path, ns=(moment, moment))

    def processed(self) -> int:
        folder = self.root / "processed"
        return len(list(folder.iterdir())) if folder.exists() else 0


@dataclasses.dataclass
class Tables(Modem):
    database: str = ""

    def execute(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        if self.database.startswith("postgresql:"):
            with psycopg.connect(self.database) as connection:
                found = connection.execute(query.replace("?", "%s"), values)  # type: ignore[call-overload]
                return list(found.fetchall()) if found.description else []
        with contextlib.closing(sqlite3.connect(self.database)) as lite, lite:
            return lite.execute(query, values).fetchall()

    def receive(self, *texts: str, sender: str = PHONE) -> None:
        self.count += 1
        for number, text in enumerate(texts, start=1):
            udh = f"050003{self.count:02X}{len(texts):02X}{number:02X}" if len(texts) > 1 else ""
            self.execute(
                'INSERT INTO inbox ("Text", "SenderNumber", "Coding", "UDH", "TextDecoded", "RecipientID")'
                " VALUES (?, ?, ?, ?, ?, '')",
                text.encode("utf-16-be").hex().upper(),
                sender,
                "Unicode_No_Compression",
                udh,
                text,
            )

    def processed(self) -> int:
        return int(self.execute("SELECT count(*) FROM inbox WHERE \"Processed\" = 'true'")[0][0])


def folders(root: Path) -> Folders:
    for name in ("inbox", "outbox"):
        (root / name).mkdir()
    paths = {name: str(root / name) for name in ("inbox", "outbox", "processed")}
    return Folders(SmsChannel(ACCOUNT, GammuSettings(secret="s", batch=3, **paths)), root)


def tables(root: Path, database: str = "") -> Tables:
    made = Tables(_account(database or str(root / "smsd.db")), root, database=database or str(root / "smsd.db"))
    for statement in SCHEMA.format_map(POSTGRESQL if database else LITE).split(";"):
        if statement.strip():
            made.execute(statement)
    return made


def _account(database: str) -> SmsChannel:
    return SmsChannel(ACCOUNT, GammuSettings(secret="s", batch=3, database=database))


def _database(request: pytest.FixtureRequest) -> str:
    if request.param == "sqlite":
        return ""
    url: str = request.getfixturevalue("empty_database_url")
    return url.replace("postgresql+psycopg:", "postgresql:")


@pytest.fixture(params=["files", "sqlite", "postgresql"])
def modem(request: pytest.FixtureRequest, tmp_path: Path) -> Modem:
    return folders(tmp_path) if request.param == "files" else tables(tmp_path, _database(request))


@pytest.fixture(params=["sqlite", "postgresql"])
def smsd(request: pytest.FixtureRequest, tmp_path: Path) -> Tables:
    return tables(tmp_path, _database(request))


def read(channel: SmsChannel, batch: PollBatch) -> list[InboundMessage]:
    items = []
    for polled in batch.raws:
        raw = RawMessage(
            id="1", account="modem", received_at=NO_TIME, body=polled.body, headers=polled.headers, meta=polled.meta
        )
        items += channel.parse(raw)
    assert all(isinstance(item, InboundMessage) for item in items)
    return items  # type: ignore[return-value]


def test_what_arrives_is_polled_once_and_confirmed(modem: Modem) -> None:
    modem.receive("masbupsiaga lampu mati 🙏")
    modem.receive("masbupsiaga banjir", sender="08112626117")
    batch = modem.channel.poll(None)
    first, second = read(modem.channel, batch)
    assert (first.text, first.conversation_id) == ("masbupsiaga lampu mati 🙏", PHONE)
    assert second.conversation_id == "+628112626117"
    assert first.sent_at is not None
    assert not batch.more
    modem.channel.confirm(batch.cursor)
    assert modem.processed() == 2
    assert modem.channel.poll(batch.cursor).raws == []


def test_the_same_cursor_gives_the_same_messages(modem: Modem) -> None:
    modem.receive("satu")
    modem.receive("dua")
    assert modem.channel.poll(None) == modem.channel.poll(None)
    assert modem.channel.poll(None) == modem.channel.poll({})


def test_a_crash_between_commit_and_confirmation_doubles_nothing(modem: Modem) -> None:
    modem.receive("satu")
    batch = modem.channel.poll(None)
    modem.receive("dua")
    later = modem.channel.poll(batch.cursor)
    assert [item.text for item in read(modem.channel, later)] == ["dua"]
    modem.channel.confirm(later.cursor)
    assert modem.processed() == 2
    modem.channel.confirm(later.cursor)
    modem.channel.confirm(batch.cursor)
    assert modem.processed() == 2


def test_a_crash_before_the_commit_loses_nothing(modem: Modem) -> None:
    modem.receive("satu")
    lost = modem.channel.poll(None)
    assert read(modem.channel, modem.channel.poll(None)) == read(modem.channel, lost)


def test_many_come_in_batches_in_their_order(modem: Modem) -> None:
    for number in range(8):
        modem.receive(f"pesan {number}")
    cursor: Cursor | None = None
    texts: list[str] = []
    more = True
    while more:
        batch = modem.channel.poll(cursor)
        assert len(batch.raws) <= 3
        texts += [item.text for item in read(modem.channel, batch)]
        cursor, more = batch.cursor, batch.more
        modem.channel.confirm(cursor)
    assert texts == [f"pesan {number}" for number in range(8)]


def test_parts_of_a_long_message_are_marked(modem: Modem) -> None:
    modem.receive("masbupsiaga satu, ", "dua, ", "tiga")
    items = read(modem.channel, modem.channel.poll(None))
    parts = [item.part for item in items]
    assert [(part.number, part.total) for part in parts if part] == [(1, 3), (2, 3), (3, 3)]
    assert len({part.reference for part in parts if part}) == 1
    assert len({item.external_id for item in items}) == 3


def test_a_place_that_is_not_there_is_said(modem: Modem) -> None:
    assert modem.channel.health().ok
    missing = (
        {"database": "/nowhere/smsd.db"} if isinstance(modem, Tables) else {"inbox": "/nowhere", "outbox": "/none"}
    )
    channel = SmsChannel(ACCOUNT, dataclasses.replace(modem.channel.settings, **missing))
    assert not channel.health().ok
    with pytest.raises(PollFailed):
        channel.poll(None)
    with pytest.raises(ProviderDown):
        channel.send(REPLY)
    if isinstance(modem, Tables):
        with pytest.raises(PollFailed):
            channel.confirm({"rows": [1]})


@pytest.mark.parametrize("cursor", [{"files": "x"}, {"files": {"../../etc/passwd": "1"}}, {"rows": "1"}, {"other": 1}])
def test_a_strange_cursor_harms_nothing(modem: Modem, cursor: Cursor) -> None:
    modem.receive("satu")
    assert len(modem.channel.poll(cursor).raws) == 1
    modem.channel.confirm(cursor)
    assert modem.processed() == 0


def test_files_a_name_that_smsd_uses_again_is_another_message(tmp_path: Path) -> None:
    modem = folders(tmp_path)
    name = f"IN20261110_081500_00_{PHONE}_00.txt"
    modem.write(name, b"satu", age=100)
    first = modem.channel.poll(None)
    modem.write(name, b"dua", age=50)
    modem.channel.confirm(first.cursor)
    assert modem.processed() == 0
    second = modem.channel.poll(first.cursor)
    ids = {item.external_id for batch in (first, second) for item in read(modem.channel, batch)}
    assert len(ids) == 2


def test_files_wait_until_smsd_has_written_all_of_them(tmp_path: Path) -> None:
    modem = folders(tmp_path)
    modem.write(f"IN20261110_081500_00_{PHONE}_00.txt", b"satu ", age=8)
    modem.write(f"IN20261110_081502_00_{PHONE}_01.txt", b"dua", age=1)
    assert modem.channel.poll(None).raws == []
    modem.write(f"IN20261110_081502_00_{PHONE}_01.txt", b"dua", age=7)
    items = read(modem.channel, modem.channel.poll(None))
    assert [item.part for item in items] == [
        Part(reference=items[0].part.reference if items[0].part else "", number=number, total=2) for number in (1, 2)
    ]


def test_files_of_a_clock_that_was_wrong_hold_nobody_up(tmp_path: Path) -> None:
    modem = folders(tmp_path)
    modem.write(f"IN20391110_081500_00_{PHONE}_00.txt", b"dari masa depan", age=-86400)
    modem.write(f"IN20261110_081500_00_{PHONE}_00.txt", b"biasa", age=60)
    assert len(modem.channel.poll(None).raws) == 2


def test_files_of_others_are_left_alone(tmp_path: Path) -> None:
    modem = folders(tmp_path)
    for name in ("README", "OUTC20261110_081500_00_1_x.txt", "IN20261110_081500_00_1_00.txt.tmp"):
        modem.write(name, b"x", age=60)
    (tmp_path / "inbox" / f"IN20261110_081500_00_{PHONE}_00.txt").mkdir()
    assert modem.channel.poll(None).raws == []


def test_files_an_answer_is_written_whole_for_smsd(tmp_path: Path) -> None:
    modem = folders(tmp_path)
    receipt = modem.channel.send(REPLY)
    modem.channel.send(REPLY)
    (file,) = (tmp_path / "outbox").iterdir()
    assert file.name == f"OUTC_{PHONE}_0192f0c4-aaaa-7bbb.txt"
    assert file.name.count("_") == 2
    assert file.read_bytes().decode("utf-16") == REPLY.text
    assert receipt.external_id == REPLY.id


def test_sql_an_answer_is_put_once_even_after_smsd_has_sent_it(smsd: Tables) -> None:
    smsd.channel.send(REPLY)
    smsd.channel.send(REPLY)
    query = 'SELECT "DestinationNumber", "TextDecoded", "Coding", "MultiPart", "CreatorID" FROM outbox'
    ((to, text, coding, multipart, creator),) = smsd.execute(query)
    assert (to, text, coding) == (PHONE, REPLY.text, "Unicode_No_Compression")
    assert multipart in {"false", False}
    assert creator == f"muara:{REPLY.id}"
    smsd.execute('INSERT INTO sentitems SELECT "ID", 1, "CreatorID" FROM outbox')
    smsd.execute("DELETE FROM outbox")
    smsd.channel.send(REPLY)
    assert smsd.execute("SELECT * FROM outbox") == []
    assert smsd.channel.capabilities.idempotent_send


def test_sql_a_long_answer_is_put_in_parts(smsd: Tables) -> None:
    text = "Jalan {rusak} " * 30
    smsd.channel.send(dataclasses.replace(REPLY, text=text))
    ((id_, first, udh),) = smsd.execute("""SELECT "ID", "TextDecoded", "UDH" FROM outbox WHERE "MultiPart" = 'true'""")
    rest = smsd.execute('SELECT "ID", "TextDecoded", "UDH" FROM outbox_multipart ORDER BY "SequencePosition"')
    assert first + "".join(row[1] for row in rest) == text
    assert {row[0] for row in rest} == {id_}
    assert [bytes.fromhex(each)[4:] for each in (udh, *(row[2] for row in rest))] == [
        bytes((len(rest) + 1, number)) for number in range(1, len(rest) + 2)
    ]


def test_sql_an_answer_goes_out_whole_or_not_at_all(smsd: Tables) -> None:
    smsd.execute("DROP TABLE outbox_multipart")
    with pytest.raises(ProviderDown):
        smsd.channel.send(dataclasses.replace(REPLY, text="Jalan {rusak} " * 30))
    assert smsd.execute("SELECT * FROM outbox") == []


def test_a_file_name_that_the_database_cannot_hold_is_mended() -> None:
    body = b'[SMSBackup000]\nNumber = "+628112626116"\nText00 = 0041\n'
    raw = RawMessage(id="1", account="modem", received_at=NO_TIME, body=body, meta={"file": "IN\x00.txt"})
    [item] = SmsChannel.offline("gammu").parse(raw)
    assert "\x00" not in str(item.external_id)

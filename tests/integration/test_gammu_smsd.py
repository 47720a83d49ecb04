"""A real gammu-smsd with its dummy phone: what the modem hears is polled, what we answer leaves through it."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psycopg
import pytest

from channels.contract import AccountInfo, OutboundReply, RawMessage
from channels.rawfile import NO_TIME
from channels.sms.adapter import SmsChannel
from channels.sms.dialects.gammu import GammuSettings
from normalizer.messages import InboundMessage, Part

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from channels.contract import Cursor

PHONE: Final = "+628112626116"
#: The tables as Debian's package brings them.
SCHEMA: Final = Path("/usr/share/doc/gammu-smsd/examples/pgsql.sql")
_CONF: Final = """
[gammu]
model = dummy
connection = none
device = {folder}/dummy
gammuloc = /dev/null

[smsd]
{service}
LogFile = {folder}/smsd.log
DebugLevel = 1
CommTimeout = 1
LoopSleep = 1
ReceiveFrequency = 1
SendTimeout = 5
StatusFrequency = 0
CheckSecurity = 0
CheckBattery = 0
CheckSignal = 0
CheckNetwork = 0
"""
_FILES: Final = """
Service = files
InboxPath = {folder}/inbox/
OutboxPath = {folder}/outbox/
SentSMSPath = {folder}/sent/
ErrorSMSPath = {folder}/error/
InboxFormat = unicode
TransmitFormat = auto
"""
_SQL: Final = """
Service = sql
Driver = native_pgsql
Host = {host}
User = {user}
Database = {name}
"""


class Modem:
    """smsd on a folder, and the channel that looks at it."""

    def __init__(self, folder: Path, service: str, settings: GammuSettings) -> None:
        self.folder = folder
        self.channel = SmsChannel(AccountInfo(name="modem"), settings)
        for name in ("inbox", "outbox", "sent", "error", "processed", "dummy"):
            (folder / name).mkdir()
        for box in range(1, 6):
            (folder / "dummy" / "sms" / str(box)).mkdir(parents=True)
        conf = folder / "smsd.conf"
        conf.write_text(_CONF.format(folder=folder, service=service), "utf-8")
        words = ["/usr/bin/gammu-smsd", "-c", str(conf)]
        self.process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def hear(self, text: str, number: int = 1, udh: str = "") -> None:
        """The dummy phone has this SMS, in the form of Gammu's own back-ups."""
        units = text.encode("utf-16-be").hex().upper()
        lines = [
            "[SMSBackup000]",
            'SMSC = "+62811000000"',
            "State = UnRead",
            "PDU = Deliver",
            f'Number = "{PHONE}"',
            'Name = ""',
            "Coding = Unicode_No_Compression",
            "Folder = 1",
            f"Length = {len(units) // 4}",
            "Class = -1",
            "ReplySMSC = False",
            "RejectDuplicates = False",
            "ReplaceMessage = 0",
            "MessageReference = 0",
            "DateTime = 20261122T113000",
            *([f"UDH = {udh}"] if udh else []),
            *(f"Text{start // 200:02} = {units[start : start + 200]}" for start in range(0, len(units), 200)),
        ]
        draft = self.folder / "draft"
        draft.write_text("\n".join([*lines, ""]), "utf-8")
        draft.rename(self.folder / "dummy" / "sms" / "1" / str(number))

    def poll(self, count: int) -> list[InboundMessage]:
        """So many messages, confirmed."""
        found: list[InboundMessage] = []
        cursor: Cursor | None = None
        end = time.monotonic() + 40
        while len(found) < count:
            assert time.monotonic() < end, self.log()
            batch = self.channel.poll(cursor)
            for raw in batch.raws:
                message = RawMessage(
                    id="1", account="modem", received_at=NO_TIME, body=raw.body, headers=raw.headers, meta=raw.meta
                )
                found += [item for item in self.channel.parse(message) if isinstance(item, InboundMessage)]
            cursor = batch.cursor
            self.channel.confirm(cursor)
            time.sleep(0.1)
        assert self.channel.poll(cursor).raws == []
        return found

    def log(self) -> str:
        path = self.folder / "smsd.log"
        return path.read_text("utf-8", "replace") if path.exists() else "smsd wrote no log"

    def sent(self) -> int:
        """How many SMS the modem has sent to the citizen."""
        return len(re.findall(rf"Transmitted .* to {re.escape(PHONE)}", self.log()))

    def close(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def by_files(folder: Path) -> Modem:
    settings = GammuSettings(
        secret="s",
        inbox=str(folder / "inbox"),
        outbox=str(folder / "outbox"),
        processed=str(folder / "processed"),
        settle=0.5,
    )
    return Modem(folder, _FILES.format(folder=folder), settings)


def by_sql(folder: Path, database_url: str) -> Modem:
    url = database_url.replace("postgresql+psycopg", "postgresql")
    with psycopg.connect(url, autocommit=True) as connection:
        # The language stands in every database since PostgreSQL 9.
        connection.execute(re.sub(r"CREATE LANGUAGE \w+;", "", SCHEMA.read_text("utf-8")).encode())
        info = connection.info
        words = {"host": info.host, "user": info.user, "name": info.dbname}
    return Modem(folder, _SQL.format(**words), GammuSettings(secret="s", database=url))


@pytest.fixture(params=["files", "sql"])
def modem(
    request: pytest.FixtureRequest, empty_database_url: str, tmp_path: Path, need: Callable[[str], str]
) -> Iterator[Modem]:
    need("gammu-smsd")
    made = by_files(tmp_path) if request.param == "files" else by_sql(tmp_path, empty_database_url)
    try:
        yield made
    finally:
        made.close()


def test_what_the_modem_hears_is_polled(modem: Modem) -> None:
    modem.hear("masbupsiaga jalan rusak é 🙏")
    [message] = modem.poll(1)
    assert (message.text, message.sender.address) == ("masbupsiaga jalan rusak é 🙏", PHONE)
    assert message.sent_at is not None


def test_what_we_answer_leaves_through_the_modem(modem: Modem) -> None:
    reply = OutboundReply(id="0192f0c4-aaaa", conversation_id=PHONE, to=PHONE, text="Aduan Anda kami terima 🙏")
    modem.channel.send(reply)
    end = time.monotonic() + 40
    while modem.sent() == 0:
        assert time.monotonic() < end, modem.log()
        time.sleep(0.1)
    assert f"Message: {reply.text}" in modem.log() or f'with text "{reply.text}"' in modem.log()
    if modem.channel.capabilities.idempotent_send:
        modem.channel.send(reply)
        modem.channel.send(dataclasses.replace(reply, id="another", text="dua"))
        while modem.sent() < 2:
            assert time.monotonic() < end, modem.log()
            time.sleep(0.1)
        assert modem.log().count(reply.text) == 1


def test_parts_that_smsd_gives_up_on_come_as_parts(modem: Modem) -> None:
    modem.process.terminate()
    modem.process.wait(15)
    conf = modem.folder / "smsd.conf"
    conf.write_text(conf.read_text("utf-8") + "MultipartTimeout = 1\n", "utf-8")
    modem.process = subprocess.Popen(
        ["/usr/bin/gammu-smsd", "-c", str(conf)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    modem.hear("bagian kedua", udh="0500032A0202")
    [message] = modem.poll(1)
    assert message.text == "bagian kedua"
    if modem.channel.settings.database:  # type: ignore[attr-defined] # SQL alone keeps which part it was
        assert isinstance(message.part, Part)
        assert (message.part.number, message.part.total) == (2, 2)

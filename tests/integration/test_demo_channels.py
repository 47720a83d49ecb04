"""Every channel of the demo there and back: written on a phone, read and answered by the site, shown on the phone."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from channels.contract import Conversation, Obligation, OutboundReply, RawMessage
from channels.importing import importer
from commands import demo_export
from dispatcher import runtime as runtimes
from normalizer.messages import InboundMessage
from standins.kinds import EMAIL, FACEBOOK, INSTAGRAM, KINDS, LINE, OPEN311, SMS, TELEGRAM, WHATSAPP, X
from standins.phones import MINE, YOU
from standins.steps import Photos, Place, Report, Say, Voice
from standins.town import Town
from tests.integration.demo_stand import Stand, judged, opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from channels.contract import ReplyOptions
    from dispatcher.runtime import Account, Runtime
    from normalizer.messages import Attachment
    from standins.steps import Step
    from standins.town import Line, Phone

WORDS, ANSWER = "lampu taman kota mati", "Terima kasih, petugas ke lokasi sore ini."
POLLED = {EMAIL, X, OPEN311}
#: Kind, way, the site's account, and how the answer shows.
THERE_AND_BACK = [
    (WHATSAPP, "", "whatsapp", ""),
    (WHATSAPP, "twilio", "sms-twilio", ""),
    (TELEGRAM, "", "telegram", ""),
    (LINE, "", "line", ""),
    (EMAIL, "", "email", "mail"),
    (X, "sebut", "x", "post"),
    (X, "dm", "x", ""),
    (FACEBOOK, "", "facebook", ""),
    (FACEBOOK, "komentar", "facebook", "post"),
    (FACEBOOK, "kiriman", "facebook", "post"),
    (INSTAGRAM, "", "instagram", ""),
    (INSTAGRAM, "komentar", "instagram", "post"),
    (INSTAGRAM, "sebut", "instagram", "post"),
]


class Play:
    """A town that is served, and the site that reads and answers."""

    def __init__(self, stand: Stand, site: Runtime) -> None:
        self.stand, self.site = stand, site
        self.cursors: dict[str, Any] = {}
        self._read = len(stand.wall.carried)

    def account(self, name: str) -> Account:
        return self.site.accounts[name]

    def own(self, kind: str) -> Phone:
        return self.stand.town.phone(kind, KINDS[kind].own, YOU)

    def read(self, name: str) -> list[InboundMessage]:
        """What has come to an account since it was last asked."""
        raws = self._polled(name) if name in POLLED else []
        items = [item for raw in raws for item in self.account(name).channel.parse(raw)]
        new = self.stand.wall.carried[self._read :]
        self._read += len(new)
        items += [item for request in new for item in judged(self.site, request)]
        return [item for item in items if isinstance(item, InboundMessage)]

    def _polled(self, name: str) -> list[RawMessage]:
        channel, raws, more = self.account(name).channel, [], True
        while more:
            batch = channel.poll(self.cursors.get(name))
            self.cursors[name], more = batch.cursor, batch.more
            channel.confirm(batch.cursor)
            raws += [
                RawMessage(
                    id=uuid.uuid4().hex,
                    account=name,
                    received_at=datetime.now(UTC),
                    body=each.body,
                    headers=each.headers,
                    meta=each.meta,
                )
                for each in batch.raws
            ]
        return raws

    def says(self, kind: str, way: str, name: str, **more: Any) -> InboundMessage:
        subject = "Lampu taman" if kind == EMAIL else ""
        self.stand.exchange.do(self.own(kind), Say(text=WORDS, way=way, **({"subject": subject} | more)))
        (message,) = self.read(name)
        return message

    def options(self, name: str, message: InboundMessage) -> ReplyOptions:
        conversation = Conversation(
            conversation_id=message.conversation_id,
            address=message.sender.address,
            last_inbound_at=message.sent_at or datetime.now(UTC),
            hints=message.hints,
        )
        return self.account(name).channel.reply_options(conversation, datetime.now(UTC))

    def answers(self, name: str, message: InboundMessage, text: str = ANSWER, **more: Any) -> None:
        reply = OutboundReply(
            id=str(uuid.uuid4()),
            conversation_id=message.conversation_id,
            to=message.sender.address,
            text=text,
            subject=message.subject,
            in_reply_to=message.external_id,
            hints=message.hints,
            how=self.options(name, message).how,
            values={"ticket": "K7MP-2XWD", "program": "Mas Bup Siaga", "state": "baru"},
            **more,
        )
        self.account(name).channel.send(reply)

    def last(self, kind: str) -> Line:
        return self.stand.town.lines(self.own(kind).id)[-1]


def awake(cursors: dict[str, Any]) -> None:
    """X's direct messages are asked for once a minute; here that has passed."""
    for feed in cursors.get(X, {}).get("feeds", {}).values():
        feed.pop("rest", None)


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def play(data_dir: Path) -> Iterator[Play]:
    yield from playing(Stand(data_dir))


def playing(stand: Stand) -> Iterator[Play]:
    site = stand.runtime()
    with runtimes.active(site), stand.serving():
        yield Play(stand, site)
        mail: Any = site.accounts[EMAIL].channel
        mail.close()
    site.engine.dispose()


@pytest.mark.parametrize(("kind", "way", "name", "look"), THERE_AND_BACK, ids=lambda value: value or "-")
def test_there_and_back(play: Play, kind: str, way: str, name: str, look: str) -> None:
    message = play.says(kind, way, name)
    fetched = way == "sebut" and kind == INSTAGRAM  # the webhook of a mention tells no words
    assert WORDS in message.text or fetched
    assert play.options(name, message).allowed
    play.answers(name, message)
    line = play.last(kind)
    assert (line.mine, line.look) == (False, look)
    assert line.text.startswith(ANSWER)
    page = play.stand.client.get(f"/?saluran={kind}").text
    assert ANSWER in page


@pytest.mark.parametrize(("kind", "way", "name", "look"), THERE_AND_BACK, ids=lambda value: value or "-")
def test_a_restart_doubles_nothing_and_the_talk_goes_on(
    data_dir: Path, kind: str, way: str, name: str, look: str
) -> None:
    for play in playing(Stand(data_dir)):
        before = play.says(kind, way, name)
        play.answers(name, before)
        cursors = play.cursors
    for again in playing(Stand(data_dir)):
        again.cursors = cursors
        assert again.read(name) == []
        awake(again.cursors)
        again.answers(name, before, "Sudah selesai diperbaiki.")
        assert again.last(kind).text.startswith("Sudah selesai diperbaiki.")
        assert again.last(kind).look == look
        after = again.says(kind, way, name)
        assert after.external_id != before.external_id
        assert after.sender.name == before.sender.name
        refs = again.stand.town.refs()
        assert len(refs) == len(set(refs))


def test_a_bare_hashtag_is_read_and_the_officer_is_told_why_it_cannot_be_answered(play: Play) -> None:
    message = play.says(X, "tagar", "x")
    assert message.text == f"{WORDS} #masbupsiaga"
    options = play.options("x", message)
    assert not options.allowed
    assert "tidak menyebut" in (options.reason or "")


def test_a_portals_report_is_read_once_and_answered_there_alone(data_dir: Path) -> None:
    for play in playing(Stand(data_dir)):
        message = play.says(OPEN311, "", OPEN311)
        assert not play.options(OPEN311, message).allowed
        cursors = play.cursors
    for again in playing(Stand(data_dir)):
        again.cursors = cursors
        assert again.read(OPEN311) == []
        again.stand.exchange.do(again.own(OPEN311), Report(text="satu lagi", address="Jalan Batas Kota"))
        (other,) = again.read(OPEN311)
        assert other.external_id != message.external_id


def test_a_mail_is_answered_in_its_thread_after_a_restart_too(data_dir: Path) -> None:
    for play in playing(Stand(data_dir)):
        first = play.says(EMAIL, "", EMAIL)
        play.answers(EMAIL, first)
        cursors = play.cursors
    for again in playing(Stand(data_dir)):
        again.cursors = cursors
        more = again.says(EMAIL, "", EMAIL, subject="")
        assert more.subject is not None
        assert more.subject.startswith("Re: ")
        assert more.conversation_id == first.conversation_id
        assert more.in_reply_to is not None


def test_yesterdays_whatsapp_is_answered_by_a_template_that_shows_as_it_reads(play: Play) -> None:
    yesterday = datetime.now(UTC) - timedelta(hours=25)
    play.stand.exchange.do(play.own(WHATSAPP), Say(text=WORDS), yesterday)
    (message,) = play.read("whatsapp")
    play.answers("whatsapp", message)
    line = play.last(WHATSAPP)
    assert line.label == "Templat aduan_jawaban"
    assert line.text == f"Mengenai aduan K7MP-2XWD (Mas Bup Siaga): {ANSWER} Terima kasih."


@pytest.mark.parametrize(
    ("kind", "name", "step"),
    [
        (WHATSAPP, "whatsapp", Photos(names=("jalan-9",), caption=WORDS)),
        (WHATSAPP, "whatsapp", Voice()),
        (WHATSAPP, "whatsapp", Place(lat=-6.9, lon=109.4)),
        (LINE, "line", Photos(names=("jalan-9",))),
        (EMAIL, "email", Photos(names=("jalan-9", "jalan-8"), caption=WORDS, html=f"<p>{WORDS}</p>", subject="Jalan")),
        (X, "x", Photos(names=("jalan-9",), caption=WORDS, way="dm")),
        (X, "x", Photos(names=("jalan-9",), caption=WORDS, way="sebut")),
        (FACEBOOK, "facebook", Photos(names=("jalan-9",))),
        (FACEBOOK, "facebook", Photos(names=("jalan-9",), caption=WORDS, way="kiriman")),
        (INSTAGRAM, "instagram", Photos(names=("jalan-9",))),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else value,
)
def test_what_is_more_than_words_arrives(play: Play, kind: str, name: str, step: Step) -> None:
    play.stand.exchange.do(play.own(kind), step)
    (message,) = play.read(name)
    assert message.attachments or message.location
    channel = play.account(name).channel
    for file in message.attachments:
        if file.content is None:
            fetched = channel.fetch(wanted(file))
            assert len(fetched.content) > 3000


def wanted(file: Attachment) -> Obligation:
    return Obligation(ref=file.ref, url=file.url, deadline=file.deadline, max_bytes=20_000_000)


def test_every_account_is_healthy_and_says_so(play: Play) -> None:
    found = {account.name: account.channel.health() for account in play.site.accounts.values()}
    assert [f"{name}: {health.sentence}" for name, health in found.items() if not health.ok] == []
    assert len(found) >= 13


def test_a_second_start_plays_nothing_of_the_opening_again_on_polled_channels(data_dir: Path) -> None:
    for play in playing(Stand(data_dir)):
        opened(play.stand)
        assert play.read(WHATSAPP)  # and whatever else came by a webhook
        came = {name: len(play.read(name)) for name in POLLED}
        cursors = play.cursors
    assert came[EMAIL] == 2
    assert came[X] >= 6
    assert came[OPEN311] == 2
    for again in playing(Stand(data_dir)):
        again.cursors = cursors
        opened(again.stand)
        assert [again.read(name) for name in POLLED] == [[]] * len(POLLED)


def test_the_page_shows_one_channel_alone(play: Play) -> None:
    opened(play.stand)
    page = play.stand.client.get(f"/?saluran={LINE}").text
    assert "Dinda" in page
    assert "Sugeng Widodo" not in page
    assert page.count('<form method="post"') == 1
    assert play.stand.client.get("/").text.count('<form method="post"') == len(MINE)
    assert play.stand.client.get("/?saluran=fax").status_code == 200


@pytest.mark.parametrize("kind", [kind for kind, *_ in MINE if kind != SMS])
def test_a_newcomer_writes_on_each_of_his_phones(play: Play, kind: str) -> None:
    phone = play.own(kind)
    answer = play.stand.client.post(f"/hp/{phone.id}", data={"teks": "halo", "asal": kind, "subjek": "a\r\nBcc: x@y"})
    assert answer.location == f"/?saluran={kind}#{phone.id}"
    lines = Town(play.stand.town.path).lines(phone.id)
    assert ["halo" in line.text for line in lines] == [True]
    assert "\n" not in lines[0].subject


def test_the_example_export_can_be_fetched_and_imported(play: Play, data_dir: Path) -> None:
    assert play.stand.client.get("/contoh-lapor.csv").status_code == 404
    path = demo_export.write(data_dir)
    content = play.stand.client.get("/contoh-lapor.csv").data
    assert content == path.read_bytes()
    ours = importer(play.account("lapor").channel)
    assert ours is not None
    reports = list(ours.reports(content))
    assert [report.problem for report in reports] == [None] * 4
    path.write_bytes(b"ours")
    assert demo_export.write(data_dir).read_bytes() == b"ours"  # a second start leaves the days as they are

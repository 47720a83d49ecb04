"""Open311 against a strict server in XML and JSON: polled, handed on, and everything that may go wrong."""

from __future__ import annotations

import contextlib
import dataclasses
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from loopback import dead_address, serving

from channels.contract import AccountInfo, Obligation, RawMessage
from channels.errors import FetchFailed, OutcomeUnknown, PayloadError, PollFailed, ProviderDown, Refused, Throttled
from channels.forwarding import Complaint
from channels.lapor import geodata
from channels.lapor.adapter import LaporChannel
from channels.lapor.dialects import open311
from channels.lapor.dialects.open311 import Open311Settings
from channels.lapor.georeport import Endpoint, GeoReport, GeoReportRefused, NotThere
from normalizer.messages import Edit, Ignored, InboundMessage, Malformed
from standins.faults import Faults
from standins.mailroom import Mailroom
from standins.open311 import City, create_app

if TYPE_CHECKING:
    from collections.abc import Iterator

    from channels.contract import Cursor, PollBatch, Polled
    from normalizer.messages import Inbound

KEY = "kunci-open311"
NOW = datetime.now(UTC).replace(microsecond=0)
COMPLAINT = Complaint(ticket="K7MP-2XWD", text="Lubang besar", name="Budi", lat=-6.9, lon=109.4, address="Jl. Widuri 8")


@dataclasses.dataclass
class World:
    url: str
    city: City
    faults: Faults
    mailroom: Mailroom

    def channel(self, **settings: Any) -> LaporChannel:
        given = {"api_key": KEY, "timeout": 2.0, "jurisdiction_id": "kota.example", **settings}
        return LaporChannel(AccountInfo(name="kota"), Open311Settings(endpoint=f"{self.url}/v2", **given))

    def client(self, **endpoint: Any) -> GeoReport:
        given = {"api_key": KEY, "jurisdiction": "kota.example", "timeout": 2.0, **endpoint}
        return GeoReport(Endpoint(url=f"{self.url}/v2", **given))


@contextlib.contextmanager
def city(**options: Any) -> Iterator[World]:
    faults, mailroom = Faults(), Mailroom()
    app = create_app(mailroom, api_key=KEY, jurisdiction="kota.example", faults=faults, **options)
    with serving(app) as url:
        yield World(url, app.extensions["city"], faults, mailroom)
        faults.released.set()


@pytest.fixture
def world() -> Iterator[World]:
    with city() as made:
        yield made


@pytest.fixture(params=["xml", "json"])
def form(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def read(channel: LaporChannel, polled: Polled) -> list[Inbound]:
    return channel.parse(
        RawMessage(id="1", account="kota", received_at=NOW, body=polled.body, headers=polled.headers, meta=polled.meta)
    )


def poll(channel: LaporChannel, cursor: Cursor | None = None) -> tuple[list[Inbound], PollBatch]:
    batch = channel.poll(cursor)
    return [item for polled in batch.raws for item in read(channel, polled)], batch


def test_a_request_comes_in_and_its_status_with_it(world: World, form: str) -> None:
    at = NOW - timedelta(days=2)
    ident = world.city.report("Lubang <besar> & dalam 🙂", code="006", at=at, lat="-6.9", long="109.4", address="Jl. A")
    (message, status), _ = poll(world.channel(format=form))
    assert isinstance(message, InboundMessage)
    assert (message.external_id, message.text, message.sent_at) == (ident, "Lubang <besar> & dalam 🙂", at)
    assert message.location is not None
    assert (message.location.lat, message.location.lon, message.location.label) == (-6.9, 109.4, "Jl. A")
    assert message.hints["no_reply"] is True
    assert isinstance(status, Ignored)
    assert status.reason == "remote-state:baru::open"


def test_what_was_seen_is_not_brought_again_and_what_changed_is(world: World, form: str) -> None:
    channel = world.channel(format=form)
    ident = world.city.report("Lampu mati", code="007", at=NOW - timedelta(days=3))
    _, first = poll(channel)
    assert len(first.raws) == 1
    nothing, second = poll(channel, first.cursor)
    assert (nothing, second.cursor) == ([], first.cursor)
    world.city.change(ident, at=NOW, status="closed", status_notes="Sudah menyala.")
    (message, status), third = poll(channel, second.cursor)
    assert isinstance(message, InboundMessage)
    assert isinstance(status, Ignored)
    assert status.reason == "remote-state:selesai::closed: Sudah menyala."
    assert status.version == geodata.stamp(NOW.isoformat())
    world.city.change(ident, at=NOW + timedelta(minutes=1), description="Lampu mati di dua tiang")
    (edit, _), _ = poll(channel, third.cursor)
    assert isinstance(edit, Edit)
    assert (edit.external_id, edit.text) == (ident, "Lampu mati di dua tiang")


def test_the_same_cursor_gives_the_same_messages(world: World) -> None:
    world.city.report("Satu", code="006", at=NOW - timedelta(hours=1))
    channel = world.channel()
    assert channel.poll(None) == channel.poll(None)


def test_a_full_list_is_asked_for_in_halves(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open311, "LIST_LIMIT", 8)
    monkeypatch.setattr("standins.open311._LIST_LIMIT", 8)
    for hour in range(40):
        world.city.report(f"Nomor {hour}", code="006", at=NOW - timedelta(hours=hour * 3 + 1))
    found, _ = poll(world.channel())
    assert sum(isinstance(item, InboundMessage) for item in found) == 40


def test_lists_that_are_always_full_end(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open311, "LIST_LIMIT", 1)
    for minute in range(100):
        world.city.report("Banjir", code="006", at=NOW - timedelta(minutes=minute * 30))
    with pytest.raises(PollFailed, match="selalu penuh"):
        world.channel().poll(None)


def test_by_time_of_change_where_the_server_knows_it() -> None:
    with city(updated_after=True) as world:
        channel = world.channel(updated_after=True, window_days=90)
        old = world.city.report("Lama", code="006", at=NOW - timedelta(days=60))
        world.city.report("Baru", code="006", at=NOW - timedelta(days=1))
        found, first = poll(channel)
        assert len(found) == 4
        world.city.change(old, at=NOW, status="closed")
        (message, status), second = poll(channel, first.cursor)
        assert isinstance(message, InboundMessage)
        assert isinstance(status, Ignored)
        assert message.external_id == old
        assert poll(channel, second.cursor)[0] == []


def test_a_server_that_does_not_know_the_parameter_says_so(world: World) -> None:
    channel = world.channel(updated_after=True)
    world.city.report("Satu", code="006", at=NOW)
    with pytest.raises(PollFailed, match="HTTP 400"):
        channel.poll({"seen": {}, "since": geodata.stamp(NOW.isoformat())})


def test_only_the_chosen_services(world: World) -> None:
    world.city.report("Jalan", code="006", at=NOW)
    world.city.report("Lampu", code="007", at=NOW)
    found, _ = poll(world.channel(service_codes=("007",)))
    assert [item.text for item in found if isinstance(item, InboundMessage)] == ["Lampu"]


def test_services_one_request_and_what_is_not_there(world: World, form: str) -> None:
    client = world.client(form=form)
    assert [each["service_code"] for each in client.services()] == ["006", "007", "008"]
    ident = world.city.report("Satu", code="006", at=NOW)
    assert client.request(ident)["description"] == "Satu"
    with pytest.raises(NotThere) as missing:
        client.request("999/../x y")
    assert missing.value.description


def test_a_complaint_is_handed_on_and_an_id_comes_back(world: World, form: str) -> None:
    channel = world.channel(format=form)
    assert channel.forwarder is not None
    given = channel.forwarder.forward(COMPLAINT, "006")
    assert given.external_id in world.city.requests
    assert given.notice == "Ditindaklanjuti dalam 24 jam."
    [posted] = world.mailroom.delivered("006")
    assert posted.text.startswith("Lubang besar\n\n(Rujukan: K7MP-2XWD ")
    assert world.city.requests[given.external_id or ""]["lat"] == "-6.9000000"


def test_a_token_is_redeemed_when_the_batch_is_through(world: World, form: str) -> None:
    channel = world.channel(format=form)
    assert channel.forwarder is not None
    given = channel.forwarder.forward(COMPLAINT, "007")
    assert (given.external_id, bool(given.token)) == (None, True)
    token = str(given.token)
    assert channel.forwarder.redeem(token) is None
    ident = world.city.assign(token)
    assert channel.forwarder.redeem(token) == ident
    with pytest.raises(NotThere):
        channel.forwarder.redeem("tidak-ada")


def test_a_black_box_gives_nothing_back(world: World) -> None:
    channel = world.channel()
    assert channel.forwarder is not None
    given = channel.forwarder.forward(COMPLAINT, "008")
    assert (given.external_id, given.token) == (None, None)


def test_what_we_handed_on_is_recognised_and_a_copied_ticket_is_not(world: World) -> None:
    channel = world.channel()
    assert channel.forwarder is not None
    channel.forwarder.forward(COMPLAINT, "006")
    world.city.report("Saya juga\n\n(Rujukan: K7MP-2XWD 0123456789abcdef)", code="006", at=NOW)
    found, _ = poll(channel)
    kinds = {type(item) for item in found}
    assert kinds == {Ignored, InboundMessage}
    assert [item.reason for item in found if isinstance(item, Ignored)].count("own-forward") == 1
    [stranger] = [item for item in found if isinstance(item, InboundMessage)]
    assert stranger.text.startswith("Saya juga")


def test_a_long_text_is_cut_before_the_reference(world: World) -> None:
    channel = world.channel()
    assert channel.forwarder is not None
    channel.forwarder.forward(dataclasses.replace(COMPLAINT, text="x" * 9000), "006")
    [posted] = world.mailroom.delivered("006")
    assert len(posted.text) == 4000
    assert posted.text.endswith(")")


def test_the_servers_no_is_a_refusal_with_its_sentence(world: World, form: str) -> None:
    channel = world.channel(format=form, api_key="salah")
    assert channel.forwarder is not None
    with pytest.raises(GeoReportRefused, match="HTTP 403, kode 403: periksa api_key") as refused:
        channel.forwarder.forward(COMPLAINT, "006")
    assert refused.value.description == "Missing or Invalid api_key"
    with pytest.raises(GeoReportRefused, match="HTTP 404"):
        world.client(form=form, jurisdiction="lain.example").services()
    with pytest.raises(GeoReportRefused, match="HTTP 400"):
        world.client(form=form, jurisdiction="").services()
    nowhere = dataclasses.replace(COMPLAINT, lat=None, lon=None, address=None)
    assert world.channel().forwarder is not None
    with pytest.raises(GeoReportRefused, match="HTTP 400"):
        world.channel().forwarder.forward(nowhere, "006")  # type: ignore[union-attr]


def test_without_a_key_nothing_is_posted(world: World) -> None:
    channel = world.channel(api_key="")
    assert channel.forwarder is not None
    with pytest.raises(Refused, match="api_key"):
        channel.forwarder.forward(COMPLAINT, "006")
    assert world.mailroom.delivered() == []


def test_down_slow_throttled_and_lost_answers(world: World) -> None:
    channel = world.channel(timeout=0.3)
    way = channel.forwarder
    assert way is not None
    world.faults.down = True
    with pytest.raises(ProviderDown):
        way.forward(COMPLAINT, "006")
    with pytest.raises(PollFailed):
        channel.poll(None)
    world.faults.down, world.faults.retry_after = False, "42"
    with pytest.raises(Throttled) as throttled:
        way.forward(COMPLAINT, "006")
    assert throttled.value.retry_after == 42
    with pytest.raises(PollFailed) as later:
        channel.poll(None)
    assert later.value.retry_after == 42
    world.faults.retry_after, world.faults.slow = None, True
    with pytest.raises(OutcomeUnknown):
        way.forward(COMPLAINT, "006")
    with pytest.raises(PollFailed):
        channel.poll(None)
    world.faults.slow, world.faults.server_error = False, True
    world.faults.released.set()
    with pytest.raises(OutcomeUnknown):
        way.forward(COMPLAINT, "006")
    world.faults.server_error, world.faults.lose_answer = False, True
    with pytest.raises(OutcomeUnknown):
        way.forward(COMPLAINT, "006")
    assert world.mailroom.delivered("006")


def test_nobody_there() -> None:
    channel = LaporChannel(AccountInfo(name="kota"), Open311Settings(endpoint=dead_address(), api_key=KEY))
    with pytest.raises(PollFailed):
        channel.poll(None)
    assert not channel.health().ok
    assert channel.forwarder is not None
    with pytest.raises(ProviderDown):
        channel.forwarder.forward(COMPLAINT, "006")


def test_health_counts_the_services(world: World) -> None:
    assert world.channel().health().ok
    assert "3" in world.channel().health().sentence
    assert "HTTP 404" in world.channel(jurisdiction_id="x").health().sentence


def test_a_bomb_of_entities_and_foreign_entities_are_refused() -> None:
    bomb = b'<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;">]><requests><request>&y;</request></requests>'
    outside = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a><request><b>&x;</b></request></a>'
    bare = b"<!DOCTYPE a><a><request><b>c</b></request></a>"
    for body in (
        bomb,
        outside,
        bare,
        b"<a><request>",
        b"<",
        b"\x00<a/>",
        b"<?xml version='1.0' encoding='x'?><a/>",
    ):
        with pytest.raises(PayloadError):
            geodata.read_list(body, "request")


def test_a_namespace_and_an_empty_list_do_no_harm() -> None:
    body = b'<r xmlns="http://wiki.open311.org/GeoReport_v2"><request><service_request_id>1</service_request_id></request></r>'
    assert geodata.read_list(body, "request") == [{"service_request_id": "1"}]
    assert geodata.read_list(b"<service_requests/>", "request") == []
    assert geodata.read_list(b"[]", "request") == []


def test_a_request_without_an_id_falls_alone() -> None:
    raw = RawMessage(
        id="1",
        account="kota",
        received_at=NOW,
        body=b'[{"description": "x"}, {"service_request_id": 7, "description": "y", "lat": "inf", "long": "1"}]',
    )
    lost, kept = LaporChannel.offline("open311").parse(raw)
    assert isinstance(lost, Malformed)
    assert isinstance(kept, InboundMessage)
    assert (kept.external_id, kept.location) == ("7", None)


def test_a_photo_inside_our_network_is_not_fetched(world: World) -> None:
    obligation = Obligation(ref=None, url=f"{world.url}/v2/services.xml", deadline=None, max_bytes=1000)
    with pytest.raises(FetchFailed, match="private network"):
        world.channel().fetch(obligation)


def test_an_account_that_only_hands_on_is_not_polled(world: World) -> None:
    assert not world.channel(poll=False).capabilities.polling
    assert world.channel().capabilities.polling


@pytest.mark.parametrize(("name", "value"), [("window_days", 91), ("window_days", 0), ("poll_interval", 0.0)])
def test_settings_that_cannot_work_are_refused(name: str, value: float) -> None:
    check = next(field for field in dataclasses.fields(Open311Settings) if field.name == name).metadata["check"]
    with pytest.raises(ValueError, match="expected"):
        check(value)

"""The demo's parts: its settings and secrets, the town's memory, each provider's dress, the page of phones."""

from __future__ import annotations

import dataclasses
import json
import socket
import stat
import threading
from datetime import UTC, datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from PIL import Image

from channels.errors import VerificationFailed
from channels.registry import manifests
from commands import demo, demo_data
from dispatcher import runtime as runtimes
from normalizer.messages import DeliveryReceipt, Edit, InboundMessage
from standins import pictures
from standins.citizens import Citizens
from standins.kinds import FACEBOOK, INSTAGRAM, LINE, SMS, TELEGRAM, WHATSAPP, X
from standins.mailroom import Delivered
from standins.postman import Postman, Refused
from standins.request import Request
from standins.steps import Say
from standins.stories import OPENING, later
from standins.town import Town
from tests.integration.demo_stand import OFFICERS, Stand, judged, opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dispatcher.runtime import Runtime


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def stand(data_dir: Path) -> Stand:
    return Stand(data_dir)


@pytest.fixture
def site(stand: Stand) -> Iterator[Runtime]:
    made = stand.runtime()
    with runtimes.active(made):
        yield made
    made.engine.dispose()


def test_secrets_are_made_up_for_each_demo_and_nobody_else_reads_them(
    stand: Stand, data_dir: Path, tmp_path: Path
) -> None:
    other = demo_data.remember(tmp_path / "other", OFFICERS)
    assert not set(stand.memory["secrets"].values()) & set(other["secrets"].values())
    assert not set(stand.memory["passwords"].values()) & set(other["passwords"].values())
    assert stat.S_IMODE((data_dir / demo_data.FILE).stat().st_mode) == 0o600
    assert stat.S_IMODE(stand.town.path.stat().st_mode) == 0o600


def test_a_second_start_has_the_same_secrets(stand: Stand, data_dir: Path) -> None:
    assert demo_data.is_demo(data_dir)
    assert demo_data.remember(data_dir, OFFICERS) == stand.memory


def test_what_an_older_version_did_not_make_is_made_up(stand: Stand, data_dir: Path) -> None:
    secrets = stand.memory["secrets"]
    older = {name: value for name, value in secrets.items() if name.partition("_")[0] in {"kannel", "telegram"}}
    demo_data.keep(data_dir, {"host": "127.0.0.1", "port": 1, "town_port": 2, "secrets": older, "passwords": {}})
    made = demo_data.remember(data_dir, OFFICERS)
    assert made["secrets"].keys() == secrets.keys()
    assert made["secrets"] | older == made["secrets"]
    assert set(made["passwords"]) == set(OFFICERS)
    assert made["port"] == 1
    demo_data.settings(data_dir)  # a command that looks at it before it has run anew


def test_a_real_installation_is_no_place_for_a_demo(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "postgres").mkdir()
    with pytest.raises(SystemExit):
        demo_data.remember(tmp_path, OFFICERS)
    assert "no demo" in capsys.readouterr().err
    assert not (tmp_path / demo_data.FILE).exists()


def test_a_damaged_memory_says_so(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data_dir.mkdir()
    (data_dir / demo_data.FILE).write_text("{")
    with pytest.raises(SystemExit):
        demo_data.remember(data_dir, OFFICERS)
    assert "is damaged" in capsys.readouterr().err


def test_the_environment_leads_a_demo_to_no_other_database(
    stand: Stand, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MUARA_DATABASE_URL", "postgresql://real/one")
    monkeypatch.setenv("MUARA_REDIS_URL", "redis://real/0")
    found = demo_data.settings(data_dir)
    # Programs hold clocks, which are compared by identity.
    assert dataclasses.replace(found, programs=()) == dataclasses.replace(stand.settings, programs=())
    assert [program.key for program in found.programs] == [program.key for program in stand.settings.programs]
    assert stand.settings.database_url == stand.settings.redis_url == ""


def test_two_programs_share_the_short_code(stand: Stand) -> None:
    sharing = [program.key for program in stand.settings.programs if "sms-kannel" in program.accounts]
    assert sharing == ["masbupsiaga", "maturbupati"]
    dialects = {account.dialect for account in stand.settings.accounts.values()}
    assert dialects == {None, "kannel", "android", "twilio", "export", "open311"}


def test_every_channel_has_an_account(stand: Stand, site: Runtime) -> None:
    assert {account.manifest.key for account in site.accounts.values()} == set(manifests())
    assert {program.key for program in stand.settings.programs if "whatsapp" in program.accounts} == {"masbupsiaga"}


def test_the_next_free_port_is_taken() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert demo._free_port("127.0.0.1", port) > port
        ports = demo._free_ports("127.0.0.1", port)
        assert list(ports.values()) == sorted({port + 1, *ports.values()} - {port})[-3:]
        assert len({*ports.values()}) == 3


def test_what_the_citizens_send_is_proven_and_read_by_the_sites_own_adapters(stand: Stand, site: Runtime) -> None:
    carried = opened(stand)
    items = [item for request in carried for item in judged(site, request)]
    assert len(items) >= 60
    assert {type(item) for item in items} == {InboundMessage, Edit}
    messages = [item for item in items if isinstance(item, InboundMessage)]
    doubles = len(messages) - len({(item.conversation_id, item.external_id) for item in messages})
    assert doubles == 2  # one SMS comes three times
    assert {len(message.attachments) for message in messages} == {0, 1}
    assert any(message.location for message in messages)
    parts = [message.part for message in messages if message.part]
    assert [(part.number, part.total) for part in parts] == [(3, 3), (1, 3), (2, 3), (1, 3), (3, 3)]
    ages = [datetime.now(UTC) - message.sent_at for message in messages if message.sent_at]
    assert max(ages).total_seconds() > 20 * 3600
    assert min(ages).total_seconds() > -60


def test_a_changed_request_is_no_providers(stand: Stand, site: Runtime) -> None:
    carried = opened(stand)
    accounts = set()
    for request in carried:
        accounts.add(urlsplit(request.url).path)
        forged: dict[str, Any] = {"headers": {}, "query": urlsplit(request.url).query.replace("secret=", "secret=x")}
        with pytest.raises(VerificationFailed):
            judged(site, request, **forged)
    assert len(accounts) == 8


def test_delivery_reports_are_the_providers_too(stand: Stand, site: Runtime) -> None:
    hook = stand.exchange.site.hooks["kannel"]
    stand.exchange.apps["/kannel"].extensions["kannel_reports"].append(
        f"{hook}?secret={stand.memory['secrets']['kannel_secret']}&out=o1&dlr=%d&reply=%A&sender=%p&receiver=%P&time=%t"
    )
    ids = {TELEGRAM: "81001:1", FACEBOOK: "m_1", INSTAGRAM: "aW1"}
    for provider in ("kannel", "twilio", "android", "whatsapp-twilio", *ids):
        to = "+628120" if provider not in ids else "81001"
        stand.exchange.room.deliver(
            Delivered(provider=provider, account="a", to=to, text="x", external_id=ids.get(provider, "o1"))
        )
    reports = [item for make in stand.wall.promised for request in make() for item in judged(site, request)]
    assert {type(report) for report in reports} == {DeliveryReceipt}
    assert [report.external_id for report in reports] == ["o1"] * 5 + ["m_1", "aW1"]


def test_a_second_start_plays_nothing_again_and_counts_on(stand: Stand, data_dir: Path) -> None:
    first = opened(stand)
    again = Stand(data_dir)
    Citizens(again.exchange, pace=0, seed=1, stop=threading.Event()).play()
    assert again.wall.carried == []
    assert [again.town.lines(phone.id) for phone in again.town.phones()] == [
        stand.town.lines(phone.id) for phone in stand.town.phones()
    ]
    phone = again.town.phone(TELEGRAM, "8100201")
    again.exchange.do(phone, Say(text="masih belum ditambal"))
    before = [json.loads(request.body) for request in first if request.url.endswith("/telegram")]
    assert json.loads(again.wall.carried[0].body)["update_id"] > max(one["update_id"] for one in before)
    assert again.town.lines(phone.id)[-1].ref not in stand.town.refs()


def test_a_line_that_a_kill_cut_off_is_dropped(stand: Stand) -> None:
    phone = stand.town.phone(SMS, "+6281200000009")
    stand.town.wrote(phone, "satu")
    with stand.town.path.open("a") as file:
        file.write('{"line": {"num')
    again = Town(stand.town.path)
    again.wrote(again.phone(SMS, phone.address), "dua")
    assert [line.text for line in Town(stand.town.path).lines(phone.id)] == ["satu", "dua"]


def test_what_an_older_version_wrote_is_read(stand: Stand) -> None:
    line = {"number": 1, "mine": True, "text": "halo", "at": "2026-11-01T08:00:00+00:00", "via": "1708", "ref": ""}
    phone = {"kind": SMS, "address": "+6281200000009", "name": "Warga"}
    records = [{"phone": phone}, {"line": line | {"pictures": [], "edited": False}, "on": "sms-6281200000009"}]
    stand.town.path.write_text("".join(json.dumps(record) + "\n" for record in records))
    town = Town(stand.town.path)
    assert [line.text for line in town.lines("sms-6281200000009")] == ["halo"]
    assert town.lines("sms-6281200000009")[0].look == ""


def test_stopped_in_the_middle_the_rest_is_told_later(stand: Stand, data_dir: Path) -> None:
    stop = threading.Event()
    carry = stand.wall.carry

    def carry_ten(request: Request) -> None:
        carry(request)
        if len(stand.wall.carried) == 10:
            stop.set()

    stand.wall.carry = carry_ten  # type: ignore[method-assign]
    told = len(opened(stand, stop=stop))
    rest = opened(Stand(data_dir))
    assert 10 <= told < 20  # the story under way is told to its end
    assert told + len(rest) == len(opened(Stand(data_dir.with_name("whole"))))


def test_the_stream_is_the_same_for_the_same_seed() -> None:
    assert [later(number, 7) for number in range(40)] == [later(number, 7) for number in range(40)]
    assert [later(number, 7) for number in range(40)] != [later(number, 8) for number in range(40)]
    kinds = {later(number, 7).who.kind for number in range(80)}
    assert kinds == {SMS, WHATSAPP, TELEGRAM, LINE, FACEBOOK, X}


def test_patience_with_a_site_that_is_away_ends() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        request = Request(method="GET", url=f"http://127.0.0.1:{port}/", headers={})
        with pytest.raises(Refused, match="away"):
            Postman(patience=0.0).carry(request)


@pytest.mark.parametrize("kind", pictures.KINDS)
def test_photos_are_photos(kind: str) -> None:
    content = pictures.jpeg(f"{kind}-3")
    with Image.open(BytesIO(content)) as image:
        assert (image.format, image.size) == ("JPEG", pictures.SIZE)
    assert len(content) < 100_000


@pytest.mark.parametrize("name", ["jalan", "jalan-", "jalan-x", "kucing-1", "jalan-99999", "jalan-²"])
def test_other_photos_there_are_none(stand: Stand, name: str) -> None:
    assert stand.client.get(f"/foto/{name}.jpg").status_code == 404


def test_a_newcomer_writes_from_any_number(stand: Stand, site: Runtime) -> None:
    answer = stand.client.post(
        "/hp/sms-6281200000001",
        data={"teks": "masbupsiaga <b>tes</b>", "nomor": "0812-0000-0888", "ke": "+6281200000708"},
    )
    assert answer.status_code == 303
    assert answer.location == "/hp/sms-6281200000888"
    message = judged(site, stand.wall.carried[0])[0]
    assert isinstance(message, InboundMessage)
    assert (message.sender.address, message.to) == ("+6281200000888", "+6281200000708")
    page = stand.client.get(answer.location).text
    assert "&lt;b&gt;tes&lt;/b&gt;" in page
    assert "<b>tes" not in page


@pytest.mark.parametrize("number", ["", "polisi", "+1", "0" * 40, "1708<script>"])
def test_what_is_no_number_sends_from_the_phones_own(stand: Stand, number: str) -> None:
    stand.client.post("/hp/sms-6281200000001", data={"teks": "halo", "nomor": number, "ke": "999"})
    assert "sender=%2B6281200000001" in stand.wall.carried[0].url
    assert "receiver=1708" in stand.wall.carried[0].url


def test_an_empty_text_is_not_sent(stand: Stand) -> None:
    assert stand.client.post("/hp/telegram-8100001", data={"teks": " "}).status_code == 303
    assert stand.wall.carried == []


def test_a_form_of_another_site_is_refused(stand: Stand) -> None:
    answer = stand.client.post(
        "/hp/sms-6281200000001", data={"teks": "halo"}, headers={"Origin": "http://evil.example"}
    )
    assert answer.status_code == 403
    assert stand.wall.carried == []


def test_no_such_phone(stand: Stand) -> None:
    assert stand.client.get("/hp/sms-1").status_code == 404
    assert stand.client.post("/hp/sms-1", data={"teks": "halo"}).status_code == 404


def test_the_pulse_names_the_phones_that_changed(stand: Stand) -> None:
    before = stand.client.get("/denyut").get_json()["version"]
    stand.town.received(stand.town.phone(SMS, "+6281200000001"), "balasan")
    news = stand.client.get(f"/denyut?sejak={before}").get_json()
    assert news["phones"] == ["sms-6281200000001"]
    assert "balasan" in stand.client.get("/hp/sms-6281200000001/isi").text
    assert stand.client.get(f"/denyut?sejak={news['version']}").get_json()["phones"] == []


def test_pages_carry_a_strict_policy_and_nothing_inline(stand: Stand) -> None:
    opened(stand)
    answer = stand.client.get("/?semua=1")
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert " style=" not in answer.text
    assert "<script>" not in answer.text
    assert all(story.who.name in answer.text for story in OPENING)

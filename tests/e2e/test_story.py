"""One complaint's way, from a signed webhook until it comes back and is late; the provider is a strict stand-in."""

from __future__ import annotations

import dataclasses
import threading
import urllib.error
import urllib.request
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

import inbox.pages
from channels.contract import AccountInfo
from channels.registry import manifests
from channels.whatsapp.adapter import WhatsAppChannel
from channels.whatsapp.settings import WhatsAppSettings
from dispatcher import drain, sending
from normalizer.program import Program, Unit
from standins.faults import Faults
from standins.mailroom import Mailroom
from standins.whatsapp import Citizen, Cloud, create_app, incoming
from store import people
from tests import gatewaykit
from tests.channels.loopback import serving
from tests.factories import PASSWORD
from tests.inboxkit import SECRET, cheap_hashing
from tests.journalling import rows
from tests.toy import Clock, runtime

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page
    from redis import Redis
    from sqlalchemy import Engine

    from dispatcher.runtime import Runtime

SITI = Citizen(name="Siti Aminah", bsuid="ID.13491208655302741918", phone="628112626116")
PROGRAM = Program(
    key="masbup",
    name="Mas Bup Siaga",
    organisation="Pemalang",
    keywords=("masbupsiaga",),
    accounts=("wa",),
    units=(Unit(code="dpu", name="Dinas Pekerjaan Umum"),),
)
IDS: dict[str, Any] = {"phone_number_id": "109876543210987", "waba_id": "101234567890123"}
SECRETS: dict[str, Any] = {"token": "EAAB-" + "t" * 16, "app_secret": "a" * 32}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Town:
    """The house on a socket, its workers, and the provider beside it."""

    house: Runtime
    cloud: Cloud
    clock: Clock
    address: str

    def post(self, payload: Any, secret: str = SECRETS["app_secret"]) -> int:
        """The provider's call; the status that it got."""
        call = incoming(f"{self.address}/hooks/wa", secret, payload)
        request = urllib.request.Request(call.url, call.body, dict(call.headers))  # noqa: S310 - loopback
        try:
            with urllib.request.urlopen(request) as answer:  # noqa: S310 - loopback
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    def says(self, words: str) -> None:
        assert self.post(self.cloud.text(SITI, words)) == 200

    def got(self) -> list[str]:
        """What stands on the citizen's phone."""
        return [message.text for message in self.cloud.mailroom.delivered()]


def work(house: Runtime, over: threading.Event) -> None:
    """What the workers do when their bells ring."""
    with sending.sender(house) as sender:
        while not over.wait(0.1):
            drain.run(house)
            sender.run(1.0)


@pytest.fixture
def town(engine: Engine, redis_client: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    cheap_hashing(monkeypatch)
    clock = Clock()
    cloud = Cloud(Mailroom(), **IDS, **SECRETS, clock=lambda: clock().timestamp())
    with serving(create_app(cloud.mailroom, cloud=cloud, faults=Faults())) as url:
        channel: Any = WhatsAppChannel(
            AccountInfo(name="wa", hook_url="https://aduan.example/hooks/wa"),
            WhatsAppSettings(**IDS, **SECRETS, verify_token="v" * 16, api_url=f"{url}/v25.0"),
        )
        made = runtime(engine, redis_client, tmp_path, programs=(PROGRAM,), channels=[channel], clock=clock)
        account = dataclasses.replace(made.accounts["wa"], manifest=manifests()["whatsapp"])
        made = dataclasses.replace(made, accounts={"wa": account}, public_url="http://localhost")
        with engine.begin() as connection:
            people.add_officer(connection, "dewi", "Dewi Kartika", PASSWORD, "program_admin", ["masbup"])
            people.add_officer(connection, "agus", "Agus Salim", PASSWORD, "officer", ["masbup"], "dpu")
        over = threading.Event()
        worker = threading.Thread(target=work, args=(made, over))
        with gatewaykit.edge(made, tmp_path, 5.0) as running:
            app = gatewaykit.app(made, running)
            inbox.pages.register(app, made, secret_key=SECRET)
            worker.start()
            with serving(app) as address:
                yield Town(house=made, cloud=cloud, clock=clock, address=address)
            over.set()
            worker.join()


def desk(browser: Browser, town: Town, username: str) -> Page:
    """An officer at the open queue."""
    context = browser.new_context(base_url=town.address, viewport={"width": 1280, "height": 800}, locale="id-ID")
    page = context.new_page()
    page.goto("/inbox")
    page.get_by_label("Nama pengguna").fill(username)
    page.get_by_label("Kata sandi").fill(PASSWORD)
    page.get_by_role("button", name="Masuk").click()
    expect(page.get_by_role("heading", name="Antrean")).to_be_visible()
    page.mouse.move(1200, 700)
    return page


def test_a_complaint_is_taken_disposed_answered_and_comes_back(town: Town, browser: Browser) -> None:
    assert town.post(town.cloud.text(SITI, "masbupsiaga palsu"), secret="b" * 32) == 403
    admin, unit = desk(browser, town, "dewi"), desk(browser, town, "agus")
    town.says("masbupsiaga lampu jalan Pelutan mati")
    expect(admin.locator(".card")).to_contain_text("lampu jalan Pelutan mati")
    admin.locator(".card").click()
    admin.get_by_role("button", name="Ambil").click()
    expect(admin.get_by_text("Dewi Kartika (Anda)")).to_be_visible()
    admin.locator("summary", has_text="Disposisi").click()
    admin.get_by_label("Ke unit").select_option("dpu")
    admin.get_by_role("button", name="Disposisikan").click()
    expect(admin.locator(".thread")).to_contain_text("Dinas Pekerjaan Umum")

    unit.goto("/inbox?antrean=unit")
    unit.locator(".card").click()
    unit.get_by_label("Jawaban untuk warga").fill("Sudah kami ganti lampunya.")
    unit.get_by_role("button", name="Kirim & selesai").click()
    expect(unit.locator(".state").first).to_have_text("selesai")
    expect(unit.locator(".line.out .delivery").last).to_contain_text("Terkirim")
    assert "Sudah kami ganti lampunya." in town.got()
    for report in town.cloud.reports():
        assert town.post(report) == 200
    expect(unit.locator(".line.out .delivery").last).not_to_contain_text("Terkirim")

    town.clock.now += timedelta(hours=1)
    town.says("masih mati pak")
    expect(unit.locator(".thread")).to_contain_text("masih mati pak")
    [(state, open_again)] = rows(town.house, "SELECT state, closed_at IS NULL FROM complaint")
    assert (state != "selesai", open_again) == (True, True)

    unit.goto("/inbox?antrean=unit")
    expect(unit.locator(".card .chip")).not_to_have_class("chip red")
    town.clock.now += timedelta(days=7)  # nobody stays logged in that long
    later = desk(browser, town, "dewi")
    expect(later.locator('[data-count="lewat"]')).to_have_text("1")
    later.goto("/inbox?antrean=lewat")
    expect(later.locator(".card .chip.red")).to_be_visible()

"""Pemberitahuan saya in a real browser without JavaScript: a code over the strict bot, and a notice that comes back."""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

import pytest
from playwright.sync_api import expect

from dispatcher import delivering, drain
from dispatcher.runtime import Account
from inbox.state import KEY
from normalizer.keyword import KeywordIndex
from normalizer.telling import SETTLE, Kind, Way
from store import journal, notices
from store.notices import NewNotice
from tests import factories
from tests.channels.telegram_stand import SITI, Telegram, serving
from tests.windowkit import address, site, visit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Page

    from dispatcher.runtime import Runtime
    from tests.inboxkit import Site

__all__ = ["address", "site", "visit"]

PHONE = (390, 844)
T = TypeVar("T")


@pytest.fixture
def telegram(monkeypatch: pytest.MonkeyPatch) -> Iterator[Telegram]:
    for name in ("HTTP_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with serving() as running:
        yield running


@pytest.fixture
def house(site: Site, telegram: Telegram) -> Runtime:
    """The site's runtime, with the stand-in's bot."""
    account = Account(
        name="telegram",
        channel=telegram.channel(),
        manifest=factories.manifest("telegram", "Telegram"),
        programs=(factories.SIAGA,),
        keywords=KeywordIndex((factories.SIAGA,)),
    )
    made = dataclasses.replace(site.runtime, accounts={**site.runtime.accounts, "telegram": account}, notify="telegram")
    site.app.extensions[KEY] = dataclasses.replace(site.app.extensions[KEY], runtime=made)
    return made


def elsewhere(work: Callable[[], T]) -> T:
    """What the adapter does needs a thread without playwright's event loop."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


def says(house: Runtime, telegram: Telegram, words: str) -> None:
    """Siti's telephone sends it, and the house takes it in."""
    telegram.cloud.submit(telegram.cloud.update_text(SITI, words))
    now = house.clock()
    entries = [
        journal.Entry(
            id=journal.new_id(),
            account="telegram",
            source="poll",
            received_at=now,
            day=house.day(now),
            body=polled.body,
        )
        for polled in elsewhere(lambda: house.accounts["telegram"].channel.poll(None)).raws
    ]
    with house.engine.begin() as connection:
        journal.insert(connection, entries)
    drain.run(house)


def test_an_officer_links_his_telegram_and_is_told_there(
    site: Site, house: Runtime, telegram: Telegram, visit: Callable[..., Page]
) -> None:
    page = visit(PHONE, scripts=False)
    page.goto("/inbox/me")
    page.get_by_role("link", name="Atur pemberitahuan saya").click()
    page.get_by_role("button", name="Hubungkan Telegram").press("Enter")
    code = page.locator("code.big").inner_text()
    expect(page.get_by_role("img", name="Kode QR")).to_be_visible()
    expect(page.get_by_role("link", name="Buka @aduan_bot di Telegram")).to_have_attribute(
        "href", f"https://t.me/aduan_bot?start={code}"
    )
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    says(house, telegram, f"/start {code}")
    page.get_by_role("link", name="Sudah saya kirim").click()
    expect(page.get_by_text("Telegram: terhubung")).to_be_visible()

    group = page.get_by_role("group", name="Pimpinan mengingatkan")
    group.get_by_label("Telegram").select_option("segera")
    page.get_by_label("Dari", exact=True).fill("20:00")
    page.get_by_label("Sampai", exact=True).fill("06:30")
    page.get_by_role("button", name="Simpan").press("Enter")
    expect(page.get_by_text("Pilihan Anda disimpan.")).to_be_visible()
    expect(group.get_by_label("Telegram")).to_have_value("now")

    page.get_by_role("button", name="Kirim uji ke saya").press("Enter")
    expect(page.get_by_text("Telegram: menunggu dikirim")).to_be_visible()
    with site.engine.begin() as connection:
        delivering.plan(house, connection)
    assert elsewhere(lambda: delivering.deliver(house, Way.TELEGRAM))
    page.get_by_role("link", name="Lihat keadaan terbaru").click()
    expect(page.get_by_text("Telegram: terkirim, ")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    case = site.id_of(site.complaint())
    with site.engine.begin() as connection:
        officer = connection.exec_driver_sql("SELECT id FROM officer WHERE username = 'dewi'").scalar_one()
        row = NewNotice(officer_id=officer, complaint_id=case, kind=Kind.PROD.value, data={"by": "Bupati"})
        notices.add(connection, [row], site.clock())
        delivering.plan(house, connection)
    site.clock.pass_by(SETTLE)
    assert elsewhere(lambda: delivering.deliver(house, Way.TELEGRAM))
    assert telegram.delivered()[-1].startswith("Pimpinan mengingatkan Anda\n")
    assert site.rows("SELECT count(*) FROM complaint") == [(1,)]

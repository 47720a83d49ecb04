"""From the officer's form to the citizen's phone: a photo and a letter that stand on the tracking page."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import expect

from inbox.pages import register
from store import sessions
from tests import factories
from tests.lacakkit import PDF, answered, complaint, settle
from tests.pictures import OWNER, SOUTH, exif, picture
from tests.public_site import Site, running, served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize
    from redis import Redis
    from sqlalchemy import Engine

PHONE: ViewportSize = {"width": 390, "height": 844}
NARROWEST: ViewportSize = {"width": 320, "height": 640}
DESK: ViewportSize = {"width": 1280, "height": 800}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
PHOTO = picture("JPEG", (800, 600), exif=exif(SOUTH))
LONG = f"{'laporan-perbaikan-jalan-' * 4}.pdf"


@pytest.fixture
def site(engine: Engine, redis_client: Redis, tmp_path: Path) -> Iterator[Site]:
    with running(engine, redis_client, tmp_path) as made:
        register(made.app, made.runtime, secret_key="kunci untuk uji kunci untuk uji")
        yield made


@pytest.fixture
def address(site: Site) -> Iterator[str]:
    with served(site) as url:
        yield url


def phone(browser: Browser, address: str, *, scripts: bool = False) -> BrowserContext:
    return browser.new_context(viewport=PHONE, base_url=address, java_script_enabled=scripts, locale="id-ID")


def track(page: Page, code: str) -> None:
    page.goto("/lacak")
    page.get_by_label("Nomor aduan").fill(code)
    page.get_by_role("button", name="Lacak").click()
    expect(page.get_by_role("heading", name="Jawaban petugas")).to_be_visible()


def enclose(browser: Browser, site: Site, address: str, code: str) -> None:
    """An officer of the program answers in his own browser."""
    with site.runtime.engine.begin() as connection:
        officer = factories.officer(connection, "sari", programs=["masbupsiaga"])
        token = sessions.open_session(connection, officer, site.now)
    desk = browser.new_context(viewport=DESK, base_url=address, locale="id-ID")
    desk.add_cookies([{"name": "muara_session", "value": token, "url": f"{address}/inbox"}])
    page = desk.new_page()
    page.goto(f"/inbox/{code}")
    expect(page.get_by_text("bagi siapa pun yang memegang nomor aduannya")).to_be_visible()
    page.locator("#reply").fill("Jalan sudah diperbaiki, suratnya terlampir.")
    page.locator("form.reply input[type=file]").set_input_files(
        [
            {"name": "jalan.jpg", "mimeType": "image/jpeg", "buffer": PHOTO},
            {"name": "Surat Tugas.pdf", "mimeType": "application/pdf", "buffer": PDF},
        ]
    )
    page.get_by_role("button", name="Kirim", exact=True).click()
    expect(page.locator(".line.out").last).to_contain_text("Surat Tugas.pdf")
    desk.close()
    settle(site)


@pytest.mark.parametrize("scripts", [False, True])
def test_a_citizen_sees_the_photo_and_fetches_the_letter(
    site: Site, browser: Browser, address: str, *, scripts: bool
) -> None:
    code = complaint(site)
    enclose(browser, site, address, code)
    citizen = phone(browser, address, scripts=scripts)
    page = citizen.new_page()
    track(page, code)
    expect(page.get_by_role("img", name="Pratinjau foto")).to_have_js_property("naturalWidth", 400)
    with page.expect_popup() as opened:
        page.get_by_role("link", name="jalan.jpg").click()
    opened.value.wait_for_load_state()
    seen = citizen.request.get(opened.value.url).body()
    with Image.open(io.BytesIO(seen)) as whole:
        assert (whole.size, len(whole.getexif())) == ((800, 600), 0)
    assert OWNER.encode() not in seen
    with page.expect_download() as fetched:
        page.get_by_role("link", name="Surat Tugas.pdf").click()
    assert fetched.value.suggested_filename == "Surat Tugas.pdf"
    assert fetched.value.path().read_bytes() == PDF
    expect(page.get_by_role("heading", name="Jawaban petugas")).to_be_visible()
    link = opened.value.url
    citizen.close()
    stranger = phone(browser, address)
    page = stranger.new_page()
    answer = page.goto(link)
    assert answer is not None
    assert answer.status == 403
    expect(page.get_by_role("alert")).to_contain_text("masukkan nomor aduannya sekali lagi")
    page.get_by_label("Nomor aduan").fill(code)
    page.get_by_role("button", name="Lacak").click()
    expect(page.get_by_role("link", name="jalan.jpg")).to_be_visible()
    stranger.close()


def findings(page: Page) -> list[dict[str, Any]]:
    """What axe-core objects to, and where."""
    options = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    found = Axe().run(page, options=options).response["violations"]
    return [{"rule": each["id"], "html": [node["html"] for node in each["nodes"]][:3]} for each in found]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_it_fits_each_screen_and_axe_finds_nothing(
    site: Site, browser: Browser, address: str, scheme: Literal["light", "dark"]
) -> None:
    code = complaint(site)
    broken = PHOTO[:3000]
    answered(site, code, (PHOTO, "sebelum.jpg"), (PHOTO + b"\0", "sesudah.jpg"), (PDF, LONG), (broken, "rusak.jpg"))
    visitor = phone(browser, address, scripts=True)
    page = visitor.new_page()
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    for size in (NARROWEST, PHONE, DESK):
        page.set_viewport_size(size)
        track(page, code)
        assert findings(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        links = page.locator(".enclosed a").all()
        assert len(links) == 3
        assert all(box["height"] >= 24 for link in links if (box := link.bounding_box()))
    visitor.close()


def test_a_keyboard_reaches_every_file(site: Site, browser: Browser, address: str) -> None:
    code = complaint(site)
    answered(site, code, (PHOTO, "jalan.jpg"), (PDF, "surat.pdf"))
    visitor = phone(browser, address, scripts=True)
    page = visitor.new_page()
    track(page, code)
    page.locator("main").focus()
    for name in ("jalan.jpg", "surat.pdf"):
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name=name)).to_be_focused()
    with page.expect_download() as fetched:
        page.keyboard.press("Enter")
    assert fetched.value.suggested_filename == "surat.pdf"
    visitor.close()

"""Two languages in a real browser: chosen with and without scripts, and wide enough for a phone."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.factories import NOW, PASSWORD
from tests.windowkit import address, site, visit

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Browser, Page

    from tests.inboxkit import Site

PHONE = (390, 844)

__all__ = ["address", "site", "visit"]


@pytest.mark.parametrize("scripts", [True, False], ids=["with-scripts", "without"])
def test_a_stranger_chooses_on_the_log_in_page_and_reads_on(browser: Browser, address: str, *, scripts: bool) -> None:
    context = browser.new_context(base_url=address, java_script_enabled=scripts, locale="id-ID")
    page = context.new_page()
    page.goto("/inbox/desk")
    page.get_by_role("link", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.get_by_label("Username").fill("dewi")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Record a complaint made in person")).to_be_visible()
    context.close()


@pytest.mark.parametrize("scripts", [True, False], ids=["with-scripts", "without"])
def test_an_officer_chooses_in_his_account(site: Site, visit: Callable[..., Page], *, scripts: bool) -> None:
    ticket = site.complaint("Lampu jalan mati", opened_at=NOW - timedelta(hours=1))
    page = visit(PHONE, scripts=scripts)
    page.goto("/inbox/me")
    page.get_by_label("Bahasa halaman saya").select_option("English")
    page.get_by_role("button", name="Simpan bahasa").click()
    expect(page.get_by_role("status")).to_have_text("Language saved.")
    for url in ("/inbox", f"/inbox/{ticket}", "/inbox/me", "/inbox/desk", "/inbox/numbers"):
        page.goto(url)
        expect(page.locator("html")).to_have_attribute("lang", "en")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth") if scripts else True, url
    page.goto(f"/inbox/{ticket}")
    expect(page.get_by_role("button", name="Send & resolve")).to_be_visible()


def test_scripts_speak_the_language_of_the_page(site: Site, visit: Callable[..., Page]) -> None:
    for number in range(20):
        site.complaint(f"Aduan {number}", opened_at=NOW - timedelta(hours=number))
    page = visit()
    page.goto("/inbox/me")
    page.get_by_label("Bahasa halaman saya").select_option("English")
    page.get_by_role("button", name="Simpan bahasa").click()
    page.goto("/inbox")
    page.locator(".card").nth(5).hover()
    site.complaint("Mendesak", opened_at=NOW - timedelta(hours=23), created_at=NOW + timedelta(seconds=1))
    expect(page.get_by_role("button", name="New complaints: 1")).to_be_visible()

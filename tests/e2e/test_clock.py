"""The clocks in a real browser: the chip of an open queue turns red by itself; the reckoning opens by keyboard."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.factories import NOW
from tests.windowkit import address, site, visit

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from tests.inboxkit import Site

__all__ = ["address", "site", "visit"]


def test_the_chip_of_an_open_queue_turns_red_as_the_time_passes(site: Site, visit: Callable[..., Page]) -> None:
    site.complaint(opened_at=NOW - timedelta(hours=22), clock_started_at=NOW - timedelta(hours=22))
    page = visit()
    expect(page.locator(".card .chip.amber")).to_have_text("2 jam lagi")
    site.clock.pass_by(timedelta(hours=3))
    expect(page.locator(".card .chip.red")).to_have_text("lewat 1 jam", timeout=15_000)
    expect(page.locator('[data-count="lewat"]')).to_have_text("1")


def test_the_reckoning_is_reached_by_keyboard_and_fits_a_phone(site: Site, visit: Callable[..., Page]) -> None:
    ticket = site.complaint(opened_at=NOW)
    page = visit((390, 844), scripts=False)
    page.goto(f"/inbox/{ticket}")
    summary = page.get_by_text("Cara menghitung tenggat")
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Masuk Senin 23 Nov 10.00, 24 jam → Selasa 24 Nov 10.00")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

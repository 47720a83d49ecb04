"""Search and saved views in a real browser: by keyboard, with the found words marked, and without JavaScript."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests import factories
from tests.windowkit import DESKTOP, address, site, visit

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from tests.inboxkit import Site

PHONE = (390, 844)

__all__ = ["address", "site", "visit"]


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def answered(site: Site) -> str:
    ticket = site.complaint("Jembatan desa retak")
    with site.writing() as connection:
        factories.outgoing(connection, site.id_of(ticket), "sent", "Kayu jembatan sudah diperbaiki")
    site.complaint("Lampu mati")
    return ticket


def test_by_keyboard_from_the_slash_to_the_marked_word_and_the_case(site: Site, visit: Callable[..., Page]) -> None:
    ticket = answered(site)
    page = visit()
    page.keyboard.press("/")
    expect(page.get_by_label("Cari", exact=True)).to_be_focused()
    page.keyboard.type("perbaikan")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Hasil pencarian")).to_be_visible()
    expect(page.locator(".card")).to_have_count(1)
    expect(page.locator(".card mark")).to_have_text("diperbaiki")
    expect(page.locator(".card .hit")).to_have_text("dalam jawaban:")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=ticket)).to_be_visible()
    expect(page.locator(".card mark")).to_have_text("diperbaiki")
    page.keyboard.press("/")
    page.keyboard.type(ticket.lower())
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{page.url.partition('/inbox')[0]}/inbox/{ticket}")


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_a_view_is_saved_and_used(
    site: Site, visit: Callable[..., Page], *, size: tuple[int, int], scripts: bool
) -> None:
    ticket = answered(site)
    page = visit(size, scripts=scripts)
    page.get_by_label("Cari", exact=True).fill("jembatan")
    page.get_by_role("button", name="Cari").click()
    page.get_by_text("Simpan tampilan ini").click()
    page.get_by_label("Nama tampilan").fill("Semua jembatan di kabupaten kita yang lama sekali menunggu")
    page.get_by_role("button", name="Simpan", exact=True).click()
    kept = page.get_by_role("navigation", name="Tampilan tersimpan").get_by_role("link", name="Semua jembatan")
    expect(kept).to_have_attribute("aria-current", "page")
    expect(kept.locator(".count")).to_have_text("1")
    assert fits(page)
    page.goto("/inbox")
    kept.click()
    expect(page.locator(f'[data-ticket="{ticket}"]')).to_be_visible()
    page.get_by_role("link", name="Atur tampilan").click()
    page.get_by_label("Nama baru untuk").fill("Jembatan")
    page.get_by_role("button", name="Ganti nama").click()
    expect(page.get_by_role("link", name="Jembatan", exact=True)).to_be_visible()
    assert fits(page)
    page.get_by_role("button", name="Hapus").click()
    expect(page.get_by_text("Belum ada.")).to_be_visible()

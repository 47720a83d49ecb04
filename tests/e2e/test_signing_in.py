"""Signing in, in a real browser: an invitation, the second factor, and the pages of officers at every width."""

from __future__ import annotations

import base64
import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from store import people, second
from tests import factories
from tests.factories import PASSWORD
from tests.windowkit import DESKTOP, address, site, visit

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Browser, Page

    from tests.inboxkit import Site

PHONE = (390, 844)
NEW = "kuda besi lari pagi"

__all__ = ["address", "site", "visit"]


def log_in(page: Page, username: str, password: str) -> None:
    page.goto("/inbox/login")
    page.get_by_label("Nama pengguna").fill(username)
    page.get_by_label("Kata sandi").fill(password)
    page.keyboard.press("Enter")


@pytest.mark.parametrize("scripts", [True, False])
def test_an_invited_officer_gets_in_with_a_second_factor(
    site: Site, visit: Callable[..., Page], browser: Browser, address: str, *, scripts: bool
) -> None:
    page = visit(scripts=scripts)
    page.get_by_role("link", name="Kelola").click()
    page.get_by_role("link", name="Petugas").click()
    page.get_by_role("link", name="Undang petugas").click()
    page.get_by_label("Nama pengguna").fill("sri")
    page.get_by_label("Nama, seperti dibaca warga dan rekan").fill("Sri Wahyuni")
    page.get_by_label("Siaga").check()
    page.get_by_role("button", name="Undang dan buat tautan").click()
    link = page.get_by_label("Tautan").input_value()

    context = browser.new_context(base_url=address, java_script_enabled=scripts, locale="id-ID")
    own = context.new_page()
    own.goto(link.removeprefix("http://localhost"))
    own.get_by_label("Kata sandi baru").fill(NEW)
    own.get_by_label("Sekali lagi").fill(NEW)
    own.get_by_role("button", name="Simpan kata sandi").click()
    expect(own.get_by_text("Kata sandi sudah disimpan")).to_be_visible()
    log_in(own, "sri", NEW)
    own.get_by_role("link", name="Akun saya").click()
    own.get_by_role("link", name="Siapkan").click()
    expect(own.get_by_role("img", name="Kode QR")).to_be_visible()
    shared = base64.b32decode(own.locator("code").inner_text())

    def code() -> str:
        return second.code(shared, int(site.clock().timestamp()) // second.STEP)

    own.get_by_label("Kode enam angka").fill(code())
    own.get_by_label("Kata sandi").fill(NEW)
    own.keyboard.press("Enter")
    expect(own.locator(".codes li")).to_have_count(10)
    own.get_by_role("link", name="Sudah saya simpan").click()
    own.get_by_role("link", name="Muara").click()
    own.get_by_role("button", name="Keluar").click()
    site.clock.pass_by(timedelta(seconds=30))
    log_in(own, "sri", NEW)
    expect(own.get_by_role("heading", name="Kode masuk")).to_be_visible()
    own.keyboard.type(code())
    own.keyboard.press("Enter")
    expect(own.get_by_role("heading", name="Antrean")).to_be_visible()
    context.close()


@pytest.mark.parametrize("size", [PHONE, (320, 640), DESKTOP])
def test_no_page_of_officers_is_wider_than_the_screen(
    site: Site, visit: Callable[..., Page], size: tuple[int, int]
) -> None:
    long = "a" * 60
    with site.engine.begin() as connection:
        officer_id = factories.officer(connection, long, name=long, email=f"{long}@kab.example")
    page = visit(size)
    urls = ["/inbox/users", "/inbox/users/new", f"/inbox/users/{officer_id}", "/inbox/me", "/inbox/me/second"]
    for url in urls:
        page.goto(url)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), url
    page.goto(f"/inbox/users/{officer_id}")
    page.get_by_role("button", name="Tautan undangan baru").click()
    expect(page.get_by_role("heading", name="Tautan untuk petugas")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    link = page.get_by_label("Tautan").input_value()
    page.goto(re.sub(r"^https?://[^/]+", "", link))
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_every_field_has_a_name_and_the_first_has_the_focus(site: Site, visit: Callable[..., Page]) -> None:
    with site.engine.begin() as connection:
        people.add_officer(connection, "agus", "Agus", PASSWORD, "officer", ["siaga"])
    page = visit()
    for url in ("/inbox/users", "/inbox/users/new", "/inbox/me", "/inbox/me/second", "/inbox/login"):
        page.goto(url)
        nameless = page.evaluate(
            "[...document.querySelectorAll('input:not([type=hidden]), select, button')].filter(e => "
            "!(e.labels && e.labels.length) && !e.ariaLabel && !e.textContent.trim()).map(e => e.outerHTML)"
        )
        assert nameless == [], url
        assert page.locator("h1").count() == 1, url

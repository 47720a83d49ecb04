"""The inbox in a real browser: alive, by keyboard, without JavaScript, on a phone."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests import factories
from tests.factories import NOW
from tests.windowkit import DESKTOP, address, site, visit

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from tests.inboxkit import Site

PHONE = (390, 844)

__all__ = ["address", "site", "visit"]


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_a_new_complaint_shows_in_an_open_queue(site: Site, visit: Callable[..., Page]) -> None:
    page = visit()
    page.mouse.move(1200, 700)
    ticket = site.complaint("Baru saja masuk", created_at=NOW + timedelta(seconds=1))
    expect(page.locator(f'[data-ticket="{ticket}"]')).to_be_visible()
    expect(page.locator('[data-count="antrean"]')).to_have_text("1")


def test_who_reads_the_list_is_told_and_not_moved(site: Site, visit: Callable[..., Page]) -> None:
    for number in range(20):
        site.complaint(f"Aduan {number}", opened_at=NOW - timedelta(hours=number))
    page = visit()
    card = page.locator(".card").nth(5)
    card.hover()
    before = (card.text_content(), card.bounding_box())
    site.complaint("Mendesak", opened_at=NOW - timedelta(hours=23), created_at=NOW + timedelta(seconds=1))
    button = page.get_by_role("button", name="1 aduan baru")
    expect(button).to_be_visible()
    assert page.locator(".card").nth(5).text_content() == before[0]
    button.click()
    expect(page.locator(".card")).to_have_count(21)


def test_by_keyboard_alone_from_the_queue_to_the_answer(site: Site, visit: Callable[..., Page]) -> None:
    ticket = site.complaint("Lampu mati")
    page = visit()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=ticket)).to_be_visible()
    page.wait_for_load_state("load")
    page.keyboard.press("a")
    expect(page.get_by_text("Dewi Kartika (Anda)")).to_be_visible()
    page.wait_for_load_state("load")
    page.keyboard.press("r")
    page.keyboard.type("Kami perbaiki besok.")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".line.out")).to_contain_text("Kami perbaiki besok.")
    assert site.rows("SELECT text FROM outbox") == [("Kami perbaiki besok.",)]
    expect(page.locator("#reply")).to_have_value("")
    page.keyboard.press("n")
    page.keyboard.type("Sudah telepon PLN")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".line.note")).to_contain_text("Sudah telepon PLN")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()


def test_single_keys_can_be_switched_off(site: Site, visit: Callable[..., Page]) -> None:
    site.complaint()
    page = visit()
    page.keyboard.press("?")
    page.get_by_label("Pintasan satu huruf menyala").uncheck()
    page.get_by_role("button", name="Tutup").click()
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.className") != "card"


def test_a_draft_survives_a_reload_and_what_the_citizen_adds_shows_beside_it(
    site: Site, visit: Callable[..., Page]
) -> None:
    ticket = site.complaint("Lampu mati")
    page = visit()
    page.goto(f"/inbox/{ticket}")
    page.locator("#reply").fill("Baru separuh")
    page.reload()
    expect(page.locator("#reply")).to_have_value("Baru separuh")
    with site.writing() as connection:
        factories.line(connection, site.id_of(ticket), "sudah menyala pak")
    expect(page.locator(".thread")).to_contain_text("sudah menyala pak")
    expect(page.locator("#reply")).to_have_value("Baru separuh")


def test_without_scripts_everything_works(site: Site, visit: Callable[..., Page]) -> None:
    ticket = site.complaint("Lampu mati")
    page = visit(scripts=False)
    page.get_by_label("Cari").first.fill("lampu")
    page.get_by_role("button", name="Cari").click()
    page.locator(".card").click()
    page.get_by_role("button", name="Ambil").click()
    page.locator("summary", has_text="Disposisi").click()
    page.get_by_label("Ke unit").select_option("dpu")
    page.get_by_role("button", name="Disposisikan").click()
    page.get_by_label("Jawaban untuk warga").fill("Sudah menyala.")
    page.get_by_role("button", name="Kirim & selesai").click()
    expect(page.locator(".line.out")).to_contain_text("Sudah menyala.")
    page.get_by_text("Catatan internal").first.click()
    page.locator("#note").fill("Beres")
    page.get_by_role("button", name="Simpan catatan").click()
    expect(page.locator(".line.note")).to_contain_text("Beres")
    assert site.case(ticket).state == "selesai"
    page.goto("/inbox/desk")
    page.get_by_label("Isi aduan").fill("Warga datang ke kantor")
    page.get_by_role("button", name="Catat dan beri nomor").click()
    expect(page.get_by_text("Aduan tercatat")).to_be_visible()


@pytest.mark.parametrize("size", [PHONE, (640, 400), (320, 640), DESKTOP])
def test_nothing_is_wider_than_the_screen(site: Site, visit: Callable[..., Page], size: tuple[int, int]) -> None:
    long = "a" * 300
    ticket = site.complaint(long, name=long, place={"label": long}, rahasia=False, unit="dpu", send_failed=True)
    with site.writing() as connection:
        factories.outgoing(connection, site.id_of(ticket), "unknown", long, error=long)
    page = visit(size)
    assert fits(page)
    for url in (f"/inbox/{ticket}", "/inbox/desk"):
        page.goto(url)
        assert fits(page), url


def test_a_phone_shows_one_pane_at_a_time(site: Site, visit: Callable[..., Page]) -> None:
    ticket = site.complaint("Lampu mati")
    page = visit(PHONE)
    expect(page.locator("main.case")).to_be_hidden()
    page.locator(".card").click()
    expect(page.get_by_role("heading", name=ticket)).to_be_visible()
    expect(page.locator(".list")).to_be_hidden()
    page.get_by_role("link", name="← Antrean").click()
    expect(page.locator(".list")).to_be_visible()

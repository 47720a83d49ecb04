"""The form in a real browser: with JavaScript and without, on a phone and on a desk, by keyboard, with photos."""

from __future__ import annotations

import io
import itertools
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

import pytest
from PIL import Image
from playwright.sync_api import expect

from channels.toolkit.form import read_form
from config.settings import Limits
from normalizer import ticket
from tests.public_site import Site, running, served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Locator, Page, ViewportSize
    from redis import Redis
    from sqlalchemy import Engine

WORDS = "Jalan di depan SD 2 Widuri berlubang"
PHONE: ViewportSize = {"width": 390, "height": 844}
NARROWEST: ViewportSize = {"width": 320, "height": 640}
DESK: ViewportSize = {"width": 1280, "height": 800}
PAGES = ("/", "/lapor", "/lacak", "/privasi")
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


@pytest.fixture
def site(engine: Engine, redis_client: Redis, tmp_path: Path) -> Iterator[Site]:
    """Without the proof an address may send once an hour only, so what a page proves shows."""
    limits = Limits(proof_of_work_bits=8, form_per_address_per_hour=7)
    with running(engine, redis_client, tmp_path, limits=limits) as made:
        yield made


@pytest.fixture
def address(site: Site) -> Iterator[str]:
    with served(site) as url:
        yield url


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """A phone; whatever the browser's console or the policy complains of fails the test."""
    context = browser.new_context(viewport=PHONE, base_url=address, locale="id-ID")
    opened = context.new_page()
    troubles: list[str] = []
    opened.on("pageerror", lambda error: troubles.append(str(error)))
    opened.on("console", lambda line: troubles.append(line.text) if "status of" not in line.text else None)
    yield opened
    context.close()
    assert not troubles


@pytest.fixture
def plain(browser: Browser, address: str) -> Iterator[Page]:
    """A phone without JavaScript."""
    context = browser.new_context(viewport=PHONE, base_url=address, java_script_enabled=False, locale="id-ID")
    yield context.new_page()
    context.close()


def fill(page: Page, words: str = WORDS) -> None:
    page.get_by_label("Ditujukan kepada").select_option("masbupsiaga")
    words_in(page).fill(words)


def words_in(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Isi aduan")


def sent_code(page: Page) -> str:
    code = page.locator(".ticket-code").inner_text()
    assert ticket.read(code) == code
    assert page.url.endswith("/lapor/terima")
    return code


def form_of(site: Site) -> tuple[dict[str, str], list[bytes]]:
    [row] = site.rows("SELECT body, blob, headers FROM journal")
    body = site.runtime.blobs.get(row.blob) if row.body is None else row.body
    form = read_form(body, row.headers["content-type"])
    return dict(form.fields), [upload.content for upload in form.uploads]


def test_a_complaint_with_javascript_proves_its_work(site: Site, page: Page) -> None:
    page.goto("/")
    page.get_by_role("link", name="Tulis aduan", exact=True).click()
    fill(page)
    page.get_by_label("Nama", exact=False).first.fill("Budi")
    page.get_by_role("button", name="Kirim aduan").click()
    code = sent_code(page)
    fields, _ = form_of(site)
    assert fields["bukti"].isdigit()
    assert site.rows("SELECT meta ->> 'ticket' FROM journal") == [(code,)]
    assert not site.rows("SELECT 1 FROM throttle WHERE bucket LIKE 'form-unproven:%'")


def test_a_complaint_without_javascript(site: Site, plain: Page) -> None:
    plain.goto("/lapor")
    assert not plain.get_by_role("button", name="Gunakan lokasi saya").is_visible()
    fill(plain)
    plain.get_by_role("button", name="Kirim aduan").click()
    expect(plain.get_by_role("alert")).to_contain_text("terlalu cepat")
    expect(words_in(plain)).to_have_value(WORDS)
    site.now += timedelta(seconds=5)
    plain.get_by_role("button", name="Kirim aduan").click()
    sent_code(plain)
    assert not plain.get_by_role("button", name="Cetak halaman").is_visible()
    fields, _ = form_of(site)
    assert fields["bukti"] == ""


@pytest.mark.parametrize("script", [True, False])
def test_errors_stand_beside_their_fields_and_nothing_typed_is_lost(page: Page, plain: Page, *, script: bool) -> None:
    on = page if script else plain
    on.goto("/lapor")
    fill(on, "")
    on.get_by_label("Lokasi kejadian").fill("Widuri")
    on.get_by_label("Nomor telepon").fill("12")
    on.get_by_label("Sembunyikan nama saya").check()
    on.get_by_role("button", name="Kirim aduan").click()
    expect(on.get_by_role("alert")).to_contain_text("Aduan belum terkirim")
    words = words_in(on)
    expect(words).to_have_attribute("aria-invalid", "true")
    described = (words.get_attribute("aria-describedby") or "").split()
    assert "Tulis aduan Anda" in on.locator(f"#{described[0]}").inner_text()
    expect(on.get_by_label("Lokasi kejadian")).to_have_value("Widuri")
    expect(on.get_by_label("Nomor telepon")).to_have_value("12")
    expect(on.get_by_label("Sembunyikan nama saya")).to_be_checked()
    if script:
        expect(on.locator("#pesan")).to_be_focused()


def test_a_large_photo_is_made_smaller_and_shown(site: Site, page: Page) -> None:
    image = Image.effect_noise((3000, 2000), 60).convert("RGB")
    photo = io.BytesIO()
    image.save(photo, "JPEG", quality=95)
    page.goto("/lapor")
    fill(page)
    page.get_by_label("Lampiran").set_input_files(
        [
            {"name": "lubang.jpg", "mimeType": "image/jpeg", "buffer": photo.getvalue()},
            {"name": "surat.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7\n"},
        ]
    )
    expect(page.get_by_text("2 berkas siap dikirim.")).to_be_visible()
    assert page.locator(".previews li").count() == 2
    page.get_by_role("button", name="Kirim aduan").click()
    sent_code(page)
    _, files = form_of(site)
    with Image.open(io.BytesIO(files[0])) as small:
        assert (small.format, small.size) == ("JPEG", (1920, 1280))
    assert len(files[0]) < len(photo.getvalue())
    assert files[1] == b"%PDF-1.7\n"


def test_what_calls_itself_a_photo_and_is_none_is_refused_by_the_server(site: Site, page: Page) -> None:
    page.goto("/lapor")
    fill(page)
    page.get_by_label("Lampiran").set_input_files(
        [{"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"PK\x03\x04"}]
    )
    page.get_by_role("button", name="Kirim aduan").click()
    expect(page.get_by_role("alert")).to_contain_text("bukan foto")
    expect(words_in(page)).to_have_value(WORDS)
    assert not site.rows("SELECT 1 FROM journal")


def test_the_place_is_asked_for_by_the_button_only(site: Site, page: Page) -> None:
    page.context.grant_permissions(["geolocation"])
    page.context.set_geolocation({"latitude": -6.88, "longitude": 109.38})
    page.goto("/lapor")
    fill(page)
    assert page.locator("input[name=lat]").input_value() == ""
    page.get_by_role("button", name="Gunakan lokasi saya").click()
    expect(page.get_by_text("Titik lokasi tersimpan")).to_be_visible()
    page.get_by_role("button", name="Kirim aduan").click()
    sent_code(page)
    fields, _ = form_of(site)
    assert (fields["lat"], fields["lon"]) == ("-6.880000", "109.380000")


def test_a_double_click_is_one_complaint(site: Site, page: Page) -> None:
    page.goto("/lapor")
    fill(page)
    page.get_by_role("button", name="Kirim aduan").dblclick()
    page.wait_for_url("**/lapor/terima")
    sent_code(page)
    assert len(site.rows("SELECT 1 FROM journal")) == 1


def test_a_reload_of_the_receipt_sends_nothing_again(site: Site, page: Page) -> None:
    page.goto("/lapor")
    fill(page)
    page.get_by_role("button", name="Kirim aduan").click()
    first = sent_code(page)
    page.reload()
    assert sent_code(page) == first
    assert len(site.rows("SELECT 1 FROM journal")) == 1


def test_the_whole_form_by_keyboard(site: Site, page: Page) -> None:
    page.goto("/lapor")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Langsung ke isi")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Ditujukan kepada")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Pengaduan")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.type(WORDS)
    for _ in range(30):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") != "situs"
        if page.evaluate("document.activeElement.matches('[data-send]')"):
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/lapor/terima")
    sent_code(page)
    fields, _ = form_of(site)
    assert (fields["isi"], fields["program"]) == (WORDS, "masbupsiaga")


def test_nothing_is_wider_than_the_screen_and_every_target_is_big_enough(page: Page) -> None:
    for size, path in itertools.product([NARROWEST, PHONE, DESK], PAGES):
        page.set_viewport_size(size)
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], path
        assert page.evaluate(SMALL_TARGETS) == 0, path


def test_text_stands_out_from_its_ground(page: Page) -> None:
    for scheme, path in itertools.product(SCHEMES, PAGES):
        page.emulate_media(color_scheme=scheme)
        page.goto(path)
        assert page.evaluate(LOWEST_CONTRAST) >= 4.5, (scheme, path)


def test_the_code_is_tracked_from_the_first_page(site: Site, page: Page) -> None:
    page.goto("/lapor")
    fill(page)
    page.get_by_role("button", name="Kirim aduan").click()
    code = sent_code(page)
    page.goto("/")
    page.get_by_label("Nomor aduan").fill(code.lower().replace("-", " "))
    page.get_by_role("button", name="Lacak aduan").click()
    expect(page.get_by_role("heading", name=f"Aduan {code}")).to_be_visible()
    assert code not in page.url
    assert site.rows("SELECT 1 FROM ticket WHERE code = :code", code=code)


#: How many things to press are smaller than 24 pixels; a radio button is pressed by its whole label.
SMALL_TARGETS = """() =>
  [...document.querySelectorAll("main a.button, button, nav a, input:not([type=hidden]), select, textarea")]
    .filter((each) => each.checkVisibility() && !each.closest(".trap"))
    .map((each) => (each.matches("[type=radio], [type=checkbox]") ? each.parentElement : each).getBoundingClientRect())
    .filter((box) => box.height < 24 || box.width < 24).length"""

#: The lowest contrast (WCAG 2) of any visible text with the ground that it stands on.
LOWEST_CONTRAST = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgb = (color) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = (color) => {
    const [r, g, b] = color.map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const color = rgb(getComputedStyle(each).backgroundColor);
      if (color[3] === 255) return color;
    }
    return [255, 255, 255];
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let lowest = 21;
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !element.checkVisibility() || element.closest(".trap, .skip")) continue;
    const [a, b] = [light(rgb(getComputedStyle(element).color)), light(ground(element))];
    lowest = Math.min(lowest, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05));
  }
  return lowest;
}"""

"""Figures and maps in a real browser: under the strict policy, by keyboard, without tiles, without JavaScript."""

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

PHONE = (390, 844)
HOUR = timedelta(hours=1)


def placed(site: Site, *, lat: float = -6.9, lon: float = 109.4, **values: object) -> str:
    place = {"label": "pasar", "candidates": ["Moga"], "lat": lat, "lon": lon}
    return site.complaint("Jalan berlubang", opened_at=NOW - HOUR, place=place, **values)


def test_charts_are_drawn_and_each_number_is_a_list(site: Site, visit: Callable[..., Page]) -> None:
    opened = NOW - 3 * HOUR
    site.complaint("satu", opened_at=opened, responded_at=opened + HOUR, unit="dpu", state="tindak_lanjut")
    site.complaint("dua", opened_at=opened, unit="dinkes")
    page = visit(scripts=False)
    page.get_by_role("link", name="Angka").click()
    expect(page.get_by_role("heading", name="Menurut unit")).to_be_visible()
    charts = page.locator("img.chart")
    assert charts.count() == 6
    for chart in charts.all():
        assert chart.evaluate("image => image.complete && image.naturalWidth > 0")
        assert chart.get_attribute("alt")
    row = page.get_by_role("row", name="Dinas Pekerjaan Umum")
    row.get_by_role("link").first.click()
    expect(page.locator(".words")).to_have_text(["satu"])


def test_figures_fit_a_phone(site: Site, visit: Callable[..., Page]) -> None:
    placed(site, unit="dpu")
    page = visit(PHONE)
    for path in ("/inbox/numbers", "/inbox/numbers?periode=tahun-ini", "/inbox/numbers/rows", "/inbox/map"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


def test_the_map_shows_its_points_without_any_other_host(site: Site, visit: Callable[..., Page]) -> None:
    ticket = placed(site)
    for place in range(3):
        placed(site, lat=-7.0 - place / 10_000, lon=109.6)
    placed(site, lat=-6.0, lon=108.0, rahasia=True)
    page = visit()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/inbox/map")
    expect(page.locator(".map .pin")).to_have_count(2)
    expect(page.locator(".map .net").first).to_be_attached()
    expect(page.locator(".map .pin.many")).to_have_text("3")
    page.locator(".map .pin:not(.many)").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".leaflet-popup")).to_contain_text(ticket)
    page.keyboard.press("Escape")
    page.locator(".map .pin.many").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".map .pin:not(.many)")).not_to_have_count(0)
    page.goto(f"/inbox/{ticket}")
    expect(page.locator(".map.small .pin")).to_have_count(1)
    assert all(url.startswith(("http://127.0.0.1", "data:")) for url in asked)


def test_the_map_has_a_list_without_javascript(site: Site, visit: Callable[..., Page]) -> None:
    ticket = placed(site)
    page = visit(scripts=False)
    page.goto("/inbox/map")
    expect(page.locator(".map")).to_be_hidden()
    page.get_by_role("link", name=ticket).click()
    expect(page.get_by_role("heading", name=ticket)).to_be_visible()
    expect(page.get_by_role("link", name="-6.90000, 109.40000")).to_be_visible()

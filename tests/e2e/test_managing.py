"""The administration in a real browser: by keyboard, with and without scripts, on a phone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests import factories
from tests.windowkit import address, site, visit

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from tests.inboxkit import Site

__all__ = ["address", "site", "visit"]


@pytest.mark.parametrize("scripts", [True, False])
def test_a_channel_is_paused_resumed_and_tested(site: Site, visit: Callable[..., Page], *, scripts: bool) -> None:
    ticket = site.complaint(account="kertas")
    page = visit((390, 844), scripts=scripts)
    page.get_by_role("link", name="Kelola").click()
    page.get_by_role("link", name="Kanal").click()
    page.get_by_role("link", name="Meja layanan").click()
    page.get_by_label("Pengiriman jawaban").press("Space")
    page.get_by_label("Alasan").fill("kertas habis")
    page.get_by_label("Alasan").press("Enter")
    expect(page.get_by_role("status")).to_have_text("Kanal dijeda.")
    expect(page.get_by_text("kertas habis").first).to_be_visible()
    page.goto(f"/inbox/{ticket}")
    expect(page.get_by_text("kanal dijeda")).to_be_visible()
    page.goto("/inbox/channels/kertas")
    page.get_by_role("button", name="Lanjutkan").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Kanal berjalan lagi.")
    page.get_by_label("Alamat atau nomor tujuan").fill("+628111000001")
    page.get_by_label("bukan milik warga").check()
    page.get_by_role("button", name="Kirim pesan uji").click()
    expect(page.get_by_text("+628111000001: Menunggu dikirim")).to_be_visible()
    assert site.rows("SELECT address, purpose FROM outbox") == [("+628111000001", "test")]
    kinds = site.rows("SELECT kind FROM account_event ORDER BY id")
    assert kinds == [("paused",), ("resumed",), ("tested",)]


@pytest.mark.parametrize("scripts", [True, False])
def test_what_stands_in_quarantine_is_let_go(site: Site, visit: Callable[..., Page], *, scripts: bool) -> None:
    with site.engine.begin() as connection:
        factories.quarantined(connection, "kertas", "PayloadError: <b>tebal</b>", body=b"<script>alert(1)</script>")
        connection.exec_driver_sql("UPDATE officer SET sees_identity = true")
    page = visit(scripts=scripts)
    page.get_by_role("link", name="Karantina").click()
    expect(page.get_by_role("link", name="PayloadError: <b>tebal</b>")).to_be_visible()
    page.get_by_role("link", name="Nomor").click()
    page.get_by_label("Alasan melihat isinya").fill("galat baru")
    page.get_by_role("button", name="Lihat isinya").click()
    expect(page.get_by_text("<script>alert(1)</script>")).to_be_visible()
    page.get_by_label("Alasan mengeluarkan").fill("uji coba penyedia")
    page.get_by_role("button", name="Keluarkan").press("Enter")
    expect(page.get_by_role("status")).to_have_text("Dikeluarkan dari karantina.")
    expect(page.get_by_text("Karantina kosong")).to_be_visible()

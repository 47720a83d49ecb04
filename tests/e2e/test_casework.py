"""Casework in a real browser: canned answers with and without scripts, reasons that reach the citizen."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from dispatcher.sending import Sender
from normalizer.messages import Delivery, DeliveryReceipt
from store import canned, casework
from tests.factories import NOW, PaperChannel
from tests.windowkit import address, site, visit

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from channels.contract import OutboundReply
    from tests.inboxkit import Site

__all__ = ["address", "site", "visit"]


@pytest.fixture
def sent(site: Site, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What the provider was given: to whom, and the text."""
    given: list[tuple[str, str]] = []

    def send(_channel: PaperChannel, reply: OutboundReply) -> DeliveryReceipt:
        given.append((reply.to, reply.text))
        return DeliveryReceipt(external_id=reply.id, status=Delivery.SENT)

    monkeypatch.setattr(PaperChannel, "send", send)
    return given


def deliver(site: Site) -> None:
    """Let the outbox send what is due once the grace of reasons is over."""
    site.clock.pass_by(casework.GRACE)
    sender = Sender(site.runtime)
    try:
        sender.run(2)
    finally:
        sender.close()


def kept(site: Site) -> None:
    with site.writing() as connection:
        values = {"program": "siaga", "unit": None, "title": "Salam", "text": "Yth. {nama}, "}
        canned.add(connection, uuid.uuid4(), "admin", NOW, **values)


@pytest.mark.parametrize("scripts", [True, False])
def test_a_canned_answer_is_put_in_by_the_list(site: Site, visit: Callable[..., Page], *, scripts: bool) -> None:
    ticket = site.complaint()
    kept(site)
    page = visit(scripts=scripts)
    page.goto(f"/inbox/{ticket}")
    page.get_by_label("Jawaban siap pakai").select_option("Salam")
    page.get_by_role("button", name="Pakai").click()
    expect(page.locator("#reply")).to_have_value("Yth. Siti Aminah, ")


def test_a_canned_answer_is_put_in_by_the_keyboard_where_the_cursor_is(site: Site, visit: Callable[..., Page]) -> None:
    ticket = site.complaint()
    kept(site)
    page = visit()
    page.goto(f"/inbox/{ticket}")
    page.keyboard.press("r")
    page.keyboard.type("/")
    expect(page.get_by_label("Jawaban siap pakai")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#reply")).to_have_value("Yth. Siti Aminah, ")
    page.keyboard.type("besok.")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".line.out")).to_contain_text("Yth. Siti Aminah, besok.")


def test_an_archived_citizen_is_told_why(site: Site, visit: Callable[..., Page], sent: list[tuple[str, str]]) -> None:
    ticket = site.complaint()
    page = visit(scripts=False)
    page.goto(f"/inbox/{ticket}")
    page.locator("summary", has_text="Arsipkan").click()
    page.locator('[name="ground"]').select_option("Terlalu umum")
    page.get_by_label("Penjelasan untuk warga").fill("Sebutkan nama jalannya.")
    page.get_by_role("button", name="Arsipkan").click()
    expect(page.locator(".case-head .state")).to_have_text("diarsipkan")
    expect(page.get_by_role("button", name="Urungkan")).to_be_visible()
    deliver(site)
    text = f"Aduan {ticket} tidak kami lanjutkan karena terlalu umum untuk ditindaklanjuti. Sebutkan nama jalannya."
    assert sent == [("+628112626116", text)]


def test_two_citizens_of_merged_complaints_are_answered_each_on_his_channel(
    site: Site, visit: Callable[..., Page], sent: list[tuple[str, str]]
) -> None:
    kept_case, taken = site.complaint("Lampu pasar mati"), site.complaint("Lampu pasar padam", address="+628990000777")
    page = visit()
    page.goto(f"/inbox/{taken}")
    page.keyboard.press("g")
    page.keyboard.type(kept_case)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=kept_case)).to_be_visible()
    expect(page.get_by_label("Balas lewat")).to_have_value("semua")
    page.locator("#reply").fill("Petugas datang besok.")
    page.get_by_role("button", name="Kirim", exact=True).click()
    expect(page.locator(".line.out")).to_have_count(2)
    deliver(site)
    text = "Petugas datang besok."
    assert sorted(each for each in sent if each[1] == text) == [("+628112626116", text), ("+628990000777", text)]
    [(whom, told)] = [each for each in sent if each[1] != text]
    assert whom == "+628990000777"
    assert "kami satukan dengan aduan lain" in told

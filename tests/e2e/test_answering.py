"""Answering in a real browser: files one by one, the counter of the channel, the time that is left."""

from __future__ import annotations

import dataclasses
import random
import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from channels.contract import Files, OutboundReply, ReplyOptions
from channels.sms import segments
from dispatcher.sending import Sender
from normalizer.messages import Delivery, DeliveryReceipt
from store import people
from tests.factories import NOW, PASSWORD, PaperChannel
from tests.windowkit import DESKTOP, address, site, visit

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from tests.inboxkit import Site

PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n"

__all__ = ["address", "site", "visit"]


def channel(site: Site) -> PaperChannel:
    found = site.runtime.accounts["sms-a"].channel
    assert isinstance(found, PaperChannel)
    return found


@pytest.fixture
def sent(site: Site, monkeypatch: pytest.MonkeyPatch) -> list[OutboundReply]:
    """What the provider was given."""
    paper, given = channel(site), list[OutboundReply]()
    paper.capabilities = dataclasses.replace(paper.capabilities, files=Files(most=3, largest=1_000_000))

    def send(_channel: PaperChannel, reply: OutboundReply) -> DeliveryReceipt:
        given.append(reply)
        return DeliveryReceipt(external_id=reply.id, status=Delivery.SENT)

    monkeypatch.setattr(PaperChannel, "send", send)
    return given


def deliver(site: Site) -> None:
    sender = Sender(site.runtime)
    try:
        sender.run(2)
    finally:
        sender.close()


def pdf(name: str, more: bytes = b"") -> dict[str, str | bytes]:
    return {"name": name, "mimeType": "application/pdf", "buffer": PDF + more}


def test_files_are_added_one_by_one_and_removed_again(
    site: Site, visit: Callable[..., Page], sent: list[OutboundReply]
) -> None:
    ticket = site.complaint()
    page = visit()
    page.goto(f"/inbox/{ticket}")
    chooser = page.locator("form.reply input[type=file]")
    for name in ("satu.pdf", "dua.pdf", "tiga <img src=x onerror=alert(1)>.pdf"):
        chooser.set_input_files([pdf(name)])
    listed = page.locator("form.reply [data-chosen] li")
    expect(listed).to_have_count(3)
    chooser.set_input_files([pdf("besar.pdf", bytes(1_000_000))])
    expect(page.locator("form.reply [data-wrong]")).to_contain_text("Paling banyak 3")
    page.get_by_role("button", name="Hapus lampiran: dua.pdf").click()
    expect(page.locator("form.reply [data-wrong]")).to_contain_text("besar.pdf terlalu besar")
    page.locator("#reply").fill("Terlampir")
    page.get_by_role("button", name="Kirim", exact=True).click()
    assert site.rows("SELECT * FROM outbox") == []
    page.get_by_role("button", name="Hapus lampiran: besar.pdf").click()
    page.get_by_role("button", name="Kirim", exact=True).click()
    expect(page.locator(".line.out")).to_contain_text("satu.pdf")
    deliver(site)
    [reply] = sent
    assert [file.name for file in reply.attachments] == ["satu.pdf", "tiga img src=x onerror=alert(1).pdf"]
    assert {file.content for file in reply.attachments} == {PDF}


def test_without_scripts_files_go_and_a_refused_form_keeps_what_was_good(
    site: Site, visit: Callable[..., Page], sent: list[OutboundReply]
) -> None:
    ticket = site.complaint()
    page = visit(scripts=False)
    page.goto(f"/inbox/{ticket}")
    page.locator("#reply").fill("Terlampir")
    bad = {"name": "program.exe", "mimeType": "application/octet-stream", "buffer": b"MZ\x90\0" + bytes(60)}
    page.locator("form.reply input[type=file]").set_input_files([pdf("surat.pdf"), bad])
    page.get_by_role("button", name="Kirim", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("program.exe")
    expect(page.locator("#reply")).to_have_value("Terlampir")
    expect(page.get_by_role("checkbox", name="surat.pdf")).to_be_checked()
    page.get_by_role("button", name="Kirim", exact=True).click()
    expect(page.locator(".line.out")).to_contain_text("surat.pdf")
    deliver(site)
    assert [[file.content for file in reply.attachments] for reply in sent] == [[PDF]]


def samples() -> list[str]:
    dice = random.Random(7)
    letters = "abc Ñé€[]{}^~\\|\n🙏é漢👍🏽"
    return [
        "a" * 160,
        "a" * 161,
        "a" * 159 + "€",
        "€" * 77 + "a",
        "🙏" * 35,
        "🙏" * 33 + "aa" + "🙏" * 2,
        "ç",
        *("".join(dice.choice(letters) for _ in range(dice.randrange(1, 400))) for _ in range(40)),
    ]


def test_the_page_counts_sms_as_the_adapter_does(site: Site, visit: Callable[..., Page]) -> None:
    channel(site).options = ReplyOptions(allowed=True, parts=segments.RULE, max_text=670)
    ticket = site.complaint()
    page = visit()
    page.goto(f"/inbox/{ticket}")
    area, counter = page.locator("#reply"), page.locator("[data-counter]")
    for text in samples():
        area.fill(text)
        shown, found = text.strip(), segments.count(text.strip())
        kind = "SMS" if found.encoding == segments.GSM7 else "SMS berhuruf khusus"
        words = f"{len(shown)} / 670 huruf · {found.parts} {kind}, sisa {found.left} huruf"
        expect(counter).to_have_text(words)


def test_the_time_that_is_left_runs_and_what_to_do_once_it_is_over(site: Site, visit: Callable[..., Page]) -> None:
    channel(site).options = ReplyOptions(allowed=True, until=NOW + timedelta(hours=3, minutes=12))
    ticket = site.complaint()
    page = visit()
    page.clock.install(time=NOW)
    page.goto(f"/inbox/{ticket}")
    left = page.locator("[data-left]")
    expect(left).to_have_text(re.compile(r"Sisa 3 jam 1[12] menit\."))
    page.clock.fast_forward("02:30:00")
    expect(left).to_have_text(re.compile(r"Sisa 4[12] menit\."))
    page.clock.fast_forward("01:00:00")
    expect(left).to_contain_text("sudah habis")


@pytest.mark.parametrize("size", [DESKTOP, (390, 844)])
@pytest.mark.usefixtures("sent")
def test_the_composer_with_files_fits(site: Site, visit: Callable[..., Page], size: tuple[int, int]) -> None:
    channel(site).options = ReplyOptions(allowed=True, parts=segments.RULE)
    ticket = site.complaint()
    page = visit(size)
    page.goto(f"/inbox/{ticket}")
    files = [pdf(f"{'nama-yang-sangat-panjang-' * 3}{at}.pdf") for at in range(3)]
    page.locator("form.reply input[type=file]").set_input_files(files)
    expect(page.locator("form.reply [data-chosen] li")).to_have_count(3)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_colleague_who_comes_and_types_shows_and_the_second_answer_asks(
    site: Site, visit: Callable[..., Page], sent: list[OutboundReply]
) -> None:
    ticket = site.complaint()
    with site.engine.begin() as connection:
        people.add_officer(connection, "budi", "Budi Santoso", PASSWORD, "program_admin", ["siaga"])
    first, second = visit(), visit(username="budi")
    first.goto(f"/inbox/{ticket}")
    second.goto(f"/inbox/{ticket}")
    expect(first.locator("[data-present]")).to_have_text("Budi Santoso membuka aduan ini")
    second.clock.set_fixed_time(NOW)  # his last letter stays a moment ago, however slow the machine is
    second.locator("#reply").type("Kami")
    expect(first.locator("[data-present]")).to_have_text("Budi Santoso sedang menulis jawaban")
    first.locator("#reply").fill("Besok kami datang")
    first.get_by_role("button", name="Kirim", exact=True).click()
    expect(first.get_by_role("alert")).to_contain_text("Budi Santoso sedang menulis jawaban untuk aduan ini.")
    expect(first.locator("#reply")).to_have_value("Besok kami datang")
    first.get_by_role("button", name="Kirim juga", exact=True).click()
    expect(first.locator(".line.out")).to_contain_text("Besok kami datang")
    deliver(site)
    assert [reply.text for reply in sent] == ["Besok kami datang"]


@pytest.mark.parametrize(
    ("key", "label"),
    [
        ("d", "Ke unit"),
        ("t", "Sampai tanggal"),
        ("w", "Diteruskan kepada"),
        ("g", "Masukkan ke aduan nomor"),
        ("s", "Alasan"),
        ("i", "Pesan untuk"),
    ],
)
def test_each_act_of_the_header_is_reached_by_its_key(
    site: Site, visit: Callable[..., Page], key: str, label: str
) -> None:
    ticket = site.complaint()
    page = visit()
    page.goto(f"/inbox/{ticket}")
    page.keyboard.press(key)
    expect(page.locator(".menu[open]").get_by_label(label).first).to_be_focused()


def test_a_draft_is_the_officers_own_and_goes_with_another_log_in(site: Site, visit: Callable[..., Page]) -> None:
    ticket = site.complaint()
    page = visit()
    page.goto(f"/inbox/{ticket}")
    page.locator("#reply").fill("Baru separuh")
    page.reload()
    expect(page.locator("#reply")).to_have_value("Baru separuh")
    page.evaluate("() => sessionStorage.setItem('draft:999:AAAA-AAAA:answer', 'milik orang lain')")
    page.reload()
    assert page.evaluate("() => sessionStorage.getItem('draft:999:AAAA-AAAA:answer')") is None
    expect(page.locator("#reply")).to_have_value("Baru separuh")
    page.locator("[data-logout] button").click()
    page.wait_for_url("**/inbox/login**")
    assert page.evaluate("() => Object.keys(sessionStorage).filter((name) => name.includes('draft'))") == []

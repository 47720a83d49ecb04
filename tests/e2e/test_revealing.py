"""A revealed identity goes from the open page when its time is up, whatever is being written beside it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from store import reveals
from tests import factories
from tests.factories import NOW
from tests.integration.test_inbox_identity import NAME, PHONE, confide
from tests.windowkit import address, site, visit

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page, Route

    from tests.inboxkit import Site

__all__ = ["address", "site", "visit"]

DRAFT = "Sedang kami periksa"


@pytest.fixture
def ticket(site: Site) -> str:
    with site.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE officer SET sees_identity = true")
    return confide(site, anonim=True)


def reveal(page: Page, ticket: str) -> None:
    page.goto(f"/inbox/{ticket}")
    page.locator("summary", has_text="Lihat identitas").click()
    page.locator("details.reveal").get_by_label("Alasan").fill("Perlu ditelepon")
    page.get_by_role("button", name="Lihat identitas").click()
    expect(page.locator(".facts-pane")).to_contain_text(NAME)


def pass_by(site: Site, page: Page, span: timedelta) -> None:
    """The server's time first, as it would be for a browser whose request takes a moment."""
    site.clock.pass_by(span)
    page.clock.run_for(int(span.total_seconds() * 1000))


def opened(site: Site, visit: Callable[..., Page], ticket: str) -> Page:
    page = visit()
    page.clock.install(time=NOW)
    reveal(page, ticket)
    return page


def shows_nobody(page: Page) -> None:
    expect(page.locator("body")).not_to_contain_text("Kartono")
    content = page.content()
    assert NAME not in content
    assert PHONE not in content


def test_it_goes_when_its_time_is_up_and_what_is_being_written_stays(
    site: Site, visit: Callable[..., Page], ticket: str
) -> None:
    page = opened(site, visit, ticket)
    page.locator("#reply").fill(DRAFT)
    page.locator("summary", has_text="Disposisi").click()
    page.get_by_label("Catatan untuk unit").fill("Tolong dicek")
    page.locator("#reply").focus()
    place = page.evaluate("document.querySelector('main').scrollTop")
    pass_by(site, page, reveals.OPEN - timedelta(seconds=5))
    expect(page.locator(".facts-pane")).to_contain_text(NAME)
    pass_by(site, page, timedelta(seconds=5))
    expect(page.get_by_role("status").filter(has_text="sudah habis")).to_be_visible()
    expect(page.locator(".facts-pane")).to_contain_text("Pelapor anonim")
    expect(page.locator("[data-thread]")).to_contain_text("Lurah minta uang")
    shows_nobody(page)
    expect(page.locator("#reply")).to_have_value(DRAFT)
    expect(page.locator("#reply")).to_be_focused()
    stands = "() => { const m = document.querySelector('main'); return [m.scrollTop, m.scrollHeight - m.clientHeight] }"
    at, most = page.evaluate(stands)
    assert at == min(place, most) > 0
    expect(page.get_by_label("Catatan untuk unit")).to_have_value("Tolong dicek")
    # It can be asked for again from there, with a reason.
    page.locator("details.reveal summary").press("Enter")
    expect(page.locator("details.reveal").get_by_label("Alasan")).to_be_visible()


def test_it_goes_also_where_the_server_does_not_answer_and_is_masked_once_it_does(
    site: Site, visit: Callable[..., Page], ticket: str
) -> None:
    page = opened(site, visit, ticket)
    page.route(f"**/inbox/{ticket}*", lambda route: route.fulfill(status=503, body="kembali nanti"))
    page.locator("#reply").fill(DRAFT)
    pass_by(site, page, reveals.OPEN)
    expect(page.get_by_role("status").filter(has_text="sudah habis")).to_be_visible()
    expect(page.locator("[data-thread]")).to_be_empty()
    shows_nobody(page)
    page.unroute(f"**/inbox/{ticket}*")
    pass_by(site, page, timedelta(seconds=6))
    expect(page.locator(".facts-pane")).to_contain_text("Pelapor anonim")
    expect(page.locator("#reply")).to_have_value(DRAFT)
    shows_nobody(page)


def test_an_answer_of_the_pulse_that_comes_too_late_brings_nothing_back(
    site: Site, visit: Callable[..., Page], ticket: str
) -> None:
    page = opened(site, visit, ticket)
    held: list[Route] = []
    page.route(f"**/inbox/{ticket}*", lambda route: held.append(route), times=1)  # noqa: PLW0108 - playwright marks it
    rudi = site.officer("rudi")
    assert rudi.post(f"/inbox/{ticket}/note", text="catatan baru", **rudi.form(ticket)).status_code == 303
    with page.expect_request(f"**/inbox/{ticket}*"):
        page.clock.run_for(2000)
    while not held:
        page.evaluate("0")  # lets the events come
    [late] = held
    fetched = late.fetch()
    assert NAME in fetched.text()
    pass_by(site, page, reveals.OPEN)
    expect(page.locator(".facts-pane")).to_contain_text("Pelapor anonim")
    late.fulfill(response=fetched)
    page.clock.run_for(2000)
    expect(page.locator("[data-thread]")).to_contain_text("catatan baru")
    shows_nobody(page)


def test_it_goes_also_from_what_the_pulse_has_brought_since(
    site: Site, visit: Callable[..., Page], ticket: str
) -> None:
    page = opened(site, visit, ticket)
    page.evaluate("document.querySelector('.case-head h1').dataset.old = 'yes'")
    rudi = site.officer("rudi")
    assert rudi.post(f"/inbox/{ticket}/note", text="catatan baru", **rudi.form(ticket)).status_code == 303
    page.clock.run_for(2000)
    expect(page.locator("[data-thread]")).to_contain_text("catatan baru")
    expect(page.locator(".case-head h1[data-old]")).to_have_count(0)
    expect(page.locator(".facts-pane")).to_contain_text(NAME)
    pass_by(site, page, reveals.OPEN)
    expect(page.get_by_role("status").filter(has_text="sudah habis")).to_be_visible()
    expect(page.locator(".facts-pane")).to_contain_text("Pelapor anonim")
    shows_nobody(page)


def test_who_asked_again_in_another_tab_goes_on_seeing_it(site: Site, visit: Callable[..., Page], ticket: str) -> None:
    page = opened(site, visit, ticket)
    site.clock.pass_by(reveals.OPEN)
    other = page.context.new_page()
    reveal(other, ticket)
    page.bring_to_front()
    page.clock.run_for(int(reveals.OPEN.total_seconds() * 1000))
    expect(page.locator(".facts-pane")).to_contain_text(NAME)
    pass_by(site, page, reveals.OPEN)
    expect(page.locator(".facts-pane")).to_contain_text("Pelapor anonim")
    shows_nobody(page)


def test_whoever_was_signed_out_meanwhile_is_asked_to_sign_in(
    site: Site, visit: Callable[..., Page], ticket: str
) -> None:
    page = opened(site, visit, ticket)
    # The pulse would notice as well; one that was under way is waited for.
    with page.expect_response(lambda answer: answer.status == 204):
        page.route("**/inbox/pulse*", lambda route: route.fulfill(status=204))
    with site.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM session")
    pass_by(site, page, reveals.OPEN)
    expect(page.get_by_label("Kata sandi")).to_be_visible()
    shows_nobody(page)


@pytest.mark.parametrize("scripts", [True, False])
def test_going_back_after_its_time_does_not_show_it(
    site: Site, visit: Callable[..., Page], ticket: str, *, scripts: bool
) -> None:
    page = visit(scripts=scripts)
    reveal(page, ticket)
    page.goto("/inbox")
    site.clock.pass_by(reveals.OPEN)
    page.go_back()
    expect(page.locator(".facts-pane")).to_contain_text("Pelapor anonim")
    shows_nobody(page)


def test_without_scripts_the_page_comes_anew_just_after(site: Site, visit: Callable[..., Page], ticket: str) -> None:
    page = visit(scripts=False)
    reveal(page, ticket)
    # What is left is a second, so that the browser's own clock comes to it.
    site.clock.pass_by(reveals.OPEN - timedelta(seconds=1))
    page.goto(f"/inbox/{ticket}")
    expect(page.locator(".facts-pane")).to_contain_text(NAME)
    site.clock.pass_by(timedelta(seconds=1))
    expect(page.locator(".facts-pane")).to_contain_text("Pelapor anonim")
    shows_nobody(page)


@pytest.mark.parametrize("scripts", [True, False])
def test_what_stands_in_quarantine_is_covered_again(site: Site, visit: Callable[..., Page], *, scripts: bool) -> None:
    with site.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE officer SET sees_identity = true")
        number = factories.quarantined(connection, "kertas", "PayloadError", body=f'{{"who": "{NAME}"}}'.encode())
    page = visit(scripts=scripts)
    page.clock.install(time=NOW)
    page.goto(f"/inbox/quarantine/{number}")
    page.get_by_label("Alasan melihat isinya").fill("galat baru")
    page.get_by_role("button", name="Lihat isinya").click()
    expect(page.locator(".payload")).to_contain_text(NAME)
    if scripts:
        page.get_by_label("Alasan mengeluarkan").fill("bukan pesan warga")
        pass_by(site, page, reveals.OPEN)
        expect(page.get_by_role("status").filter(has_text="sudah habis")).to_be_visible()
        expect(page.get_by_label("Alasan mengeluarkan")).to_have_value("bukan pesan warga")
    else:
        site.clock.pass_by(reveals.OPEN - timedelta(seconds=1))
        page.reload()
        expect(page.locator(".payload")).to_contain_text(NAME)
        site.clock.pass_by(timedelta(seconds=1))
    expect(page.get_by_role("button", name="Lihat isinya")).to_be_visible()
    shows_nobody(page)

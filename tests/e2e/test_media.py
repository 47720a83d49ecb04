"""Citizens' files in a real browser: photos are seen, voice notes and films play and seek, documents are saved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.filekit import attach
from tests.pictures import SOUTH, exif, film, picture, sound
from tests.windowkit import address, site, visit

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Locator, Page

    from tests.inboxkit import Site

__all__ = ["address", "site", "visit"]


def play(player: Locator) -> Any:
    """Play it, jump near its end, and tell how long it is and where it stands."""
    return player.evaluate(
        """async player => {
            const told = name => new Promise((done, failed) => {
                player.addEventListener(name, done, {once: true});
                player.addEventListener("error", () => failed(player.error.message), {once: true});
            });
            player.muted = true;
            const loaded = told("canplay");
            player.load();
            player.preload = "auto";
            await loaded;
            const sought = told("seeked");
            player.currentTime = player.duration - 0.5;
            await sought;
            await player.play();
            player.pause();
            return {duration: player.duration, at: player.currentTime, ready: player.readyState};
        }"""
    )


@pytest.mark.parametrize("kind", ["JPEG", "HEIF", "AVIF", "WEBP", "PNG", "GIF"])
def test_a_photo_of_every_kind_is_seen(site: Site, visit: Callable[..., Page], kind: str) -> None:
    ticket = site.complaint()
    more = {} if kind == "GIF" else {"exif": exif(SOUTH)}
    attach(site, ticket, picture(kind, (900, 600), **more), f"foto.{kind}")
    page = visit()
    page.goto(f"/inbox/{ticket}")
    image = page.get_by_role("img", name=f"foto.{kind}")
    expect(image).to_be_visible()
    expect(image).to_have_js_property("naturalWidth", 400)
    if more:
        expect(page.get_by_role("link", name="lokasi dari foto")).to_be_visible()
    with page.context.expect_page() as opened:
        image.click()
    opened.value.wait_for_load_state("load")
    assert opened.value.evaluate("document.images[0].naturalWidth") == 900


@pytest.mark.parametrize(
    ("container", "codec", "rate"),
    [
        ("ogg", "libopus", 48000),
        ("amr", "libopencore_amrnb", 8000),
        ("3gp", "libopencore_amrnb", 8000),
        ("ipod", "aac", 16000),
        ("mp3", "libmp3lame", 16000),
        ("adts", "aac", 16000),
        ("wav", "pcm_s16le", 8000),
    ],
)
def test_a_voice_note_of_every_kind_plays_and_seeks(
    site: Site, visit: Callable[..., Page], container: str, codec: str, rate: int
) -> None:
    ticket = site.complaint()
    attach(site, ticket, sound(container, codec, rate, 3.0))
    page = visit()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/files/" in request.url else None)
    page.goto(f"/inbox/{ticket}")
    page.wait_for_load_state("networkidle")
    player = page.get_by_label("Rekaman suara")
    expect(player).to_be_visible()
    assert asked == []
    heard = play(player)
    assert heard["duration"] == pytest.approx(3.0, abs=0.3)
    assert heard["at"] >= heard["duration"] - 0.6
    assert heard["ready"] >= 2


@pytest.mark.parametrize(("container", "codec"), [("mp4", "libx264"), ("mov", "libx264"), ("webm", "libvpx")])
def test_a_film_plays_and_seeks(site: Site, visit: Callable[..., Page], container: str, codec: str) -> None:
    ticket = site.complaint()
    attach(site, ticket, film(container, codec, 75))
    page = visit()
    page.goto(f"/inbox/{ticket}")
    seen = play(page.get_by_label("Video"))
    assert seen["duration"] == pytest.approx(3.0, abs=0.2)


def test_a_pdf_is_saved_and_never_opened(site: Site, visit: Callable[..., Page], tmp_path: Path) -> None:
    ticket = site.complaint()
    number = attach(site, ticket, b"%PDF-1.7\n%%EOF", "surat.pdf")
    page = visit()
    page.goto(f"/inbox/{ticket}")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="surat.pdf").click()
    assert waiting.value.suggested_filename == "surat.pdf"
    with page.expect_download() as waiting:
        page.evaluate(f"location.href = '/inbox/files/{number}'")
    saved = tmp_path / "surat.pdf"
    waiting.value.save_as(saved)
    assert saved.read_bytes() == b"%PDF-1.7\n%%EOF"
    expect(page.get_by_role("heading", name=ticket)).to_be_visible()


def test_markup_is_saved_whatever_it_calls_itself(site: Site, visit: Callable[..., Page]) -> None:
    ticket = site.complaint()
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" onload="document.title=1"><script>document.title=2</script></svg>'
    number = attach(site, ticket, svg, "peta.svg")
    page = visit()
    page.goto(f"/inbox/{ticket}")
    expect(page.get_by_role("link", name="peta.svg")).to_be_visible()
    expect(page.locator(".papers img")).to_have_count(0)
    with page.expect_download():
        page.evaluate(f"location.href = '/inbox/files/{number}'")


def test_what_cannot_be_shown_says_why(site: Site, visit: Callable[..., Page]) -> None:
    ticket = site.complaint()
    attach(site, ticket, picture("JPEG", (600, 400))[:3000], "rusak.jpg")
    page = visit()
    page.goto(f"/inbox/{ticket}")
    expect(page.get_by_text("gambar rusak, tidak dapat ditampilkan")).to_be_visible()
    expect(page.get_by_role("link", name="rusak.jpg")).to_be_visible()

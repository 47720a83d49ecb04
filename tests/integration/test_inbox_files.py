"""Files in the inbox: previews, sounds and films to see and hear, the file itself for those who may have it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from dispatcher.rendering.process import BROKEN, UNPLAYABLE
from dispatcher.sniff import sniff
from inbox.case.papers import WITHHELD
from tests.filekit import attach
from tests.inboxkit import Site, cheap_hashing
from tests.pictures import OWNER, SOUTH, decoded, exif, film, picture, sound

if TYPE_CHECKING:
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine

PHOTO = picture("HEIF", (800, 600), exif=exif(SOUTH))
VOICE = sound("ogg", "libopus", 48000)
OLD_VOICE = sound("amr", "libopencore_amrnb")


@pytest.fixture
def site(engine: Engine, redis_client: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    cheap_hashing(monkeypatch)
    return Site(engine, redis_client, tmp_path)


def test_a_photo_of_an_iphone_is_seen_by_its_preview_and_had_as_it_came(site: Site) -> None:
    ticket = site.complaint()
    number = attach(site, ticket, PHOTO, "IMG_1.HEIC")
    browser = site.officer("dewi")
    page = browser.get(f"/inbox/{ticket}").text
    assert f'<img src="/inbox/files/{number}/thumb" alt="IMG_1.HEIC"' in page
    assert "lokasi dari foto" in page
    assert "mlat=-6.880000&amp;mlon=109.125000" in page
    for path, size in (("", 800), ("/thumb", 400)):
        answer = browser.get(f"/inbox/files/{number}{path}")
        assert answer.headers["Content-Type"] == "image/jpeg"
        assert answer.headers["Content-Disposition"] == "inline; filename=IMG_1.HEIC.jpg"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert OWNER.encode() not in answer.data
        assert decoded(answer.data).width == size
    answer = browser.get(f"/inbox/files/{number}/original")
    assert answer.data == PHOTO
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"] == "attachment; filename=IMG_1.HEIC"


@pytest.mark.parametrize("flags", [{"anonim": True}, {"rahasia": True}])
def test_of_an_anonymous_reporters_photo_others_see_pixels_only(site: Site, flags: dict[str, bool]) -> None:
    ticket = site.complaint(**flags)
    number = attach(site, ticket, PHOTO, f"KTP {OWNER}.HEIC")
    broken = attach(site, ticket, picture("JPEG", (600, 400), exif=exif(SOUTH))[:3000])
    stranger, trusted = site.officer("dewi"), site.officer("sri", sees_identity=True)
    page = stranger.get(f"/inbox/{ticket}").text
    assert f"/inbox/files/{number}/thumb" in page
    assert "dari foto" not in page
    assert "/original" not in page
    assert f"Foto: {BROKEN}; {WITHHELD}" in page
    seen = stranger.get(f"/inbox/files/{number}")
    assert seen.headers["Content-Disposition"] == "inline; filename=berkas.jpg"
    for path in (f"{number}/original", f"{broken}", f"{broken}/original", f"{broken}/thumb"):
        assert stranger.get(f"/inbox/files/{path}").status_code == 404
    assert trusted.get(f"/inbox/files/{number}/original").status_code == 404
    trusted.reveal(ticket)
    page = trusted.get(f"/inbox/{ticket}").text
    assert "dari foto" in page
    assert f"/inbox/files/{number}/original" in page
    assert trusted.get(f"/inbox/files/{number}/original").data == PHOTO
    assert trusted.get(f"/inbox/files/{broken}").headers["Content-Disposition"].startswith("attachment")


def test_voice_notes_play(site: Site) -> None:
    ticket = site.complaint()
    new, old = attach(site, ticket, VOICE, "suara.ogg"), attach(site, ticket, OLD_VOICE, "suara.amr")
    browser = site.officer("dewi")
    answer = browser.get(f"/inbox/{ticket}")
    assert re.findall(r'<audio controls preload="none" src="/inbox/files/([^"]+)"', answer.text) == [str(new), str(old)]
    assert "media-src 'self'" in answer.headers["Content-Security-Policy"]
    assert browser.get(f"/inbox/files/{new}").headers["Content-Type"] == "audio/ogg"
    played = browser.get(f"/inbox/files/{old}")
    assert played.headers["Content-Type"] == "audio/mpeg"
    assert sniff(played.data).content_type == "audio/mpeg"
    assert browser.get(f"/inbox/files/{old}/original").data == OLD_VOICE


def test_films_play_by_a_copy_and_are_withheld_as_they_came(site: Site) -> None:
    ticket = site.complaint(anonim=True)
    content = film("mov", "libx264", title=OWNER)
    number, old = attach(site, ticket, content, "IMG_2.MOV"), attach(site, ticket, film("mp4", "mpeg4"), "lama.mp4")
    stranger, trusted = site.officer("dewi"), site.officer("sri", sees_identity=True)
    trusted.reveal(ticket)
    for browser, original in ((stranger, 404), (trusted, 200)):
        page = browser.get(f"/inbox/{ticket}").text
        assert f'<video controls preload="none" src="/inbox/files/{number}"' in page
        assert UNPLAYABLE in page
        played = browser.get(f"/inbox/files/{number}")
        assert played.headers["Content-Type"] == "video/mp4"
        assert OWNER.encode() not in played.data
        for path in (f"{number}/original", f"{old}", f"{old}/original"):
            assert browser.get(f"/inbox/files/{path}").status_code == original
    assert f"Video: {UNPLAYABLE}; {WITHHELD}" in stranger.get(f"/inbox/{ticket}").text
    assert trusted.get(f"/inbox/files/{number}/original").data == content


def test_players_may_ask_for_a_part(site: Site) -> None:
    number = attach(site, site.complaint(), VOICE)
    browser = site.officer("dewi")

    def part(wanted: str, **more: str) -> Any:
        return browser.get(f"/inbox/files/{number}", headers={"Range": wanted, **more})

    whole = browser.get(f"/inbox/files/{number}")
    assert (whole.status_code, whole.headers["Accept-Ranges"]) == (200, "bytes")
    for wanted, data in (("bytes=0-1", VOICE[:2]), ("bytes=100-", VOICE[100:]), ("bytes=-5", VOICE[-5:])):
        answer = part(wanted)
        assert (answer.status_code, answer.data) == (206, data)
        assert answer.headers["Content-Range"].startswith("bytes ")
        assert answer.headers["Content-Range"].endswith(f"/{len(VOICE)}")
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert answer.headers["Content-Type"] == "audio/ogg"
    assert part(f"bytes={len(VOICE)}-").status_code == 416
    assert part("bytes=0-1", **{"If-Range": '"lain"'}).status_code == 200
    assert part("bytes=0-1", **{"If-Range": whole.headers["ETag"]}).status_code == 206
    same = browser.get(f"/inbox/files/{number}", headers={"If-None-Match": whole.headers["ETag"]})
    assert (same.status_code, same.data) == (304, b"")


def test_a_pdf_is_a_download_only(site: Site) -> None:
    ticket = site.complaint()
    number = attach(site, ticket, b"%PDF-1.7", "surat.pdf")
    browser = site.officer("dewi")
    assert re.search(
        rf'<a class="paper" href="/inbox/files/{number}" download>surat.pdf', browser.get(f"/inbox/{ticket}").text
    )
    for path in ("", "/original"):
        answer = browser.get(f"/inbox/files/{number}{path}")
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert answer.headers["Content-Disposition"] == "attachment; filename=surat.pdf"
    assert browser.get(f"/inbox/files/{number}/thumb").status_code == 404


def test_a_file_that_cannot_be_shown_says_why_and_can_be_had(site: Site) -> None:
    ticket = site.complaint()
    number = attach(site, ticket, picture("PNG", (300, 300))[:200], "foto.png")
    page = site.officer("dewi").get(f"/inbox/{ticket}").text
    assert BROKEN in page
    assert f'href="/inbox/files/{number}" download>foto.png' in page


def test_another_units_files_are_not_there(site: Site) -> None:
    number = attach(site, site.complaint(unit="dinkes"), PHOTO)
    browser = site.officer("budi", unit="dpu")
    for path in ("", "/thumb", "/original"):
        assert browser.get(f"/inbox/files/{number}{path}").status_code == 404

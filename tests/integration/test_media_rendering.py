"""From a citizen's file to what is shown of it: made once for the same bytes, never in the file's way."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING

import pytest

from channels.contract import Media
from dispatcher import media
from dispatcher.rendering.process import BROKEN, NOT_NOW, Rendered
from store.blobs import BlobError, digest
from tests.conftest import ROOT
from tests.journalling import rows
from tests.mediakit import Files, channel, clock, move, one, owe, run, states, world
from tests.pictures import PLACE, SOUTH, decoded, exif, picture, sound

if TYPE_CHECKING:
    from pathlib import Path

    from dispatcher.runtime import Runtime
    from tests.toy import Clock

__all__ = ["channel", "clock", "world"]

PHOTO = picture(exif=exif(SOUTH))


def test_a_photo_gets_its_preview_and_its_place(world: Runtime, channel: Files) -> None:
    channel.media["f"] = Media(content=PHOTO)
    owe(world, {"ref": "f"})
    run(world)
    assert one(world, "state, content_type, sha256, error") == ("stored", "image/jpeg", digest(PHOTO), None)
    [(shown, thumb, kind, place, note)] = rows(
        world, "SELECT shown, thumb, content_type, location, note FROM rendition"
    )
    assert decoded(world.blobs.get(shown)).size == (60, 40)
    assert decoded(world.blobs.get(thumb)).size == (60, 40)
    assert (kind, note) == ("image/jpeg", None)
    assert (place["lat"], place["lon"]) == pytest.approx(PLACE)
    assert world.blobs.get(digest(PHOTO)) == PHOTO
    assert len(channel.asked) == 1


def test_the_same_bytes_are_stored_once_and_rendered_once(
    world: Runtime, channel: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rendered: list[bytes] = []
    real = media.render

    def render(content: bytes, kind: str) -> Rendered:
        rendered.append(content)
        return real(content, kind)

    monkeypatch.setattr(media, "render", render)
    channel.media |= {"a": Media(content=PHOTO), "b": Media(content=PHOTO, name="lain.jpg")}
    owe(world, {"ref": "a"})
    run(world)
    owe(world, {"ref": "b"})
    run(world)
    assert states(world) == {"a": "stored", "b": "stored"}
    assert rendered == [PHOTO]
    assert rows(world, "SELECT count(*) FROM rendition") == [(1,)]
    # The photo, and one file for preview and thumbnail, which of a small picture are the same.
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 2


def test_a_voice_note_is_made_to_play(world: Runtime, channel: Files) -> None:
    channel.media["f"] = Media(content=sound("amr", "libopencore_amrnb"))
    owe(world, {"ref": "f"})
    run(world)
    assert one(world, "state, content_type, error") == ("stored", "audio/amr", None)
    [(shown, thumb, kind)] = rows(world, "SELECT shown, thumb, content_type FROM rendition")
    assert (thumb, kind) == (None, "audio/mpeg")
    assert world.blobs.get(shown)


def test_what_plays_as_it_came_is_left_alone(world: Runtime, channel: Files) -> None:
    channel.media["f"] = Media(content=sound("ogg", "libopus", 48000))
    owe(world, {"ref": "f"})
    run(world)
    assert one(world, "state, content_type, attempts") == ("stored", "audio/ogg", 1)
    assert rows(world, "SELECT * FROM rendition") == []


def test_a_broken_photo_is_kept_and_says_that_it_cannot_be_shown(world: Runtime, channel: Files) -> None:
    content = picture("JPEG", (600, 400))[:3000]
    channel.media |= {"a": Media(content=content), "b": Media(content=content)}
    owe(world, {"ref": "a"})
    run(world)
    assert one(world, "state, content_type, error") == ("stored", "image/jpeg", BROKEN)
    owe(world, {"ref": "b"})
    run(world)
    assert rows(world, "SELECT DISTINCT state, error FROM attachment") == [("stored", BROKEN)]
    assert world.blobs.get(digest(content)) == content


def test_without_a_renderer_the_file_is_still_there(
    world: Runtime, channel: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel.media["f"] = Media(content=PHOTO)
    owe(world, {"ref": "f"})
    with monkeypatch.context() as patch:
        patch.setattr(media, "render", lambda *_: Rendered(note=NOT_NOW))
        run(world)
    assert one(world, "state, error") == ("stored", NOT_NOW)
    advice = re.search(r"`(UPDATE attachment [^`]+)`", (ROOT / "docs" / "operations.md").read_text("utf-8"))
    assert advice is not None
    with world.engine.begin() as connection:
        connection.exec_driver_sql(advice[1].replace("now()", "'2026-01-01'"))
    run(world)
    assert one(world, "state, error") == ("stored", None)
    assert rows(world, "SELECT count(*) FROM rendition") == [(1,)]


def test_a_file_that_has_arrived_is_never_fetched_again_nor_does_it_expire(
    world: Runtime, channel: Files, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever happens while its preview is made, the provider may have forgotten it by then."""
    channel.media["f"] = Media(content=PHOTO)
    owe(world, {"ref": "f"})
    with world.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE attachment SET deadline = %s", (clock.now,))
    real = world.blobs.put

    def full(content: bytes) -> str:
        if content != PHOTO:
            raise BlobError("no room")
        return real(content)

    with monkeypatch.context() as patch:
        patch.setattr(world.blobs, "put", full)
        run(world)
        assert one(world, "state, error, sha256, deadline") == ("owed", "BlobError", digest(PHOTO), None)
    move(clock, 3600)
    run(world)
    assert one(world, "state, error") == ("stored", None)
    assert len(channel.asked) == 1


def test_few_renderers_run_at_a_time_and_hold_up_no_fetch(
    world: Runtime, channel: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, lock = threading.Event(), threading.Lock()
    now, most = 0, 0

    def render(content: bytes, kind: str) -> Rendered:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        assert gate.wait(30)
        with lock:
            now -= 1
        return Rendered(note=NOT_NOW)

    monkeypatch.setattr(media, "render", render)
    for number in range(6):
        channel.media[f"p{number}"] = Media(content=picture(size=(10 + number, 10)))
        owe(world, {"ref": f"p{number}"})
    channel.media["surat"] = Media(content=b"%PDF-1.7")
    owe(world, {"ref": "surat"})
    try:
        media.run(world, 3.0)
        assert states(world)["surat"] == "stored"
        assert now == media.LOOKS
    finally:
        gate.set()
    run(world)
    assert set(states(world).values()) == {"stored"}
    assert most == media.LOOKS

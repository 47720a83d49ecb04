"""The blob store on a folder: by content, durable, for nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from store.blobs import BlobError, BlobMissingError, Blobs, digest

if TYPE_CHECKING:
    from pathlib import Path


def test_the_same_bytes_are_stored_once(tmp_path: Path) -> None:
    blobs = Blobs((tmp_path / "blobs").as_uri())
    assert blobs.put(b"photo") == blobs.put(b"photo") == digest(b"photo")
    assert blobs.get(digest(b"photo")) == b"photo"
    assert blobs.size(digest(b"photo")) == 5
    assert len([path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]) == 1


def test_nobody_else_may_look(tmp_path: Path) -> None:
    Blobs((tmp_path / "blobs").as_uri())
    assert (tmp_path / "blobs").stat().st_mode & 0o077 == 0


def test_what_is_not_there_is_missing(tmp_path: Path) -> None:
    blobs = Blobs((tmp_path / "blobs").as_uri())
    with pytest.raises(BlobMissingError):
        blobs.get(digest(b"nothing"))
    with pytest.raises(BlobMissingError):
        blobs.size(digest(b"nothing"))


def test_a_full_disk_is_an_error_and_not_a_lie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blobs = Blobs((tmp_path / "blobs").as_uri())

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(BlobError):
        blobs.put(b"photo")

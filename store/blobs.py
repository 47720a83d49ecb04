"""The blobs: files by content hash, in a folder or in an object store, the same bytes once."""

from __future__ import annotations

import hashlib
import os
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, from_url

if TYPE_CHECKING:
    from obstore.store import ObjectStore, RetryConfig

#: An object store that is away must be seen to be: left alone obstore tries for three minutes. A try takes 30 s.
_RETRIES: RetryConfig = {"max_retries": 2, "retry_timeout": timedelta(seconds=10)}


class BlobError(Exception):
    """The blob store took or gave nothing: the disk is full, the folder is not ours, the object store is away."""


class BlobMissingError(BlobError):
    """No file of that hash is stored."""


def digest(content: bytes) -> str:
    """The name of these bytes: SHA-256 in hex."""
    return hashlib.sha256(content).hexdigest()


def _path(sha256: str) -> str:
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"


class Blobs:
    """Files under `url`: `file:///…` for a folder, or what obstore reads (`s3://…` and kin)."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._folder = Path(unquote(parts.path)) if parts.scheme == "file" else None
        self._store: ObjectStore
        if self._folder is None:
            self._store = from_url(url, retry_config=_RETRIES)
        else:
            # Citizens' photos: for nobody else on this machine, whatever the folder above allows.
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._store = LocalStore(prefix=self._folder)

    def put(self, content: bytes) -> str:
        """Store the bytes durably and return their SHA-256. BlobError if they are not safe afterwards."""
        sha256 = digest(content)
        try:
            # In one request: whole or not at all, and no parts are left lying about.
            obstore.put(self._store, _path(sha256), content, use_multipart=False)
            if self._folder is not None:
                self._sync(self._folder / _path(sha256))
        except (OSError, BaseError) as error:
            raise BlobError(f"the blob store did not take {len(content)} bytes: {type(error).__name__}") from error
        return sha256

    def get(self, sha256: str) -> bytes:
        """The bytes of that hash. BlobMissingError, BlobError."""
        try:
            return bytes(obstore.get(self._store, _path(sha256)).bytes())
        except (FileNotFoundError, NotFoundError) as error:
            raise BlobMissingError(sha256) from error
        except (OSError, BaseError) as error:
            raise BlobError(f"the blob store did not answer: {type(error).__name__}") from error

    def size(self, sha256: str) -> int:
        """How many bytes are stored under that hash, without reading them. BlobMissingError, BlobError."""
        try:
            return obstore.head(self._store, _path(sha256))["size"]
        except (FileNotFoundError, NotFoundError) as error:
            raise BlobMissingError(sha256) from error
        except (OSError, BaseError) as error:
            raise BlobError(f"the blob store did not answer: {type(error).__name__}") from error

    def _sync(self, path: Path) -> None:
        """Obstore leaves a local file in the page cache: a 2xx promises more, so file and folders are fsynced."""
        root = self._folder or path.parent
        for target in (path, *(parent for parent in path.parents if parent.is_relative_to(root))):
            handle = os.open(target, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)

"""A citizen's file: the API tells an address that lives for five minutes, and the file is taken from there at once."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlsplit

from channels.errors import Expired, FetchFailed, FetchLater, SendFailed, Throttled, TooLarge

if TYPE_CHECKING:
    from channels.contract import Media, Obligation
    from channels.whatsapp.api import Api

#: Seconds for one download.
_TIMEOUT: Final = 120.0
_TRIES: Final = 2
_SHA256_BYTES: Final = 32


def fetch(api: Api, obligation: Obligation) -> Media:
    """The file, whole and as the webhook's SHA-256 says. FetchFailed and its kinds."""
    media_id, _, digest = (obligation.ref or "").partition(":")
    if not media_id:
        raise FetchFailed("the message names no WhatsApp file")
    for last in (*[False] * (_TRIES - 1), True):
        try:
            media = _download(api, _address(api, media_id, obligation.max_bytes), obligation.max_bytes)
        except Expired:
            # The address may have died between the two calls; the file itself lives longer.
            if last:
                raise
        else:
            break
    if (expected := _sha256(digest)) and hashlib.sha256(media.content).digest() != expected:
        raise FetchLater("the file came damaged: its SHA-256 is not the webhook's")
    return media


def _address(api: Api, media_id: str, max_bytes: int) -> str:
    try:
        # Meta says "does not exist" too where the token may not see it: that is mended by an administrator, as a dead
        # token is. So every refusal waits, and the deadline ends it.
        answer = api.get(quote(media_id, safe=""))
    except Throttled as error:
        raise FetchLater(str(error), retry_after=error.retry_after) from error
    except SendFailed as error:
        raise FetchLater(str(error)) from error
    url, size = answer.get("url"), answer.get("file_size")
    if isinstance(size, int) and size > max_bytes:
        raise TooLarge(f"the file has {size} bytes, {max_bytes} are allowed")
    if not isinstance(url, str):
        raise FetchLater("WhatsApp's answer names no address for the file")
    return url


def _download(api: Api, url: str, max_bytes: int) -> Media:
    from channels.toolkit import guarded  # noqa: PLC0415 - the gateway never fetches

    ours = urlsplit(api.settings.api_url).netloc.lower()
    if not url.startswith("https://") and urlsplit(url).netloc.lower() != ours:
        raise FetchFailed("the file's address is not https, and our token must not be shown there")
    token = f"Bearer {api.settings.token}"
    return guarded.fetch(
        url, max_bytes=max_bytes, timeout=_TIMEOUT, trusted_hosts=frozenset({ours}), authorization=token
    )


def _sha256(digest: str) -> bytes | None:
    """The hash as bytes; None for what is none, which proves nothing."""
    try:
        found = base64.b64decode(digest, validate=True)
    except (binascii.Error, ValueError):
        return None
    return found if len(found) == _SHA256_BYTES else None

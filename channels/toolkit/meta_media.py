"""Files at Meta's CDN: their addresses come in messages, so they are fetched with care."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from channels.errors import Expired, FetchFailed
from channels.toolkit.guarded import fetch

if TYPE_CHECKING:
    from channels.contract import Media, Obligation


def fetch_media(obligation: Obligation, *, base_url: str, timeout: float) -> Media:
    """The file; an address whose signature is no longer taken is Expired, as one that is gone. FetchFailed.

    The operator's own `base_url` may be private, so that a local stand-in can serve files too.
    """
    if not obligation.url:
        raise FetchFailed("the message names no file's address")
    trusted = frozenset({urlsplit(base_url).netloc})
    try:
        return fetch(obligation.url, max_bytes=obligation.max_bytes, timeout=timeout, trusted_hosts=trusted)
    except FetchFailed as error:
        if type(error) is FetchFailed and "HTTP 403" in str(error):
            raise Expired("Meta's address of the file is no longer valid (HTTP 403)") from error
        raise

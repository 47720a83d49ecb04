"""Files: those of posts stand open, those of direct messages are given to their participants only."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlsplit

import requests
import tweepy

from channels.contract import Media
from channels.errors import Expired, FetchFailed, FetchLater, TooLarge
from channels.toolkit import guarded
from channels.toolkit.http import is_local
from channels.x import api
from channels.x.contents import is_private_ref

if TYPE_CHECKING:
    from channels.x.settings import XSettings

_PRIVATE: Final = "https://ton.twitter.com"
_PATH: Final = "/1.1/ton/data/dm/"
_SECONDS: Final = 60.0
_CHUNK: Final = 65536
_GONE: Final = frozenset({404, 410})
_MENDED_BY_OPERATOR: Final = frozenset({401, 403})
_LIMIT: Final = 429


def public(settings: XSettings, url: str, max_bytes: int) -> Media:
    """A file of a post. FetchFailed and its kinds."""
    own = frozenset({urlsplit(settings.api_url).netloc}) if is_local(settings.api_url) else frozenset[str]()
    return guarded.fetch(url, max_bytes=max_bytes, timeout=_SECONDS, trusted_hosts=own)


def private(settings: XSettings, ref: str, max_bytes: int) -> Media:
    """A file of a direct message, in the account's name. FetchFailed and its kinds."""
    if not is_private_ref(ref):
        raise FetchFailed("the message names no file of a direct message")
    api.hush()
    origin = api.BUILT_IN if is_local(settings.api_url) else _PRIVATE
    signer = tweepy.OAuth1UserHandler(
        settings.consumer_key, settings.consumer_secret, settings.access_token, settings.access_token_secret
    ).apply_auth()
    try:
        with (
            api.Session(settings) as session,
            session.get(f"{origin}{_PATH}{quote(ref)}", auth=signer, stream=True) as response,
        ):
            return _take(response, ref, max_bytes)
    except requests.RequestException as error:
        raise FetchLater(f"X did not give the file ({type(error).__name__})") from None


def _take(response: requests.Response, ref: str, max_bytes: int) -> Media:
    status = response.status_code
    if status in _GONE:
        raise Expired(f"the file is gone (HTTP {status})")
    if status in _MENDED_BY_OPERATOR or status == _LIMIT or status >= 500:  # noqa: PLR2004 - a server's fault
        raise FetchLater(f"the file cannot be had now (HTTP {status})")
    if status != 200:  # noqa: PLR2004 - a file
        raise FetchFailed(f"the file was refused (HTTP {status})")
    content = bytearray()
    finish = time.monotonic() + _SECONDS
    for chunk in response.iter_content(_CHUNK):
        content += chunk
        if len(content) > max_bytes:
            raise TooLarge(f"the file has more than {max_bytes} bytes")
        if time.monotonic() > finish:
            raise FetchLater("the file was still coming at the time-out")
    content_type = response.headers.get("content-type", "").partition(";")[0].strip() or None
    return Media(content=bytes(content), content_type=content_type, name=ref.rsplit("/", 1)[-1])

"""Citizens' files from LINE's server. Import it where a file is fetched."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import httpx

from channels.contract import Media
from channels.errors import Expired, FetchFailed, FetchLater, SendFailed, TooLarge
from channels.line import client
from channels.toolkit import http

if TYPE_CHECKING:
    from channels.line.settings import LineSettings

#: Seconds for a whole file.
_PATIENCE: Final = 60.0
_PREPARING: Final = 202
_GONE: Final = frozenset({404, 410})
#: An access token that is no longer valid is mended by an operator, and the file waits for him.
_LATER: Final = frozenset({401, 408, 425, 429})


def content(settings: LineSettings, message_id: str, max_bytes: int) -> Media:
    """The file of one message, of at most `max_bytes`. FetchFailed and its kinds."""
    url = f"{settings.data_url}/v2/bot/message/{message_id}/content"
    headers = {"Authorization": f"Bearer {settings.access_token}"}
    try:
        with (
            httpx.Client(trust_env=not http.is_local(url), timeout=settings.timeout) as session,
            session.stream("GET", url, headers=headers) as response,
        ):
            if response.status_code == _PREPARING:
                raise _preparing(settings, message_id)
            _check(response)
            found = _read(response, max_bytes, time.monotonic() + _PATIENCE)
            return Media(content=found, content_type=response.headers.get("content-type"))
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise FetchLater(f"LINE did not give the file ({type(error).__name__})") from error


def _preparing(settings: LineSettings, message_id: str) -> FetchFailed:
    """LINE still converts the video or sound, or could not."""
    try:
        state = client.blob(settings).get_message_content_transcoding_by_message_id(message_id).status
    except (SendFailed, ValueError, AttributeError):
        state = "processing"
    if state == "failed":
        return FetchFailed("LINE could not prepare the file")
    return FetchLater("LINE is still preparing the file")


def _check(response: httpx.Response) -> None:
    status = response.status_code
    if status in _GONE:
        raise Expired(f"LINE no longer has the file (HTTP {status})")
    if status in _LATER or status >= 500:  # noqa: PLR2004 - a server's fault
        wait = http.retry_after(response.headers) if "retry-after" in response.headers else None
        raise FetchLater(f"LINE does not give the file now (HTTP {status})", retry_after=wait)
    if status != 200:  # noqa: PLR2004 - the only answer with a file
        raise FetchFailed(f"LINE refuses the file (HTTP {status})")


def _read(response: httpx.Response, max_bytes: int, deadline: float) -> bytes:
    announced = response.headers.get("content-length", "")
    if announced.isdigit() and int(announced[:18]) > max_bytes:
        raise TooLarge(f"the file has {announced[:18]} bytes, {max_bytes} are allowed")
    found = bytearray()
    for chunk in response.iter_bytes():
        found += chunk
        if len(found) > max_bytes:
            raise TooLarge(f"the file has more than {max_bytes} bytes")
        if time.monotonic() > deadline:
            raise FetchLater("LINE gives the file too slowly")
    return bytes(found)

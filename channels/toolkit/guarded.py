"""The client for addresses that came in a message: it goes to no private network, and takes no more than it was told.

The name is resolved once, every address it has is checked, and the connection goes to one that was checked, so that a
name that changes its address in between gains nothing. Redirects pass the same gate.
"""

from __future__ import annotations

import dataclasses
import time
from email.message import Message
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin, urlsplit

import httpcore

from channels.contract import Media
from channels.errors import Expired, FetchFailed, FetchLater, TooLarge
from channels.toolkit.network import Blocked, Network

if TYPE_CHECKING:
    from urllib.parse import SplitResult

MAX_REDIRECTS: Final = 3
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_GONE: Final = frozenset({404, 410})
_LATER: Final = frozenset({408, 425, 429})
_LONGEST_WAIT: Final = 3600.0


@dataclasses.dataclass(frozen=True, slots=True)
class _Target:
    """Where a request goes. `origin` decides who may see our credentials."""

    url: str
    parts: SplitResult
    origin: tuple[str, str, int]


def fetch(
    url: str,
    *,
    max_bytes: int,
    timeout: float,
    trusted_hosts: frozenset[str] = frozenset(),
    authorization: str | None = None,
) -> Media:
    """The file at `url`, of at most `max_bytes`, all within `timeout` seconds, following up to three redirects.

    `trusted_hosts` (names, or name:port) may be private: the operator's own. `authorization` is shown to the first
    address's origin only. FetchFailed, FetchLater, Expired, TooLarge.
    """
    network = Network(deadline=time.monotonic() + timeout, trusted=trusted_hosts)
    first = target = _target(url)
    with httpcore.ConnectionPool(network_backend=network) as pool:
        for _ in range(MAX_REDIRECTS + 1):
            shown = authorization if target.origin == first.origin else None
            found = _get(pool, target, max_bytes, timeout, shown)
            if isinstance(found, Media):
                return found
            target = _target(urljoin(target.url, found))
    raise FetchFailed(f"more than {MAX_REDIRECTS} redirects")


def _target(url: str) -> _Target:
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        host = (parts.hostname or "").encode("idna").decode("ascii") if parts.hostname else ""
    except (ValueError, UnicodeError) as error:
        raise FetchFailed("the address cannot be read") from error
    if parts.scheme not in {"http", "https"} or not host:
        raise FetchFailed("the address is not http(s)")
    if not url.isascii() or any(character.isspace() or not character.isprintable() for character in url):
        raise FetchFailed("the address has characters that an address cannot have")
    return _Target(url, parts, (parts.scheme, host, port))


def _get(
    pool: httpcore.ConnectionPool, target: _Target, max_bytes: int, timeout: float, shown: str | None
) -> Media | str:
    """The file, or the address that the answer redirects to."""
    scheme, host, port = target.origin
    path = target.parts.path or "/"
    request_url = httpcore.URL(
        scheme=scheme.encode(),
        host=host.encode(),
        port=port,
        target=(f"{path}?{target.parts.query}" if target.parts.query else path).encode(),
    )
    headers = {
        "Host": target.parts.netloc.rpartition("@")[2],
        "Accept": "*/*",
        "Accept-Encoding": "identity",
        "User-Agent": "Muara",  # some hosts of files turn away whoever names no client
    }
    if shown:
        headers["Authorization"] = shown
    timeouts = {"connect": timeout, "read": timeout, "write": timeout, "pool": timeout}
    try:
        with pool.stream(
            "GET", request_url, headers=list(headers.items()), extensions={"timeout": timeouts}
        ) as response:
            return _take(response, max_bytes)
    except Blocked as error:
        raise FetchFailed("the address is inside a private network") from error
    except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, OSError, UnicodeError) as error:
        raise FetchLater(f"the address did not answer ({type(error).__name__})") from error


def _take(response: httpcore.Response, max_bytes: int) -> Media | str:
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
    status = response.status
    if status in _REDIRECTS and headers.get("location"):
        return headers["location"]
    _check(status, headers)
    announced = headers.get("content-length", "")
    if announced.isdigit() and int(announced[:18]) > max_bytes:
        raise TooLarge(f"the file has {announced[:18]} bytes, {max_bytes} are allowed")
    content = bytearray()
    for chunk in response.iter_stream():
        content += chunk
        if len(content) > max_bytes:
            raise TooLarge(f"the file has more than {max_bytes} bytes")
    claims = Message()
    claims["Content-Type"] = headers.get("content-type", "application/octet-stream")
    claims["Content-Disposition"] = headers.get("content-disposition", "attachment")
    return Media(content=bytes(content), content_type=claims.get_content_type(), name=claims.get_filename())


def _check(status: int, headers: dict[str, str]) -> None:
    if 200 <= status < 300:  # noqa: PLR2004 - the definition of success
        return
    if status in _GONE:
        raise Expired(f"the file is gone (HTTP {status})")
    if status in _LATER or status >= 500:  # noqa: PLR2004 - a server's fault
        value = headers.get("retry-after", "")
        wait = min(float(value[:9]), _LONGEST_WAIT) if value.isascii() and value.isdigit() else None
        raise FetchLater(f"the file cannot be had now (HTTP {status})", retry_after=wait)
    raise FetchFailed(f"the file was refused (HTTP {status})")

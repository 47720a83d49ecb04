"""The HTTP client for providers' APIs: bounded in time and size, its failures in the contract's words.

Import it where something is sent, not at a module's top: the gateway only receives and need not carry an HTTP client.
"""

from __future__ import annotations

import dataclasses
import functools
import ipaddress
import json
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final

import httpx

from channels.errors import OutcomeUnknown, ProviderDown, Refused, SendFailed, Throttled
from normalizer.saying import say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from normalizer.saying import Sentence

#: No provider's answer to a send is longer, in bytes.
MAX_ANSWER: Final = 1 << 20
_TOO_MANY: Final = 429
_UNAVAILABLE: Final = 503
#: The server says that it did not take the request: time-out while it was still coming, or too early.
_NOT_TAKEN: Final = frozenset({408, 425, _UNAVAILABLE})
_LONGEST_WAIT: Final = 3600.0
_DEFAULT_WAIT: Final = 30.0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A provider's answer; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text, wrong bytes replaced."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body as JSON; None where it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


def call(
    method: str,
    url: str,
    *,
    who: str,
    timeout: float,
    params: Mapping[str, str] | None = None,
    data: Mapping[str, Any] | None = None,
    body: Any = None,
    files: Mapping[str, tuple[str, bytes, str]] | None = None,
    headers: Mapping[str, str] | None = None,
    auth: tuple[str, str] | None = None,
    max_answer: int = MAX_ANSWER,
) -> Reply:
    """One request, `body` as JSON or `data` as a form, whatever the answer's status; errors say `who` gave it.

    With `files` (field: name, bytes, type) the form is multipart. `max_answer` bounds the answer, in bytes.

    `timeout` in seconds bounds each step and the whole answer. ProviderDown where the request never left,
    OutcomeUnknown where it left and no whole answer came.
    """
    try:
        stream = _client(local=is_local(url)).stream(
            method, url, params=params, data=data, json=body, files=files, headers=headers, auth=auth, timeout=timeout
        )
        with stream as response:
            content = _read(response, who, time.monotonic() + timeout, max_answer)
            return Reply(status=response.status_code, headers=dict(response.headers.items()), body=content)
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        said = say("%(who)s tidak dapat dihubungi (%(error)s)", who=who, error=type(error).__name__)
        raise ProviderDown(said) from error
    except (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.InvalidURL, UnicodeError) as error:
        said = say("Alamat %(who)s di setelan tidak dapat dipakai (%(error)s)", who=who, error=type(error).__name__)
        raise ProviderDown(said) from error
    except httpx.HTTPError as error:
        said = say("%(who)s tidak memberi jawaban (%(error)s)", who=who, error=type(error).__name__)
        raise OutcomeUnknown(said) from error


def check(reply: Reply, who: str, *, code: object = None) -> Reply:
    """The reply, where its status is 2xx; else the SendFailed it stands for. `code` is the provider's own number."""
    status = reply.status
    if 200 <= status < 300:  # noqa: PLR2004 - the definition of success
        return reply
    if code is None:
        what = say("%(who)s menjawab HTTP %(status)s", who=who, status=status)
    else:
        what = say("%(who)s menjawab HTTP %(status)s, kode %(code)s", who=who, status=status, code=str(code))
    raise _failure(status, what, reply.headers)


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float:
    """Seconds to wait by `Retry-After`, given in seconds or as an HTTP date; 30 where it says nothing, 3600 at most."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return min(float(value[:9]), _LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return _DEFAULT_WAIT
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max((moment - (now or datetime.now(UTC))).total_seconds(), 0.0), _LONGEST_WAIT)


def is_local(url: str) -> bool:
    """Does the address name this very machine?"""
    try:
        host = httpx.URL(url).host
    except httpx.InvalidURL:
        return False
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _failure(status: int, what: Sentence, headers: Mapping[str, str]) -> SendFailed:
    if status == _TOO_MANY:
        return Throttled(what, retry_after=retry_after(headers))
    if status in _NOT_TAKEN:
        return ProviderDown(what)
    if status >= 500:  # noqa: PLR2004 - a server's fault: it may have sent before it failed
        return OutcomeUnknown(what)
    return Refused(what)


def _read(response: httpx.Response, who: str, deadline: float, most: int) -> bytes:
    content = bytearray()
    for chunk in response.iter_bytes():
        content += chunk
        if len(content) > most:
            raise OutcomeUnknown(say("%(who)s memberi jawaban lebih dari %(most)s bita", who=who, most=most))
        if time.monotonic() > deadline:
            raise OutcomeUnknown(say("%(who)s belum selesai menjawab sampai batas waktu", who=who))
    return bytes(content)


@functools.cache
def _client(*, local: bool) -> httpx.Client:
    """One client, so that certificates are loaded once; no kept connections, for one that the server just closed looks
    like an answer that was lost. A proxy from the environment is not asked for what is on this machine.
    """
    return httpx.Client(limits=httpx.Limits(max_keepalive_connections=0), trust_env=not local)

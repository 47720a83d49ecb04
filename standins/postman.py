"""Carries the providers' requests to the webhooks, and comes again as they do when nobody opens."""

from __future__ import annotations

import http.cookiejar
import threading
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

from standins.request import Request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_TIMEOUT = 15.0
_FIRST_WAIT = 0.3
_LONGEST_WAIT = 10.0
_OUR_FAULT = 500


class Refused(Exception):  # noqa: N818 - what the webhook did
    """The webhook took the request for wrong, or stayed away too long."""


class Postman:
    """`patience` is how long (seconds) he comes again while the webhook is away or answers 5xx."""

    def __init__(self, *, patience: float = 120.0, stop: threading.Event | None = None) -> None:
        self.patience = patience
        self.stop = stop or threading.Event()

    def carry(self, request: Request) -> None:
        """Until it is answered with 2xx. Refused."""
        again = time.monotonic() + self.patience
        wait = _FIRST_WAIT
        while not _is_taken(request):
            if time.monotonic() > again or self.stop.wait(wait):
                raise Refused("the webhook is away")
            wait = min(wait * 2, _LONGEST_WAIT)

    def wait_for(self, url: str) -> bool:
        """Until a page is there; False if he is stopped before."""
        while not _is_taken(Request(method="GET", url=url, headers={})):
            if self.stop.wait(_FIRST_WAIT):
                return False
        return True

    def later(self, seconds: float, make: Callable[[], list[Request]]) -> None:
        """What `make` gives then; a refusal concerns nobody here, as with a provider's own reports."""

        def work() -> None:
            try:
                for request in make():
                    self.carry(request)
            except Refused:
                pass

        timer = threading.Timer(seconds, work)
        timer.daemon = True
        timer.start()


class Browser:
    """A citizen's browser: it keeps cookies, follows redirects, runs no script."""

    def __init__(self) -> None:
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), jar)

    def get(self, url: str) -> str:
        """A page. OSError."""
        return self._open(urllib.request.Request(url))  # noqa: S310 - the site under trial

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> str:
        """The page after a form. OSError."""
        return self._open(urllib.request.Request(url, data=body, headers=dict(headers)))  # noqa: S310 - as above

    def _open(self, request: urllib.request.Request) -> str:
        with self._opener.open(request, timeout=_TIMEOUT) as answer:
            page: bytes = answer.read()
        return page.decode()


#: No proxy stands between the providers here and a webhook on the same machine.
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _is_taken(request: Request) -> bool:
    wanted = urllib.request.Request(  # noqa: S310 - the webhook's address
        request.url, data=request.body or None, headers=dict(request.headers), method=request.method
    )
    try:
        with _DIRECT.open(wanted, timeout=_TIMEOUT):
            return True
    except urllib.error.HTTPError as error:
        with error:
            if error.code < _OUR_FAULT:
                raise Refused(f"the webhook answered {error.code}") from None
            return False
    except OSError:
        return False

"""What every answer carries, what every error says, and who it is that asks."""

from __future__ import annotations

import dataclasses
import functools
import ipaddress
import logging
from typing import TYPE_CHECKING

from flask import Response
from werkzeug.exceptions import HTTPException

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask import Flask
    from werkzeug.wrappers import Response as AnyResponse

log = logging.getLogger(__name__)

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; worker-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_YEAR = 31_536_000
#: Constant texts: nothing of the request comes back in an error.
_TEXTS = {
    400: "Permintaan tidak dapat dibaca.",
    403: "Anda tidak berhak membuka halaman ini.",
    404: "Halaman ini tidak ada.",
    405: "Cara ini tidak didukung di sini.",
    408: "Permintaan terlalu lama dikirim.",
    413: "Kiriman terlalu besar.",
    429: "Terlalu banyak permintaan. Coba lagi nanti.",
    503: "Layanan sedang terganggu. Coba lagi sebentar lagi.",
}
_OTHER = "Permintaan tidak dapat dilayani."

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclasses.dataclass(frozen=True, slots=True)
class Proxies:
    """The proxies whose X-Forwarded-For is believed; nobody else's is."""

    networks: tuple[Network, ...] = ()

    @classmethod
    def of(cls, values: Sequence[str]) -> Proxies:
        """From addresses and networks as the settings name them."""
        return cls(tuple(ipaddress.ip_network(value) for value in values))

    def remote(self, peer: str, forwarded_for: str | None) -> str:
        """The address of whoever asks: the peer's own, or the last one in X-Forwarded-For that is no proxy of ours."""
        address = _address(peer)
        if address is None:
            return peer
        hops = [hop.strip() for hop in (forwarded_for or "").split(",") if hop.strip()]
        while hops and self._trusts(address):
            hop = _address(hops.pop())
            if hop is None:
                break
            address = hop
        return str(address)

    def trusts(self, peer: str) -> bool:
        """Whether the peer is one of our proxies."""
        address = _address(peer)
        return address is not None and self._trusts(address)

    def _trusts(self, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
        return any(address in network for network in self.networks)


@functools.lru_cache(maxsize=4096)
def _address(written: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(written.strip("[]").partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def text(status: int) -> str:
    """The constant text of an error."""
    return _TEXTS.get(status, _OTHER) + "\n"


def plain(status: int) -> Response:
    """An error with constant text."""
    response = Response(text(status), status, content_type="text/plain; charset=utf-8")
    if status == 503:  # noqa: PLR2004 - Service Unavailable
        response.headers["Retry-After"] = "10"
    return response


def register(app: Flask, *, https: bool) -> None:
    """Headers on every answer, constant error pages, and nothing of a fault but its type in the log."""
    headers = {
        "Content-Security-Policy": _POLICY,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Permissions-Policy": "geolocation=(self), camera=(self), microphone=()",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    if https:
        headers["Strict-Transport-Security"] = f"max-age={_YEAR}; includeSubDomains"

    @app.after_request
    def harden(response: Response) -> Response:
        present = response.headers
        if "Content-Security-Policy" in present:
            for name, value in headers.items():
                present.setdefault(name, value)
        else:
            present.extend(headers)
        return response

    @app.errorhandler(HTTPException)
    def refuse(error: HTTPException) -> AnyResponse:
        if error.code is None or error.response is not None:
            return error.get_response()
        response = plain(error.code)
        for name, value in error.get_headers():
            if name in {"Allow", "Location", "Retry-After"}:
                response.headers[name] = value
        return response

    @app.errorhandler(Exception)
    def fail(error: Exception) -> Response:
        # The message may quote a citizen, so the log gets the type and the place only.
        log.error("a request failed: %s at %s", type(error).__name__, _place(error))
        return plain(503)


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "?" if trace is None else f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}"

"""The guarded client's network: connects to public addresses only, and lets no step outlive the whole deadline."""

from __future__ import annotations

import ipaddress
import socket
import time
from typing import TYPE_CHECKING, Any, Final

import httpcore

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable

_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
#: All of IPv6 that is given out (RFC 4291); Python counts old site addresses and local translation prefixes as global.
_GIVEN_OUT: Final = ipaddress.IPv6Network("2000::/3")
#: For protocols, not for hosts (RFC 6890); which of it is global differs between releases of Python.
_PROTOCOLS: Final = ipaddress.IPv4Network("192.0.0.0/24")


class Blocked(Exception):  # noqa: N818 - it says what happened
    """The name has an address that is not of the public internet."""


class Network(httpcore.NetworkBackend):
    """Resolves, checks and connects. `deadline` is a time of the monotonic clock; `trusted` hosts may be private."""

    def __init__(self, *, deadline: float, trusted: frozenset[str]) -> None:
        self._real = httpcore.SyncBackend()
        self._deadline = deadline
        self._trusted = trusted

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the whole deadline stands above it
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to an address of `host` that was checked; the certificate is still checked against the name."""
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [str(entry[4][0]) for entry in found]
        trusted = bool({host, f"{host}:{port}"} & self._trusted)
        if not addresses or not (trusted or all(is_public(address) for address in addresses)):
            raise Blocked
        left = remaining(self._deadline)
        stream = self._real.connect_tcp(addresses[0], port, left, local_address, socket_options)
        return _Stream(stream, self._deadline)

    def connect_unix_socket(
        self,
        path: str,  # noqa: ARG002 - the interface's
        timeout: float | None = None,  # noqa: ARG002 - the same
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002 - the same
    ) -> httpcore.NetworkStream:
        """Never: no address in a message may name a socket."""
        raise Blocked

    def sleep(self, seconds: float) -> None:
        """Wait, as httpcore does between its own tries."""
        self._real.sleep(seconds)


class _Stream(httpcore.NetworkStream):
    """A stream whose every step ends at the deadline, so that a server that drips cannot hold us."""

    def __init__(self, real: httpcore.NetworkStream, deadline: float) -> None:
        self._real = real
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - the deadline stands above
        return self._real.read(max_bytes, remaining(self._deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - the same
        self._real.write(buffer, remaining(self._deadline))

    def close(self) -> None:
        self._real.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002 - the same
    ) -> httpcore.NetworkStream:
        stream = self._real.start_tls(ssl_context, server_hostname, remaining(self._deadline))
        return _Stream(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._real.get_extra_info(info)


def remaining(deadline: float) -> float:
    """Seconds left; httpcore.ReadTimeout where none are."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout
    return left


def is_public(address: str) -> bool:
    """Does an IP address belong to the public internet, looking through IPv6 addresses that wrap an IPv4 one?"""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if ip in _PROTOCOLS or (isinstance(ip, ipaddress.IPv6Address) and not (ip in _GIVEN_OUT or ip in _NAT64)):
        return False
    return all(each.is_global and not each.is_multicast for each in (ip, *_wrapped(ip)))


def _wrapped(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> list[ipaddress.IPv4Address]:
    if isinstance(ip, ipaddress.IPv4Address):
        return []
    inside = [ip.ipv4_mapped, ip.sixtofour, *(ip.teredo or ())]
    if ip in _NAT64:
        inside.append(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF))
    return [each for each in inside if each is not None]

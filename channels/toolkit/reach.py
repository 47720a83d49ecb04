"""Is anybody listening at an address? Answered by a connection that says nothing."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from channels.contract import Health


def health(url: str, what: str, timeout: float) -> Health:
    """The health of something that can only be asked by using it: can its port be reached?"""
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        host = parts.hostname or ""
    except ValueError:
        return Health(ok=False, sentence=f"{what}: the configured address cannot be read.")
    try:
        socket.create_connection((host, port), timeout).close()
    except (OSError, UnicodeError) as error:
        return Health(ok=False, sentence=f"{what} at {host}:{port} cannot be reached ({type(error).__name__}).")
    return Health(ok=True, sentence=f"{what} at {host}:{port} can be reached.")

"""Is anybody listening at an address? Answered by a connection that says nothing."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from channels.contract import Health
from normalizer.saying import say


def health(url: str, what: str, timeout: float) -> Health:
    """The health of something that can only be asked by using it: can its port be reached?"""
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        host = parts.hostname or ""
    except ValueError:
        return Health(ok=False, sentence=say("Alamat %(what)s di setelan tidak dapat dibaca: perbaiki.", what=what))
    try:
        socket.create_connection((host, port), timeout).close()
    except (OSError, UnicodeError) as error:
        sentence = say(
            "%(what)s di %(place)s tidak dapat dihubungi (%(error)s): periksa apakah ia berjalan, dan alamatnya.",
            what=what,
            place=f"{host}:{port}",
            error=type(error).__name__,
        )
        return Health(ok=False, sentence=sentence)
    return Health(ok=True, sentence=say("%(what)s di %(place)s dapat dihubungi.", what=what, place=f"{host}:{port}"))

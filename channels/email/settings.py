"""What an administrator sets for one mailbox."""

from __future__ import annotations

import dataclasses
import ipaddress
import re
from pathlib import Path  # noqa: TC003 - the settings' reader reads these annotations at run time
from typing import Any, Final, Literal
from urllib.parse import urlsplit

Security = Literal["ssl", "starttls", "none"]

_ADDRESS: Final = re.compile(r"[^@\s<>,;:\"()\[\]\\]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_IMAP_PORTS: Final = {"ssl": 993, "starttls": 143, "none": 143}
_SMTP_PORTS: Final = {"ssl": 465, "starttls": 587, "none": 25}
_LEAST_CAP: Final = 1 << 20
_MOST_CAP: Final = 64 << 20
_SHORTEST_KEY: Final = 16


def _positive(value: float) -> float:
    if value <= 0:
        raise ValueError("expected more than 0")
    return value


def _port(value: int) -> int:
    if not 0 <= value <= 65535:  # noqa: PLR2004 - the range of ports
        raise ValueError("expected a port from 1 to 65535, or 0 for the usual one")
    return value


def _line(value: str) -> str:
    if _CONTROL.search(value):
        raise ValueError("expected one line without control characters")
    return value


def _address(value: str) -> str:
    if not _ADDRESS.fullmatch(value):
        raise ValueError("expected a mail address such as aduan@example.go.id")
    return value.lower()


def _addresses(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(_address(value) for value in values)


def _folders(values: tuple[str, ...]) -> tuple[str, ...]:
    if not values or len(set(values)) < len(values) or not all(values):
        raise ValueError('expected at least one folder, each once, such as ["INBOX"]')
    return tuple(_line(value) for value in values)


def _checked(check: Any, *, default: Any = dataclasses.MISSING, secret: bool = False) -> Any:
    return dataclasses.field(default=default, repr=not secret, metadata={"check": check})


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class EmailSettings:
    """One mailbox; ValueError names the key that cannot be used. Times are in seconds, sizes in bytes.

    `signing_key` makes the tokens in our Reply-To addresses: whoever changes it cuts all running threads.
    `authserv` is the name in the Authentication-Results of the office's own server; without it no sender counts as
    verified.
    Empty `username` is `address`; empty `smtp_username` and `smtp_password` are those of IMAP. A port of 0 is the usual
    one. With `oauth_url` both servers get an access token (XOAUTH2) instead of the password: by `oauth_refresh_token`,
    or where that is empty by the client's own right (`client_credentials`).
    """

    address: str = _checked(_address)
    signing_key: str = dataclasses.field(repr=False)
    imap_host: str = _checked(_line)
    smtp_host: str = _checked(_line)
    name: str = _checked(_line, default="")
    aliases: tuple[str, ...] = _checked(_addresses, default=())
    tag_separator: Literal["+", "-", "=", ""] = "+"
    username: str = _checked(_line, default="")
    password: str = _checked(_line, default="", secret=True)
    imap_port: int = _checked(_port, default=0)
    imap_security: Security = "ssl"
    smtp_port: int = _checked(_port, default=0)
    smtp_security: Security = "starttls"
    smtp_login: bool = True
    authserv: str = _checked(_line, default="")
    smtp_username: str = _checked(_line, default="")
    smtp_password: str = _checked(_line, default="", secret=True)
    oauth_url: str = ""
    oauth_client_id: str = ""
    oauth_client_secret: str = dataclasses.field(default="", repr=False)
    oauth_refresh_token: str = dataclasses.field(default="", repr=False)
    oauth_scope: str = ""
    folders: tuple[str, ...] = _checked(_folders, default=("INBOX",))
    first: Literal["unseen", "new", "all"] = "unseen"
    after: Literal["seen", "move", "keep"] = "seen"
    move_to: str = _checked(_line, default="")
    max_bytes: int = 40 * 1024 * 1024
    poll_interval: float = _checked(_positive, default=20.0)
    timeout: float = _checked(_positive, default=30.0)
    ca_file: Path | None = None

    def __post_init__(self) -> None:
        """Refuse what could not work or would not be safe, before the first mail."""
        if len(self.signing_key) < _SHORTEST_KEY:
            raise ValueError(f"signing_key: needs at least {_SHORTEST_KEY} characters; openssl rand -hex 32 makes one")
        if not _LEAST_CAP <= self.max_bytes <= _MOST_CAP:
            raise ValueError("max_bytes: must be from 1 to 64 MiB (1048576 to 67108864)")
        for key, host, security in (
            ("imap_security", self.imap_host, self.imap_security),
            ("smtp_security", self.smtp_host, self.smtp_security),
        ):
            if security == "none" and not _is_loopback(host):
                raise ValueError(f"{key}: none is allowed to this machine only; take ssl or starttls")
        self._check_login()
        self._check_folders()

    def _check_login(self) -> None:
        if not self.oauth_url:
            if not self.password:
                raise ValueError("password: missing; without it oauth_url and its keys are needed")
            return
        parts = urlsplit(self.oauth_url)
        if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(parts.hostname or "")):
            raise ValueError("oauth_url: must begin with https://")
        if not self.oauth_client_id:
            raise ValueError("oauth_client_id: oauth_url needs it")
        if not self.oauth_refresh_token and not (self.oauth_client_secret and self.oauth_scope):
            raise ValueError("oauth_refresh_token: missing; without it oauth_client_secret and oauth_scope are needed")

    def _check_folders(self) -> None:
        if (self.after == "move") != bool(self.move_to):
            raise ValueError('move_to: belongs to after = "move", and only to it')
        if self.move_to in self.folders:
            raise ValueError("move_to: must not be one of the folders that are read")

    @property
    def imap_address(self) -> tuple[str, int]:
        """Where to receive: host and port."""
        return self.imap_host, self.imap_port or _IMAP_PORTS[self.imap_security]

    @property
    def smtp_address(self) -> tuple[str, int]:
        """Where to send: host and port."""
        return self.smtp_host, self.smtp_port or _SMTP_PORTS[self.smtp_security]


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

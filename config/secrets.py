"""Secrets: written elsewhere than in the settings file, and the installation's own key, made once."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from config.spot import SettingsError

if TYPE_CHECKING:
    from config.spot import Spot

# A URL like file:///srv/blobs is a value of its own.
_INDIRECT = re.compile(r"(env|file):(?!//)(.*)", re.DOTALL)
KEY_FILE = "secret.key"


def is_indirect(text: str) -> bool:
    """Whether a value is written `env:NAME` or `file:/path`."""
    return _INDIRECT.fullmatch(text) is not None


def resolve(text: str, spot: Spot) -> str:
    """The value itself, or what `env:NAME` or `file:/path` name; a file's surrounding white space does not count."""
    match = _INDIRECT.fullmatch(text)
    if match is None:
        return text
    kind, name = match.groups()
    if kind == "env":
        if not spot.environ.get(name):
            raise spot.error(f"the environment variable {name!r} that it names is not set, or empty")
        return spot.environ[name]
    path = spot.base / Path(name).expanduser()
    try:
        found = path.read_text("utf-8").strip()
    except OSError as error:
        raise spot.error(f"the file {path} that it names cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise spot.error(f"the file {path} that it names is not UTF-8 text") from None
    if not found:
        raise spot.error(f"the file {path} that it names is empty")
    return found


def installation_key(configured: str, data_dir: Path) -> str:
    """The key that signs sessions: the configured one, else the one in `data_dir/secret.key`, made when it is missing.

    Processes that start together agree on one: the file appears complete or not at all. SettingsError.
    """
    if configured:
        return configured
    path = data_dir / KEY_FILE
    try:
        if not path.exists():
            _make(path)
        key = path.read_text("utf-8").strip()
    except OSError as error:
        raise SettingsError(
            f"{path}: the installation's key cannot be kept here: {error.strerror}; set secret_key or data_dir"
        ) from None
    if not key:
        raise SettingsError(f"{path}: the installation's key is empty; remove the file, or set secret_key")
    return key


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(secrets.token_urlsafe(48) + "\n")
            file.flush()
            os.fsync(file.fileno())
        # A link, unlike a rename, never replaces the key that another process made meanwhile.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink(missing_ok=True)

"""A demo's data directory: the secrets, passwords and ports that it was made with, and the settings that follow."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from commands.saying import fail
from config.settings import SettingsError, load
from normalizer.ticket import ALPHABET
from store.embedded.errors import EmbeddedError
from store.embedded.places import make_data_dir

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from config.settings import Settings

CONFIG: Final = Path(__file__).parent.parent / "config" / "demo"
FILE: Final = "demo.json"
_SECRETS: Final = (
    "kannel_secret",
    "kannel_password",
    "android_password",
    "android_key",
    "twilio_token",
    "telegram_secret",
)


def is_demo(data_dir: Path) -> bool:
    """Whether a demo has been run on this data directory."""
    return (data_dir / FILE).is_file()


def remember(data_dir: Path, officers: Sequence[str]) -> dict[str, Any]:
    """What an earlier start left here, or what this first one makes up: `secrets` and the officers' `passwords`."""
    path = data_dir / FILE
    try:
        if path.exists():
            return _read(path)
        if data_dir.exists() and any(data_dir.glob("postgres*")):
            fail(f"{data_dir} holds an installation that is no demo: choose another --data-dir")
        make_data_dir(data_dir)
    except EmbeddedError as error:
        fail(str(error))
    except OSError as error:
        fail(f"{path} cannot be read: {error.strerror}")
    made = {name: secrets.token_urlsafe(24) for name in _SECRETS}
    made["twilio_sid"] = f"AC{secrets.token_hex(16)}"
    made["telegram_token"] = f"{secrets.randbelow(900_000_000) + 100_000_000}:{secrets.token_urlsafe(26)}"
    return {"secrets": made, "passwords": {name: _password() for name in officers}}


def keep(data_dir: Path, memory: Mapping[str, Any]) -> None:
    """For the next start, and for the commands that look at a demo while it runs; nobody else may read it."""
    path = data_dir / FILE
    draft = path.with_suffix(".new")
    try:
        draft.unlink(missing_ok=True)
        file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(file, "w", encoding="utf-8") as text:
            json.dump(memory, text, indent=2)
        draft.replace(path)
    except OSError as error:
        fail(f"{path} cannot be written: {error.strerror}")


def settings(data_dir: Path, memory: Mapping[str, Any] | None = None) -> Settings:
    """The demo's settings. Nothing of the environment counts, so that no database is touched but the demo's own."""
    memory = memory or _read(data_dir / FILE)
    hidden, town = memory["secrets"], town_url(memory)
    overrides = {
        "host": memory["host"],
        "port": memory["port"],
        "data_dir": data_dir.absolute(),
        "accounts": {
            "sms-kannel": {
                "secret": hidden["kannel_secret"],
                "password": hidden["kannel_password"],
                "sendsms_url": f"{town}/kannel/cgi-bin/sendsms",
            },
            "sms-android": {
                "password": hidden["android_password"],
                "signing_key": hidden["android_key"],
                "api_url": f"{town}/android",
            },
            "sms-twilio": {
                "account_sid": hidden["twilio_sid"],
                "auth_token": hidden["twilio_token"],
                "api_url": f"{town}/twilio",
            },
            "telegram": {
                "token": hidden["telegram_token"],
                "secret_token": hidden["telegram_secret"],
                "base_url": f"{town}/telegram/bot",
                "base_file_url": f"{town}/telegram/file/bot",
            },
        },
    }
    try:
        return load(CONFIG, overrides, environ={})
    except SettingsError as error:
        fail(str(error))


def town_url(memory: Mapping[str, Any]) -> str:
    """Where the stand-ins are reached from this machine."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(memory["host"], memory["host"])  # noqa: S104 - compared with
    return f"http://{f'[{host}]' if ':' in host else host}:{memory['town_port']}"


def _read(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except ValueError:
        fail(f"{path} is damaged: remove {path.parent} for a new demo")
    except OSError as error:
        fail(f"{path} cannot be read: {error.strerror}")
    return found


def _password() -> str:
    """54 bits, in letters and digits that can be read from a screen."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(3)).lower()

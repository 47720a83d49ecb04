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
#: Our account at X; its access token begins with it.
X_USER: Final = "1500000000000000001"
#: The versions that standins/meta.py and standins/whatsapp.py answer to; they are not imported here, for every command
#: imports this.
_GRAPH, _WHATSAPP = "v26.0", "v25.0"
_SECRETS: Final = (
    "kannel_secret",
    "kannel_password",
    "android_password",
    "android_key",
    "twilio_token",
    "telegram_secret",
    "email_password",
    "email_key",
    "whatsapp_token",
    "whatsapp_secret",
    "whatsapp_verify",
    "line_secret",
    "line_token",
    "x_consumer_key",
    "x_consumer_secret",
    "x_token",
    "x_token_secret",
    "meta_secret",
    "meta_token",
    "meta_verify",
    "open311_key",
)


def is_demo(data_dir: Path) -> bool:
    """Whether a demo has been run on this data directory."""
    return (data_dir / FILE).is_file()


def remember(data_dir: Path, officers: Sequence[str]) -> dict[str, Any]:
    """What an earlier start left here, or what this first one makes up: `secrets` and the officers' `passwords`.

    An earlier version may have left less: then what is missing is made up.
    """
    path = data_dir / FILE
    known: dict[str, Any] = {}
    try:
        if path.exists():
            known = _read(path)
        elif data_dir.exists() and any(data_dir.glob("postgres*")):
            fail(f"{data_dir} holds an installation that is no demo: choose another --data-dir")
        make_data_dir(data_dir)
    except EmbeddedError as error:
        fail(str(error))
    except OSError as error:
        fail(f"{path} cannot be read: {error.strerror}")
    made = {name: secrets.token_urlsafe(24) for name in _SECRETS}
    made["twilio_sid"] = f"AC{secrets.token_hex(16)}"
    made["telegram_token"] = f"{secrets.randbelow(900_000_000) + 100_000_000}:{secrets.token_urlsafe(26)}"
    passwords = {name: _password() for name in officers}
    return known | {
        "secrets": made | known.get("secrets", {}),
        "passwords": passwords | known.get("passwords", {}),
    }


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
    memory = memory or remember(data_dir, ())
    overrides = {
        "host": memory["host"],
        "port": memory["port"],
        "data_dir": data_dir.absolute(),
        "accounts": _accounts(memory),
    }
    try:
        return load(CONFIG, overrides, environ={})
    except SettingsError as error:
        fail(str(error))


def _accounts(memory: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What config/demo/muara.toml cannot know: the secrets, and where the stand-ins are."""
    hidden, town = memory["secrets"], town_url(memory)
    meta = {
        "app_secret": hidden["meta_secret"],
        "verify_token": hidden["meta_verify"],
        "token": hidden["meta_token"],
        "base_url": f"{town}/meta/{_GRAPH}",
    }
    return {
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
        "email": {
            "password": hidden["email_password"],
            "signing_key": hidden["email_key"],
            "imap_port": memory.get("imap_port", 0),
            "smtp_port": memory.get("smtp_port", 0),
        },
        "whatsapp": {
            "token": hidden["whatsapp_token"],
            "app_secret": hidden["whatsapp_secret"],
            "verify_token": hidden["whatsapp_verify"],
            "api_url": f"{town}/whatsapp/{_WHATSAPP}",
        },
        "line": {
            "channel_secret": hidden["line_secret"],
            "access_token": hidden["line_token"],
            "api_url": f"{town}/line",
            "data_url": f"{town}/line",
        },
        "x": {
            "consumer_key": hidden["x_consumer_key"],
            "consumer_secret": hidden["x_consumer_secret"],
            "access_token": f"{X_USER}-{hidden['x_token']}",
            "access_token_secret": hidden["x_token_secret"],
            "api_url": f"{town}/x",
        },
        "facebook": meta,
        "instagram": meta,
        "open311": {"api_key": hidden["open311_key"], "endpoint": f"{town}/open311/v2"},
    }


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

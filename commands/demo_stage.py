"""What the played providers are told of a demo's settings: addresses, numbers, names and secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import wiring
from commands import demo_data
from standins.exchange import Site
from standins.server import Stage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from config.settings import Settings

_TOWN: Final = "town.jsonl"
#: The account of each provider in config/demo/muara.toml.
_ACCOUNTS: Final = {
    "kannel": "sms-kannel",
    "android": "sms-android",
    "twilio": "sms-twilio",
    "whatsapp": "whatsapp",
    "telegram": "telegram",
    "line": "line",
    "email": "email",
    "x": "x",
    "facebook": "facebook",
    "instagram": "instagram",
    "open311": "open311",
}
#: What WhatsApp and LINE keep of an account and the settings need not tell: the number, and the name to search for.
_NUMBER, _LINE_NAME, _PAGE_NAME = "+6281200000800", "@masbupsiaga", "Mas Bup Siaga"


def stage(made: Settings, memory: Mapping[str, Any], *, pace: float, seed: int) -> Stage:
    """The play for this demo; `pace` and `seed` are Citizens'."""
    return Stage(
        site=_site(made, memory),
        host=memory["host"],
        port=memory["town_port"],
        path=made.data_dir / _TOWN,
        inbox_url=f"{made.public_url}/inbox",
        formats=[program.format for program in made.programs],
        pace=pace,
        seed=seed,
    )


def _site(made: Settings, memory: Mapping[str, Any]) -> Site:
    accounts = {provider: made.accounts[name].settings for provider, name in _ACCOUNTS.items()}
    numbers = {provider: accounts[provider].numbers[0] for provider in ("kannel", "android", "twilio")}
    names = {
        "whatsapp": _NUMBER,
        "whatsapp-twilio": accounts["twilio"].whatsapp_sender,
        "telegram": f"@{accounts['telegram'].username}",
        "line": _LINE_NAME,
        "email": accounts["email"].address,
        "x": f"@{accounts['x'].username}",
        "facebook": _PAGE_NAME,
        "instagram": f"@{accounts['instagram'].username}",
        "open311": accounts["open311"].system,
    }
    ids = {
        "whatsapp": accounts["whatsapp"].phone_number_id,
        "waba": accounts["whatsapp"].waba_id,
        "line": accounts["line"].destination,
        "x": demo_data.X_USER,
        "app": accounts["facebook"].app_id,
        "facebook": accounts["facebook"].page_id,
        "instagram": accounts["instagram"].account_id,
    }
    return Site(
        url=made.public_url,
        town=demo_data.town_url(memory),
        hooks={provider: wiring.hook_url(made.public_url, name) for provider, name in _ACCOUNTS.items()},
        names=numbers | names,
        ids=ids,
        mail_ports=(memory["imap_port"], memory["smtp_port"]),
        secrets=memory["secrets"],
    )

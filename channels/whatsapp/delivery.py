"""Where Meta delivers: the app asks for messages and is told of the account, the number has its own callback."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from channels.errors import Refused
from channels.whatsapp.contents import seen
from normalizer.saying import Sentence, say

if TYPE_CHECKING:
    from channels.whatsapp.api import Api

_OBJECT: Final = "whatsapp_business_account"
#: What the app must ask for, and what else is worth a line in the ledger.
_MESSAGES: Final = "messages"
_FIELDS: Final = f"{_MESSAGES},account_update,message_template_status_update,phone_number_quality_update"
#: Whose callback address Meta takes, the first that there is.
_CALLBACKS: Final = ("phone_number", "whatsapp_business_account", "application")


def about_token(api: Api) -> dict[str, Any]:
    """What Meta knows of our token, `app_id` among it; nothing where the token may not ask about itself. SendFailed."""
    try:
        found = api.get("debug_token", input_token=api.settings.token).get("data")
    except Refused:
        return {}
    return found if isinstance(found, dict) else {}


def trouble(api: Api, number: dict[str, Any], app_id: str, hook_url: str) -> Sentence | None:
    """What keeps messages from coming here; `number` is Meta's node with its webhook_configuration. SendFailed."""
    ids = {
        seen(each, "whatsapp_business_api_data", "id")
        for each in objects(api.get(f"{api.settings.waba_id}/subscribed_apps"), "data")
    }
    if not ids or (app_id and app_id not in ids):
        return _mend(say("Meta tidak memberi tahu aplikasi ini apa pun tentang akunnya"))
    asked = _asked(api, app_id)
    if asked is not None and _MESSAGES not in _names(asked):
        return _mend(say("aplikasi tidak berlangganan messages"))
    used = next((url for place in _CALLBACKS if (url := seen(number, "webhook_configuration", place))), "")
    if used != hook_url:
        where = say("Meta mengantar ke %(host)s", host=_host(used))
        return _mend(where if used else say("Meta belum mengantar ke mana pun"))
    return None


def _mend(what: Sentence) -> Sentence:
    return say("%(what)s: jalankan ./muara doctor --fix", what=what)


def establish(api: Api, hook_url: str) -> None:
    """Have messages delivered to `hook_url`, with which Meta makes its handshake before it answers. SendFailed.

    The number's own callback goes before the account's and the app's, so that other numbers are left alone; the app's
    is set only where it is free or ours, since a field can be asked for only together with a callback.
    """
    settings = api.settings
    app_id = str(about_token(api).get("app_id") or "")
    asked = _asked(api, app_id)
    if asked is not None and _MESSAGES not in _names(asked):
        if seen(asked, "callback_url") not in {"", hook_url}:
            raise Refused(say("Webhook aplikasi milik alamat lain: tambahkan langganan messages dengan tangan"))
        wanted = {"object": _OBJECT, "callback_url": hook_url, "fields": _FIELDS, "include_values": "true"}
        api.of_app(app_id, wanted | {"verify_token": settings.verify_token})
    api.post(f"{settings.waba_id}/subscribed_apps", {})
    callback = {"override_callback_uri": hook_url, "verify_token": settings.verify_token}
    api.post(settings.phone_number_id, {"webhook_configuration": callback})


def objects(value: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """The objects of a list that Meta answered with."""
    found = value.get(name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _asked(api: Api, app_id: str) -> dict[str, Any] | None:
    """What the app asks to be told of WhatsApp: nothing yet is empty, None where Meta does not say. SendFailed."""
    if not app_id.isdigit():
        return None
    try:
        rows = objects(api.of_app(app_id), "data")
    except Refused:
        return None
    return next((row for row in rows if row.get("object") == _OBJECT and row.get("active") is not False), {})


def _names(asked: dict[str, Any]) -> set[str]:
    """Fields come as names, or as objects with a name and a version."""
    fields = asked.get("fields")
    listed = fields if isinstance(fields, list) else []
    return {field if isinstance(field, str) else seen(field, "name") for field in listed}


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or say("alamat yang tidak terbaca")
    except ValueError:
        return say("alamat yang tidak terbaca")

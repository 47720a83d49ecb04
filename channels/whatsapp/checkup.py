"""What an operator must know of one number: does the token work, does Meta deliver here, are the templates there."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from channels.contract import Health
from channels.whatsapp import delivery
from channels.whatsapp.contents import seen
from channels.whatsapp.delivery import objects
from normalizer.saying import Sentence, say

if TYPE_CHECKING:
    from channels.whatsapp.api import Api

_FIELDS: Final = "display_phone_number,verified_name,quality_rating,status,throughput,webhook_configuration"
_SOON: Final = timedelta(days=7)
_PARAMETER: Final = re.compile(r"\{\{(\w+)\}\}")
_PARAMETERS: Final = ["1", "2", "3"]
_SCOPES: Final = ("whatsapp_business_messaging", "whatsapp_business_management")


def examine(api: Api, hook_url: str) -> Health:
    """One sentence: the first thing that is wrong, else how the number does. SendFailed."""
    settings = api.settings
    number = api.get(settings.phone_number_id, fields=_FIELDS)
    name = f"{seen(number, 'verified_name') or 'WhatsApp'} ({seen(number, 'display_phone_number') or '?'})"
    token = delivery.about_token(api)
    trouble = (
        _token_trouble(token)
        or _number_trouble(number)
        or delivery.trouble(api, number, str(token.get("app_id") or ""), hook_url)
        or _template_trouble(api)
    )
    if trouble:
        return Health(ok=False, sentence=say("%(name)s: %(trouble)s.", name=name, trouble=trouble))
    sentence = say(
        "Meta mengantar pesan %(name)s ke webhook kita: mutu %(quality)s, laju %(level)s, %(token)s, "
        "%(count)s templat disetujui.",
        name=name,
        quality=seen(number, "quality_rating").lower() or "?",
        level=seen(number, "throughput", "level").lower() or "?",
        token=_life(token),
        count=len(settings.templates),
    )
    return Health(ok=True, sentence=sentence)


def _life(token: dict[str, Any]) -> Sentence:
    ends = _moment(token.get("expires_at"))
    if ends:
        return say("token berlaku sampai %(day)s", day=f"{ends:%Y-%m-%d}")
    return say("token berlaku tanpa batas") if token else say("token tampaknya berlaku")


def _token_trouble(token: dict[str, Any]) -> Sentence | None:
    if token.get("is_valid") is False:
        return _renew(say("token akses tidak berlaku lagi"))
    scopes = token.get("scopes")
    missing = [scope for scope in _SCOPES if isinstance(scopes, list) and scope not in scopes]
    if missing:
        return _renew(say("token akses tanpa izin %(scopes)s", scopes=", ".join(missing)))
    ends = _moment(token.get("expires_at"))
    if ends and ends < datetime.now(UTC) + _SOON:
        return _renew(say("token akses berakhir %(at)s UTC", at=f"{ends:%Y-%m-%d %H:%M}"))
    return None


def _renew(what: Sentence) -> Sentence:
    return say("%(what)s: buat token tanpa batas untuk system user, lalu isikan di token", what=what)


def _number_trouble(number: dict[str, Any]) -> Sentence | None:
    status = seen(number, "status")
    if status and status != "CONNECTED":
        return say("statusnya di Meta %(status)s: daftarkan di WhatsApp Manager", status=f"{status:.40}")
    if seen(number, "quality_rating") == "RED":
        return say(
            "mutunya merah karena warga memblokir atau melaporkannya: kurangi templat, atau Meta menghentikannya"
        )
    return None


def _template_trouble(api: Api) -> Sentence | None:
    waba, language = api.settings.waba_id, api.settings.template_language
    for name in api.settings.templates:
        fields = "name,status,language,components"
        answer = api.get(f"{waba}/message_templates", name=name, fields=fields, limit="100")
        same = [
            each for each in objects(answer, "data") if (each.get("name"), each.get("language")) == (name, language)
        ]
        if not same:
            return say(
                "templat %(name)s belum ada dalam bahasa %(language)s: ajukan di WhatsApp Manager",
                name=name,
                language=language,
            )
        status = seen(same[0], "status")
        if status != "APPROVED":
            return say(
                "templat %(name)s berstatus %(status)s: periksa di WhatsApp Manager",
                name=name,
                status=f"{status.lower() or '?':.40}",
            )
        bodies = [seen(part, "text") for part in objects(same[0], "components") if part.get("type") == "BODY"]
        if any(sorted(_PARAMETER.findall(body)) != _PARAMETERS for body in bodies):
            return say(
                "templat %(name)s harus memakai %(parameters)s: lihat README",
                name=name,
                parameters=", ".join(f"{{{{{each}}}}}" for each in _PARAMETERS),
            )
    return None


def _moment(value: object) -> datetime | None:
    """0 is Meta's way to say that something has no end."""
    whole = isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1 << 36
    return datetime.fromtimestamp(value, UTC) if whole else None  # type: ignore[arg-type] # a whole number by now

"""What an operator must know of one number: does the token work, does Meta deliver here, are the templates there."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from channels.contract import Health
from channels.whatsapp import delivery
from channels.whatsapp.contents import seen
from channels.whatsapp.delivery import objects

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
    name = f"{seen(number, 'verified_name') or 'The number'} ({seen(number, 'display_phone_number') or 'unknown'})"
    token = delivery.about_token(api)
    trouble = (
        _token_trouble(token)
        or _number_trouble(number)
        or delivery.trouble(api, number, str(token.get("app_id") or ""), hook_url)
        or _template_trouble(api)
    )
    if trouble:
        return Health(ok=False, sentence=f"{name}: {trouble}.")
    quality = seen(number, "quality_rating").lower() or "unknown"
    level = seen(number, "throughput", "level").lower() or "unknown"
    ends = _moment(token.get("expires_at"))
    until = f"until {ends:%Y-%m-%d}" if ends else "without end" if token else "as it seems"
    count = len(settings.templates)
    return Health(
        ok=True,
        sentence=f"{name} delivers to our webhook: quality {quality}, throughput {level}, "
        f"token valid {until}, {count} template{'' if count == 1 else 's'} approved.",
    )


def _token_trouble(token: dict[str, Any]) -> str | None:
    advice = "make one without end for a system user and put it into token"
    if token.get("is_valid") is False:
        return f"the access token is no longer valid: {advice}"
    scopes = token.get("scopes")
    missing = [scope for scope in _SCOPES if isinstance(scopes, list) and scope not in scopes]
    if missing:
        return f"the access token lacks {' and '.join(missing)}: {advice}"
    ends = _moment(token.get("expires_at"))
    if ends and ends < datetime.now(UTC) + _SOON:
        return f"the access token ends on {ends:%Y-%m-%d %H:%M} UTC: {advice}"
    return None


def _number_trouble(number: dict[str, Any]) -> str | None:
    status = seen(number, "status")
    if status and status != "CONNECTED":
        return f"its status at Meta is {status:.40}: register it in WhatsApp Manager"
    if seen(number, "quality_rating") == "RED":
        return "its quality is red, because citizens block or report it: Meta may stop it; send fewer templates"
    return None


def _template_trouble(api: Api) -> str | None:
    waba, language = api.settings.waba_id, api.settings.template_language
    for name in api.settings.templates:
        fields = "name,status,language,components"
        answer = api.get(f"{waba}/message_templates", name=name, fields=fields, limit="100")
        same = [
            each for each in objects(answer, "data") if (each.get("name"), each.get("language")) == (name, language)
        ]
        if not same:
            return f"the template {name} does not exist in {language}: submit it in WhatsApp Manager"
        status = seen(same[0], "status")
        if status != "APPROVED":
            return f"the template {name} is {status.lower() or 'unknown':.40}: look at it in WhatsApp Manager"
        bodies = [seen(part, "text") for part in objects(same[0], "components") if part.get("type") == "BODY"]
        if any(sorted(_PARAMETER.findall(body)) != _PARAMETERS for body in bodies):
            return f"the template {name} must have the parameters {{{{1}}}}, {{{{2}}}} and {{{{3}}}}: see the README"
    return None


def _moment(value: object) -> datetime | None:
    """0 is Meta's way to say that something has no end."""
    whole = isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1 << 36
    return datetime.fromtimestamp(value, UTC) if whole else None  # type: ignore[arg-type] # a whole number by now

"""What an operator would look up in LINE's console: who the bot is, where LINE delivers, what is left of the quota."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from linebot.v3.messaging import SetWebhookEndpointRequest, TestWebhookEndpointRequest

from channels.contract import Health
from channels.errors import ChannelError, SendFailed
from channels.line import client

if TYPE_CHECKING:
    from linebot.v3.messaging import MessagingApi

    from channels.line.settings import LineSettings

#: The share of the month's messages from which an operator should know.
_NEARLY: Final = 0.9


def health(settings: LineSettings, hook_url: str) -> Health:
    """One sentence; never raises."""
    try:
        return _health(client.messaging(settings), settings, hook_url)
    except SendFailed as error:
        return Health(ok=False, sentence=f"{str(error).rstrip('.')}; check access_token and api_url.")
    except (ValueError, TypeError, AttributeError) as error:
        return Health(ok=False, sentence=f"LINE's answer cannot be read ({type(error).__name__}).")


def register(settings: LineSettings, hook_url: str) -> None:
    """Set the webhook's address and let LINE try it. ChannelError, with LINE's own word for what went wrong."""
    api = client.messaging(settings)
    try:
        api.set_webhook_endpoint(SetWebhookEndpointRequest(endpoint=hook_url))
        tried = api.test_webhook_endpoint(TestWebhookEndpointRequest(endpoint=hook_url))
    except (ValueError, TypeError, AttributeError) as error:
        raise ChannelError(f"LINE's answer cannot be read ({type(error).__name__})") from error
    if not tried.success:
        raise ChannelError(f"LINE has our address, but cannot deliver there ({tried.reason[:60]})")


def _health(api: MessagingApi, settings: LineSettings, hook_url: str) -> Health:
    bot = api.get_bot_info()
    name = f"{bot.display_name} ({bot.basic_id})"
    if settings.destination and settings.destination != bot.user_id:
        return Health(ok=False, sentence=f"The token belongs to {name}, not to the bot in destination: check both.")
    try:
        endpoint = api.get_webhook_endpoint()
    except SendFailed as error:
        if "404" not in str(error):
            raise
        return Health(ok=False, sentence=f"LINE delivers {name} nowhere: run ./muara doctor --fix.")
    if endpoint.endpoint != hook_url:
        where = urlsplit(endpoint.endpoint).hostname or "an unreadable address"
        return Health(ok=False, sentence=f"LINE delivers {name} to {where}: run ./muara doctor --fix.")
    if not endpoint.active:
        return Health(ok=False, sentence=f"LINE knows our webhook for {name}, but 'Use webhook' is off in its console.")
    found = _quota(api, name)
    if settings.destination:
        return found
    return Health(ok=found.ok, sentence=f"{found.sentence} Its id, for destination, is {bot.user_id}.")


def _quota(api: MessagingApi, name: str) -> Health:
    quota = api.get_message_quota()
    used = api.get_message_quota_consumption().total_usage
    if quota.value is None:
        return Health(ok=True, sentence=f"{name} delivers to our webhook; {used} messages pushed this month.")
    counted = f"{used} of {quota.value} messages of this month are used"
    if used >= quota.value * _NEARLY:
        return Health(
            ok=False, sentence=f"{name}: {counted}; when none is left, only the first automatic text goes out."
        )
    return Health(ok=True, sentence=f"{name} delivers to our webhook; {counted}.")

"""What an operator would look up in LINE's console: who the bot is, where LINE delivers, what is left of the quota."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from linebot.v3.messaging import SetWebhookEndpointRequest, TestWebhookEndpointRequest

from channels.contract import Health
from channels.errors import ChannelError, SendFailed
from channels.line import client
from normalizer.saying import Sentence, say

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
        return Health(ok=False, sentence=say("Periksa access_token dan api_url: %(error)s", error=error.sentence))
    except (ValueError, TypeError, AttributeError) as error:
        return Health(ok=False, sentence=_unread(error))


def register(settings: LineSettings, hook_url: str) -> None:
    """Set the webhook's address and let LINE try it. ChannelError, with LINE's own word for what went wrong."""
    api = client.messaging(settings)
    try:
        api.set_webhook_endpoint(SetWebhookEndpointRequest(endpoint=hook_url))
        tried = api.test_webhook_endpoint(TestWebhookEndpointRequest(endpoint=hook_url))
    except (ValueError, TypeError, AttributeError) as error:
        raise ChannelError(_unread(error)) from error
    if not tried.success:
        said = say("LINE punya alamat kita, tetapi gagal mengantar ke sana (%(reason)s)", reason=tried.reason[:60])
        raise ChannelError(said)


def _unread(error: Exception) -> Sentence:
    return say("Jawaban LINE tidak dapat dibaca (%(error)s).", error=type(error).__name__)


def _health(api: MessagingApi, settings: LineSettings, hook_url: str) -> Health:
    bot = api.get_bot_info()
    name = f"{bot.display_name} ({bot.basic_id})"
    if settings.destination and settings.destination != bot.user_id:
        sentence = say("Token ini milik %(name)s, bukan bot di destination: periksa keduanya.", name=name)
        return Health(ok=False, sentence=sentence)
    try:
        endpoint = api.get_webhook_endpoint()
    except SendFailed as error:
        if "404" not in str(error):
            raise
        sentence = say("LINE belum mengantar pesan %(name)s ke mana pun: jalankan ./muara doctor --fix.", name=name)
        return Health(ok=False, sentence=sentence)
    if endpoint.endpoint != hook_url:
        where = urlsplit(endpoint.endpoint).hostname or say("alamat yang tidak terbaca")
        sentence = say(
            "LINE mengantar pesan %(name)s ke %(host)s: jalankan ./muara doctor --fix agar diantar ke sini.",
            name=name,
            host=where,
        )
        return Health(ok=False, sentence=sentence)
    if not endpoint.active:
        sentence = say(
            "LINE mengenal webhook kita untuk %(name)s, tetapi 'Use webhook' mati: nyalakan di konsol LINE.", name=name
        )
        return Health(ok=False, sentence=sentence)
    found = _quota(api, name)
    if settings.destination:
        return found
    sentence = say("%(found)s Isi destination dengan %(id)s.", found=found.sentence, id=bot.user_id)
    return Health(ok=found.ok, sentence=sentence)


def _quota(api: MessagingApi, name: str) -> Health:
    quota = api.get_message_quota()
    used = api.get_message_quota_consumption().total_usage
    if quota.value is None:
        sentence = say(
            "LINE mengantar pesan %(name)s ke webhook kita; %(used)s pesan dikirim bulan ini.", name=name, used=used
        )
        return Health(ok=True, sentence=sentence)
    if used >= quota.value * _NEARLY:
        sentence = say(
            "%(name)s: %(used)s dari %(quota)s pesan bulan ini terpakai. Bila habis, hanya balasan otomatis pertama "
            "yang terkirim: naikkan paket LINE.",
            name=name,
            used=used,
            quota=quota.value,
        )
        return Health(ok=False, sentence=sentence)
    sentence = say(
        "LINE mengantar pesan %(name)s ke webhook kita; %(used)s dari %(quota)s pesan bulan ini terpakai.",
        name=name,
        used=used,
        quota=quota.value,
    )
    return Health(ok=True, sentence=sentence)

"""Whether an Instagram account's token and subscriptions are good, by either log-in, and how they are set up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from channels.toolkit.meta_watch import App, hook_trouble, listen, missing_fields, subscribe, token_trouble
from normalizer.saying import Sentence, say

if TYPE_CHECKING:
    from channels.contract import AccountInfo
    from channels.instagram.settings import InstagramSettings
    from channels.toolkit.meta_client import GraphClient

_OBJECT: Final = "instagram"
_MESSAGES: Final = ("messages", "messaging_postbacks", "messaging_seen", "message_reactions", "messaging_referral")
_COMMENTS: Final = ("comments", "live_comments")
_MENTIONS: Final = ("mentions",)
_SCOPES: Final = ("instagram_basic", "instagram_manage_messages", "pages_manage_metadata", "pages_messaging")
_COMMENT_SCOPES: Final = ("instagram_manage_comments",)
#: Meta delivers an account's events only where the page that it is linked to delivers something to the app.
_PAGE_FIELD: Final = "messages"


def fields(settings: InstagramSettings) -> tuple[str, ...]:
    """What the app must be told of."""
    if not settings.comments:
        return _MESSAGES
    return _MESSAGES + _COMMENTS + (_MENTIONS if settings.login == "facebook" else ())


def set_up(client: GraphClient, settings: InstagramSettings, account: AccountInfo) -> None:
    """Subscribe what is not yet. SendFailed."""
    if settings.login == "instagram":
        subscribe(client, settings.account_id, fields(settings))
        return
    if missing_fields(client, settings.page_id, settings.app_id, (_PAGE_FIELD,)):
        # What is set replaces what was: a page that already delivers its messages is left alone.
        subscribe(client, settings.page_id, (_PAGE_FIELD,))
    listen(_app(settings), _OBJECT, fields(settings), account, settings.verify_token)


def trouble(client: GraphClient, settings: InstagramSettings, account: AccountInfo) -> Sentence | None:
    """What an operator must do, None where nothing. SendFailed."""
    if settings.login == "instagram":
        return _own_trouble(client, settings)
    needed = _SCOPES + (_COMMENT_SCOPES if settings.comments else ())
    found = token_trouble(_app(settings), settings.token, owner=settings.page_id, needed=needed)
    if found:
        return found
    linked = client.get(settings.page_id, fields="instagram_business_account").get("instagram_business_account")
    if not isinstance(linked, dict) or str(linked.get("id")) != settings.account_id:
        return say(
            "Halaman %(page)s tidak terhubung dengan akun Instagram %(account)s: hubungkan keduanya.",
            page=settings.page_id,
            account=settings.account_id,
        )
    if missing_fields(client, settings.page_id, settings.app_id, (_PAGE_FIELD,)):
        return say("Halaman yang terhubung tidak mengantar apa pun ke aplikasi: jalankan ./muara doctor --fix.")
    return hook_trouble(_app(settings), _OBJECT, fields(settings), account)


def _own_trouble(client: GraphClient, settings: InstagramSettings) -> Sentence | None:
    """With Instagram Login Meta says neither when a token ends nor where the app's webhook points."""
    me = client.get("me", fields="user_id,username")
    if str(me.get("user_id")) != settings.account_id:
        return say(
            "Token ini milik akun %(found)s, bukan %(account)s: pasang token akun itu.",
            found=str(me.get("user_id")),
            account=settings.account_id,
        )
    if missing := missing_fields(client, settings.account_id, settings.app_id, fields(settings)):
        return say(
            "Akun tidak mengantar %(fields)s ke aplikasi: jalankan ./muara doctor --fix.", fields=", ".join(missing)
        )
    return None


def _app(settings: InstagramSettings) -> App:
    return App.of(settings.app_id, settings.app_secret, settings.base, settings.timeout)

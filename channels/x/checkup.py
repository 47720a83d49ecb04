"""The account's health: one question to X about who we are, which costs no post."""

from __future__ import annotations

from typing import TYPE_CHECKING

from channels.contract import Health
from channels.x import api
from channels.x.around import text, thing

if TYPE_CHECKING:
    from channels.x.settings import XSettings


def health(settings: XSettings) -> Health:
    """One sentence; what the polls met stands with the account itself."""
    try:
        answer = api.call(settings, lambda client: client.get_me(user_auth=True))
    except api.CallFailed as error:
        advice = f": {api.ADVICE[error.trouble]}" if error.trouble in api.ADVICE else ""
        return Health(ok=False, sentence=f"{error}{advice}.")
    username = text(thing(answer.body, "data"), "username")
    if username is None:
        return Health(ok=False, sentence="X's answer to users/me names no account.")
    if username.lower() != settings.username.lower():
        sentence = f"The keys belong to @{username}, not to @{settings.username}: check both settings."
        return Health(ok=False, sentence=sentence)
    level = answer.headers.get("x-access-level", "")
    wanted = "directmessages" if settings.direct_messages else "write"
    if level and wanted not in level:
        advice = "give the app Read and write and Direct message and make the access token anew"
        return Health(ok=False, sentence=f"The keys of @{username} may only {level}: {advice}.")
    tags = " ".join(f"#{tag}" for tag in settings.hashtags)
    read = ", ".join(filter(None, ["mentions", tags, "direct messages" if settings.direct_messages else ""]))
    return Health(ok=True, sentence=f"@{username} reads {read}, at most {settings.reads_per_day:,} a day (UTC).")

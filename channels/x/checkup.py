"""The account's health: one question to X about who we are, which costs no post."""

from __future__ import annotations

from typing import TYPE_CHECKING

from channels.contract import Health
from channels.x import api
from channels.x.around import text, thing
from normalizer.saying import joined, quoted, say

if TYPE_CHECKING:
    from channels.x.settings import XSettings


def health(settings: XSettings) -> Health:
    """One sentence; what the polls met stands with the account itself."""
    try:
        answer = api.call(settings, lambda client: client.get_me(user_auth=True))
    except api.CallFailed as error:
        return Health(ok=False, sentence=error.advised)
    username = text(thing(answer.body, "data"), "username")
    if username is None:
        return Health(ok=False, sentence=say("Jawaban X untuk users/me tidak menyebut akun."))
    if username.lower() != settings.username.lower():
        sentence = say(
            "Kunci ini milik @%(username)s, bukan @%(ours)s: periksa kunci dan username.",
            username=username,
            ours=settings.username,
        )
        return Health(ok=False, sentence=sentence)
    level = answer.headers.get("x-access-level", "")
    wanted = "directmessages" if settings.direct_messages else "write"
    if level and wanted not in level:
        sentence = say(
            "Kunci @%(username)s hanya boleh %(level)s: beri aplikasi izin Read and write and Direct message, lalu "
            "buat ulang access token.",
            username=username,
            level=level,
        )
        return Health(ok=False, sentence=sentence)
    read = [say("sebutan")] + [quoted(f"#{tag}") for tag in settings.hashtags]
    if settings.direct_messages:
        read.append(say("pesan langsung"))
    sentence = say(
        "@%(username)s membaca %(read)s; paling banyak %(most)s bacaan sehari (UTC).",
        username=username,
        read=joined(read, ", "),
        most=settings.reads_per_day,
    )
    return Health(ok=True, sentence=sentence)

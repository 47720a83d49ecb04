"""Pemberitahuan saya: what an officer is told outside the inbox, on which ways, when; and his own Telegram."""

from __future__ import annotations

import math
from datetime import time, timedelta
from typing import TYPE_CHECKING, Any, Final

from flask import abort, redirect, request, url_for

from dispatcher.reach import SORTERS
from inbox import auth
from inbox.i18n import _, lazy, said
from inbox.people import login, trial
from inbox.rights import Need
from inbox.routing import Route
from inbox.state import now, page, person, reading, runtime
from normalizer.telling import Days, Kind, Way, When, Wishes
from store import chats, delivery, throttle, trials, users
from store.throttle import Backoff

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Response
    from sqlalchemy import Connection
    from werkzeug.wrappers import Response as BaseResponse

KINDS: Final[Mapping[Kind, str]] = {
    Kind.NEW: lazy("Aduan baru yang dapat saya buka"),
    Kind.HANDED: lazy("Disposisi ke unit saya"),
    Kind.AGAIN: lazy("Warga menulis lagi dalam aduan saya, atau aduan itu dibuka kembali"),
    Kind.FAILED: lazy("Kiriman kepada warga gagal dalam aduan saya"),
    Kind.DEADLINE: lazy("Peringatan tenggat"),
    Kind.PROD: lazy("Pimpinan mengingatkan"),
    Kind.MENTION: lazy("Rekan memanggil saya dalam catatan"),
    Kind.SILENCE: lazy("Kanal lama tidak menerima pesan"),
}
WAYS: Final[Mapping[Way, str]] = {Way.MAIL: lazy("Surel"), Way.TELEGRAM: lazy("Telegram")}
WHEN: Final[Mapping[str, str]] = {
    "": lazy("tidak"),
    When.NOW.value: lazy("segera"),
    When.DIGEST.value: lazy("ringkasan"),
}
#: Codes are made for people: nobody needs more of them.
_CODES: Final = Backoff(free=5, first=timedelta(seconds=30), longest=timedelta(minutes=15))
#: Enough to see whether it works; a bot and a mail server are there for others too.
_TRIALS: Final = Backoff(free=3, first=timedelta(minutes=1), longest=timedelta(minutes=15))
_SAVED: Final[Mapping[str, str]] = {
    "simpan": lazy("Pilihan Anda disimpan."),
    "putus": lazy("Telegram diputuskan."),
    "lagi": lazy("Akan dicoba lagi."),
}


def show() -> Response:
    """The page."""
    with reading() as connection:
        wishes = delivery.wishes(connection, person().id)
        return _page(connection, wishes, done=_SAVED.get(request.args.get("siap", "")))


def _page(connection: Connection, wishes: Wishes, status: int = 200, **extra: Any) -> Response:
    reach = delivery.reaches(connection, person().id)
    user = users.find(connection, person().id)
    mail = (user.profile.email if user else None) or ""
    quiet = wishes.quiet or (None, None)
    values: dict[str, Any] = {
        "kinds": {kind: label for kind, label in KINDS.items() if kind in _mine()},
        "ways": WAYS,
        "whens": WHEN,
        "chosen": wishes.ways,
        "wishes": wishes,
        "quiet_from": "" if quiet[0] is None else quiet[0].strftime("%H:%M"),
        "quiet_to": "" if quiet[1] is None else quiet[1].strftime("%H:%M"),
        "mail": mail,
        "mails": runtime().mailer is not None,
        "mail_trouble": _trouble(reach.get(Way.MAIL.value), mail),
        "bot": runtime().notify,
        "chat": reach.get(Way.TELEGRAM.value),
        "chat_trouble": _trouble(reach.get(Way.TELEGRAM.value), None),
        "trial": trial.shown(connection, wishes, reach, mail),
        "code": None,
        "problem": None,
        "done": None,
    }
    return page("my_notices.html", status, title=_("Pemberitahuan saya"), **values | extra)


def _mine() -> set[Kind]:
    """The kinds that this role is told of at all."""
    return set(Kind) - {Kind.TEST} - (set() if person().role in SORTERS else {Kind.SILENCE})


def _trouble(reach: Any, address: str | None) -> dict[str, Any] | None:
    """What went wrong on a way, where something did; of mail only where it was this address."""
    if reach is None or not reach.failures or (address is not None and reach.address != address):
        return None
    return {"way": reach.way, "paused": reach.paused_at is not None, "count": reach.failures, "said": said(reach.error)}


def save() -> BaseResponse:
    """Keep what was chosen; 422 where the quiet hours are none, 400 for what the form does not offer."""
    wishes, problem = _typed()
    with runtime().engine.begin() as connection:
        if problem:
            typed = {name: request.form.get(name, "") for name in ("quiet_from", "quiet_to")}
            return _page(connection, wishes, 422, problem=problem, **typed)
        delivery.choose(connection, person().id, wishes, now())
    return redirect(url_for("inbox.my_notices", siap="simpan"), 303)


def _typed() -> tuple[Wishes, str | None]:
    form, ways = request.form, {}
    for kind in _mine():
        for way in Way:
            value = form.get(f"{kind.value}.{way.value}", "")
            if value not in WHEN:
                abort(400)
            if value:
                ways[kind, way] = When(value)
    hour, days = form.get("digest_hour", ""), form.get("digest_days", "")
    if hour not in {str(each) for each in range(24)} or days not in set(Days):
        abort(400)
    begins, ends = form.get("quiet_from", ""), form.get("quiet_to", "")
    quiet, problem = _quiet(begins, ends)
    wishes = Wishes(
        ways=ways,
        digest_hour=int(hour),
        digest_days=Days(days),
        quiet=quiet,
        late_passes=form.get("late_passes") == "1",
    )
    return wishes, problem


def _quiet(begins: str, ends: str) -> tuple[tuple[time, time] | None, str | None]:
    if not begins and not ends:
        return None, None
    try:
        found = _clock(begins), _clock(ends)
    except ValueError:
        return None, _("Isi kedua jam tenang, misalnya 20:00 sampai 06:30, atau kosongkan keduanya.")
    if found[0] == found[1]:
        return None, _("Jam tenang mulai dan selesai pada jam yang sama. Kosongkan keduanya bila tidak perlu.")
    return found, None


def _clock(value: str) -> time:
    """`20:00` or `20:00:00`, without a zone. ValueError."""
    found = time.fromisoformat(value)
    if found.tzinfo is not None:
        raise ValueError(value)
    return found.replace(second=0, microsecond=0)


def resume() -> BaseResponse:
    """Coba lagi: a way that was paused after refusals."""
    way = request.form.get("way", "")
    if way not in set(Way):
        abort(400)
    with runtime().engine.begin() as connection:
        delivery.resume(connection, person().id, Way(way))
    return redirect(url_for("inbox.my_notices", siap="lagi"), 303)


def code() -> BaseResponse:
    """Hubungkan Telegram: a code that is shown once, as text, link and picture."""
    if runtime().notify is None:
        abort(404)
    with runtime().engine.begin() as connection:
        wishes = delivery.wishes(connection, person().id)
        wait = throttle.attempt(connection, auth.bucket("telegram", str(person().id)), now(), _CODES)
        if wait:
            return _too_fast(connection, wishes, wait)
        made = chats.make_code(connection, person().id, now())
        return _page(connection, wishes, code=made, **_way_to_bot(made))


def _too_fast(connection: Connection, wishes: Wishes, wait: timedelta) -> Response:
    response = _page(connection, wishes, 429, problem=login.too_many(wait))
    response.headers["Retry-After"] = str(math.ceil(wait.total_seconds()))
    return response


def try_out() -> BaseResponse:
    """Kirim uji ke saya: a notice without any content, on the ways that are chosen; 422 where none is."""
    with runtime().engine.begin() as connection:
        wishes = delivery.wishes(connection, person().id)
        if not wishes.chosen:
            return _page(connection, wishes, 422, problem=_("Pilih dan simpan dahulu apa yang dikirim, dan ke mana."))
        wait = throttle.attempt(connection, auth.bucket("trial", str(person().id)), now(), _TRIALS)
        if wait:
            return _too_fast(connection, wishes, wait)
        trials.ask(connection, person().id, now())
    return redirect(url_for("inbox.my_notices") + "#trial", 303)


def _way_to_bot(made: str) -> dict[str, Any]:
    """The bot's name and the link that opens it with the code, where the settings tell its name."""
    account = runtime().accounts[runtime().notify or ""]
    name = next(iter(account.channel.addresses), None)
    if name is None:
        return {"bot_name": None, "link": None, "picture": None}
    link = f"https://t.me/{name}?start={made}"
    return {"bot_name": name, "link": link, "picture": _picture(link)}


def _picture(link: str) -> str:
    import segno  # noqa: PLC0415 - the gateway starts without it

    made: str = segno.make_qr(link, error="m").svg_inline(scale=5, light="#fff")
    return made


def unlink() -> BaseResponse:
    """Putuskan Telegram."""
    with runtime().engine.begin() as connection:
        chats.unlink(connection, person().id, now())
    return redirect(url_for("inbox.my_notices", siap="putus"), 303)


ROUTES: Final = (
    Route(rule="/me/notices", name="my_notices", view=show, need=Need.READ),
    Route(rule="/me/notices", name="my_notices_save", view=save, need=Need.READ, method="POST"),
    Route(rule="/me/notices/resume", name="my_notices_resume", view=resume, need=Need.READ, method="POST"),
    Route(rule="/me/notices/test", name="my_notices_test", view=try_out, need=Need.READ, method="POST"),
    Route(rule="/me/telegram", name="telegram_code", view=code, need=Need.READ, method="POST"),
    Route(rule="/me/telegram/unlink", name="telegram_unlink", view=unlink, need=Need.READ, method="POST"),
)

"""What administrators do to a channel: have it checked, pause it, go on, send a test, say what is expected of it."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Final

from flask import abort, redirect, request, url_for

from dispatcher.bells import Bell, ring
from inbox import rights, words
from inbox.i18n import _
from inbox.manage import channels
from inbox.state import now, person, runtime
from store import accounts as store
from store import traffic

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as BaseResponse

    from dispatcher.runtime import Account

# Told to an administrator's colleague, not to an officer: it goes out as it stands, in Indonesian.
_TEXT: Final = "Pesan uji dari Muara, {at}. Kanal {account} dapat mengirim. Abaikan bila tidak Anda minta."


def _mine(name: str) -> Account:
    """The account, where the officer may do something to it; 404 where he does not see it, 403 where he only reads."""
    account = channels.known(name)
    if not rights.operates(person(), account):
        abort(403)
    return account


def _back(account: Account, done: str) -> BaseResponse:
    return redirect(url_for("inbox.channel", account=account.name, siap=done), 303)


def _field(name: str) -> str:
    return request.form.get(name, "").replace("\0", "").strip()


def check(account: str) -> BaseResponse:
    """Periksa sekarang: the clock process asks the provider; this page does not wait for it."""
    found = _mine(account)
    with runtime().engine.begin() as connection:
        store.ask_check(connection, found.name, now())
    return _back(found, "periksa")


def pause(account: str) -> BaseResponse:
    """Jeda: nothing is sent, or nothing fetched, until somebody resumes. Webhooks are kept all the same."""
    found = _mine(account)
    sending = request.form.get("sending") == "1" and found.channel.capabilities.replies
    polling = request.form.get("polling") == "1" and found.channel.capabilities.polling
    reason = _field("reason")
    if not (sending or polling):
        return channels.render(found, 422, _("Pilih apa yang dijeda."))
    if not reason or len(reason) > channels.LONGEST_REASON:
        return channels.render(
            found, 422, _("Tulis alasannya, paling banyak %(most)s huruf.", most=channels.LONGEST_REASON)
        )
    by = (person().id, person().name)
    with runtime().engine.begin() as connection:
        store.pause(connection, found.name, by, now(), reason, sending=sending, polling=polling)
    return _back(found, "jeda")


def resume(account: str) -> BaseResponse:
    """Lanjutkan: what waited goes out at once."""
    found = _mine(account)
    with runtime().engine.begin() as connection:
        store.resume(connection, found.name, person().id, now())
    ring(runtime().redis, Bell.OUTBOX)
    return _back(found, "lanjut")


def test(account: str) -> BaseResponse:
    """Kirim pesan uji: to the address that was typed, and to no other."""
    found = _mine(account)
    if not found.channel.capabilities.replies:
        abort(404)
    try:
        form = uuid.UUID(_field("submission"))
    except ValueError:
        abort(400)
    to = _field("to")
    if not to or len(to) > channels.LONGEST_ADDRESS or not to.isprintable():
        return channels.render(found, 422, _("Tulis satu alamat atau nomor tujuan."))
    if request.form.get("mine") != "1":
        return channels.render(found, 422, _("Pastikan alamat itu milik Anda atau rekan Anda, lalu centang."))
    text = _TEXT.format(at=words.absolute(now(), runtime().zone), account=found.name)
    with runtime().engine.begin() as connection:
        if traffic.send_test(connection, form, found.name, to, text, now()):
            store.record(connection, now(), person().id, found.name, "tested")
    ring(runtime().redis, Bell.OUTBOX)
    return _back(found, "uji")


def expect(account: str) -> BaseResponse:
    """Harapan: at least one message in so many hours; an empty field expects nothing."""
    found = _mine(account)
    typed = _field("hours")
    hours = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < len("10000") else None
    if typed and (hours is None or not 1 <= hours <= channels.MOST_HOURS):
        return channels.render(
            found, 422, _("Tulis jumlah jam, 1 sampai %(most)s, atau kosongkan.", most=channels.MOST_HOURS)
        )
    with runtime().engine.begin() as connection:
        store.expect(connection, found.name, person().id, now(), hours, working=request.form.get("working") == "1")
    return _back(found, "harapan")

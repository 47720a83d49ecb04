"""The channels: how each account is, what came and went, and what an administrator does about it."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from flask import abort, request

from dispatcher import watch as watching
from inbox import rights, words
from inbox.i18n import _, _c, lazy, said
from inbox.manage import soundness
from inbox.presenters import channel_mark
from inbox.queue.lamps import Lamp, judged, states
from inbox.state import now, page, person, reading, runtime
from store import accounts as store
from store import cursors, traffic, watch
from store.accounts import State
from store.traffic import Outgoing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Response

    from dispatcher.runtime import Account
    from store.accounts import Trace

LONGEST_REASON: Final = 300
LONGEST_ADDRESS: Final = 320
#: A year of hours: whoever expects less than one message a year expects none.
MOST_HOURS: Final = 8784
_WEEK: Final = timedelta(days=7)
_SAVED: Final = {
    "periksa": lazy("Pemeriksaan diminta; hasilnya tampak dalam beberapa detik. Muat ulang halaman ini."),
    "jeda": lazy("Kanal dijeda."),
    "lanjut": lazy("Kanal berjalan lagi. Yang menunggu dikirim sekarang."),
    "uji": lazy("Pesan uji masuk antrean kirim. Muat ulang halaman ini untuk melihat hasilnya."),
    "harapan": lazy("Harapan disimpan, dihitung mulai sekarang."),
}
_KINDS: Final = {
    "resumed": lazy("dilanjutkan"),
    "tested": lazy("pesan uji dikirim"),
    "silent": lazy("alarm: terlalu lama tanpa pesan"),
    "replayed": lazy("karantina dibaca ulang"),
    "dismissed": lazy("dikeluarkan dari karantina"),
    "revealed": lazy("isi karantina dilihat"),
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """What became of the payloads of one day or of all; `others` are edits, withdrawals, receipts and parts."""

    payloads: int = 0
    messages: int = 0
    duplicates: int = 0
    ignored: int = 0
    quarantined: int = 0
    pending: int = 0
    others: int = 0
    remainder: int = 0

    def __add__(self, other: Sums) -> Sums:
        """Both together."""
        names = [field.name for field in dataclasses.fields(self)]
        return Sums(**{name: getattr(self, name) + getattr(other, name) for name in names})


def sums(line: Mapping[str, Any]) -> Sums:
    """Of a stored line of the ledger."""
    counts = line["outcomes"]
    return Sums(
        payloads=line["payloads"],
        messages=counts["message"],
        duplicates=counts["duplicate"],
        ignored=counts["ignored"],
        quarantined=counts["quarantined"],
        pending=line["unparsed"] + line["pending"],
        others=counts["edit"] + counts["unsent"] + counts["receipt"] + counts["joined"],
        remainder=line["remainder"],
    )


def show() -> Response:
    """All accounts that the officer oversees, and above them whether the installation itself is well."""
    seen = rights.accounts(person(), runtime())
    with reading() as connection:
        findings = soundness.findings(connection)
        heard = watch.last_messages(connection, [account.name for account in seen])
        out = traffic.outgoing(connection, now() - _WEEK)
    rows = [_facts(account, heard.get(account.name), out.get(account.name, Outgoing())) for account in seen]
    order = {"bad": 0, "paused": 1, "unknown": 2, "ok": 3}
    rows.sort(key=lambda row: (order[row["lamp"].colour], row["name"]))
    return page("channels.html", title=_c("menu", "Kanal"), rows=rows, findings=findings)


def one(account: str) -> Response:
    """One account with its forms."""
    return render(known(account))


def known(name: str) -> Account:
    """The account, where this officer oversees it; 404 for any other."""
    return next((each for each in rights.accounts(person(), runtime()) if each.name == name), None) or abort(404)


def render(account: Account, status: int = 200, problem: str | None = None) -> Response:
    """The page of an account; `problem` says why its form was not done."""
    with reading() as connection:
        heard = watch.last_messages(connection, [account.name]).get(account.name)
        out = traffic.outgoing(connection, now() - _WEEK).get(account.name, Outgoing())
        tests = traffic.tests(connection, account.name)
        moved = cursors.moved(connection, account.name)
        trace = store.history(connection, account.name)
    facts = _facts(account, heard, out)
    state: State = facts["state"]
    return page(
        "channel.html",
        status,
        **facts,
        title=facts["name"],
        problem=problem,
        done=_SAVED.get(request.args.get("siap", "")),
        can=account.channel.capabilities,
        hook=account.channel.account.hook_url,
        sources=account.manifest.sources,
        readme=f"channels/{account.channel.key}/README.md",
        moved=_at(moved),
        tests=[_test(row) for row in tests],
        days=[(line["day"], sums(line)) for line in reversed(state.week)],
        trace=[_line(line) for line in trace],
        operates=rights.operates(person(), account),
        typed=request.form,
        submission=uuid4(),
        limits={"reason": LONGEST_REASON, "address": LONGEST_ADDRESS, "hours": MOST_HOURS},
    )


def _facts(account: Account, heard: datetime | None, out: Outgoing) -> dict[str, Any]:
    state = states().get(account.name, State())
    mark = channel_mark(runtime(), account.name, account.channel.key)
    colour, label = judged(state)
    today = runtime().day(now()).isoformat()
    lines = [(line["day"], sums(line)) for line in state.week]
    return {
        "account": account.name,
        "name": said(account.manifest.name),
        "lamp": Lamp(account=account.name, mark=mark, colour=colour, label=label),
        "state": state,
        "health": said(state.health),
        "last_error": said(state.last_error),
        "programs": [program.name for program in account.programs],
        "checked": _at(state.checked_at),
        "heard": _at(heard),
        "sent": _at(state.last_out_at),
        "polled": _at(state.last_in_at),
        "failed": _at(state.last_error_at),
        "rests": _at(state.paused_until) if state.paused_until and state.paused_until > now() else None,
        "paused": _at(state.paused_at),
        "silent": _at(state.silent_since),
        "due": _due(account, state, heard),
        "out": out,
        "oldest": _at(out.oldest),
        "today": next((found for day, found in lines if day == today), Sums()),
        "week": sum((found for _day, found in lines), Sums()),
    }


def _due(account: Account, state: State, heard: datetime | None) -> dict[str, str] | None:
    """Until when the next message is expected."""
    since = max((at for at in (heard, state.expect_since) if at is not None), default=None)
    if state.expect_hours is None or since is None:
        return None
    return _at(watching.deadline(account, since, state.expect_hours, working=state.expect_working))


def _at(moment: datetime | None) -> dict[str, str] | None:
    """A time as templates show it: how long ago, and in full on hover."""
    if moment is None:
        return None
    zone = runtime().zone
    full = words.absolute(moment, zone)
    return {"text": words.ago(moment, now(), zone) if moment <= now() else full, "title": full, "full": full}


def _test(row: Any) -> dict[str, Any]:
    label = words.DELIVERY.get(row.state, row.state)
    return {"to": row.address, "state": row.state, "label": label, "error": said(row.error), "at": _at(row.created_at)}


def told(line: Trace) -> str:
    """What was done to an account, in a few words."""
    shown = _line(line)
    return ": ".join(part for part in (shown["what"], shown["note"]) if part)


def _line(line: Trace) -> dict[str, Any]:
    data = line.data
    if line.kind == "paused":
        parts = [_("pengiriman")] * data["sending"] + [_("penjemputan")] * data["polling"]
        what = _("dijeda (%(parts)s)", parts=", ".join(parts))
    elif line.kind == "expected":
        what = _expectation(data["hours"], working=data["working"])
    else:
        what = str(_KINDS.get(line.kind, line.kind))
    return {"what": what, "who": line.actor, "note": data.get("reason") or "", "at": _at(line.at)}


def _expectation(hours: int | None, *, working: bool) -> str:
    if hours is None:
        return _("harapan dihapus")
    if working:
        return _("diharapkan sedikitnya satu pesan tiap %(hours)s jam kerja", hours=hours)
    return _("diharapkan sedikitnya satu pesan tiap %(hours)s jam", hours=hours)

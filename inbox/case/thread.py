"""From a complaint's file to its thread as one officer may read it: lines, files, deliveries, history."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from inbox import rights, words
from inbox.case.papers import Paper, Point, paper, point
from inbox.i18n import _, lazy, said
from inbox.masking import Veil, veil
from inbox.presenters import channel_mark, unit_name
from normalizer import parts
from normalizer.complaint import State
from normalizer.program import Recipient
from store.casework.base import LOOKED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from uuid import UUID

    from dispatcher.runtime import Runtime
    from store.casefile import File
    from store.people import Person

#: Their lines stand in the thread themselves.
_SHOWN_AS_LINES: Final = frozenset({"dijawab", "dicatat", "menulis_lagi"})


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Time:
    """A moment as the thread shows it, and in full."""

    iso: str
    text: str
    title: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What became of a message of ours; `can_retry` and `undecided` offer the officer's buttons."""

    id: UUID
    state: str
    label: str
    error: str
    can_retry: bool
    undecided: bool


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One entry of the thread. `kind` is in, out, note or event; of an event only `text` and `who` are filled.

    `letter` names a mail that can be seen as it was sent, `split` a line from which another case can begin.
    """

    kind: str
    order: datetime
    time: Time
    who: str
    text: str
    channel: str = ""
    subject: str = ""
    quoted: str = ""
    letter: UUID | None = None
    split: UUID | None = None
    original: str = ""
    revised: Time | None = None
    withdrawn: Time | None = None
    missing: str = ""
    point: Point | None = None
    papers: tuple[Paper, ...] = ()
    delivery: Delivery | None = None
    automatic: str = ""
    in_person: bool = False


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What turning rows into lines needs to know about who reads, and when."""

    runtime: Runtime
    person: Person
    now: datetime
    officers: Mapping[int, str]

    def time(self, at: datetime) -> Time:
        """A moment for the thread."""
        zone = self.runtime.zone
        return Time(iso=at.isoformat(), text=words.moment(at, self.now, zone), title=words.absolute(at, zone))


def veil_of(file: File, person: Person, *, always: bool = False) -> Veil:
    """The veil over this file: it knows every name and address that the reporter has used.

    `always` is for what many read, whatever has been revealed to this officer.
    """
    complaint = file.complaint
    identities: list[str | None] = []
    for row in file.messages:
        if row.direction == "in":
            hints = row.hints or {}
            typed = [hints.get(name) for name in ("phone", "reporter_address", "name", "email", "username")]
            identities += [row.name, row.address, *(str(each) for each in typed if each)]
    for row in file.addresses:
        identities += [row.name, row.address, row.phone]
    hidden = always or rights.masked(person, anonim=complaint.anonim, rahasia=complaint.rahasia, case=complaint.id)
    return veil(hidden, identities)


def lines(file: File, desk: Desk, cover: Veil) -> list[Line]:
    """The thread in the order in which things were written and done."""
    sends = {row.message_id: row for row in file.outbox if row.message_id is not None}
    found = [_line(row, file, desk, cover, sends.get(row.id)) for row in file.messages]
    known = {row.id for row in file.messages}
    found += [_automatic(row, desk, cover) for row in file.outbox if row.message_id not in known]
    found += [event(row, file, desk) for row in file.events if row.kind not in _SHOWN_AS_LINES]
    return sorted(found, key=lambda line: line.order)


def _line(row: Any, file: File, desk: Desk, cover: Veil, send: Any) -> Line:
    if row.direction == "in":
        return _inbound(row, file, desk, cover)
    who = desk.officers.get(row.officer_id, "") if row.officer_id else ""
    return Line(
        kind="note" if row.direction == "note" else "out",
        order=row.sent_at,
        time=desk.time(row.sent_at),
        who=who or "Muara",
        text=cover.text(row.text),
        channel="" if row.direction == "note" else channel_mark(desk.runtime, row.account, row.account).name,
        papers=tuple(paper(each, cover, row.direction) for each in file.attachments.get(row.id, ())),
        delivery=_delivery(send, cover, desk) if send is not None else None,
        automatic=_automatic_name(row, send),
        withdrawn=desk.time(row.withdrawn_at) if row.withdrawn_at else None,
        in_person=(row.hints or {}).get("delivered") == "in-person",
    )


def _automatic_name(row: Any, send: Any) -> str:
    if row.role in ("answer", "note"):
        return ""
    return words.PURPOSES.get(send.purpose if send is not None else "", _("Pesan otomatis"))


def _inbound(row: Any, file: File, desk: Desk, cover: Veil) -> Line:
    complaint = file.complaint
    revised = row.revised is not None
    return Line(
        kind="in",
        order=row.sent_at,
        time=desk.time(row.sent_at),
        who=cover.who(row.name, row.address, anonim=complaint.anonim),
        text=cover.text(row.revised if revised else row.text),
        channel=channel_mark(desk.runtime, row.account, complaint.channel).name,
        subject=cover.text(row.subject),
        # What came along (a mail's history, its signature) names the writer in ways that no pattern knows.
        quoted="" if cover.hidden else row.quoted or "",
        split=row.id if row.id != _beginning(file) else None,
        letter=row.id if row.html and not cover.hidden else None,
        original=cover.text(row.text) if revised else "",
        revised=desk.time(row.revised_at) if revised and row.revised_at else None,
        withdrawn=desk.time(row.withdrawn_at) if row.withdrawn_at else None,
        missing=_missing(row),
        point=_place(row.location, cover),
        papers=tuple(paper(each, cover) for each in file.attachments.get(row.id, ())),
    )


def _beginning(file: File) -> UUID | None:
    """The citizen's first line, which makes the complaint."""
    return next((row.id for row in file.messages if row.direction == "in"), None)


def _missing(row: Any) -> str:
    if not row.missing:
        return ""
    numbers = [int(number) for number in row.missing]
    present = [int(number) for number in row.parts or {} if str(number).isdigit()]
    runs = ", ".join(f"{first}-{last}" if first != last else str(first) for first, last in parts.runs(numbers))
    return _("Bagian %(parts)s dari %(total)s tidak sampai.", parts=runs, total=max(numbers + present))


def _place(location: Mapping[str, Any] | None, cover: Veil) -> Point | None:
    return point(location, cover.text((location or {}).get("label")))


def _delivery(row: Any, cover: Veil, desk: Desk) -> Delivery:
    works = rights.may(desk.person, rights.Need.WORK)
    return Delivery(
        id=row.id,
        state=row.state,
        label=words.DELIVERY.get(row.state, row.state),
        error=cover.text(said(row.error)),
        can_retry=works and row.state == "failed",
        undecided=works and row.state == "unknown",
    )


def _automatic(row: Any, desk: Desk, cover: Veil) -> Line:
    """A message of ours that has no line of its own, such as the acknowledgement."""
    return Line(
        kind="out",
        order=row.created_at,
        time=desk.time(row.created_at),
        who="Muara",
        text=cover.text(row.text),
        channel=channel_mark(desk.runtime, row.account, row.account).name,
        delivery=_delivery(row, cover, desk),
        automatic=words.PURPOSES.get(row.purpose, _("Pesan otomatis")),
    )


def answered(row: Any, file: File, desk: Desk, cover: Veil) -> Line:
    """An officer's answer by itself, without what became of it."""
    return _line(row, file, desk, cover, None)


def event(row: Any, file: File, desk: Desk) -> Line:
    """An entry of the history in a few words."""
    text = told(row.kind, row.data, desk.runtime, file.complaint.program)
    return Line(kind="event", order=row.at, time=desk.time(row.at), who=actor(row.actor), text=text)


def told(kind: str, data: Mapping[str, Any], runtime: Runtime, program: str | None) -> str:
    """What was done to a complaint of that program, in a few words."""
    tell = _EVENTS.get(kind)
    return tell(data, runtime, program) if tell else str(_PLAIN.get(kind, kind.replace("_", " ")))


def actor(name: str) -> str:
    """Who did it, as the history names him."""
    return {"warga": _("Warga"), "sistem": "Muara"}.get(name, name)


def _closed(data: Mapping[str, Any], _runtime: Runtime, _program: str | None) -> str:
    state = data.get("state")
    if state not in set(State):
        return _("menutup aduan")
    return _("menutup aduan: %(state)s", state=words.STATES[State(state)])


def _disposed(data: Mapping[str, Any], runtime: Runtime, program: str | None) -> str:
    return _("mendisposisikan ke %(unit)s", unit=unit_name(runtime, program, data.get("unit")))


def _program_set(data: Mapping[str, Any], runtime: Runtime, _program: str | None) -> str:
    key = str(data.get("program"))
    return _("memilih program %(program)s", program=runtime.programs[key].name if key in runtime.programs else key)


def _settled(data: Mapping[str, Any], _runtime: Runtime, _program: str | None) -> str:
    if data.get("arrived"):
        return _("memastikan pesan sudah sampai")
    return _("mengirim ulang pesan yang tidak pasti sampai")


def _said_there(data: Mapping[str, Any], _runtime: Runtime, _program: str | None) -> str:
    state = data.get("moved")
    there = {"system": data.get("system"), "word": data.get("word")}
    if state in set(State):
        became = words.STATES[State(state)]
        return _("status di %(system)s: %(word)s; keadaan menjadi %(state)s", state=became, **there)
    return _("status di %(system)s: %(word)s; keadaan di sini tetap", **there)


def _forwarded(data: Mapping[str, Any], _runtime: Runtime, _program: str | None) -> str:
    over = {"account": data.get("account"), "service": data.get("service")}
    if data.get("step") == "terkirim":
        number = data.get("id") or _("belum ada")
        return _(
            "meneruskan aduan lewat %(account)s, layanan %(service)s; nomor di sana: %(number)s", number=number, **over
        )
    if data.get("step") == "gagal":
        return _("mencoba meneruskan aduan lewat %(account)s, layanan %(service)s: gagal", **over)
    return _("mencoba meneruskan aduan lewat %(account)s, layanan %(service)s: belum diketahui sampai tidaknya", **over)


def _handed_on(data: Mapping[str, Any], _runtime: Runtime, _program: str | None) -> str:
    return _("menyatakan bukan wewenang dan meneruskan ke %(to)s", to=data.get("to"))


def _archived(data: Mapping[str, Any], _runtime: Runtime, _program: str | None) -> str:
    ground = words.GROUNDS.get(str(data.get("ground")), data.get("alasan") or "").partition(" (")[0]
    return _("mengarsipkan aduan: %(ground)s", ground=ground.lower()) if ground else _("mengarsipkan aduan")


def _held(data: Mapping[str, Any], runtime: Runtime, _program: str | None) -> str:
    until = datetime.fromisoformat(data["until"]).astimezone(runtime.zone)
    return _("menunda aduan sampai %(day)s", day=words.day(until))


def _undone(data: Mapping[str, Any], _runtime: Runtime, _program: str | None) -> str:
    return _("mengurungkan tindakannya: %(act)s", act=words.ACTS.get(str(data.get("what")), ""))


def _warned(data: Mapping[str, Any], runtime: Runtime, _program: str | None) -> str:
    who = ", ".join(str(words.RECIPIENTS[Recipient(each)]) for each in data.get("to", ()))
    step = words.step(data["clock"], data["at"], datetime.fromisoformat(data["due"]), runtime.zone)
    return _("mengingatkan %(who)s: %(step)s", who=who, step=step)


def _prodded(data: Mapping[str, Any], runtime: Runtime, program: str | None) -> str:
    unit = unit_name(runtime, program, data.get("unit"))
    return _("mengingatkan %(who)s", who=unit) if unit else _("mengingatkan petugas")


def _merged(data: Mapping[str, Any], _runtime: Runtime, _program: str | None) -> str:
    return _("menggabungkan aduan ini ke %(ticket)s", ticket=data.get("into") or _("aduan lain"))


def _taken(data: Mapping[str, Any], _runtime: Runtime, _program: str | None) -> str:
    return _("mengambil alih aduan") if data.get("before") else _("mengambil aduan")


#: What was done, where its data say no more.
_PLAIN: Final = {
    "diterima": lazy("mengirim aduan"),
    "dibuka_kembali": lazy("membuka aduan kembali karena warga menulis lagi"),
    "ditutup_otomatis": lazy("menutup aduan karena warga tidak menjawab"),
    "dilanjutkan": lazy("melanjutkan aduan yang ditunda"),
    "kontak_disatukan": lazy("menyatukan pelapor dengan alamatnya di kanal lain"),
    "kontak_dipisahkan": lazy("memisahkan satu alamat dari pelapor"),
    "dikirim_ulang": lazy("mengirim ulang pesan yang gagal"),
    "dijawab": lazy("menjawab warga"),
    "dicatat": lazy("menulis catatan"),
    "menulis_lagi": lazy("menulis lagi"),
}


def _looked(data: Mapping[str, Any], _runtime: Runtime, _program: str | None) -> str:
    return _("melihat identitas pelapor, alasan: %(reason)s", reason=data.get("reason"))


_EVENTS: Final[dict[str, Callable[[Mapping[str, Any], Runtime, str | None], str]]] = {
    "digabung": _merged,
    "menerima_gabungan": lambda data, *_rest: _("menggabungkan aduan %(ticket)s ke sini", ticket=data.get("ticket")),
    "dipecah": lambda data, *_rest: _("memecah sebagian pesan menjadi aduan %(ticket)s", ticket=data.get("ticket")),
    "dipecah_dari": lambda data, *_rest: _("memecah aduan ini dari %(ticket)s", ticket=data.get("ticket")),
    "dipisahkan": lambda data, *_rest: _("memisahkan aduan ini lagi dari %(ticket)s", ticket=data.get("ticket")),
    "melepas_gabungan": lambda data, *_rest: _("memisahkan lagi aduan %(ticket)s", ticket=data.get("ticket")),
    "diambil": _taken,
    "didisposisikan": _disposed,
    "ditutup": _closed,
    LOOKED: _looked,
    "bukan_wewenang": _handed_on,
    "diarsipkan": _archived,
    "ditunda": _held,
    "tenggat": _warned,
    "diingatkan": _prodded,
    "diurungkan": _undone,
    "program_dipilih": _program_set,
    "dipastikan": _settled,
    "status_luar": _said_there,
    "diteruskan": _forwarded,
}

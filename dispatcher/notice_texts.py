"""What a notice says outside the house, in both languages: never a citizen's words or name, nor an officer's.

Mail and chats are read by others than the officer: by servers, on locked telephones. What happened stands behind the
link, for whoever logs in.
"""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from normalizer.program import Clock
from normalizer.telling import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from zoneinfo import ZoneInfo

    from normalizer.program import Program

#: Notices that one message spells out; the rest stands behind the link.
MOST: Final = 20


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The phrases of one language; `{}` of the dictionaries is filled with what their names say."""

    kinds: Mapping[Kind, str]
    more_new: str
    reopened: str
    clocks: Mapping[Clock, str]
    reached: str
    share: str
    left: str
    over: str
    due: str
    many: str
    digest: str
    rest: str
    settings: str
    linked: str
    taken: str
    wrong: str
    months: tuple[str, ...]
    clock: str


INDONESIAN: Final = Words(
    kinds={
        Kind.NEW: "Aduan baru",
        Kind.HANDED: "Disposisi untuk unit Anda",
        Kind.AGAIN: "Warga menulis lagi",
        Kind.FAILED: "Kiriman kepada warga gagal",
        Kind.PROD: "Pimpinan mengingatkan",
        Kind.MENTION: "Rekan memanggil Anda dalam catatan",
        Kind.SILENCE: "Kanal {account} sudah lama tidak menerima pesan",
        Kind.TEST: "Uji pemberitahuan: kiriman ke sini sampai",
    },
    more_new="Aduan baru, dan {more} lain",
    reopened="Warga menulis lagi; aduan dibuka kembali",
    clocks={
        Clock.VERIFICATION: "verifikasi",
        Clock.RESPONSE: "tanggapan pertama",
        Clock.RESOLUTION: "penyelesaian",
        Clock.SILENCE: "jawaban warga",
    },
    reached="Tenggat {clock} sudah sampai",
    share="Tenggat {clock} sudah berjalan {share}",
    left="Tenggat {clock} tinggal {hours} jam",
    over="Tenggat {clock} lewat {hours} jam",
    due="Tenggat {at}",
    many="{count} pemberitahuan",
    digest="Ringkasan: {count} pemberitahuan",
    rest="… dan {count} lagi:",
    settings="Atur pemberitahuan:",
    linked="Terhubung. Pemberitahuan yang Anda pilih akan datang ke sini. Atur: {link}",
    taken="Telegram ini sudah terhubung dengan petugas lain. Putuskan dulu di akun itu.",
    wrong="Kode petugas ini tidak berlaku lagi. Buat kode baru di akun Anda. Untuk mengadu, tulis saja aduan Anda.",
    months=("Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des"),
    clock="%H.%M",
)
ENGLISH: Final = Words(
    kinds={
        Kind.NEW: "New complaint",
        Kind.HANDED: "Handed to your unit",
        Kind.AGAIN: "The citizen wrote again",
        Kind.FAILED: "A message to the citizen failed",
        Kind.PROD: "A leader reminds you",
        Kind.MENTION: "A colleague mentioned you in a note",
        Kind.SILENCE: "Channel {account} has received nothing for long",
        Kind.TEST: "Test of your notifications: they arrive here",
    },
    more_new="New complaint, and {more} more",
    reopened="The citizen wrote again; the case is open again",
    clocks={
        Clock.VERIFICATION: "verification",
        Clock.RESPONSE: "first response",
        Clock.RESOLUTION: "resolution",
        Clock.SILENCE: "citizen's reply",
    },
    reached="Deadline reached: {clock}",
    share="{share} of the time is over: {clock}",
    left="{hours} hours left: {clock}",
    over="{hours} hours overdue: {clock}",
    due="Due {at}",
    many="{count} notices",
    digest="Digest: {count} notices",
    rest="… and {count} more:",
    settings="Notification settings:",
    linked="Linked. The notices that you chose will come here. Settings: {link}",
    taken="Another officer has linked this Telegram. Unlink it there first.",
    wrong="This officer's code is not valid any more. Make a new one in your account. To complain, just write here.",
    months=("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    clock="%H:%M",
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What texts need of the installation."""

    programs: Mapping[str, Program]
    public_url: str
    zone: ZoneInfo


def words_of(language: str | None) -> Words:
    """The phrases of an officer's language; Indonesian where he chose none."""
    return ENGLISH if language == "en" else INDONESIAN


def subject(words: Words, rows: Sequence[Any], *, digest: bool) -> str:
    """The mail's subject: of one notice what it says, of several how many."""
    if len(rows) == 1 and not digest:
        [row] = rows
        return f"Muara: {_what(words, row)}" + (f" ({row.ticket})" if row.ticket else "")
    template = words.digest if digest else words.many
    return f"Muara: {template.format(count=len(rows))}"


def body(house: House, words: Words, rows: Sequence[Any], *, digest: bool) -> str:
    """The message: a paragraph for each notice, the first of them at most, and where the rest stands."""
    parts = [(words.digest if digest else words.many).format(count=len(rows))] if len(rows) > 1 or digest else []
    parts += [_paragraph(house, words, row) for row in rows[:MOST]]
    if len(rows) > MOST:
        parts.append(f"{words.rest.format(count=len(rows) - MOST)} {house.public_url}/inbox/notices")
    parts.append(f"{words.settings} {house.public_url}/inbox/me/notices")
    return "\n\n".join(parts) + "\n"


def _paragraph(house: House, words: Words, row: Any) -> str:
    if row.ticket is None:
        return f"{_what(words, row)}\n{house.public_url}/inbox/notices"
    program = house.programs.get(row.program or "")
    place = [row.ticket]
    if program is not None:
        place.append(program.name)
        place += [unit.name for unit in program.units if unit.code == row.unit]
    lines = [_what(words, row), " · ".join(place)]
    due = datetime.fromisoformat(row.data["due"]) if row.kind == Kind.DEADLINE.value else row.next_due_at
    if due is not None:
        lines.append(words.due.format(at=_moment(house, words, due)))
    return "\n".join([*lines, f"{house.public_url}/inbox/{row.ticket}"])


def _what(words: Words, row: Any) -> str:
    kind, data = Kind(row.kind), row.data
    if kind is Kind.DEADLINE:
        return _step(words, words.clocks[Clock(data["clock"])], data["at"])
    if kind is Kind.NEW and data.get("more"):
        return words.more_new.format(more=data["more"])
    if kind is Kind.AGAIN and data.get("reopened"):
        return words.reopened
    return words.kinds[kind].format(account=data.get("account", ""))


def _step(words: Words, clock: str, at: str) -> str:
    if at == "0":
        return words.reached.format(clock=clock)
    if at.endswith("%"):
        return words.share.format(clock=clock, share=at)
    return (words.left if at.startswith("-") else words.over).format(clock=clock, hours=at[1:-1])


def _moment(house: House, words: Words, at: datetime) -> str:
    local = at.astimezone(house.zone)
    return f"{local.day} {words.months[local.month - 1]} {local.year} {local.strftime(words.clock)} {local.tzname()}"

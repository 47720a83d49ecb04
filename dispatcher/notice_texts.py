"""What a notice says outside the house, in its officer's language: never a citizen's words or name, nor an officer's.

Mail and chats are read by others than the officer: by servers, on locked telephones. What happened stands behind the
link, for whoever logs in.
"""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from dispatcher import tongues
from normalizer.program import Clock
from normalizer.saying import Sentence, say, told
from normalizer.telling import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from gettext import NullTranslations
    from zoneinfo import ZoneInfo

    from normalizer.program import Program

#: Notices that one message spells out; the rest stands behind the link.
MOST: Final = 20
_KINDS: Final = {
    Kind.NEW: say("Aduan baru"),
    Kind.HANDED: say("Disposisi untuk unit Anda"),
    Kind.AGAIN: say("Warga menulis lagi"),
    Kind.FAILED: say("Kiriman kepada warga gagal"),
    Kind.PROD: say("Pimpinan mengingatkan Anda"),
    Kind.MENTION: say("Rekan memanggil Anda dalam catatan"),
    Kind.TEST: say("Uji pemberitahuan: kiriman ke sini sampai"),
}
_CLOCKS: Final = {
    Clock.VERIFICATION: say("verifikasi"),
    Clock.RESPONSE: say("tanggapan pertama"),
    Clock.RESOLUTION: say("penyelesaian"),
    Clock.SILENCE: say("jawaban warga"),
}
_MONTHS: Final = {
    "id": ("Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des"),
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
}
_TIMES: Final = {"id": "%H.%M", "en": "%H:%M"}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What texts need of the installation."""

    programs: Mapping[str, Program]
    public_url: str
    zone: ZoneInfo


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """An officer's language: `code` is id or en."""

    code: str
    catalogue: NullTranslations

    def __call__(self, sentence: Sentence) -> str:
        """The sentence in it."""
        return told(sentence, self.catalogue.gettext)


def words_of(language: str | None) -> Words:
    """An officer's language; Indonesian where he chose none."""
    return Words(code="en" if language == "en" else "id", catalogue=tongues.of(language))


def subject(words: Words, rows: Sequence[Any], *, digest: bool) -> str:
    """The mail's subject: of one notice what it says, of several how many."""
    if len(rows) == 1 and not digest:
        [row] = rows
        return f"Muara: {words(_what(row))}" + (f" ({row.ticket})" if row.ticket else "")
    return f"Muara: {words(_many(len(rows), digest=digest))}"


def body(house: House, words: Words, rows: Sequence[Any], *, digest: bool) -> str:
    """The message: a paragraph for each notice, the first of them at most, and where the rest stands."""
    parts = [words(_many(len(rows), digest=digest))] if len(rows) > 1 or digest else []
    parts += [_paragraph(house, words, row) for row in rows[:MOST]]
    if len(rows) > MOST:
        more = say("… dan %(count)s lagi: %(link)s", count=len(rows) - MOST, link=f"{house.public_url}/inbox/notices")
        parts.append(words(more))
    parts.append(words(say("Atur pemberitahuan: %(link)s", link=f"{house.public_url}/inbox/me/notices")))
    return "\n\n".join(parts) + "\n"


def _many(count: int, *, digest: bool) -> Sentence:
    if digest:
        return say("Ringkasan: %(count)s pemberitahuan", count=count)
    return say("%(count)s pemberitahuan", count=count)


def _paragraph(house: House, words: Words, row: Any) -> str:
    if row.ticket is None:
        return f"{words(_what(row))}\n{house.public_url}/inbox/notices"
    program = house.programs.get(row.program or "")
    place = [row.ticket]
    if program is not None:
        place.append(program.name)
        place += [unit.name for unit in program.units if unit.code == row.unit]
    lines = [words(_what(row)), " · ".join(place)]
    due = datetime.fromisoformat(row.data["due"]) if row.kind == Kind.DEADLINE.value else row.next_due_at
    if due is not None:
        lines.append(words(say("Tenggat %(at)s", at=_moment(house, words, due))))
    return "\n".join([*lines, f"{house.public_url}/inbox/{row.ticket}"])


def _what(row: Any) -> Sentence:
    kind, data = Kind(row.kind), row.data
    if kind is Kind.DEADLINE:
        return _step(_CLOCKS[Clock(data["clock"])], data["at"])
    if kind is Kind.SILENCE:
        return say("Kanal %(account)s sudah lama tidak menerima pesan", account=data.get("account", ""))
    if kind is Kind.NEW and data.get("more"):
        return say("Aduan baru, dan %(more)s lain", more=data["more"])
    if kind is Kind.AGAIN and data.get("reopened"):
        return say("Warga menulis lagi; aduan dibuka kembali")
    return _KINDS[kind]


def _step(clock: Sentence, at: str) -> Sentence:
    if at == "0":
        return say("Tenggat %(clock)s sudah sampai", clock=clock)
    if at.endswith("%"):
        return say("Tenggat %(clock)s sudah berjalan %(share)s", clock=clock, share=at)
    if at.startswith("-"):
        return say("Tenggat %(clock)s tinggal %(hours)s jam", clock=clock, hours=at[1:-1])
    return say("Tenggat %(clock)s lewat %(hours)s jam", clock=clock, hours=at[1:-1])


def _moment(house: House, words: Words, at: datetime) -> str:
    local = at.astimezone(house.zone)
    day = f"{local.day} {_MONTHS[words.code][local.month - 1]} {local.year}"
    return f"{day} {local.strftime(_TIMES[words.code])} {local.tzname()}"

"""What other systems call the states of a report, and ours for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from channels.lapor.columns import plain
from normalizer.complaint import State

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: SP4N-LAPOR's and LaporGub's own words, and those of Open311.
KNOWN: Final[Mapping[str, State]] = {
    word: state
    for state, words in (
        (State.BARU, ("menunggu", "baru", "belum diverifikasi", "belum terverifikasi", "menunggu verifikasi", "open")),
        (State.DIVERIFIKASI, ("diverifikasi", "terverifikasi", "verifikasi", "sudah diverifikasi")),
        (State.DISPOSISI, ("disposisi", "terdisposisi", "didisposisikan", "diteruskan", "belum ditindaklanjuti")),
        (
            State.TINDAK_LANJUT,
            ("proses", "diproses", "dalam proses", "sedang diproses", "tindak lanjut", "dalam tindak lanjut",
             "ditindaklanjuti", "sudah ditindaklanjuti", "dalam tindakan"),
        ),
        (State.DITUNDA, ("tunda", "ditunda", "tertunda")),
        (State.BUKAN_WEWENANG, ("bukan wewenang", "bukan kewenangan")),
        (State.DIARSIPKAN, ("arsip", "diarsipkan", "diarsip", "tidak layak", "ditolak")),
        (State.SELESAI, ("selesai", "tuntas", "ditutup", "tutup", "closed")),
    )
    for word in words
}  # fmt: skip


def state_of(word: str, more: Mapping[str, State]) -> State | None:
    """Our state for the other system's word; `more` goes before the known ones. None for an unknown word."""
    key = plain(word)
    return more.get(key) or KNOWN.get(key)


def pairs(values: Iterable[str]) -> dict[str, State]:
    """Words of an installation's own, written `Kata = selesai`. ValueError says what is expected."""
    found: dict[str, State] = {}
    for value in values:
        word, sign, state = value.partition("=")
        name = plain(state).replace(" ", "_")
        if not sign or not plain(word) or name not in set(State):
            raise ValueError("expected pairs such as 'Disetujui = selesai', with one of our states behind the sign")
        found[plain(word)] = State(name)
    return found


def checked(values: tuple[str, ...]) -> tuple[str, ...]:
    """The pairs as they are, once they can be read."""
    pairs(values)
    return values

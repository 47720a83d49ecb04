"""The one complaint model: its types, its states, and which state may follow which.

Sources: the administrator's actions of SP4N-LAPOR and LaporGub (verifikasi, tunda, bukan wewenang, arsip, disposisi,
tindak lanjut, selesai); the citizen may answer, which reopens.
"""

from __future__ import annotations

import enum
from typing import Final


class ReportType(enum.StrEnum):
    """What the citizen brings."""

    PENGADUAN = "pengaduan"
    ASPIRASI = "aspirasi"
    INFORMASI = "informasi"


class State(enum.StrEnum):
    """Where a complaint stands."""

    BARU = "baru"
    DIVERIFIKASI = "diverifikasi"
    DISPOSISI = "disposisi"
    TINDAK_LANJUT = "tindak_lanjut"
    MENUNGGU_WARGA = "menunggu_warga"
    DITUNDA = "ditunda"
    BUKAN_WEWENANG = "bukan_wewenang"
    DIARSIPKAN = "diarsipkan"
    DIGABUNG = "digabung"
    SELESAI = "selesai"


#: What officers and citizens read.
LABELS: Final[dict[State, str]] = {
    State.BARU: "baru",
    State.DIVERIFIKASI: "diverifikasi",
    State.DISPOSISI: "didisposisikan",
    State.TINDAK_LANJUT: "dalam tindak lanjut",
    State.MENUNGGU_WARGA: "menunggu jawaban warga",
    State.DITUNDA: "ditunda",
    State.BUKAN_WEWENANG: "diteruskan (bukan wewenang)",
    State.DIARSIPKAN: "diarsipkan",
    State.DIGABUNG: "digabung dengan aduan lain",
    State.SELESAI: "selesai",
}

#: States in which no deadline runs and nobody has to act; what the citizen writes reopens them.
CLOSED: Final = frozenset({State.BUKAN_WEWENANG, State.DIARSIPKAN, State.DIGABUNG, State.SELESAI})
OPEN: Final = frozenset(State) - CLOSED

_WORKING: Final = frozenset(
    {
        State.DIVERIFIKASI,
        State.DISPOSISI,
        State.TINDAK_LANJUT,
        State.MENUNGGU_WARGA,
        State.DITUNDA,
        State.BUKAN_WEWENANG,
        State.DIARSIPKAN,
        State.DIGABUNG,
        State.SELESAI,
    }
)
#: From each state, the states that may follow. Nothing goes back to `baru`; `digabung` is undone by splitting.
TRANSITIONS: Final[dict[State, frozenset[State]]] = {
    State.BARU: _WORKING,
    State.DIVERIFIKASI: _WORKING - {State.DIVERIFIKASI},
    State.DISPOSISI: _WORKING - {State.DIVERIFIKASI},
    State.TINDAK_LANJUT: _WORKING - {State.DIVERIFIKASI},
    State.MENUNGGU_WARGA: _WORKING - {State.DIVERIFIKASI, State.MENUNGGU_WARGA},
    State.DITUNDA: _WORKING - {State.DITUNDA},
    State.BUKAN_WEWENANG: frozenset({State.TINDAK_LANJUT, State.DISPOSISI}),
    State.DIARSIPKAN: frozenset({State.TINDAK_LANJUT, State.DISPOSISI}),
    State.DIGABUNG: frozenset({State.TINDAK_LANJUT}),
    State.SELESAI: frozenset({State.TINDAK_LANJUT, State.DISPOSISI}),
}


class TransitionError(Exception):
    """A state that may not follow the present one; names both."""


def check_transition(present: State, wanted: State) -> None:
    """TransitionError unless `wanted` may follow `present`."""
    if wanted not in TRANSITIONS[present]:
        raise TransitionError(f"{present.value} → {wanted.value}")

"""What figures are called, and how numbers and spans of time read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import flask_babel

from inbox.i18n import _, lazy
from store.figures.facts import Answer, Band, Outcome
from store.figures.worktime import measure, works

if TYPE_CHECKING:
    from collections.abc import Sequence

    from normalizer.program import Clock, Program

ANSWERS: Final = {
    Answer.IN_TIME: lazy("Dijawab tepat waktu"),
    Answer.LATE: lazy("Dijawab terlambat"),
    Answer.WAITING: lazy("Belum dijawab, masih ada waktu"),
    Answer.OVERDUE: lazy("Belum dijawab, lewat tenggat"),
    Answer.NONE: lazy("Ditutup tanpa jawaban"),
}
#: Short enough for a chart and for the head of a column.
SHORT: Final = {
    Answer.IN_TIME: lazy("Tepat waktu"),
    Answer.LATE: lazy("Terlambat"),
    Answer.OVERDUE: lazy("Lewat tenggat"),
    Answer.WAITING: lazy("Masih ada waktu"),
}
OUTCOMES: Final = {
    Outcome.DONE: lazy("Selesai tepat waktu"),
    Outcome.DONE_LATE: lazy("Selesai terlambat"),
    Outcome.OPEN: lazy("Terbuka, dalam tenggat"),
    Outcome.OPEN_LATE: lazy("Terbuka, lewat tenggat"),
    Outcome.ARCHIVED: lazy("Diarsipkan"),
    Outcome.HANDED_ON: lazy("Bukan wewenang (diteruskan)"),
}
BANDS: Final = {
    Band.HOURS_3: lazy("Sampai 3 jam"),
    Band.DAY_1: lazy("3 jam sampai 1 hari"),
    Band.DAYS_3: lazy("1 sampai 3 hari"),
    Band.DAYS_5: lazy("3 sampai 5 hari"),
    Band.LONGER: lazy("Lebih dari 5 hari"),
}
STEPS: Final = {"hari": lazy("per hari"), "minggu": lazy("per minggu"), "bulan": lazy("per bulan")}
#: The counting rules as officers read them; store/figures/facts.py is where they are carried out.
RULES: Final = (
    lazy("Aduan dihitung pada hari warga mengirimnya, satu kali, di program tempat ia berada."),
    lazy("Aduan yang digabung dihitung di aduan tujuannya; yang dipecah menjadi aduan sendiri dihitung sendiri."),
    lazy("Aduan di Triase belum punya program, jadi belum dihitung."),
    lazy(
        "Dijawab tepat waktu: jawaban pertama petugas tidak melewati tenggat tanggapan pertama. Alasan menunda,"
        " meneruskan atau mengarsipkan yang dikirim ke warga juga jawaban; balasan otomatis bukan."
    ),
    lazy(
        "Persentase tepat waktu: dari yang sudah dijawab atau sudah lewat tenggat; yang masih punya waktu belum"
        " dinilai."
    ),
    lazy(
        "Selesai tepat waktu: ditutup tidak melewati tenggat penyelesaian, dengan jeda yang diizinkan program."
        " Selama jamnya berhenti (menunggu warga, ditunda), aduan terbuka tidak dihitung lewat tenggat."
    ),
    lazy("Yang diarsipkan dan yang bukan wewenang disebut tersendiri, bukan selesai."),
    lazy("Aduan yang dibuka kembali dihitung menurut putaran terakhirnya, sejak dibuka kembali."),
    lazy("Kecamatan: tempat pertama yang disebut warga dari daftar tempat program."),
    lazy("Petugas dan kepala unit melihat angka unitnya, unit di bawahnya, dan aduan yang dipegangnya sendiri."),
)
_HOUR: Final = 3600
_MINUTE: Final = 60
_HOURS_UNTIL: Final = 48


def number(value: float) -> str:
    """`1.234`, in English `1,234`."""
    return str(flask_babel.format_decimal(value))


def percent(share: float | None) -> str:
    """`87%`; a dash where nothing can be said."""
    return "-" if share is None else str(flask_babel.format_percent(share, "#,##0%"))


def span(seconds: float | None, programs: Sequence[Program], clock: Clock) -> str:
    """`5 jam 20 menit`, `3,2 hari`, `3,2 hari kerja`; hours where programs' days differ."""
    if seconds is None:
        return "-"
    days = {measure(program, clock) for program in programs}
    working = all(works(program, clock) for program in programs)
    day = days.pop() if len(days) == 1 else None
    if day is not None and seconds >= min(_HOURS_UNTIL * _HOUR, 2 * day):
        shown = flask_babel.format_decimal(round(seconds / day, 1))
        return _("%(days)s hari kerja", days=shown) if working else _("%(days)s hari", days=shown)
    hours, minutes = int(seconds // _HOUR), int(seconds % _HOUR // _MINUTE)
    if not hours:
        return _("%(minutes)s menit", minutes=minutes)
    return _("%(hours)s jam %(minutes)s menit", hours=hours, minutes=minutes)


def measured(programs: Sequence[Program], clock: Clock) -> str:
    """In which time spans are told."""
    working = [works(program, clock) for program in programs]
    if all(working) and working:
        return _("dihitung dalam jam kerja")
    if any(working):
        return _("tiap aduan dihitung dengan jam programnya: jam kerja atau 24 jam sehari")
    return _("dihitung 24 jam sehari, setiap hari")

"""What a citizen filled in, checked: each error stands beside its field in Indonesian and says how to mend it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from datetime import date
from typing import TYPE_CHECKING, Final

from channels.toolkit.form import Form
from gateway import uploads
from normalizer.complaint import ReportType
from normalizer.identity import canonical_phone

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

#: The fields that a citizen fills in; what else a form carries is ours.
FIELDS: Final = (
    "program",
    "isi",
    "judul",
    "jenis",
    "kejadian",
    "lokasi",
    "lat",
    "lon",
    "nama",
    "telepon",
    "email",
    "anonim",
    "rahasia",
)
FILES: Final = "lampiran"
#: Left empty by people, who do not see it, and filled in by simple robots.
TRAP: Final = "situs"
LONGEST: Final = {"isi": 10_000, "judul": 150, "lokasi": 300, "nama": 120, "telepon": 40, "email": 254}
_EMAIL: Final = re.compile(r"[^\s@<>\"(),;:]+@[^\s@<>\"(),;:]+\.[^\s@.<>\"(),;:]{2,}")
_EMPTY: Final = "Tulis aduan Anda di sini: apa yang terjadi dan di mana."
_FIRST_YEAR: Final = 1945


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A form as filled in: its values, its files, and what is wrong by field (empty where it may be sent)."""

    values: Mapping[str, str]
    form: Form
    errors: Mapping[str, str]

    @property
    def phone(self) -> str | None:
        """The phone number in its one spelling."""
        return canonical_phone(self.values["telepon"])

    @property
    def digest(self) -> str:
        """A hash of all that the citizen gave, the same for the same form sent twice."""
        files = [hashlib.sha256(upload.content).hexdigest() for upload in self.form.uploads]
        return hashlib.sha256(json.dumps([self.values, files], sort_keys=True).encode()).hexdigest()


def check(form: Form, programs: Collection[str], today: date, max_files: int) -> Report:
    """The report that a form holds; `programs` are the keys it may choose from, `max_files` all files' bytes."""
    values = {name: form.get(name) for name in FIELDS}
    if not values["program"] and len(programs) == 1:
        values["program"] = next(iter(programs))
    found = {
        "program": None if not programs or values["program"] in programs else "Pilih program yang Anda tuju.",
        "isi": None if values["isi"] else _EMPTY,
        "jenis": None if values["jenis"] in {"", *ReportType} else "Pilih salah satu jenis.",
        "kejadian": _about_date(values["kejadian"], today),
        "telepon": _about_phone(values["telepon"]),
        "email": _about_email(values["email"]),
        FILES: uploads.complaint_about(form.uploads, max_files),
    }
    errors = {name: error for name, error in found.items() if error}
    for name, longest in LONGEST.items():
        if len(values[name]) > longest:
            errors[name] = f"Terlalu panjang: {len(values[name])} huruf, paling banyak {longest}."
    return Report(values=values, form=form, errors=errors)


def blank(values: Mapping[str, str]) -> Report:
    """A form that is not filled in yet, but for these values."""
    return Report(values={name: values.get(name, "") for name in FIELDS}, form=Form({}), errors={})


def _about_date(text: str, today: date) -> str | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return "Tulis tanggalnya seperti ini: 2026-11-20."
    if day > today:
        return "Tanggal kejadian tidak boleh sesudah hari ini."
    return None if day.year >= _FIRST_YEAR else "Periksa tahunnya."


def _about_phone(text: str) -> str | None:
    if not text or canonical_phone(text):
        return None
    return "Nomor ini tidak kami kenali. Contoh: 0812 3456 7890. Boleh juga dikosongkan."


def _about_email(text: str) -> str | None:
    if not text or _EMAIL.fullmatch(text):
        return None
    return "Alamat surel ini tidak lengkap. Contoh: nama@contoh.id. Boleh juga dikosongkan."

"""The columns of an export: which heading means what, in the spellings that SP4N-LAPOR and LaporGub are likely to use.

Neither system publishes the layout of its export; where a heading is another, the account's settings name it.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: Spelled as `plain` gives them; of several headings that fit, the one named first here is taken.
HEADINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "id": (
        "tracking id", "trackingid", "id tracking", "no tracking", "nomor tracking", "kode tracking", "tiket",
        "no tiket", "nomor tiket", "kode aduan", "no aduan", "nomor aduan", "id aduan", "kode laporan", "no laporan",
        "nomor laporan", "id laporan", "no registrasi", "nomor registrasi",
    ),
    "text": (
        "isi laporan", "isi laporan awal", "isi aduan", "isi pengaduan", "uraian laporan", "uraian aduan", "uraian",
        "laporan", "aduan", "pengaduan", "isi", "deskripsi", "pesan",
    ),
    "subject": ("judul", "judul laporan", "judul laporan awal", "judul aduan", "topik aduan", "perihal", "subjek"),
    "reported": (
        "tanggal laporan", "tanggal laporan masuk", "tgl laporan", "tgl laporan masuk", "tanggal aduan", "tgl aduan",
        "tanggal lapor", "tanggal masuk", "tgl masuk", "waktu laporan", "waktu lapor", "tanggal dibuat", "dibuat pada",
        "tanggal", "created at",
    ),
    "incident": ("tanggal kejadian", "tgl kejadian", "waktu kejadian"),
    "updated": (
        "tanggal update", "tgl update", "tanggal pembaruan", "tanggal perubahan", "terakhir diperbarui",
        "terakhir diupdate", "update terakhir", "tanggal tindak lanjut terakhir", "updated at",
    ),
    "place": ("lokasi", "lokasi kejadian", "lokasi laporan", "lokasi aduan", "tempat kejadian", "alamat kejadian"),
    "agency": (
        "instansi terdisposisi", "instansi disposisi", "instansi tujuan", "instansi", "disposisi", "opd", "opd tujuan",
        "skpd", "unit kerja",
    ),
    "category": ("kategori", "kategori laporan", "kategori aduan", "topik", "bidang"),
    "status": ("status", "status laporan", "status aduan", "status tindak lanjut", "keterangan status"),
    "name": ("nama pelapor", "nama pengadu", "pelapor", "pengadu", "nama"),
    "phone": ("no hp", "nomor hp", "no telepon", "nomor telepon", "no telp", "telepon", "hp", "kontak pelapor"),
    "email": ("email", "e mail", "email pelapor", "surel"),
    "anonim": ("anonim", "is anonim", "laporan anonim", "anonymous"),
    "rahasia": ("rahasia", "is rahasia", "laporan rahasia"),
    "secrecy": ("kerahasiaan", "jenis kerahasiaan", "sifat laporan", "sifat", "privasi"),
    "type": (
        "klasifikasi tipe laporan", "klasifikasi", "klasifikasi laporan", "tipe laporan", "jenis laporan",
        "jenis aduan", "tipe",
    ),
    "source": ("sumber", "sumber laporan", "sumber aduan", "kanal", "media"),
}  # fmt: skip
#: Without these two a table is no export.
REQUIRED: Final = ("id", "text")
_NO_WORD: Final = re.compile(r"[\W_]+")


@functools.lru_cache(maxsize=1024)  # the same headings stand beside each of a file's rows
def plain(heading: str) -> str:
    """A heading without its case, signs and doubled blanks."""
    return _NO_WORD.sub(" ", unicodedata.normalize("NFKC", heading).lower()).strip()


def mapping(headings: Sequence[str], chosen: Mapping[str, str]) -> dict[str, int]:
    """The column of each field that is there; `chosen` names headings for fields and goes before the known ones."""
    places: dict[str, int] = {}
    for at, heading in enumerate(headings):
        places.setdefault(plain(heading), at)
    found: dict[str, int] = {}
    for field, known in HEADINGS.items():
        names = (plain(chosen[field]),) if chosen.get(field) else known
        place = next((places[name] for name in names if name in places), None)
        if place is not None:
            found[field] = place
    return found


def complete(found: Mapping[str, int]) -> bool:
    """Whether these columns make a report."""
    return all(field in found for field in REQUIRED)

"""What Meta's error codes mean for whoever can act on them: the officer, or the administrator whom he tells.

Source: Meta's page "Error codes" of the WhatsApp Business Platform, as of May 2026.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

from channels.errors import OutcomeUnknown, ProviderDown, Refused, SendFailed, Throttled
from channels.toolkit import meta
from normalizer.saying import Sentence, say

if TYPE_CHECKING:
    from channels.toolkit.http import Reply


@dataclasses.dataclass(frozen=True, slots=True)
class Problem:
    """What an officer reads, without full stop, and the error of a send; `wait` in seconds where it is throttled."""

    said: str
    kind: type[SendFailed] = Refused
    wait: float = 0.0


_PROBLEMS: Final[dict[int, Problem]] = {
    131047: Problem(
        say(
            "Sudah lebih dari 24 jam sejak warga terakhir menulis: hubungi lewat telepon atau saluran lain, "
            "atau tunggu sampai ia menulis lagi"
        ),
    ),
    131026: Problem(
        say(
            "WhatsApp tidak dapat mengantar pesan ke nomor ini (tidak memakai WhatsApp, memblokir kita, atau "
            "aplikasinya terlalu lama): hubungi lewat telepon atau SMS"
        ),
    ),
    131021: Problem(say("Nomor warga sama dengan nomor kita sendiri: pesan tidak dapat dikirim")),
    131030: Problem(
        say(
            "Nomor kita masih nomor percobaan dan hanya boleh mengirim ke nomor yang terdaftar: "
            "laporkan kepada administrator"
        )
    ),
    131062: Problem(say("Pesan jenis ini hanya dapat dikirim ke nomor telepon, yang disembunyikan oleh warga ini")),
    130472: Problem(
        say(
            "WhatsApp tidak mengantar pesan ini karena nomor warga ikut dalam percobaannya: hubungi lewat saluran lain"
        ),
    ),
    130497: Problem(say("Akun WhatsApp kita tidak boleh menulis ke negara nomor ini: laporkan kepada administrator")),
    131049: Problem(
        say("WhatsApp membatasi jumlah pesan templat untuk warga ini: coba lagi besok atau hubungi lewat saluran lain"),
    ),
    131050: Problem(say("Warga ini menolak pesan promosi dari kita: templat harus berkategori UTILITY")),
    131051: Problem(say("WhatsApp tidak mengenal jenis pesan ini: kirim sebagai teks, foto, atau dokumen")),
    131052: Problem(say("WhatsApp tidak dapat mengambil berkas warga: minta ia mengirimnya lagi")),
    131053: Problem(
        say("WhatsApp menolak lampiran ini (jenis atau ukurannya): kirim foto sebagai JPG atau PNG, surat sebagai PDF"),
    ),
    132000: Problem(
        say("Jumlah isian templat WhatsApp tidak cocok dengan yang disetujui: laporkan kepada administrator")
    ),
    132001: Problem(
        say("Templat WhatsApp ini belum ada atau belum disetujui dalam bahasa ini: laporkan kepada administrator")
    ),
    132005: Problem(say("Jawaban terlalu panjang untuk pesan templat: persingkat, lalu kirim lagi")),
    132007: Problem(say("Isi templat WhatsApp melanggar aturan WhatsApp: laporkan kepada administrator")),
    132008: Problem(say("Isian templat WhatsApp tidak diterima: laporkan kepada administrator")),
    132012: Problem(say("Isian templat WhatsApp tidak sesuai bentuk yang disetujui: laporkan kepada administrator")),
    132015: Problem(
        say("WhatsApp menghentikan sementara templat ini karena penilaian warga: laporkan kepada administrator")
    ),
    132016: Problem(say("WhatsApp mematikan templat ini karena penilaian warga: laporkan kepada administrator")),
    132018: Problem(
        say(
            "Isian templat memuat sesuatu yang tidak boleh (baris baru, tab, spasi beruntun): "
            "laporkan kepada administrator"
        )
    ),
    133010: Problem(say("Nomor kita belum terdaftar di WhatsApp Cloud API: laporkan kepada administrator")),
    131005: Problem(say("Aplikasi tidak memiliki izin untuk mengirim: laporkan kepada administrator")),
    131008: Problem(say("Permintaan ke WhatsApp tidak lengkap: laporkan kepada administrator")),
    131009: Problem(say("Permintaan ke WhatsApp memuat nilai yang tidak diterima: laporkan kepada administrator")),
    131031: Problem(say("Akun WhatsApp kita dikunci oleh Meta: laporkan kepada administrator")),
    131037: Problem(say("Nama tampilan nomor kita belum disetujui Meta: laporkan kepada administrator")),
    131042: Problem(say("Pembayaran akun WhatsApp kita bermasalah: laporkan kepada administrator")),
    131045: Problem(say("Pendaftaran nomor kita di WhatsApp tidak sah lagi: laporkan kepada administrator")),
    135000: Problem(say("WhatsApp menolak permintaan ini tanpa alasan: laporkan kepada administrator")),
    368: Problem(say("Meta membatasi akun WhatsApp kita karena kebijakannya: laporkan kepada administrator")),
    33: Problem(say("Nomor kita tidak ada lagi di akun WhatsApp: laporkan kepada administrator")),
    131000: Problem(say("WhatsApp gagal tanpa menyebut sebabnya"), OutcomeUnknown),
    131016: Problem(say("Layanan WhatsApp sedang terganggu"), ProviderDown),
    131057: Problem(say("Akun WhatsApp kita sedang dipelihara oleh Meta"), ProviderDown),
    133004: Problem(say("Layanan WhatsApp sedang terganggu"), ProviderDown),
    130429: Problem(say("Batas laju pengiriman WhatsApp tercapai"), Throttled, 5.0),
    131056: Problem(say("Terlalu banyak pesan ke warga yang sama dalam waktu singkat"), Throttled, 6.0),
    131048: Problem(
        say("WhatsApp membatasi nomor kita karena banyak pesannya diblokir warga: laporkan kepada administrator"),
        Throttled,
        3600.0,
    ),
}
#: Meta has more reasons to refuse a template than it documents.
_TEMPLATES: Final = range(132000, 133000)
_OTHER_TEMPLATE: Final = Problem(say("Templat WhatsApp tidak dapat dikirim: laporkan kepada administrator"))


def problem(code: int) -> Problem | None:
    """What a code means; None for one that is not WhatsApp's own."""
    return _PROBLEMS.get(code) or (_OTHER_TEMPLATE if code in _TEMPLATES else None)


def failed(errors: object) -> Sentence:
    """Why a message that Meta had taken did not arrive, from the errors of its status."""
    first = errors[0] if isinstance(errors, list) and errors else None
    code = first.get("code") if isinstance(first, dict) else None
    if not isinstance(code, int) or isinstance(code, bool) or not 0 <= code < 1 << 31:
        return say("WhatsApp tidak dapat mengantar pesan ini dan tidak menyebut sebabnya.")
    known = problem(code)
    if known is None:
        return say(
            "WhatsApp tidak dapat mengantar pesan ini: coba lagi atau hubungi lewat saluran lain (Meta %(code)s).",
            code=code,
        )
    if known.kind is Refused:
        return say("%(problem)s (%(code)s).", problem=known.said, code=f"Meta {code}")
    return say("%(problem)s; coba kirim lagi nanti (%(code)s).", problem=known.said, code=f"Meta {code}")


def check(reply: Reply) -> Reply:
    """The reply, where it holds no error; else the SendFailed that the error stands for, in Indonesian."""
    error = meta.graph_error(reply)
    known = problem(error.code) if error else None
    if known is None:
        return meta.check_graph(reply, "WhatsApp")
    if known.kind is Throttled:
        told = meta.wait_for(reply) if "retry-after" in reply.headers else 0.0
        raise Throttled(_later(known, error), retry_after=max(told, known.wait))
    if known.kind is ProviderDown:
        raise ProviderDown(_later(known, error))
    if known.kind is OutcomeUnknown:
        said = say("%(problem)s; mungkin pesan terkirim (%(code)s).", problem=known.said, code=str(error))
        raise OutcomeUnknown(said)
    raise known.kind(say("%(problem)s (%(code)s).", problem=known.said, code=str(error)))


def _later(known: Problem, error: object) -> Sentence:
    return say("%(problem)s; dicoba lagi nanti (%(code)s).", problem=known.said, code=str(error))

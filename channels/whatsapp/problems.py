"""What Meta's error codes mean for whoever can act on them: the officer, or the administrator whom he tells.

Source: Meta's page "Error codes" of the WhatsApp Business Platform, as of May 2026.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

from channels.errors import OutcomeUnknown, ProviderDown, Refused, SendFailed, Throttled
from channels.toolkit import meta

if TYPE_CHECKING:
    from channels.toolkit.http import Reply


@dataclasses.dataclass(frozen=True, slots=True)
class Problem:
    """What an officer reads, without full stop, and the error of a send; `wait` in seconds where it is throttled."""

    said: str
    kind: type[SendFailed] = Refused
    wait: float = 0.0


_ADMIN: Final = "laporkan kepada administrator"
_PROBLEMS: Final[dict[int, Problem]] = {
    131047: Problem(
        "Sudah lebih dari 24 jam sejak warga terakhir menulis: hubungi lewat telepon atau saluran lain, "
        "atau tunggu sampai ia menulis lagi"
    ),
    131026: Problem(
        "WhatsApp tidak dapat mengantar pesan ke nomor ini (tidak memakai WhatsApp, memblokir kita, atau "
        "aplikasinya terlalu lama): hubungi lewat telepon atau SMS"
    ),
    131021: Problem("Nomor warga sama dengan nomor kita sendiri: pesan tidak dapat dikirim"),
    131030: Problem(f"Nomor kita masih nomor percobaan dan hanya boleh mengirim ke nomor yang terdaftar: {_ADMIN}"),
    131062: Problem("Pesan jenis ini hanya dapat dikirim ke nomor telepon, yang disembunyikan oleh warga ini"),
    130472: Problem(
        "WhatsApp tidak mengantar pesan ini karena nomor warga ikut dalam percobaannya: hubungi lewat saluran lain"
    ),
    130497: Problem(f"Akun WhatsApp kita tidak boleh menulis ke negara nomor ini: {_ADMIN}"),
    131049: Problem(
        "WhatsApp membatasi jumlah pesan templat untuk warga ini: coba lagi besok atau hubungi lewat saluran lain"
    ),
    131050: Problem("Warga ini menolak pesan promosi dari kita: templat harus berkategori UTILITY"),
    131051: Problem("WhatsApp tidak mengenal jenis pesan ini: kirim sebagai teks, foto, atau dokumen"),
    131052: Problem("WhatsApp tidak dapat mengambil berkas warga: minta ia mengirimnya lagi"),
    131053: Problem(
        "WhatsApp menolak lampiran ini (jenis atau ukurannya): kirim foto sebagai JPG atau PNG, surat sebagai PDF"
    ),
    132000: Problem(f"Jumlah isian templat WhatsApp tidak cocok dengan yang disetujui: {_ADMIN}"),
    132001: Problem(f"Templat WhatsApp ini belum ada atau belum disetujui dalam bahasa ini: {_ADMIN}"),
    132005: Problem("Jawaban terlalu panjang untuk pesan templat: persingkat, lalu kirim lagi"),
    132007: Problem(f"Isi templat WhatsApp melanggar aturan WhatsApp: {_ADMIN}"),
    132008: Problem(f"Isian templat WhatsApp tidak diterima: {_ADMIN}"),
    132012: Problem(f"Isian templat WhatsApp tidak sesuai bentuk yang disetujui: {_ADMIN}"),
    132015: Problem(f"WhatsApp menghentikan sementara templat ini karena penilaian warga: {_ADMIN}"),
    132016: Problem(f"WhatsApp mematikan templat ini karena penilaian warga: {_ADMIN}"),
    132018: Problem(f"Isian templat memuat sesuatu yang tidak boleh (baris baru, tab, spasi beruntun): {_ADMIN}"),
    133010: Problem(f"Nomor kita belum terdaftar di WhatsApp Cloud API: {_ADMIN}"),
    131005: Problem(f"Aplikasi tidak memiliki izin untuk mengirim: {_ADMIN}"),
    131008: Problem(f"Permintaan ke WhatsApp tidak lengkap: {_ADMIN}"),
    131009: Problem(f"Permintaan ke WhatsApp memuat nilai yang tidak diterima: {_ADMIN}"),
    131031: Problem(f"Akun WhatsApp kita dikunci oleh Meta: {_ADMIN}"),
    131037: Problem(f"Nama tampilan nomor kita belum disetujui Meta: {_ADMIN}"),
    131042: Problem(f"Pembayaran akun WhatsApp kita bermasalah: {_ADMIN}"),
    131045: Problem(f"Pendaftaran nomor kita di WhatsApp tidak sah lagi: {_ADMIN}"),
    135000: Problem(f"WhatsApp menolak permintaan ini tanpa alasan: {_ADMIN}"),
    368: Problem(f"Meta membatasi akun WhatsApp kita karena kebijakannya: {_ADMIN}"),
    33: Problem(f"Nomor kita tidak ada lagi di akun WhatsApp: {_ADMIN}"),
    131000: Problem("WhatsApp gagal tanpa menyebut sebabnya", OutcomeUnknown),
    131016: Problem("Layanan WhatsApp sedang terganggu", ProviderDown),
    131057: Problem("Akun WhatsApp kita sedang dipelihara oleh Meta", ProviderDown),
    133004: Problem("Layanan WhatsApp sedang terganggu", ProviderDown),
    130429: Problem("Batas laju pengiriman WhatsApp tercapai", Throttled, 5.0),
    131056: Problem("Terlalu banyak pesan ke warga yang sama dalam waktu singkat", Throttled, 6.0),
    131048: Problem(
        f"WhatsApp membatasi nomor kita karena banyak pesannya diblokir warga: {_ADMIN}", Throttled, 3600.0
    ),
}
#: Meta has more reasons to refuse a template than it documents.
_TEMPLATES: Final = range(132000, 133000)
_OTHER_TEMPLATE: Final = Problem(f"Templat WhatsApp tidak dapat dikirim: {_ADMIN}")


def problem(code: int) -> Problem | None:
    """What a code means; None for one that is not WhatsApp's own."""
    return _PROBLEMS.get(code) or (_OTHER_TEMPLATE if code in _TEMPLATES else None)


def failed(errors: object) -> str:
    """Why a message that Meta had taken did not arrive, from the errors of its status."""
    first = errors[0] if isinstance(errors, list) and errors else None
    code = first.get("code") if isinstance(first, dict) else None
    if not isinstance(code, int) or isinstance(code, bool) or not 0 <= code < 1 << 31:
        return "WhatsApp tidak dapat mengantar pesan ini dan tidak menyebut sebabnya."
    known = problem(code)
    if known is None:
        return f"WhatsApp tidak dapat mengantar pesan ini: coba lagi atau hubungi lewat saluran lain (Meta {code})."
    again = "" if known.kind is Refused else "; coba kirim lagi nanti"
    return f"{known.said}{again} (Meta {code})."


def check(reply: Reply) -> Reply:
    """The reply, where it holds no error; else the SendFailed that the error stands for, in Indonesian."""
    error = meta.graph_error(reply)
    known = problem(error.code) if error else None
    if known is None:
        return meta.check_graph(reply, "WhatsApp")
    if known.kind is Throttled:
        told = meta.wait_for(reply) if "retry-after" in reply.headers else 0.0
        raise Throttled(f"{known.said}; dicoba lagi nanti ({error}).", retry_after=max(told, known.wait))
    more = {ProviderDown: "; dicoba lagi nanti", OutcomeUnknown: "; mungkin pesan terkirim"}.get(known.kind, "")
    raise known.kind(f"{known.said}{more} ({error}).")

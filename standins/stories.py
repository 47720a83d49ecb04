"""What the citizens write: made-up people with invented numbers, in the spelling of every day, with its mistakes."""

from __future__ import annotations

import dataclasses
import random
from typing import Final

from standins.town import SMS, TELEGRAM, WEB, Phone


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """One text. `to` is the provider whose number is written to; `copies` is how often the provider delivers it."""

    text: str
    to: str = "kannel"
    copies: int = 1


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Long:
    """A text that the network cuts into parts; those in `order` arrive."""

    parts: tuple[str, ...]
    order: tuple[int, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Photos:
    """One photo or an album to the bot, named as in standins/pictures.py."""

    names: tuple[str, ...]
    caption: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A point on the map."""

    lat: float
    lon: float


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Mend:
    """The text before this one, changed."""

    text: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class AskState:
    """The ticket code that came back stands in `{ticket}`."""

    text: str = "STATUS {ticket}"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """The public form: its fields' values by name."""

    fields: tuple[tuple[str, str], ...]
    photos: tuple[str, ...] = ()


Step = Say | Long | Photos | Place | Mend | AskState | Fill


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One citizen's messages, the first of them so many hours ago where the provider tells the time."""

    key: str
    who: Phone
    hours: float
    steps: tuple[Step, ...]


def _number(name: str, tail: int) -> Phone:
    return Phone(kind=SMS, address=f"+6281200000{tail:03d}", name=name)


def _chat(name: str, tail: int) -> Phone:
    return Phone(kind=TELEGRAM, address=f"8100{tail:03d}", name=name)


def _web(name: str, key: str) -> Phone:
    return Phone(kind=WEB, address=key, name=name)


def _story(key: str, who: Phone, hours: float, *steps: Step | str) -> Story:
    told = tuple(Say(text=step) if isinstance(step, str) else step for step in steps)
    return Story(key=key, who=who, hours=hours, steps=told)


_ABROAD: Final = Phone(kind=SMS, address="+60123450101", name="Tarsih (di Malaysia)")

#: The first hours, told in a few seconds, in the order of their times.
OPENING: Final = (
    _story("lampu", _number("Darsono", 101), 26.5,
           "masbupsiaga lampu penerangan jln di ds Kebondalem sdh 2 minggu mati, klo malam gelap bgt. mohon dibenahi"),
    _story("puskesmas", _number("Sri Wahyuni", 102), 23.4,
           "MASBUPSIAGA antri di puskesmas Comal dr jam 7 smp jam 11 blm dipanggil, petugas loket cm 1 org"),
    _story("jalan-belik", _number("Wage", 103), 22.0,
           "mas bup siaga dalane nang Belik rusak parah, wis pirang2 wong tiba. kapan arep didandani?"),
    _story("bansos", _number("Kasmini", 104), 21.2,
           "masbupsiaga: sy janda 3 anak tdk pernah dpt bansos, tetangga yg mampu malah dpt. kpd siapa sy hrs lapor"),
    _story("ktp", _number("Bagus Prayitno", 105), 19.5,
           "maturbupati rekam ktp-el di kec Kutasari sdh 3 bln blm jadi jg, alesane blangko kosong terus"),
    _story("irigasi", _number("Rohmat", 106), 18.0,
           "MATUR BUPATI saluran irigasi ds Bobotsari mampet ketutup sampah, sawah 12 hektar ora kebanyon"),
    _story("album", _chat("Yuni Astuti", 201), 16.8,
           Photos(names=("jalan-1", "jalan-2", "jalan-3"), caption="Jalan kabupaten di Randudongkal arah Moga "
                  "lubangnya dalam2, kemarin ada yg jatuh. Mohon segera ditambal pak")),
    _story("sampah", _chat("Eko Susilo", 202), 15.0,
           Photos(names=("sampah-1",), caption="TPS liar di belakang pasar Petarukan, baunya sampai ke sekolah"),
           Place(lat=-6.8931, lon=109.4533)),
    _story("salah-ketik", _number("Tukiman", 107), 13.7,
           "masbupsiga tolong pak jembatan bambu di Watukumpul wis arep ambrol, bocah sekolah pd lewat kono"),
    _story("kurung", _number("Endang", 108), 12.9,
           "masbupsiaga <air PDAM di Pelutan keruh dan bau sudah 4 hari>"),
    _story("bagian", _number("Slamet Riyadi", 109), 12.0,
           Long(parts=(("masbupsiaga mohon perhatian bpk bupati, tanggul kali Comal di ds Kaligelang kec Taman longsor "
                       "kurang lebih 15 meter stlh hujan deras hari minggu. "),
                       ("kalau hujan lagi air bisa masuk ke rumah warga RT 3 dan RT 4, ada sekitar 40 rumah. kami sdh "
                       "lapor ke desa tp katanya tdk ada anggaran. "),
                       ("tolong dikirim alat berat atau bronjong secptnya sblm terlambat. terima kasih. Slamet, ketua "
                       "RT 3")),
                order=(3, 1, 2))),
    _story("bagian-hilang", _number("Nurhayati", 110), 11.0,
           Long(parts=("maturbupati pelayanan di kantor kec Bukateja lambat sekali, sy ngurus surat pindah ",
                       "sudah bolak balik 4x selalu disuruh kembali besok karena pejabat tdk di tempat. ",
                       "apa memang begitu aturannya pak"),
                order=(1, 3))),
    _story("dua-kali", _number("Agus Salim", 111), 10.4,
           Say(text="masbupsiaga ada pungli parkir di alun alun Pemalang motor 5rb mobil 10rb tanpa karcis", copies=3)),
    _story("tanpa-kata", _number("Mbah Karto", 112), 9.6,
           "pak niki kulo bade matur, pupuk subsidi teng Bantarbolang kok angel temen nggih pados e"),
    _story("kata-saja", _number("Rina", 113), 9.0,
           "masbupsiaga",
           "lampu merah perempatan Paduraksa mati total dari subuh, kendaraan semrawut"),
    _story("malaysia", _ABROAD, 8.5,
           Say(text="Maturbupati saya TKI asal Kalimanah, ijazah anak saya ditahan sekolah krn SPP. mohon bantuannya",
               to="twilio")),
    _story("sekolah", _chat("Guru Honorer", 203), 8.0,
           "/start",
           "/lapor Atap ruang kelas SD di Bodeh bocor dan rangkanya sudah lapuk, anak2 belajar di teras",
           Photos(names=("banjir-1",), caption="ini keadaan kelasnya tadi pagi")),
    _story("diubah", _chat("Hendra", 204), 7.1,
           "Mobil sampah tidak lewat Jl Pemuda Taman sudah 1 bulan",
           Mend(text="Mobil sampah tidak lewat Jl Pemuda Taman sudah 1 minggu (maaf salah tulis, bukan 1 bulan)")),
    _story("android", _number("Joko Purnomo", 114), 6.4,
           Say(text="tiang listrik miring di Mulyoharjo dkt masjid, kabelnya kendor bahaya pak", to="android")),
    _story("rt", _number("Ketua RT 05", 115), 5.8,
           Say(text="aduan: masbupsiaga, warga rt 05 rw 02 Bojongbata minta fogging, yg kena DBD sdh 3 anak",
               to="android")),
    _story("banjir", _chat("Fitri", 205), 5.2,
           Photos(names=("banjir-2", "banjir-3"), caption="Rob masuk rumah lagi di Ulujami, setinggi lutut. "
                  "Minta pompa pak bupati"),
           Place(lat=-6.7921, lon=109.6012)),
    _story("inyong", _number("Kuswanto", 116), 4.4,
           "#masbupsiaga inyong arep takon, kepriwe carane daftar BPJS sing dibayari pemda? rika pan njawab ora?"),
    _story("nik", _number("Siti Maesaroh", 117), 3.9,
           "masbupsiaga akta kelahiran anak sy blm jadi, nik sy 3327 0145 0790 0002 mohon dicek di dukcapil"),
    _story("pasar", _number("Pedagang Segamas", 118), 3.1,
           "maturbupati retribusi pasar Segamas naik tp atap bocor & wc rusak semua. tlg ditinjau"),
    _story("emoji", _number("Dewi", 120), 1.8,
           "masbupsiaga 🙏🙏 tolong pohon tumbang nutup jln raya Moga-Guci dkt pom bensin, macet total 😭"),
    _story("form-anonim", _web("Pelapor anonim", "anonim-1"), 1.2,
           Fill(fields=(("program", "masbupsiaga"), ("jenis", "pengaduan"), ("anonim", "1"), ("rahasia", "1"),
                        ("judul", "Pungutan di sekolah"), ("lokasi", "SMP negeri di Kecamatan Ampelgading"),
                        ("isi", ("Orang tua diminta membayar uang seragam Rp850.000 dan yang belum lunas tidak boleh "
                                "ikut ujian. Saya takut anak saya dipersulit kalau nama saya ketahuan."))))),
    _story("form", _web("Wahyu Hidayat", "wahyu-1"), 0.9,
           Fill(fields=(("program", "maturbupati"), ("jenis", "aspirasi"), ("nama", "Wahyu Hidayat"),
                        ("telepon", "0812 0000 0121"), ("lokasi", "Taman Kota Usman Janatin"),
                        ("isi", ("Usul: taman kota diberi bangku dan tempat sampah terpilah. Setiap Minggu pagi ramai "
                                "tetapi sampah berserakan. Komunitas kami siap membantu."))), photos=("sampah-2",))),
    _story("susulan", _number("Sri Wahyuni", 102), 0.6,
           "hari ini sama saja pak, antri 3 jam lg di loket. mohon ditambah petugasnya"),
    _story("marah", _number("Anto", 122), 0.4,
           "MASBUPSIAGA!!! JALAN PESAREAN - WIDURI KAPAN DIASPAL??? TIAP TAHUN JANJI TERUS"),
    _story("status", _number("Yanto", 119), 2.5,
           "masbupsiaga traktor & truk galian C lewat Warungpring siang malam, jln desa hancur debu kemana2",
           AskState()),
)  # fmt: skip

_PEOPLE: Final = (
    "Suparno", "Aminah", "Dwi Cahyono", "Lestari", "Kasno", "Mukhlisin", "Tuti", "Warto", "Ratna", "Imam", "Sumiati",
    "Fajar", "Wiwik", "Karyono", "Nani", "Budiono",
)  # fmt: skip
_PEMALANG: Final = ("Moga", "Belik", "Comal", "Taman", "Petarukan", "Ulujami", "Bodeh", "Pulosari", "Widuri", "Pelutan")
_PURBALINGGA: Final = ("Bobotsari", "Kalimanah", "Kutasari", "Bukateja", "Mrebet", "Padamara", "Rembang", "Kejobong")
_WORDS: Final = (
    "jln rusak di {place} dkt balai desa, tlg ditambal sblm ada korban",
    "lampu jalan mati di {place} sdh {days} hari, peteng ndedet pak",
    "sampah numpuk di pinggir jln raya {place} blm diangkut {days} hari",
    "air pam ora mili nang {place} wis {days} dina, kepriwe kie",
    "got mampet di {place}, hujan sebentar lgsg banjir masuk rumah",
    "mohon info jadwal perekaman ktp keliling di {place}",
    "pelayanan di kantor desa {place} lama, disuruh balik {days}x",
    "kabel telp kendor melintang di jln {place} bahaya utk pengendara",
    "anjing liar byk di {place}, anak2 takut brgkt sekolah",
    "usul pak, di pertigaan {place} dipasang cermin tikungan, sdh {days}x kecelakaan",
    "dokter di puskesmas {place} sering tdk ada ditempat",
    "harga gas melon nang {place} tekan 28rb, kudune pira sih pak?",
)


def later(number: int, seed: int) -> Story:
    """Story number so-and-so of the stream, always the same for the same seed."""
    chance = random.Random(f"{seed}:{number}")
    name = chance.choice(_PEOPLE)
    tail = 300 + _PEOPLE.index(name)
    key = f"kemudian-{number}"
    ours = chance.random() < 0.7  # noqa: PLR2004 - most write to the program that has more channels
    words = chance.choice(_WORDS).format(
        place=chance.choice(_PEMALANG if ours else _PURBALINGGA), days=chance.randint(2, 9)
    )
    way = chance.random()
    if ours and way < 0.3:  # noqa: PLR2004 - so many have Telegram
        kind = chance.choice(["jalan", "sampah", "banjir", "lampu"])
        step: Step = Say(text=words)
        if chance.random() < 0.5:  # noqa: PLR2004 - half of them with a photo
            step = Photos(names=(f"{kind}-{chance.randint(4, 99)}",), caption=words)
        return Story(key=key, who=_chat(name, tail), hours=0, steps=(step,))
    keyword = chance.choice(
        ("masbupsiaga", "MASBUPSIAGA", "mas bup siaga", "#masbupsiaga") if ours else ("maturbupati",)
    )
    return Story(key=key, who=_number(name, tail), hours=0, steps=(Say(text=f"{keyword} {words}"),))

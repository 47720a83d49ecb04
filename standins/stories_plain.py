"""What citizens write by SMS, to the bot and on the form, in the spelling of every day, with its mistakes."""

from __future__ import annotations

from typing import Final

from standins.kinds import SMS, TELEGRAM
from standins.steps import AskState, Fill, Long, Mend, Photos, Place, Say
from standins.story import browser, person, story
from standins.town import Phone

_ABROAD: Final = Phone(kind=SMS, address="+60123450101", name="Tarsih (di Malaysia)")

#: In the order of their times; who asks for his ticket comes last.
PLAIN: Final = (
    story("lampu", person(SMS, "Darsono", 101), 26.5,
           "masbupsiaga lampu penerangan jln di ds Kebondalem sdh 2 minggu mati, klo malam gelap bgt. mohon dibenahi"),
    story("puskesmas", person(SMS, "Sri Wahyuni", 102), 23.4,
           "MASBUPSIAGA antri di puskesmas Comal dr jam 7 smp jam 11 blm dipanggil, petugas loket cm 1 org"),
    story("jalan-belik", person(SMS, "Wage", 103), 22.0,
           "mas bup siaga dalane nang Belik rusak parah, wis pirang2 wong tiba. kapan arep didandani?"),
    story("bansos", person(SMS, "Kasmini", 104), 21.2,
           "masbupsiaga: sy janda 3 anak tdk pernah dpt bansos, tetangga yg mampu malah dpt. kpd siapa sy hrs lapor"),
    story("ktp", person(SMS, "Bagus Prayitno", 105), 19.5,
           "maturbupati rekam ktp-el di kec Kutasari sdh 3 bln blm jadi jg, alesane blangko kosong terus"),
    story("irigasi", person(SMS, "Rohmat", 106), 18.0,
           "MATUR BUPATI saluran irigasi ds Bobotsari mampet ketutup sampah, sawah 12 hektar ora kebanyon"),
    story("album", person(TELEGRAM, "Yuni Astuti", 201), 16.8,
           Photos(names=("jalan-1", "jalan-2", "jalan-3"), caption="Jalan kabupaten di Randudongkal arah Moga "
                  "lubangnya dalam2, kemarin ada yg jatuh. Mohon segera ditambal pak")),
    story("sampah", person(TELEGRAM, "Eko Susilo", 202), 15.0,
           Photos(names=("sampah-1",), caption="TPS liar di belakang pasar Petarukan, baunya sampai ke sekolah"),
           Place(lat=-6.8931, lon=109.4533)),
    story("salah-ketik", person(SMS, "Tukiman", 107), 13.7,
           "masbupsiga tolong pak jembatan bambu di Watukumpul wis arep ambrol, bocah sekolah pd lewat kono"),
    story("kurung", person(SMS, "Endang", 108), 12.9,
           "masbupsiaga <air PDAM di Pelutan keruh dan bau sudah 4 hari>"),
    story("bagian", person(SMS, "Slamet Riyadi", 109), 12.0,
           Long(parts=(("masbupsiaga mohon perhatian bpk bupati, tanggul kali Comal di ds Kaligelang kec Taman longsor "
                       "kurang lebih 15 meter stlh hujan deras hari minggu. "),
                       ("kalau hujan lagi air bisa masuk ke rumah warga RT 3 dan RT 4, ada sekitar 40 rumah. kami sdh "
                       "lapor ke desa tp katanya tdk ada anggaran. "),
                       ("tolong dikirim alat berat atau bronjong secptnya sblm terlambat. terima kasih. Slamet, ketua "
                       "RT 3")),
                order=(3, 1, 2))),
    story("bagian-hilang", person(SMS, "Nurhayati", 110), 11.0,
           Long(parts=("maturbupati pelayanan di kantor kec Bukateja lambat sekali, sy ngurus surat pindah ",
                       "sudah bolak balik 4x selalu disuruh kembali besok karena pejabat tdk di tempat. ",
                       "apa memang begitu aturannya pak"),
                order=(1, 3))),
    story("dua-kali", person(SMS, "Agus Salim", 111), 10.4,
           Say(text="masbupsiaga ada pungli parkir di alun alun Pemalang motor 5rb mobil 10rb tanpa karcis", copies=3)),
    story("tanpa-kata", person(SMS, "Mbah Karto", 112), 9.6,
           "pak niki kulo bade matur, pupuk subsidi teng Bantarbolang kok angel temen nggih pados e"),
    story("kata-saja", person(SMS, "Rina", 113), 9.0,
           "masbupsiaga",
           "lampu merah perempatan Paduraksa mati total dari subuh, kendaraan semrawut"),
    story("malaysia", _ABROAD, 8.5,
           Say(text="Maturbupati saya TKI asal Kalimanah, ijazah anak saya ditahan sekolah krn SPP. mohon bantuannya",
               to="twilio")),
    story("sekolah", person(TELEGRAM, "Guru Honorer", 203), 8.0,
           "/start",
           "/lapor Atap ruang kelas SD di Bodeh bocor dan rangkanya sudah lapuk, anak2 belajar di teras",
           Photos(names=("banjir-1",), caption="ini keadaan kelasnya tadi pagi")),
    story("diubah", person(TELEGRAM, "Hendra", 204), 7.1,
           "Mobil sampah tidak lewat Jl Pemuda Taman sudah 1 bulan",
           Mend(text="Mobil sampah tidak lewat Jl Pemuda Taman sudah 1 minggu (maaf salah tulis, bukan 1 bulan)")),
    story("android", person(SMS, "Joko Purnomo", 114), 6.4,
           Say(text="tiang listrik miring di Mulyoharjo dkt masjid, kabelnya kendor bahaya pak", to="android")),
    story("rt", person(SMS, "Ketua RT 05", 115), 5.8,
           Say(text="aduan: masbupsiaga, warga rt 05 rw 02 Bojongbata minta fogging, yg kena DBD sdh 3 anak",
               to="android")),
    story("banjir", person(TELEGRAM, "Fitri", 205), 5.2,
           Photos(names=("banjir-2", "banjir-3"), caption="Rob masuk rumah lagi di Ulujami, setinggi lutut. "
                  "Minta pompa pak bupati"),
           Place(lat=-6.7921, lon=109.6012)),
    story("inyong", person(SMS, "Kuswanto", 116), 4.4,
           "#masbupsiaga inyong arep takon, kepriwe carane daftar BPJS sing dibayari pemda? rika pan njawab ora?"),
    story("nik", person(SMS, "Siti Maesaroh", 117), 3.9,
           "masbupsiaga akta kelahiran anak sy blm jadi, nik sy 3327 0145 0790 0002 mohon dicek di dukcapil"),
    story("pasar", person(SMS, "Pedagang Segamas", 118), 3.1,
           "maturbupati retribusi pasar Segamas naik tp atap bocor & wc rusak semua. tlg ditinjau"),
    story("emoji", person(SMS, "Dewi", 120), 1.8,
           "masbupsiaga 🙏🙏 tolong pohon tumbang nutup jln raya Moga-Guci dkt pom bensin, macet total 😭"),
    story("form-anonim", browser("Pelapor anonim", "anonim-1"), 1.2,
           Fill(fields=(("program", "masbupsiaga"), ("jenis", "pengaduan"), ("anonim", "1"), ("rahasia", "1"),
                        ("judul", "Pungutan di sekolah"), ("lokasi", "SMP negeri di Kecamatan Ampelgading"),
                        ("isi", ("Orang tua diminta membayar uang seragam Rp850.000 dan yang belum lunas tidak boleh "
                                "ikut ujian. Saya takut anak saya dipersulit kalau nama saya ketahuan."))))),
    story("form", browser("Wahyu Hidayat", "wahyu-1"), 0.9,
           Fill(fields=(("program", "maturbupati"), ("jenis", "aspirasi"), ("nama", "Wahyu Hidayat"),
                        ("telepon", "0812 0000 0121"), ("lokasi", "Taman Kota Usman Janatin"),
                        ("isi", ("Usul: taman kota diberi bangku dan tempat sampah terpilah. Setiap Minggu pagi ramai "
                                "tetapi sampah berserakan. Komunitas kami siap membantu."))), photos=("sampah-2",))),
    story("susulan", person(SMS, "Sri Wahyuni", 102), 0.6,
           "hari ini sama saja pak, antri 3 jam lg di loket. mohon ditambah petugasnya"),
    story("marah", person(SMS, "Anto", 122), 0.4,
           "MASBUPSIAGA!!! JALAN PESAREAN - WIDURI KAPAN DIASPAL??? TIAP TAHUN JANJI TERUS"),
    story("status", person(SMS, "Yanto", 119), 2.5,
           "masbupsiaga traktor & truk galian C lewat Warungpring siang malam, jln desa hancur debu kemana2",
           AskState()),
)  # fmt: skip

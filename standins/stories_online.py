"""What citizens write by mail and on the networks, and what stands at another city's portal."""

from __future__ import annotations

from typing import Final

from standins.kinds import EMAIL, FACEBOOK, INSTAGRAM, LINE, OPEN311, WHATSAPP, X
from standins.steps import Photos, Place, Report, Say, Voice
from standins.story import person, story
from standins.town import Phone

#: Somebody who hides his number behind a name, as WhatsApp lets him.
_HIDDEN: Final = Phone(kind=WHATSAPP, address="ID.mekar78", name="Mekar")
_LETTER: Final = (
    "<p>Kepada Yth. <b>Bupati Pemalang</b></p><p>Kami warga <b>RT 04 RW 07 Perumahan Bojongbata Asri</b> menyampaikan "
    "keberatan atas pabrik penggilingan batu di belakang perumahan:</p><ul><li>debu masuk ke rumah setiap hari,</li>"
    "<li>mesin berbunyi sampai pukul 23.00,</li><li>truk melewati jalan kampung.</li></ul>"
    "<p>Surat bertanda tangan 32 kepala keluarga kami lampirkan. Mohon ditindaklanjuti.</p>"
    '<p style="color:#888">Hormat kami,<br>Bambang Setiawan, ketua RT 04</p>'
)
_LETTER_TEXT: Final = (
    "Kepada Yth. Bupati Pemalang\n\nKami warga RT 04 RW 07 Perumahan Bojongbata Asri menyampaikan keberatan atas "
    "pabrik penggilingan batu di belakang perumahan: debu masuk ke rumah setiap hari, mesin berbunyi sampai pukul "
    "23.00, truk melewati jalan kampung.\n\nSurat bertanda tangan 32 kepala keluarga kami lampirkan. Mohon "
    "ditindaklanjuti.\n\nHormat kami,\nBambang Setiawan, ketua RT 04"
)

#: In the order of their times, where the provider tells one.
ONLINE: Final = (
    story("wa-kemarin", person(WHATSAPP, "Sulastri", 401), 26.8,
          "Assalamualaikum pak, sy Sulastri dari Kebondalem. PJU di gang Melati mati 5 titik, sdh 3 minggu. Anak ngaji "
          "pulang malam takut"),
    story("surat-warga", person(EMAIL, "Bambang Setiawan", 0), 20.5,
          Photos(names=("jalan-21", "sampah-21"), caption=_LETTER_TEXT, html=_LETTER,
                 subject="Keberatan warga atas penggilingan batu di Bojongbata")),
    story("line-antre", person(LINE, "Dinda", 501), 17.2,
          "Kak mau tanya, bikin KIA di dukcapil Pemalang bisa online ga? antre dari pagi jam 10 udah habis nomornya"),
    story("ig-trotoar", person(INSTAGRAM, "Galuh", 601), 14.4,
          Photos(names=("jalan-22",), caption="min trotoar depan pasar pagi dipake jualan semua, pejalan kaki turun ke "
                 "jalan raya. bahaya bgt")),
    story("wa-pamsimas", person(WHATSAPP, "Pak Tarno", 402), 11.6,
          "Pak mau lapor pompa Pamsimas desa Gunungjaya Belik rusak, 60 KK ngambil air di kali",
          Photos(names=("banjir-21",), caption="ini sumurnya pak"),
          Place(lat=-7.1417, lon=109.3381)),
    story("fb-jembatan", person(FACEBOOK, "Sugeng Widodo", 701), 9.3,
          "Selamat malam admin. Besi pembatas jembatan Kali Waluh hilang dicuri, sudah 4 ruas. Malam gelap, kemarin "
          "ada motor hampir jatuh"),
    story("fb-komentar", person(FACEBOOK, "Nur Aini", 702), 7.5,
          Say(text="Sungai di Pelutan juga penuh sampah popok min, kapan dikeruk? sudah lapor RT tidak ada kabar",
              way="komentar")),
    story("surel-singkat", person(EMAIL, "Retno Palupi", 0), 6.9,
          Say(subject="Pertanyaan izin reklame", text="Selamat siang,\n\nBerapa lama izin reklame tetap untuk toko di "
              "Jalan Sudirman dan apa saja syaratnya? Di loket saya mendapat jawaban yang berbeda-beda.\n\nTerima "
              "kasih.\nRetno Palupi")),
    story("wa-suara", person(WHATSAPP, "Mbah Wiryo", 403), 5.5, Voice(), "niku wau suara kulo nggih mas, mboten saged "
          "ngetik. saluran teng Banjardawa mampet"),
    story("ig-komentar", person(INSTAGRAM, "Rizky Pratama", 602), 4.8,
          Say(text="min stadion lampunya mati 2 tiang sblh timur, latihan SSB jd bubar magrib", way="komentar")),
    story("wa-tersembunyi", _HIDDEN, 3.6, "Ini rahasia ya pak. Kepala dusun kami minta 200rb buat urus surat tanah "
          "PTSL. Saya takut namanya ketahuan"),
    story("fb-kiriman", person(FACEBOOK, "Karang Taruna Widuri", 703), 2.9,
          Photos(names=("sampah-22",), caption="Pantai Widuri sebelah barat hari ini. Sampah kiriman numpuk sepanjang "
                 "200 meter, kami siap bantu kalau ada truk", way="kiriman")),
    story("ig-sebut", person(INSTAGRAM, "Warta Comal", 603), 2.1,
          Say(text="palang pintu perlintasan Comal rusak sejak subuh, tolong diteruskan", way="sebut")),
    story("line-banjir", person(LINE, "Agung", 502), 1.4,
          Photos(names=("banjir-22", "banjir-23"), caption="Perumahan Taman Asri kebanjiran lagi, drainase ditutup "
                 "bangunan ruko"),
          Place(lat=-6.8905, lon=109.3902)),
    story("wa-twilio", person(WHATSAPP, "Ngatini", 404), 0,
          Say(text="Maturbupati jembatan gantung Desa Tejasari Kaligondang tali sling'e pedhot siji, mboten wani liwat",
              way="twilio")),
    story("x-sebut", person(X, "Laras", 801), 0,
          Photos(names=("jalan-23",), way="sebut", caption="@masbupsiaga jalan Pemuda dekat RSUD berlubang dalam, "
                 "ambulans saja zigzag")),
    story("x-tagar", person(X, "Bayu Comal", 802), 0,
          Say(text="Tiap hujan terminal Comal jadi kolam lele. #masbupsiaga", way="tagar")),
    story("x-utas", person(X, "Dosen Malas", 803), 0,
          Say(text="@masbupsiaga saya coba naik angkot Pemalang-Randudongkal seminggu ini. Utas 1/4", way="sebut"),
          Say(text="@masbupsiaga 2/4 Trayek pagi jam 6 cuma 2 angkot. Anak sekolah berdiri di pintu.", way="lanjut"),
          Say(text="@masbupsiaga 3/4 Di Bantarbolang angkot berhenti 35 menit menunggu penuh.", way="lanjut"),
          Say(text="@masbupsiaga 4/4 Tarif resmi 10 ribu, diminta 15 ribu. Mohon Dishub mengecek.", way="lanjut")),
    story("x-dm", person(X, "Ayu", 804), 0,
          Say(text="Min saya kirim lewat DM saja ya. Guru di SD anak saya sering tidak masuk, kelas 3 kosong terus. "
              "Tolong rahasiakan nama saya", way="dm")),
    story("kota-lubang", person(OPEN311, "Pelapor di portal", 901), 4.1,
          Report(text="Lubang besar di Jalan Perintis Kemerdekaan, tepat di batas kota arah Pemalang",
                 address="Jalan Perintis Kemerdekaan")),
    story("kota-selesai", person(OPEN311, "Pelapor di portal dua", 902), 19.0,
          Report(text="Pohon condong ke kabel di jalan batas kota arah Taman", address="Jalan Batas Kota",
                 status="closed", notes="Pohon sudah dipangkas.")),
)  # fmt: skip

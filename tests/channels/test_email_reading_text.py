"""The mail parser: the new words, apart from history and signature; charsets; HTML that is safe to show."""

from __future__ import annotations

import base64

import pytest
from letters import BUDI, OUR_ID, OURS, TAGGED, mail, message, nested, part, parts

from channels.email.parsing import markup, quotes
from channels.email.parsing.charsets import decode
from channels.email.parsing.limits import MAX_BODY, MAX_TEXT

REPLY = {"In-Reply-To": OUR_ID}

# history and signature


@pytest.mark.parametrize(
    "history",
    [
        "On Tue, Nov 3, 2026 at 9:02 AM Aduan <aduan@pemalang.example> wrote:\n\n> Halo\n> Budi",
        "Pada Sel, 3 Nov 2026 pukul 09.02 Aduan Pemalang <aduan@pemalang.example>\nmenulis:\n\n> Halo\n> Budi",
        "Pada tanggal 3 Nov 2026, pukul 09.02, Aduan <aduan@pemalang.example> menulis:\n\nHalo Budi",
        "Pada hari Selasa, 3 November 2026 09.02.00 WIB, Aduan\n<aduan@pemalang.example> menulis:\n\n Halo Budi",
        "Aduan <aduan@pemalang.example> menulis:\n> Halo",
        "-----Original Message-----\nFrom: Aduan\nSent: Tuesday\nTo: Budi\nSubject: x\n\nHalo",
        "-----Pesan Asli-----\nDari: Aduan\n\nHalo",
        "-------- Pesan asli --------\nDari: Aduan <a@x.example>\nTanggal: 03/11/26\nKe: b@x.example\n\nHalo",
        "____________________\nFrom: A <a@x.example>\nSent: Tuesday, 3 November 2026 9:02\nTo: B\nSubject: x\n\nHalo",
        "Dari: Aduan <a@x.example>\nDikirim: 3 November 2026 09.02\nKepada: Budi\nSubjek: x\n\nHalo",
        "*Dari:* Aduan [mailto:a@x.example]\n*Dikirim:* 3 November 2026 09.02\n*Kepada:* Budi\n*Subjek:* x\n\nHalo",
        "> Halo Budi,\n> apakah sudah?",
    ],
)
def test_history_is_told_from_new_words(history: str) -> None:
    found = message(mail(f"Sudah, Pak.\nTerima kasih.\n\n{history}\n", **REPLY))
    assert found.text == "Sudah, Pak.\nTerima kasih."
    assert found.quoted is not None
    assert "Halo" in found.quoted
    assert history.split("\n", maxsplit=1)[0] in found.quoted


@pytest.mark.parametrize(
    "signature",
    [
        "-- \nBudi Santoso\nRT 3",
        "--\nBudi",
        "Dikirim dari iPhone saya",
        "Dikirim dari Yahoo Mail untuk Android",
        "Dikirim dari perangkat Galaxy saya",
        "Dikirim dari Outlook untuk Android<https://aka.ms/x>",
        "Terkirim dari ponsel Xiaomi saya",
        "Sent from my iPhone",
        "Sent from Mail for Windows",
        "Get Outlook for iOS (https://aka.ms/x)",
        "Dapatkan Outlook untuk Android<https://aka.ms/x>",
    ],
)
def test_signatures_are_told_from_new_words(signature: str) -> None:
    found = message(mail(f"Sudah, Pak.\n\n{signature}\n"))
    assert (found.text, found.quoted) == ("Sudah, Pak.", signature)


@pytest.mark.parametrize(
    "words",
    [
        "Dikirim dari Desa Karanganyar oleh warga.",
        "Pada tanggal 3 November 2026 Pak Lurah menulis: jalan ditutup. Mengapa?",
        "Kepada Yth. Bupati\nDari: Budi\nTanggal: 3 November 2026\nPerihal: Jalan rusak\n\nJalan rusak.",
        "Panjang lubang\n> 5 meter, tolong.",
        "Rincian:\n--\nsatu\n" + "\n".join(f"baris {n}" for n in range(30)),
        "Beliau menulis:\nsaya tidak mau",
        "Dari: Budi\nJalan rusak",
    ],
)
def test_a_complaint_that_looks_like_history_stays_whole(words: str) -> None:
    found = message(mail(words))
    assert (found.text, found.quoted) == (words, None)


def test_a_complaint_in_the_subject_alone_has_words() -> None:
    assert message(mail(" \n", Subject="Lampu padam di Krajan")).text == "Lampu padam di Krajan"
    assert message(mail("-- \nBudi", Subject="Lampu padam")).text == "-- \nBudi"
    assert message(mail("", Subject="Re: Lampu padam", **REPLY)).text == ""


def test_answers_between_quotes_are_the_new_words() -> None:
    found = message(mail("Pada 3/11/26, Aduan menulis:\n> Sudah?\nBelum.\n> Di mana?\n> Jelaskan.\nDi pasar.", **REPLY))
    assert found.text == "Belum.\nDi pasar."
    assert found.quoted == "Pada 3/11/26, Aduan menulis:\n> Sudah?\n\n> Di mana?\n> Jelaskan."


def test_a_first_mail_of_nothing_but_a_quote_keeps_its_words() -> None:
    history = "Pada 3/11/26, Lurah <lurah@x.example> menulis:\n> Air mati\n> tiga hari"
    found = message(mail(history))
    assert (found.text, found.quoted) == (history, None)
    answered = message(mail(history, **REPLY))
    assert (answered.text, answered.quoted) == ("", history)
    assert message(mail(history, To=TAGGED)).text == ""
    assert message(mail("-- \nBudi\nAir mati")).text == "-- \nBudi\nAir mati"


@pytest.mark.parametrize(
    "marker",
    [
        "---------- Forwarded message ---------\nDari: Ibu <ibu@x.example>\nDate: Sen, 2 Nov 2026",
        "---------- Pesan terusan ----------\nDari: Ibu <ibu@x.example>",
        "Begin forwarded message:\n\n> From: Ibu <ibu@x.example>\n> Date: 2 November 2026",
        "Memulai pesan yang diteruskan:\n\nDari: Ibu <ibu@x.example>\nTanggal: 2 November 2026\nKepada: Budi",
    ],
)
def test_what_a_citizen_forwards_belongs_to_his_words(marker: str) -> None:
    body = f"Mohon dibantu.\n\n{marker}\n\nAir mati tiga hari.\n\nPada 1/11/26 Tetangga menulis:\n> sama\n> di sini"
    found = message(mail(body))
    assert (found.text, found.quoted) == (body, None)


def test_outlooks_forward_is_known_by_its_subject() -> None:
    body = "Mohon.\n\nDari: Ibu <ibu@x.example>\nDikirim: 2 November 2026\nKepada: Budi\nSubjek: Air\n\nAir mati."
    assert message(mail(body, Subject="FW: Air")).text == body
    assert message(mail(body, Subject="Re: FW: Air")).text == "Mohon."
    assert quotes.is_forward("Trs: Air")
    assert not quotes.is_forward("Forum warga: air")


def test_flowed_lines_are_whole_again() -> None:
    flowed = {"Content-Type": "text/plain; charset=utf-8; format=flowed; delsp=yes"}
    assert (
        message(mail("Jalan ru \nsak parah.\n\n  menjorok\n From x", **flowed)).text
        == "Jalan rusak parah.\n\n menjorok\nFrom x"
    )
    plain = {"Content-Type": "text/plain; charset=utf-8; format=flowed"}
    assert message(mail("Jalan \nrusak.\n-- \nBudi", **plain)).text == "Jalan rusak."


def test_a_text_without_end_is_cut_and_kept_as_a_file() -> None:
    whole = "kata " * MAX_TEXT
    found = message(mail(whole))
    assert len(found.text) < MAX_TEXT + 200
    assert found.text.endswith("teks-lengkap.txt.)")
    [file] = found.attachments
    assert (file.name, file.content) == ("teks-lengkap.txt", whole.encode())
    huge = message(mail("k" * (MAX_BODY + 1)))
    assert huge.attachments[0].size == MAX_BODY + 1


# charsets

CHARSETS = [
    ("utf-8", "Café “jalan” 😊"),
    ("iso-8859-1", "Café"),
    ("windows-1252", "“Café” 5 €"),
    ("iso-8859-15", "5 €"),
    ("gb2312", "道路坏了"),
    ("big5", "道路壞了"),
    ("iso-2022-jp", "道路が壊れた"),
    ("shift_jis", "道路が壊れた"),
    ("euc-kr", "도로가 파손"),
    ("ks_c_5601-1987", "도로가 파손"),
    ("koi8-r", "Дорога"),
    ("windows-1256", "الطريق"),
    ("utf-16", "Jalan rusak"),
    ("utf-16le", "Jalan rusak é"),
    ("utf-7", "Jalan é"),
    ("tis-620", "ถนน"),
    ("macintosh", "Café"),
    ("cp850", "Café"),
    ("hz-gb-2312", "道路"),
]


@pytest.mark.parametrize(("charset", "text"), CHARSETS)
def test_every_charset(charset: str, text: str) -> None:
    codec = {"ks_c_5601-1987": "cp949", "macintosh": "mac_roman", "hz-gb-2312": "hz"}.get(charset, charset)
    packed = base64.b64encode(text.encode(codec))
    fields = {"Content-Type": f'text/plain; charset="{charset.upper()}"', "Content-Transfer-Encoding": "base64"}
    assert message(mail(packed, **fields)).text == text


@pytest.mark.parametrize(
    ("content", "declared", "text"),
    [
        (b"Caf\xc3\xa9", None, "Café"),
        (b"Caf\xe9", None, "Café"),
        (b"Caf\xc3\xa9", "iso-8859-1", "Café"),
        (b"Caf\xc3\xa9", "us-ascii", "Café"),
        (b"Caf\xe9", "utf-8", "Café"),
        (b"Caf\xe9", "x-unknown", "Café"),
        (b"Caf\xe9", "tidak-ada", "Café"),
        (b"Caf\xe9", "idna", "Café"),
        (b"Caf\xe9", "base64", "Café"),
        (b"Caf\xe9", "\0\xff" * 99, "Café"),
        (b"\xef\xbb\xbfJalan", "iso-8859-1", "Jalan"),
        (b"\xff\xfeJ\0a\0", None, "Ja"),
        (b"J\0a\0l\0a\0n\0", None, "Jalan"),
        (b"a\0b\x1b\x07c\r\nd\re", None, "abc\nd\ne"),
        ("Désa Café é".encode()[:-1], "utf-8", "Désa Café \ufffd"),
        ("Дорога разбита, уже вторая неделя, помогите пожалуйста жителям деревни".encode("cp1251"), None, None),
    ],
)
def test_charsets_undeclared_and_wrongly_declared(content: bytes, declared: str | None, text: str | None) -> None:
    expected = text or "Дорога разбита, уже вторая неделя, помогите пожалуйста жителям деревни"
    assert decode(content, declared) == expected


def test_nothing_unstorable_comes_out() -> None:
    found = message(mail(b"a\0b\xed\xa0\x80c", Subject=b"x\0y\xed\xb0\x80", From=b"A\0 <a@x.example>"))
    for value in (found.text, found.subject, found.sender.name):
        assert value is not None
        assert "\0" not in value
        value.encode("utf-8")


# HTML


def test_html_alone_becomes_text_and_safe_html() -> None:
    source = (
        "<html><head><title>x</title><style>p{color:red}</style></head><body onload=x()><p style=a>"
        "Jalan&nbsp;<b>rusak</b>"
        " di <a href='https://peta.example/a?b=1&amp;c=2' onclick=x()>sini</a>.<br>Tolong!</p>"
        "<ul><li>satu<li>dua</ul><table><tr><td>a</td><td>b</td></tr></table><img src='https://x.example/p.gif'>"
        "<img src=cid:foto><a href='javascript:alert(1)'>klik</a><script>alert(1)</script><!-- <b>x</b> -->"
        "<svg><a xlink:href='javascript:x'>s</a></svg><iframe src=x></iframe>"
        "<form action=x><input></form></body></html>"
    )
    found = message(mail(source, **{"Content-Type": "text/html; charset=utf-8"}))
    assert found.text == (
        "Jalan rusak di sini (https://peta.example/a?b=1&c=2).\nTolong!\n\n- satu\n- dua\n\na b\n\nklik"
    )
    assert found.html is not None
    for gone in ("script", "style", "onclick", "onload", "javascript", "img", "svg", "iframe", "form", "title", "<!--"):
        assert gone not in found.html
    assert (
        '<a href="https://peta.example/a?b=1&amp;c=2" target="_blank" rel="noopener noreferrer nofollow">' in found.html
    )
    assert "<b>rusak</b>" in found.html


def test_quotes_in_html_are_history_and_indents_are_not() -> None:
    source = (
        '<div>Sudah.</div><blockquote style="margin:0 0 0 40px"><div>di pasar</div></blockquote>'
        '<div class="gmail_quote"><div>'
        'Pada 3/11/26 Aduan &lt;<a href="mailto:a@x.example">a@x.example</a>&gt; menulis:<br></div>'
        '<blockquote class="gmail_quote"><p>Halo</p><blockquote type="cite">lama</blockquote></blockquote></div>'
    )
    found = message(mail(source, **{"Content-Type": "text/html", **REPLY}))
    assert found.text == "Sudah.\ndi pasar"
    assert found.quoted == "Pada 3/11/26 Aduan <a@x.example> menulis:\n> Halo\n>\n>> lama"


def test_outlooks_html_history() -> None:
    source = (
        "<div>Sudah.</div><hr><div id=divRplyFwdMsg><b>Dari:</b> Aduan &lt;aduan@x.example&gt;<br>"
        "<b>Dikirim:</b> 3 Nov 2026<br><b>Kepada:</b> Budi<br><b>Subjek:</b> x</div><div>Halo</div>"
    )
    found = message(mail(source, **{"Content-Type": "text/html", **REPLY}))
    assert found.text == "Sudah."
    assert (found.quoted or "").endswith("Subjek: x\nHalo")


def test_plain_words_win_over_html_unless_they_are_empty() -> None:
    rich = part("text/html", "<p>Jalan <i>rusak</i></p>")
    both = message(parts(part("text/plain", "Jalan rusak"), rich, kind="alternative"))
    assert (both.text, both.html) == ("Jalan rusak", "<p>Jalan <i>rusak</i></p>")
    empty = message(parts(part("text/plain", " \n"), rich, kind="alternative"))
    assert empty.text == "Jalan rusak"
    deep = nested("related", rich, boundary="dalam")
    assert message(parts(part("text/plain", "Jalan rusak"), deep, kind="alternative")).html == both.html


def test_texts_of_a_mixed_mail_stand_below_each_other() -> None:
    found = message(parts(part("text/plain", "Satu"), part("text/html", "<b>Dua</b>"), part("text/plain", "Tiga")))
    assert found.text == "Satu\n\nDua\n\nTiga"
    assert found.html == "<pre>Satu</pre>\n<b>Dua</b>\n<pre>Tiga</pre>"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("a < b & c &lt;d&gt; &#233; &#99999999999; &copy", "a < b & c <d> é \ufffd ©"),
        ("<p>satu<p>dua", "satu\n\ndua"),
        ("<pre>a\n  b</pre>", "a\n  b"),
        ("x<a href='https://x.example'>https://x.example</a>", "xhttps://x.example"),
        ('<img alt="😊" src=x><img alt="logo kantor">', "😊"),
        ("<a href='mailto:a@x.example'>a", "a"),
        ("<p title='</p>'>x</p", "x"),
        ("<!-- x", ""),
        ("<script>x", "x"),
        ("<<b>x</b>>", "<x>"),
        ('<p title="tak tertutup>x', "x"),
    ],
)
def test_odd_html(source: str, text: str) -> None:
    assert markup.read(source)[0] == text


# signed, encrypted


def test_signed_mail_is_read() -> None:
    signature = part("application/pgp-signature; name=signature.asc", "-----BEGIN PGP SIGNATURE-----")
    found = message(parts(part("text/plain", "Jalan rusak"), signature, kind="signed"))
    assert (found.text, found.attachments, found.hints["signed"]) == ("Jalan rusak", (), "pgp")
    inline = (
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nJalan rusak\n- -- \nBudi\n"
        "-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n"
    )
    assert message(mail(inline)).text == "Jalan rusak"


def test_encrypted_mail_says_so_and_comes_as_a_file() -> None:
    version = part("application/pgp-encrypted", "Version: 1")
    secret = part("application/octet-stream; name=encrypted.asc", "-----BEGIN PGP MESSAGE-----")
    found = message(parts(version, secret, kind="encrypted"))
    assert "terenkripsi" in found.text
    assert [file.name for file in found.attachments] == ["encrypted.asc"]
    smime = message(
        mail("AAAA", **{"Content-Type": "application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m"})
    )
    assert "terenkripsi" in smime.text
    assert smime.attachments[0].name == "smime.p7m"
    inline = message(mail("Halo\n-----BEGIN PGP MESSAGE-----\nabc"))
    assert inline.text.startswith("Halo\n\n(Isi surel ini terenkripsi")
    sealed = message(mail("AAAA", **{"Content-Type": "application/pkcs7-mime; smime-type=signed-data; name=smime.p7m"}))
    assert "tanda tangan" in sealed.text
    assert sealed.to == OURS
    assert sealed.sender.address == BUDI

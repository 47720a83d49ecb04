"""The kinds of phones and pages that citizens have: one for each channel, with what can be chosen when writing."""

from __future__ import annotations

import dataclasses
from typing import Final

SMS, WHATSAPP, TELEGRAM, LINE, EMAIL = "sms", "whatsapp", "telegram", "line", "email"
X, FACEBOOK, INSTAGRAM, WEB, OPEN311 = "x", "facebook", "instagram", "web", "open311"
#: How a message shows that is no bubble.
POST, MAIL = "post", "mail"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One channel on the citizens' side. `own` is the newcomer's address there, empty where he has none.

    `ways` are (value, label) of how he may write, the first being usual; `hint` stands in the empty field.
    """

    key: str
    name: str
    own: str = ""
    ways: tuple[tuple[str, str], ...] = ()
    hint: str = "Tulis pesan…"
    subject: bool = False


KINDS: Final = {
    kind.key: kind
    for kind in (
        Kind(key=SMS, name="SMS", own="+6281200000001"),
        Kind(
            key=WHATSAPP,
            name="WhatsApp",
            own="+6281200000002",
            ways=(("", "Mas Bup Siaga (Cloud API)"), ("twilio", "Matur Bupati (lewat Twilio)")),
        ),
        Kind(key=TELEGRAM, name="Telegram", own="8100001"),
        Kind(key=LINE, name="LINE", own=f"U{1:032x}"),
        Kind(key=EMAIL, name="Surel", own="anda@warga.example", hint="Isi surel…", subject=True),
        Kind(
            key=X,
            name="X",
            own="1600000000000000001",
            ways=(("sebut", "Pos yang menyebut akun"), ("tagar", "Pos dengan tagar saja"), ("dm", "Pesan langsung")),
            hint="Apa yang sedang terjadi?",
        ),
        Kind(
            key=FACEBOOK,
            name="Facebook",
            own="7012000000000001",
            ways=(("", "Messenger"), ("komentar", "Komentar di halaman"), ("kiriman", "Kiriman di halaman")),
        ),
        Kind(
            key=INSTAGRAM,
            name="Instagram",
            own="17841499000000001",
            ways=(("", "Pesan langsung"), ("komentar", "Komentar"), ("sebut", "Sebutan di kiriman lain")),
        ),
        Kind(key=WEB, name="Formulir"),
        Kind(key=OPEN311, name="Open311", own="anda", hint="Lapor di portal kota tetangga…"),
    )
}

"""What the citizens write: the first hours, told in a few seconds, and then a stream without end."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final

from standins.kinds import FACEBOOK, LINE, SMS, TELEGRAM, WHATSAPP, X
from standins.steps import Photos, Say
from standins.stories_online import ONLINE
from standins.stories_plain import PLAIN
from standins.story import Story, person

if TYPE_CHECKING:
    from standins.steps import Step

#: What is asked for by its ticket comes last, for whoever asks must wait.
OPENING: Final = (*ONLINE, *PLAIN)

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


#: The ways of those who write to the program that has all channels, each as often as it stands here.
_WAYS: Final = (SMS, SMS, SMS, WHATSAPP, WHATSAPP, WHATSAPP, TELEGRAM, TELEGRAM, FACEBOOK, LINE, X)
#: Who else can send a photo along.
_WITH_PHOTOS: Final = frozenset({WHATSAPP, TELEGRAM, FACEBOOK})


def later(number: int, seed: int) -> Story:
    """Story number so-and-so of the stream, always the same for the same seed."""
    chance = random.Random(f"{seed}:{number}")
    name = chance.choice(_PEOPLE)
    tail = 300 + _PEOPLE.index(name)
    ours = chance.random() < 0.7  # noqa: PLR2004 - most write to the program that has more channels
    words = chance.choice(_WORDS).format(
        place=chance.choice(_PEMALANG if ours else _PURBALINGGA), days=chance.randint(2, 9)
    )
    kind = chance.choice(_WAYS) if ours else SMS
    step: Step = Say(text=words, way="sebut" if kind == X else "")
    if kind == SMS:
        keyword = chance.choice(
            ("masbupsiaga", "MASBUPSIAGA", "mas bup siaga", "#masbupsiaga") if ours else ("maturbupati",)
        )
        step = Say(text=f"{keyword} {words}")
    elif kind in _WITH_PHOTOS and chance.random() < 0.5:  # noqa: PLR2004 - half of them do
        shown = chance.choice(("jalan", "sampah", "banjir", "lampu"))
        step = Photos(names=(f"{shown}-{chance.randint(4, 99)}",), caption=words)
    return Story(key=f"kemudian-{number}", who=person(kind, name, tail), hours=0, steps=(step,))

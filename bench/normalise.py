"""Cost of the normaliser's steps for one message: `.venv/bin/python -m bench.normalise`."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from normalizer import clock_time, identity, text, ticket
from normalizer.keyword import KeywordIndex
from normalizer.place import PlaceFinder
from normalizer.program import Calendar, Clocks, Program

if TYPE_CHECKING:
    from collections.abc import Callable

_ROUNDS = 2000
_PROGRAMS = (
    Program(key="pemalang", name="Mas Bup Siaga", organisation="Kabupaten Pemalang", keywords=("masbupsiaga",)),
    Program(key="tegal", name="Lapor Bupati Tegal", organisation="Kabupaten Tegal", keywords=("laporbupati",)),
    Program(key="purbalingga", name="Matur Bupati", organisation="Kabupaten Purbalingga", keywords=("maturbupati",)),
)
_MESSAGES = {
    "exact": "masbupsiaga jalan di desa Karanganyar kec Moga RT 02/03 rusak parah sdh 3 bulan tdk baik, mohon dicek",
    "near": "aduan mas bup siga: lampu jalan di depan pasar Randudongkal mati sdh 2 minggu, rawan kecelakaan malam",
    "none": "Selamat pagi pak, sampah di belakang pasar Moga menumpuk dan bau, sudah lapor RT tapi belum ada tindakan",
    "emoji": "masbupsiaga 🙏 banjir lagi di jl. Jend. Sudirman Pemalang, warga butuh bantuan perahu karet 🚣 segera",
}


def _microseconds(step: Callable[[], object]) -> float:
    """Processor time, the best of five runs, which is the least disturbed one."""
    best = float("inf")
    for _ in range(5):
        start = time.process_time()
        for _ in range(_ROUNDS):
            step()
        best = min(best, time.process_time() - start)
    return best / _ROUNDS * 1e6


def main() -> None:
    """Prints microseconds for each step and kind of message, and their sum."""
    index = KeywordIndex(_PROGRAMS)
    finder = PlaceFinder([f"Desa Nama{number}" for number in range(400)] + ["Moga", "Randudongkal", "Karanganyar"])
    working = Clocks(calendar=Calendar.WORKING, first_response=3, resolution=5)
    now = datetime.now(UTC)
    print(f"{'µs a message':<16}" + "".join(f"{kind:>9}" for kind in _MESSAGES))
    sums = dict.fromkeys(_MESSAGES, 0.0)
    steps: dict[str, Callable[[str], object]] = {
        "storable": text.storable,
        "clean": text.clean,
        "keyword": index.find,
        "status_request": ticket.status_request,
        "searchable": text.searchable,
        "subject": text.subject,
        "mask_ids": text.mask_ids,
        "place": finder.find,
        "phone": lambda _: identity.canonical_phone("0811-2626-116"),
        "ticket": lambda _: ticket.new(),
        "two due times": lambda _: (
            clock_time.due(now, working.first_response, working, "Asia/Jakarta"),
            clock_time.due(now, working.resolution, working, "Asia/Jakarta"),
        ),
    }
    for name, step in steps.items():
        line = f"{name:<16}"
        for kind, message in _MESSAGES.items():
            cost = _microseconds(lambda step=step, message=message: step(message))  # type: ignore[misc]
            sums[kind] += cost
            line += f"{cost:9.1f}"
        print(line)
    print(f"{'all':<16}" + "".join(f"{cost:9.1f}" for cost in sums.values()))


if __name__ == "__main__":
    main()

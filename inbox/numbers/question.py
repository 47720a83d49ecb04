"""What an address asks figures about: a period, the queue's filters, and the one figure whose rows are wanted."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final, TypeVar
from urllib.parse import urlencode

from flask import request

from inbox import rights
from inbox.numbers import period
from inbox.state import now, person, runtime, scope
from store.figures.facts import Answer, Asked, Band, Outcome, Slice

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from inbox.numbers.period import Period

#: Called as the queue calls them, so that both speak of the same.
FILTERS: Final = ("program", "kanal", "jenis", "unit", "kecamatan", "saya")
_PERIOD: Final = ("periode", "dari", "sampai")
_FIGURE: Final = ("tanggapan", "hasil", "lama")
_PARAMETERS: Final = (*_PERIOD, *FILTERS, *_FIGURE, "pelapor", "setelah")
_LONGEST: Final = 200
_Kind = TypeVar("_Kind", Answer, Outcome, Band)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A period and a slice of the complaints that came in it, as the address gave them."""

    period: Period
    values: Mapping[str, str]

    def link(self, **changes: str | None) -> str:
        """The query string of this question with changes."""
        values = {**self.values, "setelah": None, **changes}
        kept = {name: value for name in _PARAMETERS if (value := values.get(name))}
        return f"?{urlencode(kept)}" if kept else ""

    def figure(self, **changes: str | None) -> str:
        """The query string of the rows of one figure; of the whole where nothing is said of it."""
        return self.link(**{**dict.fromkeys(_FIGURE), **changes})

    @property
    def here(self) -> str:
        """The query string of this very question."""
        return self.link()

    @property
    def narrowed(self) -> bool:
        """Whether a filter may be why nothing is there."""
        return any(self.values.get(name) for name in FILTERS)

    @property
    def cut(self) -> Slice:
        """The slice that it asks for."""
        given = self.values
        return Slice(
            start=self.period.start,
            end=self.period.end,
            program=given.get("program"),
            channel=given.get("kanal"),
            type=given.get("jenis"),
            unit=given.get("unit"),
            area=given.get("kecamatan"),
            officer_id=person().id if given.get("saya") else None,
            answer=_known(Answer, given.get("tanggapan")),
            outcome=_known(Outcome, given.get("hasil")),
            band=_known(Band, given.get("lama")),
        )

    def asked(self, cut: Slice | None = None) -> Asked:
        """The question as this officer may ask it, told as of now."""
        return asked(cut or self.cut, now(), past=False)


def asked(cut: Slice, moment: datetime, *, past: bool) -> Asked:
    """A slice as the officer of this request may see it."""
    programs = [each for each in rights.programs(person(), runtime()) if cut.program in {None, each.key}]
    return Asked(scope=scope(), cut=cut, programs=programs, moment=moment, past=past)


def _known(kind: type[_Kind], value: str | None) -> _Kind | None:
    return kind(value) if value in set(kind) else None


def read() -> Question:
    """What the request's address asks for; what cannot be read is as if it were not there."""
    given = {name: request.args.get(name, "").replace("\0", "")[:_LONGEST].strip() for name in _PARAMETERS}
    values = {name: value for name, value in given.items() if value}
    return Question(period=period.read(values, now(), runtime().zone), values=values)

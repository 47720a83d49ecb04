"""What a citizen can do, in the play and on the page: each provider knows those that it has."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """One text. `to` is the SMS provider whose number is written to; `copies` is how often the provider delivers it.

    `way` is one of the kind's ways (standins/kinds.py), and at X also `lanjut`: below the citizen's own last post. A
    mail has a `subject`; without one it answers what came last. `html` is the same mail as its program shows it.
    """

    text: str
    to: str = "kannel"
    copies: int = 1
    way: str = ""
    subject: str = ""
    html: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Long:
    """A text that the network cuts into parts; those in `order` arrive."""

    parts: tuple[str, ...]
    order: tuple[int, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Photos:
    """Photos with words, named as in standins/pictures.py; a mail has them as files."""

    names: tuple[str, ...]
    caption: str = ""
    way: str = ""
    subject: str = ""
    html: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """A voice note (static/suara.ogg)."""


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


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report at another city's portal, where it happened, and what its officers say of it."""

    text: str
    address: str = ""
    notes: str = ""
    status: str = "open"


Step = Say | Long | Photos | Voice | Place | Mend | AskState | Fill | Report

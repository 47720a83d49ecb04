"""One citizen's part of the play, and the people: made up, with invented numbers."""

from __future__ import annotations

import dataclasses

from standins.kinds import EMAIL, FACEBOOK, INSTAGRAM, LINE, OPEN311, SMS, TELEGRAM, WEB, WHATSAPP, X
from standins.steps import Say, Step
from standins.town import Phone


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One citizen's messages, the first of them so many hours ago where the provider tells the time."""

    key: str
    who: Phone
    hours: float
    steps: tuple[Step, ...]


def story(key: str, who: Phone, hours: float, *steps: Step | str) -> Story:
    """A story; bare texts are said."""
    told = tuple(Say(text=step) if isinstance(step, str) else step for step in steps)
    return Story(key=key, who=who, hours=hours, steps=told)


def person(kind: str, name: str, tail: int) -> Phone:
    """Somebody on one channel; `tail` (three digits) is the end of his number there."""
    address = {
        SMS: f"+6281200000{tail:03d}",
        WHATSAPP: f"+6281200000{tail:03d}",
        TELEGRAM: f"8100{tail:03d}",
        LINE: f"U{tail:032x}",
        EMAIL: f"{name.lower().replace(' ', '.')}@warga.example",
        X: f"1600000000000000{tail:03d}",
        FACEBOOK: f"7012000000000{tail:03d}",
        INSTAGRAM: f"17841499000000{tail:03d}",
        OPEN311: f"pelapor-{tail}",
    }[kind]
    return Phone(kind=kind, address=address, name=name)


def browser(name: str, key: str) -> Phone:
    """Somebody at the public form."""
    return Phone(kind=WEB, address=key, name=name)

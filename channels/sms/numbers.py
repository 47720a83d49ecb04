"""Addresses of SMS: phone numbers in one spelling, short codes and senders' names as they are."""

from __future__ import annotations

import re
from typing import Final

from channels.toolkit.payload import storable
from normalizer.identity import canonical_phone

_DIALLED: Final = re.compile(r"\+?\d{3,15}")
_LONGEST: Final = 64


def address(raw: str, region: str) -> str:
    """+62… where it is a phone number of `region` or of the world; else what came, without blanks around it."""
    text = storable(raw).strip()[:_LONGEST]
    return canonical_phone(text, region) or text


def can_be_answered(number: str) -> bool:
    """A name such as a shop's can send SMS, but none can be sent to it."""
    return bool(_DIALLED.fullmatch(number))

"""Who wrote: one spelling for each phone number."""

from __future__ import annotations

import functools
import re
import unicodedata
from typing import Final

import phonenumbers

#: Indonesian mobile numbers as the metadata of libphonenumber has them; decides nearly every sender without it.
_MOBILE: Final = re.compile(r"(?:\+62|62|0)?0?(8[1-35-9]\d{7,10})")
_MOBILE_ABROAD: Final = re.compile(r"\+620?(8[1-35-9]\d{7,10})")
_PUNCTUATION: Final = str.maketrans("", "", " \t\u00a0-.()/")
_LETTERS: Final = re.compile(r"[^\W\d_]")
_LONGEST: Final = 40
_SHORT_PHONE: Final = 10


def canonical_phone(raw: str, region: str = "ID") -> str | None:
    """`+62…` (E.164) for any spelling of a number of `region`, or of the world; None for short codes and names."""
    if len(raw) > _LONGEST:
        return None
    plain = raw.translate(_PUNCTUATION)
    mobile = (_MOBILE if region == "ID" else _MOBILE_ABROAD).fullmatch(plain) if plain.isascii() else None
    if mobile:
        return f"+62{mobile[1]}"
    return _by_metadata(unicodedata.normalize("NFKC", raw), region)


@functools.lru_cache(maxsize=512)  # mostly for our own short codes, which stand in each message
def _by_metadata(raw: str, region: str) -> str | None:
    """The slow way; letters are refused because the library reads them as a telephone's keys."""
    if _LETTERS.search(raw):
        return None
    plain = raw.translate(_PUNCTUATION)
    if plain.startswith("00") and len(plain) > _SHORT_PHONE:
        plain = "+" + plain[2:]
    for candidate in (plain, f"+{plain}"):
        try:
            number = phonenumbers.parse(candidate, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return None

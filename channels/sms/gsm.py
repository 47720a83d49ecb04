"""The GSM 7-bit default alphabet and its extension table (3GPP TS 23.038, 6.2.1)."""

from __future__ import annotations

from typing import Final

ESCAPE: Final = 0x1B
_BASIC: Final = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED: Final = {
    0x0A: "\f",
    0x14: "^",
    0x28: "{",
    0x29: "}",
    0x2F: "\\",
    0x3C: "[",
    0x3D: "~",
    0x3E: "]",
    0x40: "|",
    0x65: "€",
}
#: Characters that take one septet, and those that take two.
SINGLE: Final = _BASIC.replace("\x1b", "")
DOUBLE: Final = "".join(_EXTENDED.values())
_ONE: Final = frozenset(SINGLE)
_TWO: Final = frozenset(DOUBLE)


def septets(text: str) -> int | None:
    """How many 7-bit units the text takes, extension characters counting two; None where the alphabet lacks one."""
    total = 0
    for character in text:
        if character in _ONE:
            total += 1
        elif character in _TWO:
            total += 2
        else:
            return None
    return total


def decode(data: bytes) -> str:
    """Unpacked septets (one a byte) as text; what the alphabet does not have becomes U+FFFD."""
    characters: list[str] = []
    escaped = False
    for byte in data:
        if byte == ESCAPE and not escaped:
            escaped = True
            continue
        basic = _BASIC[byte] if byte < len(_BASIC) and byte != ESCAPE else "\ufffd"
        characters.append(_EXTENDED.get(byte, basic) if escaped else basic)
        escaped = False
    return "".join(characters)

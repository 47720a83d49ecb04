"""How long a post is by X's own count: twitter-text's configuration, version 3."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

#: What a post may weigh, and what any address weighs in it, however long it is.
MAX_WEIGHT: Final = 280
#: The longest direct message, in characters.
MAX_MESSAGE: Final = 10_000
URL_WEIGHT: Final = 23
_LIGHT: Final = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))

#: With a scheme, or a bare name under a common ending, as X turns it into a link.
_URL: Final = re.compile(
    r"https?://[^\s<>\"'\u201c\u201d\u2018\u2019]+[^\s<>\"'\u201c\u201d\u2018\u2019.,;:!?)\]}]"
    r"|(?<![\w@.$#-])(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+(?:com|net|org|info|id|co|io|me|gov|edu)(?![\w@-])"
    r"(?:/[^\s<>\"'\u201c\u201d\u2018\u2019]*[^\s<>\"'\u201c\u201d\u2018\u2019.,;:!?)\]}])?",
    re.IGNORECASE | re.ASCII,
)
_PICTURE: Final = (
    "[\U0001f000-\U0001faff\u2190-\u21ff\u2300-\u23ff\u2460-\u24ff\u25a0-\u27bf\u2900-\u297f\u2b00-\u2bff\u3030\u303d"
    "\u3297\u3299]"
)
_TONE: Final = "[\ufe0f\U0001f3fb-\U0001f3ff]"
_TAGS: Final = "[\U000e0020-\U000e007f]"
#: One picture however many characters make it up: flags, keycaps, tones, families.
_EMOJI: Final = re.compile(
    rf"[\U0001f1e6-\U0001f1ff]{{2}}|[0-9#*]\ufe0f?\u20e3"
    rf"|{_PICTURE}{_TONE}*{_TAGS}*(?:\u200d(?:{_PICTURE}|[\u2640\u2642]){_TONE}*)*"
)


def weigh(text: str) -> int:
    """The weighted length of a post: most letters 1, CJK and emoji 2, an address 23."""
    text = unicodedata.normalize("NFC", text)
    addresses = len(_URL.findall(text))
    rest = _URL.sub("", text)
    pictures = len(_EMOJI.findall(rest))
    return addresses * URL_WEIGHT + pictures * 2 + sum(map(_weight, _EMOJI.sub("", rest)))


def _weight(character: str) -> int:
    point = ord(character)
    return 1 if any(first <= point <= last for first, last in _LIGHT) else 2

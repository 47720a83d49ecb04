"""Which pictures X takes with a reply: four below a post, one in a direct message."""

from __future__ import annotations

from typing import Final

from channels.contract import Files

_LARGEST: Final = 5 * 1024 * 1024
_TYPES: Final = frozenset({"image/jpeg", "image/png", "image/webp"})
BELOW_A_POST: Final = Files(most=4, largest=_LARGEST, types=_TYPES)
IN_A_MESSAGE: Final = Files(most=1, largest=_LARGEST, types=_TYPES)

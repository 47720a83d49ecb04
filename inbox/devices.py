"""What an officer knows a browser by, from its User-Agent; only these words are kept."""

from __future__ import annotations

from typing import Final

#: The first that stands in the text decides: Edge and Opera also say Chrome, Chrome also says Safari.
_BROWSERS: Final = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser/": "Samsung Internet",
    "Firefox/": "Firefox",
    "FxiOS/": "Firefox",
    "Chrome/": "Chrome",
    "CriOS/": "Chrome",
    "Safari/": "Safari",
}
#: Android also says Linux, and iPhones say "like Mac OS X".
_SYSTEMS: Final = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "Mac OS X": "Mac",
    "CrOS": "Chromebook",
    "Linux": "Linux",
}


def described(user_agent: str) -> str:
    """`Firefox di Android`; what is not known is left out."""
    browser = next((name for mark, name in _BROWSERS.items() if mark in user_agent), "Peramban lain")
    system = next((name for mark, name in _SYSTEMS.items() if mark in user_agent), None)
    return f"{browser} di {system}" if system else browser

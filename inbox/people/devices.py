"""What an officer knows a browser by, from its User-Agent; only these names are kept."""

from __future__ import annotations

from typing import Final

from inbox.i18n import _

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
    """`Firefox/Android`, as it is kept; empty on either side where it is not known."""
    browser = next((name for mark, name in _BROWSERS.items() if mark in user_agent), "")
    system = next((name for mark, name in _SYSTEMS.items() if mark in user_agent), "")
    return f"{browser}/{system}" if system else browser


def shown(device: str) -> str:
    """`Firefox di Android`, of what is kept; what is not known is left out."""
    browser, _slash, system = device.partition("/")
    browser = browser or _("Peramban lain")
    return _("%(browser)s di %(system)s", browser=browser, system=system) if system else browser

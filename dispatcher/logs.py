"""Logging: one plain line for each event on stderr, and silence from libraries that would print addresses."""

from __future__ import annotations

import logging
import sys
import traceback
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

#: They log whole URLs, and some providers put their token into the URL.
_TALKATIVE = ("httpx", "httpcore", "twilio", "telegram", "urllib3", "tweepy", "imapclient", "rq", "alembic")


#: How many frames of a traceback are shown, innermost last.
_FRAMES = 6

_Trouble = tuple[type[BaseException], BaseException, "TracebackType | None"] | tuple[None, None, None]


class _Discreet(logging.Formatter):
    """Of an exception its type and where it came from, never its message: that may quote a citizen."""

    def formatException(self, ei: _Trouble) -> str:  # noqa: N802 - logging's name
        """`ValueError at drain.py:55 < jobs.py:20`."""
        return "nothing" if ei[1] is None else where(ei[1])


def where(error: BaseException) -> str:
    """An exception for the log: its type and the places that it came through, without its message."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    places = (f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in reversed(frames))
    return f"{type(error).__name__} at {' < '.join(places) or 'no place'}"


def configure(level: str, *, process: str = "muara") -> None:
    """Set logging up for this process; `level` is debug, info, warning or error. Lines never hold personal data."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Discreet(f"%(asctime)s {process} %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S%z"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)

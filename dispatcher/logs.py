"""Logging: one plain line for each event on stderr, and silence from libraries that would print addresses."""

from __future__ import annotations

import logging
import sys

#: They log whole URLs, and some providers put their token into the URL.
_TALKATIVE = ("httpx", "httpcore", "twilio", "telegram", "urllib3", "tweepy", "imapclient", "rq", "alembic")


def configure(level: str, *, process: str = "muara") -> None:
    """Set logging up for this process; `level` is debug, info, warning or error. Lines never hold personal data."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        logging.Formatter(f"%(asctime)s {process} %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S%z")
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)

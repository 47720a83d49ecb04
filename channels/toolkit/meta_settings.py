"""The settings that Messenger and Instagram accounts share."""

from __future__ import annotations

import dataclasses
import re
from typing import Final, Literal

from channels.toolkit.meta import GRAPH

_ID: Final = re.compile(r"[0-9]{3,25}")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class MetaSettings:
    """What each account of a Meta app needs; ValueError names the key that cannot be used.

    `app_id` and `app_secret` are the app's, `verify_token` what the handshake must show (16 characters at least),
    `token` the page's or account's. `human_agent` says that Meta approved the feature: officers may answer for seven
    days. `comment_reply` is where answers to comments go. Without `comments` only direct messages are subscribed to.
    `catch_up` asks for what was not delivered, each `poll_interval` seconds. `timeout` is in seconds, for one call.
    """

    app_id: str
    app_secret: str = dataclasses.field(repr=False)
    verify_token: str = dataclasses.field(repr=False)
    token: str = dataclasses.field(repr=False)
    human_agent: bool = False
    comment_reply: Literal["public", "private"] = "public"
    comments: bool = True
    catch_up: bool = True
    poll_interval: float = 900.0
    timeout: float = 20.0
    base_url: str = GRAPH

    def __post_init__(self) -> None:
        """Refuse what cannot work, before the first citizen notices."""
        check_id("app_id", self.app_id)
        for name, least in (("app_secret", 16), ("verify_token", 16), ("token", 16)):
            if len(getattr(self, name)) < least:
                raise ValueError(f"{name}: must have at least {least} characters")
        if self.comment_reply not in {"public", "private"}:
            raise ValueError("comment_reply: must be public or private")
        if self.poll_interval < 60:  # noqa: PLR2004 - more often, Meta would throttle the whole page
            raise ValueError("poll_interval: must be at least 60 seconds")
        if self.timeout <= 0:
            raise ValueError("timeout: must be more than 0 seconds")


def check_id(name: str, value: str) -> None:
    """ValueError where a setting is none of Meta's numbers."""
    if not _ID.fullmatch(value):
        raise ValueError(f"{name}: must be the number that Meta gave, digits only")

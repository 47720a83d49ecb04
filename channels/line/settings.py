"""What an administrator sets for one LINE official account."""

from __future__ import annotations

import dataclasses
import re
from urllib.parse import urlsplit

API = "https://api.line.me"
DATA_API = "https://api-data.line.me"
_BOT = re.compile(r"U[0-9a-f]{32}")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class LineSettings:
    """One Messaging API channel; ValueError names the key that cannot be used.

    `channel_secret` proves webhook calls, `access_token` (a long-lived one) is shown with every call of ours.
    `destination` is the bot's own user id. `api_url` and `data_url` are LINE's two servers, without a slash at their
    end. `timeout` is in seconds, for one call.
    """

    channel_secret: str = dataclasses.field(repr=False)
    access_token: str = dataclasses.field(repr=False)
    destination: str | None = None
    api_url: str = API
    data_url: str = DATA_API
    timeout: float = 10.0

    def __post_init__(self) -> None:
        """Refuse what cannot work before the first citizen notices."""
        if self.destination is not None and not _BOT.fullmatch(self.destination):
            raise ValueError("destination: expected the bot's user id, U and 32 hexadecimal digits")
        for key, url in (("api_url", self.api_url), ("data_url", self.data_url)):
            parts = urlsplit(url)
            # The library adds the version itself.
            ends = parts.query or parts.path.endswith(("/", "/v2"))
            if parts.scheme not in {"http", "https"} or not parts.hostname or ends:
                raise ValueError(f"{key}: expected an address such as {API}")
        if self.timeout <= 0:
            raise ValueError("timeout: must be more than 0 seconds")

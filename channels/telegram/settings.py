"""What an administrator sets for one bot."""

from __future__ import annotations

import dataclasses
import re
from typing import Literal

#: The characters that setWebhook takes for its secret_token.
_SECRET = re.compile(r"[A-Za-z0-9_-]{16,256}")
_TOKEN = re.compile(r"\d{1,20}:[A-Za-z0-9_-]+")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class TelegramSettings:
    """One bot; ValueError names the key that cannot be used.

    `token` is BotFather's. `secret_token` (16 to 256 letters, digits, - or _) is what Telegram proves its webhook calls
    with, and is required in mode webhook. `username` is the bot's name without @. `base_url` and `base_file_url` are
    prefixes that the token is put behind. `timeout` is in seconds, for one call.
    """

    token: str = dataclasses.field(repr=False)
    mode: Literal["webhook", "polling"] = "webhook"
    secret_token: str = dataclasses.field(default="", repr=False)
    username: str | None = None
    base_url: str = "https://api.telegram.org/bot"
    base_file_url: str = "https://api.telegram.org/file/bot"
    timeout: float = 15.0

    def __post_init__(self) -> None:
        """Refuse what Telegram would refuse, before the first citizen notices."""
        if not _TOKEN.fullmatch(self.token):
            raise ValueError("token: not a bot token; BotFather gives one like 123456:ABC-DEF")
        if self.mode not in {"webhook", "polling"}:
            raise ValueError("mode: must be webhook or polling")
        if (self.secret_token or self.mode == "webhook") and not _SECRET.fullmatch(self.secret_token):
            raise ValueError("secret_token: mode webhook needs 16 to 256 letters, digits, - or _")
        if self.timeout <= 0:
            raise ValueError("timeout: must be more than 0 seconds")

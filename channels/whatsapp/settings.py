"""What an administrator sets for one WhatsApp number."""

from __future__ import annotations

import dataclasses
import re
from urllib.parse import urlsplit

from channels.toolkit.meta import GRAPH

_NUMBER = re.compile(r"\d{5,24}")
_TEMPLATE = re.compile(r"[a-z0-9_]{1,512}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Z]{2})?")
_SHORTEST_SECRET = 16


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class WhatsAppSettings:
    """One number; ValueError names the key that cannot be used.

    `phone_number_id` and `waba_id` are Meta's ids, not telephone numbers. `token` is a system user's, `app_secret` the
    app's, `verify_token` our own invention for Meta's handshake. A template that is empty has not been approved.
    `timeout` is in seconds, for one call.
    """

    phone_number_id: str
    waba_id: str
    token: str = dataclasses.field(repr=False)
    app_secret: str = dataclasses.field(repr=False)
    verify_token: str = dataclasses.field(repr=False)
    template_ack: str = ""
    template_question: str = ""
    template_closing: str = ""
    template_answer: str = ""
    template_language: str = "id"
    api_url: str = GRAPH
    timeout: float = 15.0

    def __post_init__(self) -> None:
        """Refuse what Meta would refuse, before the first citizen notices."""
        for name in ("phone_number_id", "waba_id"):
            if not _NUMBER.fullmatch(getattr(self, name)):
                raise ValueError(f"{name}: must be Meta's id, which has digits only")
        for name in ("token", "app_secret", "verify_token"):
            if len(getattr(self, name)) < _SHORTEST_SECRET:
                raise ValueError(f"{name}: has at least {_SHORTEST_SECRET} characters")
        for name in ("template_ack", "template_question", "template_closing", "template_answer"):
            value = getattr(self, name)
            if value and not _TEMPLATE.fullmatch(value):
                raise ValueError(f"{name}: a template's name has lower-case letters, digits and _ only")
        if not _LANGUAGE.fullmatch(self.template_language):
            raise ValueError("template_language: must be a code such as id or en_US")
        parts = urlsplit(self.api_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or self.api_url.endswith("/"):
            raise ValueError(
                "api_url: must be an address such as https://graph.facebook.com/v25.0, without a / at its end"
            )
        if self.timeout <= 0:
            raise ValueError("timeout: must be more than 0 seconds")

    @property
    def templates(self) -> tuple[str, ...]:
        """The names of the templates that are set, each once."""
        named = (self.template_ack, self.template_question, self.template_closing, self.template_answer)
        return tuple(dict.fromkeys(name for name in named if name))

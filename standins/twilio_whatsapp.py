"""WhatsApp at Twilio: senders, the 24 hours, content templates; and the webhooks of what citizens write there."""

from __future__ import annotations

import dataclasses
import json
import re
import secrets
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from standins.twilio_forms import form

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from standins.request import Request

PREFIX: Final = "whatsapp:"
WINDOW: Final = timedelta(hours=24)
#: Twilio takes a free text after the window, and tells by the status callback that WhatsApp did not.
OUTSIDE_WINDOW: Final = 63016
_E164: Final = re.compile(r"\+[1-9]\d{6,14}")
_CONTENT_SID: Final = re.compile(r"HX[0-9a-f]{32}")
_PLACEHOLDER: Final = re.compile(r"\{\{(\d+)\}\}")
_UNFIT: Final = re.compile(r"[\n\r\t]| {5}")
_LONGEST_TEMPLATE: Final = 1024


def _now() -> datetime:
    return datetime.now(UTC)


@dataclasses.dataclass(kw_only=True)
class WhatsApp:
    """One account's WhatsApp. `templates` are bodies with {{1}}, {{2}}, … by their sid (HX…).

    `failed` are the sids of messages that Twilio took and WhatsApp did not, with Twilio's error number.
    """

    senders: Sequence[str] = ()
    templates: Mapping[str, str] = dataclasses.field(default_factory=dict)
    clock: Callable[[], datetime] = _now
    failed: list[tuple[str, int]] = dataclasses.field(default_factory=list)
    _wrote: dict[str, datetime] = dataclasses.field(default_factory=dict)

    def wrote(self, number: str, at: datetime | None = None) -> None:
        """A citizen wrote, now if no time is given, which opens the window."""
        self._wrote[number] = at or self.clock()

    def refused(self, fields: Mapping[str, str]) -> tuple[int, str] | None:
        """Twilio's error number and words for what it does not take."""
        to, sender = fields.get("To", ""), fields.get("From", "")
        content, variables = fields.get("ContentSid", ""), fields.get("ContentVariables", "")
        checks = (
            (not _E164.fullmatch(to.removeprefix(PREFIX)), 21211, "Invalid 'To' Phone Number"),
            (not sender.startswith(PREFIX), 21910, "Invalid From and To pair: both must be of the same channel"),
            (sender.removeprefix(PREFIX) not in self.senders, 63007, "Twilio could not find a Channel with this From"),
            (bool(content and fields.get("Body")), 20001, "standin: a template goes without Body"),
            (bool(variables and not content), 21654, "ContentSid Required"),
            (bool(content) and not _CONTENT_SID.fullmatch(content), 50526, "Invalid content SID"),
            (bool(content) and content not in self.templates, 20404, "The requested resource was not found"),
            (bool(content) and not self._fits(content, variables), 21656, "The ContentVariables Parameter is invalid"),
        )
        return next(((code, words) for wrong, code, words in checks if wrong), None)

    def _fits(self, content: str, variables: str) -> bool:
        try:
            given = json.loads(variables or "{}")
        except ValueError:
            return False
        body = self.templates.get(content, "")
        return (
            isinstance(given, dict)
            and set(given) == set(_PLACEHOLDER.findall(body))
            and all(isinstance(value, str) and value.strip() and not _UNFIT.search(value) for value in given.values())
            and len(self._filled(body, given)) <= _LONGEST_TEMPLATE
        )

    def reaching(self, fields: Mapping[str, str]) -> str | None:
        """The words that the citizen gets; None where WhatsApp does not deliver them."""
        if content := fields.get("ContentSid"):
            return self._filled(self.templates[content], json.loads(fields.get("ContentVariables") or "{}"))
        wrote = self._wrote.get(fields["To"].removeprefix(PREFIX))
        open_ = wrote is not None and self.clock() < wrote + WINDOW
        return fields["Body"] if open_ else None

    @staticmethod
    def _filled(body: str, values: Mapping[str, str]) -> str:
        return _PLACEHOLDER.sub(lambda found: values[found[1]], body)


def incoming(
    hook_url: str,
    auth_token: str,
    *,
    sender: str,
    receiver: str,
    text: str = "",
    name: str = "Siti Aminah",
    media: Sequence[tuple[str, str]] = (),
    sid: str | None = None,
    **more: str,
) -> Request:
    """The webhook of a citizen's WhatsApp message; `more` are Twilio's further fields, such as Latitude."""
    sid = sid or ("MM" if media else "SM") + secrets.token_hex(16)
    kind = media[0][1].partition("/")[0] if media else "text"
    fields = {
        "SmsMessageSid": sid,
        "NumMedia": str(len(media)),
        "ProfileName": name,
        "MessageType": kind,
        "SmsSid": sid,
        "WaId": sender.removeprefix("+"),
        "SmsStatus": "received",
        "Body": text,
        "To": f"{PREFIX}{receiver}",
        "NumSegments": "1",
        "ReferralNumMedia": "0",
        "MessageSid": sid,
        "AccountSid": "AC" + "0" * 32,
        "From": f"{PREFIX}{sender}",
        "ApiVersion": "2010-04-01",
    }
    for number, (url, content_type) in enumerate(media):
        fields |= {f"MediaUrl{number}": url, f"MediaContentType{number}": content_type}
    return form(hook_url, auth_token, fields | more)


def status(hook_url: str, auth_token: str, *, sid: str, status: str, error_code: str = "") -> Request:
    """The status callback of one of our WhatsApp messages."""
    fields = {
        "ChannelPrefix": "whatsapp",
        "ApiVersion": "2010-04-01",
        "MessageStatus": status,
        "SmsSid": sid,
        "SmsStatus": status,
        "ChannelInstallSid": "XE" + "0" * 32,
        "To": f"{PREFIX}+628112626116",
        "From": f"{PREFIX}+15005550006",
        "MessageSid": sid,
        "AccountSid": "AC" + "0" * 32,
        "StructuredMessage": "false",
    }
    if status == "read":
        fields["EventType"] = "READ"
    return form(hook_url, auth_token, fields | ({"ErrorCode": error_code} if error_code else {}))

"""A client for Open311 GeoReport v2 servers: services, requests, one request, posting one, and tokens.

Source: https://wiki.open311.org/GeoReport_v2 (frozen), read in November 2026. XML is what every server has; JSON where
it offers it. What comes back is read into flat fields of text, whichever of the two it was.
"""

from __future__ import annotations

import dataclasses
from datetime import UTC
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from channels.errors import OutcomeUnknown, PayloadError, Refused
from channels.lapor.geodata import read_list
from normalizer.saying import Sentence, say

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from channels.lapor.geodata import Fields
    from channels.toolkit.http import Reply

WHO: Final = say("Server Open311")
#: The most that a list holds; where it is reached, there may be more.
LIST_LIMIT: Final = 1000
#: A thousand requests whose descriptions have 4,000 characters each, in XML.
_MAX_LIST: Final = 16 * 1024 * 1024
MAX_DESCRIPTION: Final = 4000
_FORBIDDEN: Final = 403
_MISSING: Final = 404


class GeoReportRefused(Refused):
    """The server's own no, with its code; `description` is its sentence for people, and may quote what was sent."""

    def __init__(self, message: Sentence, description: str) -> None:
        super().__init__(message)
        self.description = description


class NotThere(GeoReportRefused):
    """No request, token or jurisdiction of that name."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a server is and how it is spoken to; `jurisdiction` is empty where it serves but one."""

    url: str
    api_key: str = dataclasses.field(default="", repr=False)
    jurisdiction: str = ""
    form: str = "xml"
    timeout: float = 30.0


class GeoReport:
    """One server. Every method raises SendFailed's kinds; GeoReportRefused carries the server's own sentence."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._to = endpoint

    def services(self) -> list[Fields]:
        """The kinds of requests that it takes: service_code, service_name, metadata, type and more."""
        return self._get("services", "service")

    def requests(self, **query: str | datetime) -> list[Fields]:
        """The list by start_date, end_date, updated_after, service_code, status; at most `LIST_LIMIT` of them."""
        return self._get("requests", "request", **{name: _written(value) for name, value in query.items()})

    def request(self, external_id: str) -> Fields:
        """One request. NotThere."""
        return self._one(self._get(f"requests/{quote(external_id, safe='')}", "request"))

    def redeem(self, token: str) -> str | None:
        """The id that a token stands for; None while the server has none yet. NotThere for an unknown token."""
        found = self._one(self._get(f"tokens/{quote(token, safe='')}", "request"))
        return found.get("service_request_id") or None

    def post(self, fields: Mapping[str, str]) -> Fields:
        """Create a request: the answer has service_request_id or token, or neither where the server gives no id.

        OutcomeUnknown where it may have been created, an unreadable answer to a success included.
        """
        from channels.toolkit import http  # noqa: PLC0415 - the gateway never sends and need not carry it

        form = {"api_key": self._to.api_key, **self._where(), **fields}
        url = f"{self._to.url}/requests.{self._to.form}"
        reply = self._checked(http.call("POST", url, who=WHO, timeout=self._to.timeout, data=form))
        try:
            return self._one(read_list(reply.body, "request"))
        except PayloadError as error:
            raise OutcomeUnknown(
                say("%(who)s menerima pesan, tetapi jawabannya tidak dapat dibaca", who=WHO)
            ) from error

    def _get(self, path: str, name: str, **query: str) -> list[Fields]:
        from channels.toolkit import http  # noqa: PLC0415 - polled by the listener only

        url = f"{self._to.url}/{path}.{self._to.form}"
        params = self._where() | {key: value for key, value in query.items() if value}
        reply = http.call("GET", url, who=WHO, timeout=self._to.timeout, params=params, max_answer=_MAX_LIST)
        return read_list(self._checked(reply).body, name)

    def _where(self) -> dict[str, str]:
        return {"jurisdiction_id": self._to.jurisdiction} if self._to.jurisdiction else {}

    @staticmethod
    def _one(found: list[Fields]) -> Fields:
        if not found:
            raise PayloadError("open311: the answer holds nothing")
        return found[0]

    @staticmethod
    def _checked(reply: Reply) -> Reply:
        """The reply of a success; a refusal with what the server says of it."""
        from channels.toolkit import http  # noqa: PLC0415 - as above

        if not 400 <= reply.status < 500 or reply.status in {408, 425, 429}:  # noqa: PLR2004 - HTTP's own numbers
            return http.check(reply, WHO)
        try:
            errors = read_list(reply.body, "error")
        except PayloadError:
            errors = []
        code = next((error["code"] for error in errors if error.get("code", "").isalnum()), "none")[:20]
        said = "; ".join(error.get("description", "") for error in errors)[:300]
        kind = NotThere if reply.status == _MISSING else GeoReportRefused
        answered = say("%(who)s menjawab HTTP %(status)s, kode %(code)s", who=WHO, status=reply.status, code=code)
        raise kind(say("%(error)s: periksa api_key", error=answered) if reply.status == _FORBIDDEN else answered, said)


def _written(value: str | datetime) -> str:
    return value if isinstance(value, str) else value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

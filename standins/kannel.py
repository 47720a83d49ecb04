"""Kannel's side: `sendsms` as smsbox answers it, and the requests that its get-url and dlr-url make."""

from __future__ import annotations

import datetime as dt
import hmac
import re
import uuid
from typing import TYPE_CHECKING
from urllib.parse import quote_from_bytes, quote_plus

from flask import Flask, Response, request

from standins.faults import Faults
from standins.mailroom import Delivered, Mailroom
from standins.request import Request

if TYPE_CHECKING:
    from collections.abc import Mapping

#: CGI variables of sendsms (user guide, "Using the HTTP interface to send SMS messages").
_VARIABLES = (
    "username user password pass from to text charset udh smsc flash mclass mwi compress coding validity deferred"
    " dlr-mask dlr-url account pid alt-dcs rpi binfo priority meta-data"
)
_KNOWN = frozenset(_VARIABLES.split())
_NUMBER = re.compile(r"\+?\d{3,15}")
_MAX_PARTS = 10


def create_app(
    mailroom: Mailroom,
    *,
    username: str,
    password: str,
    account: str = "kannel",
    faults: Faults | None = None,
) -> Flask:
    """A smsbox with one sendsms-user: `concatenation = true`, `max-messages = 10`. Reports wait in app.extensions."""
    app = Flask("standin-kannel")
    trouble = faults or Faults()
    trouble.install(app, _refusal)
    reports: list[str] = []
    app.extensions["kannel_reports"] = reports

    @app.get("/cgi-bin/sendsms")
    def sendsms() -> Response:
        fields = request.args
        known = hmac.compare_digest(fields.get("password", fields.get("pass", "")).encode(), password.encode())
        if trouble.unauthorized or fields.get("username", fields.get("user")) != username or not known:
            return _refusal(403, "Authorization failed for sendsms")
        if unknown := sorted(set(fields) - _KNOWN):
            return _refusal(400, f"standin: no such variable {unknown[0]}")
        if not _NUMBER.fullmatch(fields.get("to", "")):
            return _refusal(400, "Sender missing and no global set, rejected" if "to" in fields else "Missing receiver")
        if fields.get("coding", "0") not in {"0", "1", "2"}:
            return _refusal(400, "Coding field misformed, rejected")
        text = fields.get("text", "")
        if _parts(text, fields.get("coding", "0")) > _MAX_PARTS:
            return _refusal(403, "Not routable. Do not try again.")
        sent = Delivered(provider="kannel", account=account, to=fields["to"], text=text, external_id=str(uuid.uuid4()))
        mailroom.deliver(sent)
        if "dlr-url" in fields and int(fields.get("dlr-mask", "0")) & 1:
            reports.append(fields["dlr-url"])
        return Response("0: Accepted for delivery", status=202, content_type="text/html")

    return app


def _refusal(status: int, words: str) -> Response:
    answer = {503: "Temporal failure, try again later."}.get(status, words)
    return Response(answer, status=status, content_type="text/html")


def _parts(text: str, coding: str) -> int:
    if coding == "2":
        return -(-len(text.encode("utf-16-be")) // 134)
    return -(-len(text) // 153)


def report(dlr_url: str, status: int, *, smsc_reply: str = "ACK/", phone: str = "", number: str = "") -> Request:
    """What Kannel requests once the SMSC has reported: the dlr-url with its escape codes filled in."""
    now = dt.datetime.now(dt.UTC)
    codes = {
        "%d": str(status),
        "%A": quote_plus(smsc_reply),
        "%p": quote_plus(phone),
        "%P": quote_plus(number),
        "%t": now.strftime("%Y-%m-%d+%H:%M:%S"),
    }
    url = re.sub(r"%[dApPt](?![0-9A-Fa-f])", lambda code: codes[code[0]], dlr_url)
    return Request(method="GET", url=url, headers={"User-Agent": "Kannel/1.4.5"})


def incoming(
    hook_url: str,
    secret: str,
    *,
    sender: str,
    receiver: str,
    text: str | bytes,
    coding: int | None = None,
    charset: str | None = None,
    udh: bytes = b"",
    smsc: str = "modem1",
    id: str | None = None,  # noqa: A002 - the parameter's name in the request
    time: dt.datetime | None = None,
) -> Request:
    """What the documented get-url requests for a citizen's SMS: a text as Kannel codes it, or bytes just so."""
    data, found_coding, found_charset = _coded(text)
    moment = (time or dt.datetime.now(dt.UTC)).astimezone(dt.UTC)
    fields: Mapping[str, bytes] = {
        "secret": secret.encode(),
        "sender": sender.encode(),
        "receiver": receiver.encode(),
        "text": data,
        "smsc": smsc.encode(),
        "udh": udh,
        "id": (id or str(uuid.uuid4())).encode(),
        "coding": str(found_coding if coding is None else coding).encode(),
        "charset": (found_charset if charset is None else charset).encode(),
    }
    query = "&".join(f"{name}={quote_from_bytes(value, safe='')}" for name, value in fields.items())
    query += f"&time={moment:%Y-%m-%d+%H:%M:%S}"
    return Request(method="GET", url=f"{hook_url}?{query}", headers={"User-Agent": "Kannel/1.4.5"})


def _coded(text: str | bytes) -> tuple[bytes, int, str]:
    """Kannel keeps seven-bit text as UTF-8, and what the SMSC gave as UCS-2 as UTF-16BE."""
    if isinstance(text, bytes):
        return text, 1, "8-BIT"
    if text.isascii():
        return text.encode(), 0, "UTF-8"
    return text.encode("utf-16-be"), 2, "UTF-16BE"

"""Twilio's side: the message resource of its REST API, and its signed webhooks."""

from __future__ import annotations

import hmac
import re
import secrets
from typing import TYPE_CHECKING

from flask import Flask, Response, jsonify, request

from standins.faults import Faults
from standins.mailroom import Delivered, Mailroom
from standins.twilio_forms import form
from standins.twilio_whatsapp import OUTSIDE_WINDOW, PREFIX, WhatsApp

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from standins.request import Request

_NAMES = "To From MessagingServiceSid Body StatusCallback MediaUrl ValidityPeriod SmartEncoded"
_KNOWN = frozenset(f"{_NAMES} ContentSid ContentVariables".split())
_E164 = re.compile(r"\+[1-9]\d{6,14}")
_MAX_BODY = 1600
_CODES = {401: 20003, 429: 20429, 500: 20500, 503: 20503}


def create_app(
    mailroom: Mailroom,
    *,
    account_sid: str,
    auth_token: str,
    numbers: Sequence[str],
    account: str = "twilio",
    media: Mapping[str, tuple[str, bytes]] | None = None,
    whatsapp: WhatsApp | None = None,
    faults: Faults | None = None,
) -> Flask:
    """An API with one account; `media` are files by their path below the account: (content type, bytes)."""
    channel = whatsapp or WhatsApp()
    app = Flask("standin-twilio")
    trouble = faults or Faults()
    trouble.install(app, lambda status, words: _problem(status, _CODES.get(status, 20001), words))
    base = f"/2010-04-01/Accounts/{account_sid}"

    @app.before_request
    def _log_in() -> Response | None:
        given = request.authorization
        right = (
            given is not None
            and given.username == account_sid
            and hmac.compare_digest((given.password or "").encode(), auth_token.encode())
        )
        return None if right and not trouble.unauthorized else _problem(401, 20003, "Authenticate")

    @app.post(f"{base}/Messages.json")
    def create() -> tuple[Response, int] | Response:
        wanted = request.form
        if problem := _refused(wanted, numbers, channel):
            return _problem(400, *problem)
        to, sid = wanted["To"], "SM" + secrets.token_hex(16)
        text = channel.reaching(wanted) if to.startswith(PREFIX) else wanted["Body"]
        if text is None:
            channel.failed.append((sid, OUTSIDE_WINDOW))
        else:
            provider = "whatsapp-twilio" if to.startswith(PREFIX) else "twilio"
            mailroom.deliver(
                Delivered(provider=provider, account=account, to=to.removeprefix(PREFIX), text=text, external_id=sid)
            )
        created = {"sid": sid, "account_sid": account_sid, "to": to, "from": wanted.get("From"), "status": "queued"}
        told = {"body": text or "", "num_segments": "1", "num_media": "0", "direction": "outbound-api"}
        return jsonify(created | told), 201

    @app.get(f"{base}.json")
    def account_resource() -> Response:
        return jsonify({"sid": account_sid, "status": "active"})

    @app.get(f"{base}/<path:path>")
    def file(path: str) -> Response:
        found = (media or {}).get(path)
        return Response(found[1], content_type=found[0]) if found else _problem(404, 20404, "not found")

    return app


def _refused(wanted: Mapping[str, str], numbers: Sequence[str], channel: WhatsApp) -> tuple[int, str] | None:
    """Twilio's error number and words for what it does not take."""
    to, sender, body = wanted.get("To", ""), wanted.get("From", ""), wanted.get("Body", "")
    checks = (
        (bool(set(wanted) - _KNOWN), 20001, "standin: unknown parameter"),
        (not to, 21604, "A 'To' phone number is required."),
        (not sender and not wanted.get("MessagingServiceSid"), 21603, "A 'From' phone number is required."),
        (not body and not wanted.get("ContentSid"), 21602, "Message body is required."),
        (len(body) > _MAX_BODY, 21617, "The concatenated message body exceeds the 1600 character limit"),
    )
    problem = next(((code, words) for wrong, code, words in checks if wrong), None)
    if problem is None and to.startswith(PREFIX):
        return channel.refused(wanted)
    return problem or _refused_sms(wanted, numbers)


def _refused_sms(wanted: Mapping[str, str], numbers: Sequence[str]) -> tuple[int, str] | None:
    sender = wanted.get("From", "")
    if not _E164.fullmatch(wanted["To"]):
        return 21211, "Invalid 'To' Phone Number"
    if sender.startswith(PREFIX):
        return 21910, "Invalid From and To pair: both must be of the same channel"
    if sender and sender not in numbers:
        return 21606, "The 'From' phone number is not message-capable."
    return (20001, "standin: templates for WhatsApp only") if wanted.get("ContentSid") else None


def _problem(status: int, code: int, message: str) -> Response:
    body = {
        "code": code,
        "message": message,
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }
    answer = jsonify(body)
    answer.status_code = status
    return answer


def incoming(
    hook_url: str,
    auth_token: str,
    *,
    sender: str,
    receiver: str,
    text: str,
    media: Sequence[tuple[str, str]] = (),
    account_sid: str = "AC" + "0" * 32,
    sid: str | None = None,
) -> Request:
    """The webhook of a citizen's SMS, or of an MMS with `media` as (address, content type)."""
    sid = sid or ("MM" if media else "SM") + secrets.token_hex(16)
    fields = {
        "ToCountry": "US",
        "SmsMessageSid": sid,
        "NumMedia": str(len(media)),
        "SmsSid": sid,
        "SmsStatus": "received",
        "Body": text,
        "To": receiver,
        "NumSegments": "1",
        "MessageSid": sid,
        "AccountSid": account_sid,
        "From": sender,
        "ApiVersion": "2010-04-01",
    }
    for number, (url, content_type) in enumerate(media):
        fields |= {f"MediaUrl{number}": url, f"MediaContentType{number}": content_type}
    return form(hook_url, auth_token, fields)


def status(hook_url: str, auth_token: str, *, sid: str, status: str, error_code: str = "") -> Request:
    """The status callback of one of our messages."""
    fields = {
        "MessageSid": sid,
        "SmsSid": sid,
        "MessageStatus": status,
        "SmsStatus": status,
        "ApiVersion": "2010-04-01",
    }
    return form(hook_url, auth_token, fields | ({"ErrorCode": error_code} if error_code else {}))

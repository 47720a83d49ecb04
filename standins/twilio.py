"""Twilio's side: the message resource of its REST API, and its signed webhooks."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from flask import Flask, Response, jsonify, request

from standins.faults import Faults
from standins.mailroom import Delivered, Mailroom
from standins.request import Request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_KNOWN = frozenset(
    {"To", "From", "MessagingServiceSid", "Body", "StatusCallback", "MediaUrl", "ValidityPeriod", "SmartEncoded"}
)
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
    faults: Faults | None = None,
) -> Flask:
    """An API with one account; `media` are files by their path below the account: (content type, bytes)."""
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
        form = request.form
        if problem := _refused(form, numbers):
            return _problem(400, *problem)
        sid = "SM" + secrets.token_hex(16)
        mailroom.deliver(
            Delivered(provider="twilio", account=account, to=form["To"], text=form["Body"], external_id=sid)
        )
        created = {
            "sid": sid,
            "account_sid": account_sid,
            "to": form["To"],
            "from": form.get("From"),
            "status": "queued",
        }
        return jsonify(
            created | {"body": form["Body"], "num_segments": "1", "num_media": "0", "direction": "outbound-api"}
        ), 201

    @app.get(f"{base}.json")
    def account_resource() -> Response:
        return jsonify({"sid": account_sid, "status": "active"})

    @app.get(f"{base}/<path:path>")
    def file(path: str) -> Response:
        found = (media or {}).get(path)
        return Response(found[1], content_type=found[0]) if found else _problem(404, 20404, "not found")

    return app


def _refused(form: Mapping[str, str], numbers: Sequence[str]) -> tuple[int, str] | None:
    """Twilio's error number and words for what it does not take."""
    to, sender, body = form.get("To", ""), form.get("From", ""), form.get("Body", "")
    checks = (
        (bool(set(form) - _KNOWN), 20001, "standin: unknown parameter"),
        (not to, 21604, "A 'To' phone number is required."),
        (not _E164.fullmatch(to), 21211, "Invalid 'To' Phone Number"),
        (not sender and not form.get("MessagingServiceSid"), 21603, "A 'From' phone number is required."),
        (bool(sender) and sender not in numbers, 21606, "The 'From' phone number is not message-capable."),
        (not body, 21602, "Message body is required."),
        (len(body) > _MAX_BODY, 21617, "The concatenated message body exceeds the 1600 character limit"),
    )
    return next(((code, words) for wrong, code, words in checks if wrong), None)


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


def sign(auth_token: str, url: str, fields: Mapping[str, str]) -> str:
    """X-Twilio-Signature: base64 of HMAC-SHA1 over the address and the sorted parameters."""
    signed = url + "".join(name + fields[name] for name in sorted(fields))
    return base64.b64encode(hmac.new(auth_token.encode(), signed.encode(), hashlib.sha1).digest()).decode()


def _form(hook_url: str, auth_token: str, fields: Mapping[str, str]) -> Request:
    headers = {
        "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
        "User-Agent": "TwilioProxy/1.1",
        "X-Twilio-Signature": sign(auth_token, hook_url, fields),
    }
    return Request(method="POST", url=hook_url, headers=headers, body=urlencode(fields).encode())


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
    return _form(hook_url, auth_token, fields)


def status(hook_url: str, auth_token: str, *, sid: str, status: str, error_code: str = "") -> Request:
    """The status callback of one of our messages."""
    fields = {
        "MessageSid": sid,
        "SmsSid": sid,
        "MessageStatus": status,
        "SmsStatus": status,
        "ApiVersion": "2010-04-01",
    }
    return _form(hook_url, auth_token, fields | ({"ErrorCode": error_code} if error_code else {}))

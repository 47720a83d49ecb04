"""The app "SMS Gateway for Android" on a phone: its REST API, and its signed webhooks."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
import re
import secrets
import time
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, jsonify, request

from standins.faults import Faults
from standins.mailroom import Delivered, Mailroom
from standins.request import Request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_FIELDS = "id textMessage dataMessage phoneNumbers simNumber ttl validUntil withDeliveryReport priority isEncrypted"
_KNOWN = frozenset(_FIELDS.split())
_E164 = re.compile(r"\+[1-9]\d{6,14}")
_LONGEST_ID = 36


def create_app(
    mailroom: Mailroom,
    *,
    username: str,
    password: str,
    account: str = "android",
    hooks: Sequence[Mapping[str, str]] = (),
    faults: Faults | None = None,
) -> Flask:
    """The local server's API, which is the cloud's but for a repeated id: the phone answers it as the first time."""
    app = Flask("standin-android")
    trouble = faults or Faults()
    trouble.install(app, _refusal)
    seen: dict[str, dict[str, Any]] = {}

    @app.before_request
    def _log_in() -> Response | None:
        given = request.authorization
        right = (
            given is not None
            and given.username == username
            and hmac.compare_digest((given.password or "").encode(), password.encode())
        )
        return None if right and not trouble.unauthorized else _refusal(401, "Unauthorized")

    @app.post("/messages")
    def send() -> Response | tuple[Response, int]:
        message = request.get_json(silent=True)
        if not isinstance(message, dict):
            return _refusal(400, "the body is no JSON object")
        if problem := _refused(message):
            return _refusal(400, problem)
        id_ = message.get("id") or secrets.token_urlsafe(16)
        if id_ not in seen:
            text, to = message["textMessage"]["text"], message["phoneNumbers"][0]
            mailroom.deliver(Delivered(provider="android", account=account, to=to, text=text, external_id=id_))
            recipients = [{"phoneNumber": to, "state": "Pending"}]
            seen[id_] = {"id": id_, "deviceId": "0" * 20, "state": "Pending", "recipients": recipients}
        return jsonify(seen[id_]), 202

    @app.get("/webhooks")
    def webhooks() -> Response:
        return jsonify([dict(hook) for hook in hooks])

    return app


def _refused(message: dict[str, Any]) -> str | None:
    """The app's words for what it does not take."""
    content, numbers = message.get("textMessage"), message.get("phoneNumbers")
    checks = (
        (bool(set(message) - _KNOWN), "standin: unknown field"),
        (len(str(message.get("id", ""))) > _LONGEST_ID, "id is longer than 36"),
        (not isinstance(content, dict) or not content.get("text"), "Text message is empty"),
        (not isinstance(numbers, list) or not numbers, "phoneNumbers is empty"),
        (not all(_E164.fullmatch(str(number)) for number in numbers or ()), "Invalid phone number"),
    )
    return next((words for wrong, words in checks if wrong), None)


def _refusal(status: int, words: str) -> Response:
    answer = jsonify({"message": words})
    answer.status_code = status
    return answer


def event(
    hook_url: str, signing_key: str, event: str, payload: Mapping[str, Any], *, at: float | None = None
) -> Request:
    """One signed event; `at` is the time of signing, in seconds since 1970."""
    body = json.dumps(
        {
            "deviceId": "ffffffffceb0b1db0000018e937c815b",
            "event": event,
            "id": secrets.token_urlsafe(16),
            "payload": dict(payload),
            "webhookId": "muara",
        },
        ensure_ascii=False,
    ).encode()
    stamp = str(int(time.time() if at is None else at))
    signature = hmac.new(signing_key.encode(), body + stamp.encode(), hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json", "X-Signature": signature, "X-Timestamp": stamp}
    return Request(method="POST", url=hook_url, headers=headers, body=body)


def incoming(
    hook_url: str, signing_key: str, *, sender: str, receiver: str | None, text: str, at: float | None = None
) -> Request:
    """The webhook of a citizen's SMS."""
    moment = dt.datetime.fromtimestamp(time.time() if at is None else at, dt.UTC)
    payload = {
        "messageId": hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:8],
        "message": text,
        "sender": sender,
        "recipient": receiver,
        "phoneNumber": sender,
        "simNumber": 1,
        "receivedAt": moment.isoformat(timespec="milliseconds"),
    }
    return event(hook_url, signing_key, "sms:received", payload, at=at)


def receipt(hook_url: str, signing_key: str, *, message_id: str, event_name: str, at: float | None = None) -> Request:
    """The webhook of one step of one of our messages: sms:sent, sms:delivered or sms:failed."""
    moment = dt.datetime.fromtimestamp(time.time() if at is None else at, dt.UTC).isoformat()
    when = {"sms:sent": "sentAt", "sms:delivered": "deliveredAt", "sms:failed": "failedAt"}[event_name]
    payload = {"messageId": message_id, "phoneNumber": "+628112626116", "simNumber": 1, when: moment}
    if event_name == "sms:failed":
        payload["reason"] = "RESULT_ERROR_NO_SERVICE"
    return event(hook_url, signing_key, event_name, payload, at=at)

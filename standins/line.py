"""LINE's side: the Messaging API for one official account, as its OpenAPI description and reference have it."""

from __future__ import annotations

import dataclasses
import hmac
import re
import uuid
from typing import TYPE_CHECKING, Any, Final

from flask import Flask, Response, jsonify, request

from standins.faults import Faults
from standins.mailroom import Delivered, Mailroom

if TYPE_CHECKING:
    from collections.abc import Mapping

    from standins.line_cloud import Cloud

_RECEIVER: Final = re.compile(r"[UCR][0-9a-f]{32}")
_MOST_MESSAGES: Final = 5
_MAX_TEXT: Final = 5000
_MAX_ENDPOINT: Final = 500
_FIELDS: Final = {
    "push": frozenset({"to", "messages", "notificationDisabled", "customAggregationUnits"}),
    "reply": frozenset({"replyToken", "messages", "notificationDisabled"}),
    "message": frozenset({"type", "text", "emojis", "quoteToken", "quickReply", "sender"}),
    "endpoint": frozenset({"endpoint"}),
}


class _Refused(Exception):  # noqa: N818 - says what happened
    """A request that LINE answers with an error; `details` name the property."""

    def __init__(
        self, status: int, message: str, *details: tuple[str, str], headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {"message": message}
        self.headers = headers or {}
        if details:
            self.body["details"] = [{"message": said, "property": name} for said, name in details]


def create_app(
    mailroom: Mailroom, *, access_token: str, cloud: Cloud, account: str = "line", faults: Faults | None = None
) -> Flask:
    """Both of LINE's servers in one; what they know is in `cloud`."""
    app = Flask("standin-line")
    trouble = faults or Faults()
    trouble.install(app, _problem)
    api = _Api(mailroom, cloud, account)

    @app.before_request
    def _log_in() -> Response | None:
        given = request.headers.get("Authorization", "")
        right = hmac.compare_digest(given.encode(), f"Bearer {access_token}".encode())
        if right and not trouble.unauthorized:
            return None
        return _problem(401, "Authentication failed. Confirm that the access token in the header is valid.")

    @app.errorhandler(_Refused)
    def _refused(refusal: _Refused) -> Response:
        answer = jsonify(refusal.body)
        answer.status_code = refusal.status
        answer.headers.update(refusal.headers)
        return answer

    @app.after_request
    def _numbered(response: Response) -> Response:
        response.headers["x-line-request-id"] = str(uuid.uuid4())
        return response

    app.add_url_rule("/v2/bot/message/push", view_func=api.push, methods=["POST"])
    app.add_url_rule("/v2/bot/message/reply", view_func=api.reply, methods=["POST"])
    app.add_url_rule("/v2/bot/message/quota", view_func=api.quota)
    app.add_url_rule("/v2/bot/message/quota/consumption", view_func=api.consumption)
    app.add_url_rule("/v2/bot/info", view_func=api.info)
    app.add_url_rule("/v2/bot/channel/webhook/endpoint", view_func=api.endpoint)
    app.add_url_rule("/v2/bot/channel/webhook/endpoint", "set_endpoint", api.set_endpoint, methods=["PUT"])
    app.add_url_rule("/v2/bot/channel/webhook/test", view_func=api.test, methods=["POST"])
    app.add_url_rule("/v2/bot/message/<message_id>/content", view_func=api.content)
    app.add_url_rule("/v2/bot/message/<message_id>/content/transcoding", view_func=api.transcoding)
    return app


@dataclasses.dataclass(slots=True)
class _Api:
    """The views."""

    mailroom: Mailroom
    cloud: Cloud
    account: str
    _accepted: dict[str, tuple[str, list[dict[str, str]]]] = dataclasses.field(default_factory=dict)

    def push(self) -> Response:
        body = _body(_FIELDS["push"])
        texts = _texts(body)
        to = body.get("to")
        if not isinstance(to, str) or not _RECEIVER.fullmatch(to):
            raise _Refused(400, "The property, 'to', in the request body is invalid (line: -, column: -)")
        key = request.headers.get("X-Line-Retry-Key")
        if key is not None:
            self._once(key)
        if to not in self.cloud.users:
            raise _Refused(400, "Failed to send messages")
        if self.cloud.quota is not None and self.cloud.pushed >= self.cloud.quota:
            raise _Refused(429, "You have reached your monthly limit.")
        self.cloud.pushed += 1
        sent = self._deliver(to, texts)
        if key is not None:
            self._accepted[key] = (str(uuid.uuid4()), sent)
        return jsonify({"sentMessages": sent})

    def _once(self, key: str) -> None:
        try:
            uuid.UUID(key)
        except ValueError:
            raise _Refused(400, "The retry key is invalid") from None
        if key in self._accepted:
            accepted, sent = self._accepted[key]
            refusal = _Refused(
                409, "The retry key is already accepted", headers={"x-line-accepted-request-id": accepted}
            )
            refusal.body["sentMessages"] = sent
            raise refusal

    def reply(self) -> Response:
        if "X-Line-Retry-Key" in request.headers:
            raise _Refused(400, "The retry key is not supported")
        body = _body(_FIELDS["reply"])
        texts = _texts(body)
        user = self.cloud.use_token(body.get("replyToken"))
        if user is None:
            raise _Refused(400, "Invalid reply token")
        return jsonify({"sentMessages": self._deliver(user, texts)})

    def _deliver(self, to: str, texts: list[str]) -> list[dict[str, str]]:
        """Whoever has blocked the account gets nothing, and LINE says nothing of it."""
        sent = []
        for text in texts:
            message_id = self.cloud.next_id()
            sent.append({"id": message_id, "quoteToken": f"kutip-{message_id}"})
            if to not in self.cloud.blocked:
                self.mailroom.deliver(
                    Delivered(provider="line", account=self.account, to=to, text=text, external_id=message_id)
                )
        return sent

    def quota(self) -> Response:
        limit = self.cloud.quota
        return jsonify({"type": "none"} if limit is None else {"type": "limited", "value": limit})

    def consumption(self) -> Response:
        return jsonify({"totalUsage": self.cloud.pushed})

    def info(self) -> Response:
        known = {"userId": self.cloud.destination, "basicId": "@123abcde", "displayName": self.cloud.name}
        return jsonify(known | {"chatMode": "bot", "markAsReadMode": "auto"})

    def endpoint(self) -> Response:
        if not self.cloud.endpoint:
            raise _Refused(404, "Not found")
        return jsonify({"endpoint": self.cloud.endpoint, "active": self.cloud.active})

    def set_endpoint(self) -> Response:
        self.cloud.endpoint = _endpoint(_body(_FIELDS["endpoint"]))
        return jsonify({})

    def test(self) -> Response:
        url = _endpoint(_body(_FIELDS["endpoint"])) or self.cloud.endpoint
        status = self.cloud.reach(self.cloud.webhook(url))
        ok = status == 200  # noqa: PLR2004 - what LINE asks for
        reason = "OK" if ok else ("ERROR_STATUS_CODE" if status else "COULD_NOT_CONNECT")
        detail = str(status) if status else "TLS handshake failure"
        when = self.cloud.clock().isoformat(timespec="milliseconds")
        return jsonify({"success": ok, "timestamp": when, "statusCode": status, "reason": reason, "detail": detail})

    def content(self, message_id: str) -> Response:
        if message_id in self.cloud.expired:
            raise _Refused(410, "Gone")
        if message_id not in self.cloud.files:
            raise _Refused(404, "Not found")
        if message_id in self.cloud.preparing:
            return Response(status=202)
        content_type, content = self.cloud.files[message_id]
        return Response(content, content_type=content_type)

    def transcoding(self, message_id: str) -> Response:
        if message_id not in self.cloud.files:
            raise _Refused(404, "Not found")
        return jsonify({"status": self.cloud.preparing.get(message_id, "succeeded")})


def _body(known: frozenset[str]) -> dict[str, Any]:
    if request.mimetype != "application/json":
        raise _Refused(415, f"The content type, {request.mimetype}, is not supported")
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise _Refused(400, "The request body could not be parsed as JSON (line: 1, column: 1)")
    for name in body:
        if name not in known:
            raise _Refused(400, f"The property, {name!r}, in the request body is invalid (line: -, column: -)")
    if not isinstance(body.get("notificationDisabled", False), bool):
        raise _Refused(400, "The property, 'notificationDisabled', in the request body is invalid")
    return body


def _texts(body: Mapping[str, Any]) -> list[str]:
    messages = body.get("messages")
    if not isinstance(messages, list) or not 1 <= len(messages) <= _MOST_MESSAGES:
        raise _Refused(400, "The request body has 1 error(s)", ("Size must be between 1 and 5", "messages"))
    return [_text(message, f"messages[{at}]") for at, message in enumerate(messages)]


def _text(message: Any, where: str) -> str:
    if not isinstance(message, dict) or message.get("type") != "text":
        raise _Refused(400, "The request body has 1 error(s)", ("standin: text only", f"{where}.type"))
    unknown = sorted(set(message) - _FIELDS["message"])
    if unknown:
        raise _Refused(400, f"The property, {unknown[0]!r}, in the request body is invalid (line: -, column: -)")
    text = message.get("text")
    if not isinstance(text, str) or not text.strip():
        raise _Refused(400, "The request body has 1 error(s)", ("May not be empty", f"{where}.text"))
    if len(text.encode("utf-16-le")) // 2 > _MAX_TEXT:
        said = f"Length must be between 0 and {_MAX_TEXT}"
        raise _Refused(400, "The request body has 1 error(s)", (said, f"{where}.text"))
    return text


def _endpoint(body: Mapping[str, Any]) -> str:
    url = body.get("endpoint", "")
    if not isinstance(url, str) or len(url) > _MAX_ENDPOINT or (url and not url.startswith("https://")):
        raise _Refused(400, "Invalid webhook endpoint URL")
    return url


def _problem(status: int, message: str) -> Response:
    said = "The API rate limit has been exceeded. Try again later." if status == 429 else message  # noqa: PLR2004
    answer = jsonify({"message": said})
    answer.status_code = status
    return answer

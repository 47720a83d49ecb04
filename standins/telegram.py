"""A strict local Bot API server: it takes what Telegram's documentation allows and refuses the rest in its words."""

from __future__ import annotations

import dataclasses
import enum
import json
import re
import threading
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, request

from standins.mailroom import Delivered, Mailroom
from standins.telegram_cloud import Citizen, Cloud, Conflict, Update, Webhook, incoming

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Citizen", "Cloud", "Fault", "Trouble", "Update", "create_app", "incoming"]

_MAX_TEXT, _MAX_CAPTION, _MAX_DOWNLOAD = 4096, 1024, 20 * 1024 * 1024
_ALBUM = range(2, 11)
_BATCH = range(1, 101)
_IMAGES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF")
_HOLD_SECONDS = 30
_SENDING = {"chat_id", "reply_parameters"}
#: Each method with the parameters that it needs and those that it may have.
_PARAMETERS: dict[str, tuple[set[str], set[str]]] = {
    "getme": (set(), set()),
    "getupdates": (set(), {"offset", "limit", "timeout", "allowed_updates"}),
    "setwebhook": ({"url"}, {"secret_token", "allowed_updates", "drop_pending_updates", "max_connections"}),
    "deletewebhook": (set(), {"drop_pending_updates"}),
    "getwebhookinfo": (set(), set()),
    "getfile": ({"file_id"}, set()),
    "sendmessage": ({"chat_id", "text"}, _SENDING | {"link_preview_options"}),
    "sendphoto": ({"chat_id", "photo"}, _SENDING | {"caption"}),
    "senddocument": ({"chat_id", "document"}, _SENDING | {"caption"}),
    "sendmediagroup": ({"chat_id", "media"}, _SENDING),
}


class Trouble(enum.Enum):
    """Ways in which Telegram fails."""

    UNAVAILABLE = 503
    BAD_GATEWAY = 502
    FLOOD = 429
    SLOW = "slow"  # does what was asked and answers only when released
    LOST = "lost"  # does what was asked and breaks off in the answer
    GARBAGE = "garbage"  # answers 200 with a page instead of JSON


@dataclasses.dataclass(slots=True)
class Fault:
    """What goes wrong from now on, after `spare` more good calls; None for nothing."""

    trouble: Trouble | None = None
    spare: int = 0
    retry_after: int = 7
    released: threading.Event = dataclasses.field(default_factory=threading.Event)

    def strikes(self) -> Trouble | None:
        """The trouble of this call."""
        if self.trouble and self.spare:
            self.spare -= 1
            return None
        return self.trouble


class Refusal(Exception):  # noqa: N818 - what the Bot API does
    """An answer with ok false."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code = code
        self.parameters = parameters


def create_app(mailroom: Mailroom, token: str, *, cloud: Cloud | None = None, fault: Fault | None = None) -> Flask:
    """The server for one bot, below /bot<token>/ and /file/bot<token>/."""
    app = Flask("standins.telegram")
    server = _Server(cloud or Cloud(mailroom, token), fault or Fault())
    app.extensions["telegram"] = server.cloud
    app.add_url_rule("/bot<token>/<method>", view_func=server.method, methods=["GET", "POST"])
    app.add_url_rule("/file/bot<token>/<path:path>", view_func=server.download)
    return app


class _Server:
    def __init__(self, cloud: Cloud, fault: Fault) -> None:
        self.cloud = cloud
        self.fault = fault

    def method(self, token: str, method: str) -> Response:
        """One call of the Bot API; method names may be written in any case."""
        trouble = self.fault.strikes()
        try:
            self._prevent(trouble)
            self._check_token(token)
            answer = _ok(self._run(method.lower()))
        except Refusal as refusal:
            return _refused(refusal)
        if trouble is Trouble.SLOW:
            self.fault.released.wait(_HOLD_SECONDS)
        if trouble is Trouble.LOST:
            answer.headers["Content-Length"] = str(len(answer.get_data()) + 100)
        if trouble is Trouble.GARBAGE:
            return Response("<html>Selamat datang di Wi-Fi</html>", mimetype="text/html")
        return answer

    def download(self, token: str, path: str) -> Response:
        """A file, as long as it is there."""
        trouble = self.fault.strikes()
        try:
            self._prevent(trouble)
            self._check_token(token)
        except Refusal as refusal:
            return _refused(refusal)
        for file_id, (name, content) in self.cloud.files.items():
            if name == path and file_id not in self.cloud.expired:
                return Response(content, mimetype="application/octet-stream")
        return _refused(Refusal(404, "Not Found"))

    def _prevent(self, trouble: Trouble | None) -> None:
        if trouble is Trouble.FLOOD:
            wait = self.fault.retry_after
            raise Refusal(429, f"Too Many Requests: retry after {wait}", retry_after=wait)
        if trouble in {Trouble.UNAVAILABLE, Trouble.BAD_GATEWAY}:
            raise Refusal(int(trouble.value), "Bad Gateway")

    def _check_token(self, token: str) -> None:
        if not re.fullmatch(r"\d+:[A-Za-z0-9_-]+", token):
            raise Refusal(404, "Not Found")
        if token != self.cloud.token:
            raise Refusal(401, "Unauthorized")

    def _run(self, method: str) -> Any:
        if method not in _PARAMETERS:
            raise Refusal(404, "Not Found: method not found")
        given: dict[str, str] = {
            **request.args.to_dict(),
            **request.form.to_dict(),
            **(request.get_json(silent=True) or {}),
        }
        uploads = {name: (file.filename or "", file.read()) for name, file in request.files.items()}
        _check_parameters(method, given, uploads)
        runs: dict[str, Callable[[], Any]] = {
            "getme": self._me,
            "getupdates": lambda: self._updates(given),
            "setwebhook": lambda: self._set_webhook(given),
            "deletewebhook": lambda: self._set_webhook({"url": ""} | given),
            "getwebhookinfo": self._webhook_info,
            "getfile": lambda: self._file(given["file_id"]),
            "sendmessage": lambda: self._send_text(given),
            "sendphoto": lambda: self._send_file("photo", given, uploads),
            "senddocument": lambda: self._send_file("document", given, uploads),
            "sendmediagroup": lambda: self._send_album(given, uploads),
        }
        return runs[method]()

    def _me(self) -> dict[str, Any]:
        number = int(self.cloud.token.split(":")[0])
        return {"id": number, "is_bot": True, "first_name": "Aduan", "username": self.cloud.username}

    def _updates(self, given: Mapping[str, str]) -> list[Update]:
        if "allowed_updates" in given:
            self.cloud.allow(json.loads(given["allowed_updates"]))
        limit = int(given.get("limit", 100))
        if limit not in _BATCH:
            raise Refusal(400, "Bad Request: limit must be between 1 and 100")
        try:
            return self.cloud.get_updates(int(given.get("offset", 0)), limit, int(given.get("timeout", 0)))
        except Conflict as conflict:
            raise Refusal(409, f"Conflict: {conflict}") from None

    def _set_webhook(self, given: Mapping[str, str]) -> bool:
        url, secret = given["url"], given.get("secret_token", "")
        if url and not url.startswith("https://") and not self.cloud.insecure_hooks:
            raise Refusal(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
        if secret and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", secret):
            raise Refusal(400, "Bad Request: secret token contains unallowed characters")
        if given.get("drop_pending_updates") == "true":
            self.cloud.drop_pending()
        self.cloud.webhook = Webhook(url=url, secret=secret)
        return True

    def _webhook_info(self) -> dict[str, Any]:
        hook = self.cloud.webhook
        known = {"last_error_date": hook.last_error_date, "last_error_message": hook.last_error_message}
        info = {"url": hook.url, "has_custom_certificate": False, "pending_update_count": self.cloud.pending()}
        return info | {name: value for name, value in known.items() if value}

    def _file(self, file_id: str) -> dict[str, Any]:
        if file_id not in self.cloud.files:
            raise Refusal(400, "Bad Request: invalid file_id")
        path, content = self.cloud.files[file_id]
        if len(content) > _MAX_DOWNLOAD:
            raise Refusal(400, "Bad Request: file is too big")
        return {"file_id": file_id, "file_unique_id": file_id[-8:], "file_size": len(content), "file_path": path}

    def _send_text(self, given: Mapping[str, str]) -> dict[str, Any]:
        text = given["text"].strip()
        if not text:
            raise Refusal(400, "Bad Request: message text is empty")
        if _units(text) > _MAX_TEXT:
            raise Refusal(400, "Bad Request: message is too long")
        return self._deliver(given, text, {"text": text})

    def _send_file(
        self, kind: str, given: Mapping[str, str], uploads: Mapping[str, tuple[str, bytes]]
    ) -> dict[str, Any]:
        if kind not in uploads:
            raise Refusal(400, "Bad Request: wrong remote file identifier specified")
        name, content = uploads[kind]
        caption = given.get("caption", "")
        _check_upload(kind, content, caption)
        self.cloud.uploaded.append((name, content))
        return self._deliver(given, f"[{name}] {caption}".strip(), _as_sent(kind, name, content, caption))

    def _send_album(self, given: Mapping[str, str], uploads: Mapping[str, tuple[str, bytes]]) -> list[dict[str, Any]]:
        media = json.loads(given["media"])
        if len(media) not in _ALBUM:
            raise Refusal(400, "Bad Request: group send failed: must have 2 to 10 items")
        if len({item["type"] for item in media}) != 1 or media[0]["type"] not in {"photo", "document"}:
            raise Refusal(400, "Bad Request: documents can't be mixed with other media types")
        parts = []
        for item in media:
            name, content = uploads.get(item["media"].removeprefix("attach://"), ("", b""))
            caption = item.get("caption", "")
            _check_upload(item["type"], content, caption)
            parts.append((item["type"], name, content, caption))
        self.cloud.uploaded += [(name, content) for _, name, content, _ in parts]
        return [
            self._deliver(given, f"[{name}] {caption}".strip(), _as_sent(kind, name, content, caption))
            for kind, name, content, caption in parts
        ]

    def _deliver(self, given: Mapping[str, str], shown: str, content: dict[str, Any]) -> dict[str, Any]:
        chat_id = int(given["chat_id"])
        if chat_id not in self.cloud.chats:
            raise Refusal(400, "Bad Request: chat not found")
        if chat_id in self.cloud.blocked:
            raise Refusal(403, "Forbidden: bot was blocked by the user")
        self._check_reply(chat_id, given.get("reply_parameters"))
        number = self.cloud.next_message(chat_id)
        self.cloud.mailroom.deliver(
            Delivered(
                provider="telegram",
                account=self.cloud.account,
                to=str(chat_id),
                text=shown,
                external_id=f"{chat_id}:{number}",
            )
        )
        chat = self.cloud.chats[chat_id].chat()
        return {"message_id": number, "from": self._me(), "chat": chat, "date": int(self.cloud.clock()), **content}

    def _check_reply(self, chat_id: int, parameters: str | None) -> None:
        wanted = json.loads(parameters) if parameters else None
        if not wanted or wanted.get("allow_sending_without_reply"):
            return
        if (chat_id, wanted["message_id"]) not in self.cloud.messages:
            raise Refusal(400, "Bad Request: message to be replied not found")


def _check_parameters(method: str, given: Mapping[str, str], uploads: Mapping[str, object]) -> None:
    needed, optional = _PARAMETERS[method]
    for name in sorted(needed - set(given) - set(uploads)):
        description = "message text is empty" if name == "text" else f"parameter {name} is required"
        raise Refusal(400, f"Bad Request: {description}")
    for name in sorted(set(given) - needed - optional):
        raise Refusal(400, f"Bad Request: parameter {name} is unknown")


def _check_upload(kind: str, content: bytes, caption: str) -> None:
    if not content:
        raise Refusal(400, "Bad Request: file must be non-empty")
    if kind == "photo" and not content.startswith(_IMAGES):
        raise Refusal(400, "Bad Request: IMAGE_PROCESS_FAILED")
    if _units(caption) > _MAX_CAPTION:
        raise Refusal(400, "Bad Request: message caption is too long")


def _as_sent(kind: str, name: str, content: bytes, caption: str) -> dict[str, Any]:
    file = {"file_id": f"BQAC{name}", "file_unique_id": f"AgAD{name}", "file_size": len(content)}
    sized = [file | {"width": 800, "height": 600}]
    words = {"caption": caption} if caption else {}
    return {"photo": sized, **words} if kind == "photo" else {"document": file | {"file_name": name}, **words}


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _ok(result: Any) -> Response:
    return Response(json.dumps({"ok": True, "result": result}), mimetype="application/json")


def _refused(refusal: Refusal) -> Response:
    answer: dict[str, Any] = {"ok": False, "error_code": refusal.code, "description": str(refusal)}
    if refusal.parameters:
        answer["parameters"] = refusal.parameters
    return Response(json.dumps(answer), status=refusal.code, mimetype="application/json")

"""A strict local Cloud API: it takes what Meta's documentation and OpenAPI description allow, and refuses the rest."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, jsonify, request

from standins.faults import Faults
from standins.mailroom import Delivered
from standins.whatsapp_cloud import UPLOADED_SECONDS, URL_SECONDS, Citizen, Cloud, File, Template, handshake, incoming
from standins.whatsapp_rules import Refusal, check_message, check_upload

if TYPE_CHECKING:
    from collections.abc import Callable

    from standins.mailroom import Mailroom

__all__ = ["Citizen", "Cloud", "Template", "create_app", "handshake", "incoming"]

VERSION = "v25.0"
_CODES = {401: 190, 429: 130429, 500: 131000, 503: 131016}
_NUMBER_FIELDS = {
    "id",
    "display_phone_number",
    "verified_name",
    "quality_rating",
    "status",
    "throughput",
    "webhook_configuration",
}
_NO_OBJECT = 33


def create_app(
    mailroom: Mailroom,
    *,
    phone_number_id: str = "",
    waba_id: str = "",
    token: str = "",
    app_secret: str = "",
    cloud: Cloud | None = None,
    faults: Faults | None = None,
) -> Flask:
    """The API of one number below /v25.0, and the files below /files; `cloud` stands for the four before it."""
    app = Flask("standin-whatsapp")
    kept = cloud or Cloud(
        mailroom, phone_number_id=phone_number_id, waba_id=waba_id, token=token, app_secret=app_secret
    )
    app.extensions["whatsapp"] = kept
    trouble = faults or Faults()
    trouble.install(app, lambda status, words: _refused(Refusal(_CODES.get(status, 1), words), status))
    server = _Server(kept, trouble)
    app.errorhandler(Refusal)(_refused)
    app.before_request(server.log_in)
    routes: list[tuple[str, str, Callable[..., Response]]] = [
        ("POST", f"/{VERSION}/<node>/messages", server.send),
        ("POST", f"/{VERSION}/<node>/media", server.upload),
        ("GET", f"/{VERSION}/<node>/subscribed_apps", server.apps),
        ("POST", f"/{VERSION}/<node>/subscribed_apps", server.subscribe),
        ("GET", f"/{VERSION}/<node>/message_templates", server.templates),
        ("GET", f"/{VERSION}/<node>/subscriptions", server.subscriptions),
        ("POST", f"/{VERSION}/<node>/subscriptions", server.ask),
        ("GET", f"/{VERSION}/debug_token", server.debug_token),
        ("GET", f"/{VERSION}/<node>", server.node),
        ("POST", f"/{VERSION}/<node>", server.configure),
        ("GET", "/files/<key>", server.download),
    ]
    for method, path, view in routes:
        app.add_url_rule(path, f"{method} {path}", view, methods=[method])
    return app


class _Server:
    def __init__(self, cloud: Cloud, faults: Faults) -> None:
        self.cloud = cloud
        self.faults = faults

    def log_in(self) -> None:
        """The token, and the proof that its user has the app's secret, where one is given. Refusal."""
        given = request.headers.get("Authorization", "")
        of_app = request.path.endswith("/subscriptions")
        token = f"{self.cloud.app_id}|{self.cloud.app_secret}" if of_app else self.cloud.token
        if self.faults.unauthorized or not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
            raise Refusal(190, "Error validating access token")
        proof = request.args.get("appsecret_proof")
        expected = hmac.new(self.cloud.app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()
        if proof is not None and not hmac.compare_digest(proof, expected):
            raise Refusal(100, "Invalid appsecret_proof provided in the API argument")

    def send(self, node: str) -> Response:
        """One message."""
        self._is(node, self.cloud.phone_number_id)
        self._refuse()
        body: Any = request.get_json(silent=True)
        whom, shown = check_message(self.cloud, body)
        wamid = self.cloud.wamid()
        opaque = body.get("biz_opaque_callback_data", "")
        if whom in self.cloud.citizens:
            self.cloud.mailroom.deliver(
                Delivered(
                    provider="whatsapp",
                    account=self.cloud.account,
                    to=f"+{whom}" if whom.isdigit() else whom,
                    text=shown,
                    external_id=wamid,
                )
            )
            for step in ("sent", "delivered"):
                self.cloud.owe(self.cloud.report(wamid, step, whom=whom, opaque=opaque))
        else:
            # Meta takes it, and tells later that nobody there has WhatsApp.
            self.cloud.owe(self.cloud.report(wamid, "failed", whom=whom, opaque=opaque, code=131026))
        known = {"input": whom, "wa_id" if whom.isdigit() else "user_id": whom}
        return jsonify({"messaging_product": "whatsapp", "contacts": [known], "messages": [{"id": wamid}]})

    def upload(self, node: str) -> Response:
        """A file that a message may then name."""
        self._is(node, self.cloud.phone_number_id)
        if set(request.form) != {"messaging_product", "type"} or request.form["messaging_product"] != "whatsapp":
            raise Refusal(100, "The parameter messaging_product is required.")
        file = request.files.get("file")
        if file is None:
            raise Refusal(100, "The parameter file is required.")
        content, mime_type = file.read(), (file.content_type or "").partition(";")[0]
        check_upload(mime_type, content)
        kept = File(content, mime_type, self.cloud.clock() + UPLOADED_SECONDS)
        return jsonify({"id": self.cloud.keep(kept)})

    def node(self, node: str) -> Response:
        """The number, or a file's address, which lives for five minutes."""
        if node == self.cloud.phone_number_id:
            return jsonify(self._number())
        file = self.cloud.files.get(node)
        if file is None or file.ends <= self.cloud.clock():
            raise Refusal(100, f"Unsupported get request. Object with ID '{node}' does not exist", subcode=_NO_OBJECT)
        key = secrets.token_hex(8)
        self.cloud.urls[key] = (node, self.cloud.clock() + URL_SECONDS)
        return jsonify(
            {
                "url": f"{request.root_url}files/{key}",
                "mime_type": file.mime_type,
                "sha256": file.sha256.hex(),
                "file_size": len(file.content),
                "id": node,
                "messaging_product": "whatsapp",
            }
        )

    def download(self, key: str) -> Response:
        """The file itself, while its address lives."""
        node, ends = self.cloud.urls.get(key, ("", 0.0))
        if ends <= self.cloud.clock() or node not in self.cloud.files:
            return Response("Not Found", status=404)
        file = self.cloud.files[node]
        return Response(file.content, content_type=file.mime_type)

    def configure(self, node: str) -> Response:
        """The number's own callback."""
        self._is(node, self.cloud.phone_number_id)
        body = request.get_json(silent=True)
        wanted = body.get("webhook_configuration") if isinstance(body, dict) else None
        if not isinstance(wanted, dict) or set(wanted) != {"override_callback_uri", "verify_token"}:
            raise Refusal(100, "Param webhook_configuration is not valid")
        uri = wanted["override_callback_uri"]
        self._handshake(uri, wanted["verify_token"])
        self.cloud.callbacks["phone_number"] = uri
        return jsonify({"success": True})

    def apps(self, node: str) -> Response:
        """The apps that are told of the account."""
        self._is(node, self.cloud.waba_id)
        apps = [{"id": each, "link": "https://x.example/", "name": "Muara"} for each in sorted(self.cloud.subscribed)]
        return jsonify({"data": [{"whatsapp_business_api_data": app} for app in apps]})

    def subscribe(self, node: str) -> Response:
        """Have this app told of the account."""
        self._is(node, self.cloud.waba_id)
        self.cloud.subscribed.add(self.cloud.app_id)
        return jsonify({"success": True})

    def subscriptions(self, node: str) -> Response:
        """What the app asks to be told."""
        self._is(node, self.cloud.app_id)
        return jsonify({"data": [self.cloud.asked] if self.cloud.asked else []})

    def ask(self, node: str) -> Response:
        """Have the app told of an object's fields, after the handshake with its callback."""
        self._is(node, self.cloud.app_id)
        form = request.form
        if set(form) != {"object", "callback_url", "fields", "include_values", "verify_token"}:
            raise Refusal(100, "Invalid parameter")
        self._handshake(form["callback_url"], form["verify_token"])
        fields = [{"name": name, "version": VERSION} for name in form["fields"].split(",")]
        self.cloud.asked = {"object": form["object"], "callback_url": form["callback_url"], "active": True}
        self.cloud.asked["fields"] = fields
        self.cloud.callbacks["application"] = form["callback_url"]
        return jsonify({"success": True})

    def templates(self, node: str) -> Response:
        """The templates whose name begins as asked."""
        self._is(node, self.cloud.waba_id)
        wanted = request.args.get("name", "")
        return jsonify({"data": [_template(each) for each in self.cloud.templates if each.name.startswith(wanted)]})

    def debug_token(self) -> Response:
        """What Meta knows of a token."""
        if not self.cloud.may_ask:
            raise Refusal(100, "You must provide an app access token, or a user access token of the app's developer")
        valid = request.args.get("input_token") == self.cloud.token
        data = {"app_id": self.cloud.app_id, "is_valid": valid, "expires_at": self.cloud.token_ends}
        return jsonify({"data": data | {"scopes": self.cloud.scopes}})

    def _refuse(self) -> None:
        if self.cloud.refuse is not None and self.cloud.spare <= 0:
            raise Refusal(self.cloud.refuse, "as it was wanted")
        self.cloud.spare -= 1

    def _number(self) -> dict[str, Any]:
        wanted = request.args.get("fields", "id").split(",")
        for name in sorted(set(wanted) - _NUMBER_FIELDS):
            raise Refusal(100, f"Tried accessing nonexisting field ({name})")
        facts = {
            "display_phone_number": f"+{self.cloud.display_phone_number}",
            "verified_name": "Aduan Kabupaten",
            "quality_rating": self.cloud.quality,
            "status": self.cloud.status,
            "throughput": {"level": "STANDARD"},
            "webhook_configuration": dict(self.cloud.callbacks),
        }
        return {"id": self.cloud.phone_number_id} | {name: facts[name] for name in wanted if name in facts}

    def _handshake(self, uri: str, verify_token: str) -> None:
        """What Meta asks of a callback; here the site's word is taken for it."""
        if not uri.startswith("https://") or verify_token != self.cloud.verify_token:
            raise Refusal(2200, "Callback verification failed")

    def _is(self, node: str, ours: str) -> None:
        if node != ours:
            raise Refusal(100, f"Unsupported request. Object with ID '{node}' does not exist", subcode=_NO_OBJECT)


def _template(template: Template) -> dict[str, Any]:
    text = "Aduan: " + " ".join(f"{{{{{at}}}}}" for at in range(1, template.parameters + 1)) + " Terima kasih."
    facts = {"name": template.name, "language": template.language, "status": template.status, "category": "UTILITY"}
    return facts | {"components": [{"type": "BODY", "text": text}]}


def _refused(refusal: Refusal, status: int | None = None) -> Response:
    error: dict[str, Any] = {
        "message": f"(#{refusal.code}) {refusal.details}",
        "type": "OAuthException",
        "code": refusal.code,
        "error_data": {"messaging_product": "whatsapp", "details": refusal.details},
        "fbtrace_id": "AXsgnV2Cm3ZMGF3dF_cfYIn",
    }
    if refusal.subcode:
        error["error_subcode"] = refusal.subcode
    answer = jsonify({"error": error})
    answer.status_code = status or refusal.status
    return answer

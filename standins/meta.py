"""A strict local Graph API: it takes what Meta's documentation allows and refuses the rest with Meta's error codes."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, request

from standins.faults import Faults
from standins.mailroom import Delivered, Mailroom
from standins.meta_cloud import Account, Cloud, entry, greeting, incoming
from standins.meta_rules import Refusal, check_call, check_comment, check_fields, check_message, check_upload

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Account", "Cloud", "create_app", "entry", "greeting", "incoming"]

VERSION = "v26.0"
_MENTIONED = re.compile(r"(mentioned_comment|mentioned_media)\.(comment_id|media_id)\((\w+)\)")


def create_app(
    mailroom: Mailroom,
    *,
    app_id: str = "",
    app_secret: str = "",
    cloud: Cloud | None = None,
    faults: Faults | None = None,
) -> Flask:
    """The API below /v26.0/, and the files of its CDN below /cdn/."""
    app = Flask("standins.meta")
    server = _Server(mailroom, cloud or Cloud(app_id, app_secret), faults or Faults())
    app.extensions["meta"] = server.cloud
    server.faults.install(app, _trouble)
    app.register_error_handler(Refusal, lambda refusal: _answer(refusal.body(), refusal.status))
    app.add_url_rule("/cdn/<name>", view_func=server.file)
    app.add_url_rule(f"/{VERSION}/<node>", view_func=server.node)
    app.add_url_rule(f"/{VERSION}/<node>/<edge>", view_func=server.read, methods=["GET"])
    app.add_url_rule(f"/{VERSION}/<node>/<edge>", view_func=server.write, methods=["POST"])
    return app


class _Server:
    def __init__(self, mailroom: Mailroom, cloud: Cloud, faults: Faults) -> None:
        self.mailroom = mailroom
        self.cloud = cloud
        self.faults = faults

    def file(self, name: str) -> Response:
        """A file of the CDN; 403 once its address has expired."""
        if name in self.cloud.expired_files:
            return Response("URL signature expired", status=403)
        if name not in self.cloud.files:
            return Response(status=404)
        kind, content = self.cloud.files[name]
        return Response(content, mimetype=kind)

    def node(self, node: str) -> Response:
        """One object."""
        if node == "debug_token":
            check_call("debug_token", set(request.args))
            self._as_app()
            return _answer({"data": self._debugged(request.args["input_token"])})
        account = self._authorized()
        wanted = request.args.get("fields", "")
        if node == "me" and not account.page:
            return _answer({"user_id": account.id, "username": account.name, "id": f"9{account.id}"})
        if found := _MENTIONED.search(wanted):
            return _answer({found[1]: self._thing(found[3]), "id": node})
        linked = next((each for each in self.cloud.accounts.values() if each.page == node), None)
        if wanted == "instagram_business_account":
            return _answer({"id": node} | ({wanted: {"id": linked.id}} if linked else {}))
        raise Refusal(100, f"Unsupported get request. Object with ID '{node}' does not exist", 33)

    def read(self, node: str, edge: str) -> Response:
        """An edge of an object."""
        check_call(edge, set(request.args))
        check_fields(request.args.get("fields", ""))
        if edge == "subscriptions":
            self._as_app()
            return _answer({"data": [_hook(name, *hook) for name, hook in self.cloud.hooks.items()]})
        account = self._authorized(node)
        if edge == "subscribed_apps":
            mine = {"id": self.cloud.app_id, "name": "Muara", "subscribed_fields": sorted(account.fields)}
            return _answer({"data": [mine] if account.fields else []})
        if edge == "conversations":
            return self._conversations(self._platform(account, request.args["platform"]))
        if edge in {"feed", "media"}:
            return _answer({"data": self._posts(account)[: int(request.args.get("limit", "25"))]})
        raise Refusal(100, f"Tried accessing nonexisting field ({edge})")

    def write(self, node: str, edge: str) -> Response:
        """Make something on an edge."""
        given = _given()
        check_call(f"{edge}!", set(given))
        if edge == "subscriptions":
            self._as_app()
            self.cloud.hooks[given["object"]] = (given["callback_url"], set(given["fields"].split(",")))
            return _answer({"success": True})
        account = self._authorized(node)
        if edge == "subscribed_apps":
            account.fields = set(given["subscribed_fields"].split(","))
            return _answer({"success": True})
        if edge == "message_attachments":
            check_upload(given, request.files)
            upload = str(self.cloud.next_number())
            self.cloud.uploads.add(upload)
            return _answer({"attachment_id": upload})
        if edge == "messages":
            return self._message(account, given)
        if edge in {"comments", "replies", "mentions"}:
            return self._comment(account, node, edge, given)
        raise Refusal(100, f"Unsupported post request ({edge})")

    # Who asks.

    def _token(self) -> str:
        if self.faults.unauthorized:
            raise Refusal(190, "Error validating access token: Session has expired", 463, 401)
        given = request.headers.get("Authorization", "")
        if not given.startswith("Bearer "):
            raise Refusal(2500, "An active access token must be used to query information about the current user.")
        return given.removeprefix("Bearer ")

    def _as_app(self) -> None:
        if self._token() != f"{self.cloud.app_id}|{self.cloud.app_secret}":
            raise Refusal(190, "Invalid OAuth access token signature.", status=401)

    def _authorized(self, node: str = "") -> Account:
        token = self._token()
        account = next((each for each in self.cloud.accounts.values() if each.token == token), None)
        if account is None or account.expired:
            raise Refusal(190, "Error validating access token: Session has expired", 463, 401)
        proof = hmac.new(self.cloud.app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()
        own = account.object_name == "instagram" and not account.page
        if request.args.get("appsecret_proof") != (None if own else proof):
            raise Refusal(100, "Invalid appsecret_proof provided in the API argument")
        asked = self.cloud.accounts.get(node, account)
        if asked.token != token:
            raise Refusal(200, "Requires the access token of that page", status=403)
        return asked

    def _debugged(self, token: str) -> dict[str, Any]:
        account = next((each for each in self.cloud.accounts.values() if each.token == token), None)
        if account is None or account.expired:
            return {"is_valid": False, "error": {"code": 190, "message": "expired"}, "scopes": []}
        return {
            "app_id": self.cloud.app_id,
            "type": "PAGE",
            "is_valid": True,
            "profile_id": account.page or account.id,
            "expires_at": account.expires_at,
            "data_access_expires_at": account.data_access_expires_at,
            "scopes": list(account.scopes),
        }

    # What is read.

    def _platform(self, account: Account, platform: str) -> Account:
        if platform not in {"messenger", "instagram"}:
            raise Refusal(100, "Param platform must be one of {INSTAGRAM, MESSENGER}")
        if platform == "messenger" or account.object_name == "instagram":
            return account
        return next(each for each in self.cloud.accounts.values() if each.page == account.id)

    def _conversations(self, account: Account) -> Response:
        talks = sorted(
            ((talk, key[1]) for key, talk in self.cloud.talks.items() if key[0] == account.id),
            key=lambda each: -each[0].updated,
        )
        size, start = int(request.args.get("limit", "25")), int(request.args.get("after", "0"))
        rows = [
            {
                "id": f"t_{citizen}",
                "updated_time": self.cloud.iso(talk.updated),
                "messages": {"data": talk.nodes[::-1][:20]},
            }
            for talk, citizen in talks[start : start + size]
        ]
        end = start + size
        paging = {"cursors": {"after": str(end)}} | ({"next": "https://…"} if end < len(talks) else {})
        return _answer({"data": rows, "paging": paging})

    def _posts(self, account: Account) -> list[dict[str, Any]]:
        things = [thing for thing in self.cloud.things.values() if thing.account == account.id]
        posts = sorted((thing for thing in things if not thing.below), key=lambda each: -each.at)
        return [
            post.node | {"comments": {"data": [each.node for each in things[::-1] if each.below == post.node["id"]]}}
            for post in posts
        ]

    def _thing(self, key: str) -> dict[str, Any]:
        if key not in self.cloud.things:
            raise Refusal(100, f"Unsupported get request. Object with ID '{key}' does not exist", 33)
        return self.cloud.things[key].node

    # What is written.

    def _message(self, node: Account, given: Mapping[str, Any]) -> Response:
        recipient = given["recipient"]
        account = self._sender(node, recipient)
        text = check_message(self.cloud, account, given, request.files)
        if "id" in recipient:
            citizen = recipient["id"]
        else:
            thing = self.cloud.things[recipient.get("comment_id") or recipient["post_id"]]
            thing.privately_answered = True
            citizen = thing.author
        mid = self.cloud.sent(account, citizen, text)
        self._deliver(account, citizen, text, mid)
        return _answer({"recipient_id": citizen, "message_id": mid})

    def _sender(self, node: Account, recipient: Mapping[str, str]) -> Account:
        """A page writes for itself, or for the Instagram account that is linked to it: the recipient tells."""
        linked = next((each for each in self.cloud.accounts.values() if each.page == node.id), None)
        thing = self.cloud.things.get(recipient.get("comment_id", ""))
        talks = linked is not None and (linked.id, recipient.get("id", "")) in self.cloud.talks
        return linked if linked and (talks or (thing and thing.account == linked.id)) else node

    def _comment(self, account: Account, node: str, edge: str, given: Mapping[str, Any]) -> Response:
        target = str(given.get("comment_id") or given["media_id"]) if edge == "mentions" else node
        if edge == "mentions" and "comment_id" not in given:
            self._deliver(account, target, given["message"], target)
            return _answer({"id": str(self.cloud.next_number())})
        thing = check_comment(self.cloud, edge, target, given)
        number = self.cloud.next_number()
        key = f"{target.partition('_')[0]}_{number}" if edge == "comments" else str(number)
        self._deliver(self.cloud.accounts[thing.account], thing.author, given["message"], key)
        return _answer({"id": key})

    def _deliver(self, account: Account, to: str, text: str, key: str) -> None:
        provider = "facebook" if account.object_name == "page" else "instagram"
        self.mailroom.deliver(Delivered(provider=provider, account=account.id, to=to, text=text, external_id=key))


def _given() -> dict[str, Any]:
    """The body's fields, whether JSON or a form whose objects are JSON texts."""
    if request.is_json:
        return dict(request.get_json())
    form = request.form.to_dict()
    return {name: json.loads(value) if value.startswith("{") else value for name, value in form.items()}


def _hook(name: str, callback: str, fields: set[str]) -> dict[str, Any]:
    listed = [{"name": field, "version": VERSION} for field in sorted(fields)]
    return {"object": name, "callback_url": callback, "active": True, "fields": listed}


def _answer(body: Mapping[str, Any], status: int = 200) -> Response:
    return Response(json.dumps(body), status=status, mimetype="application/json")


def _trouble(status: int, message: str) -> Response:
    code = {429: 4, 503: 2}.get(status, 1)
    return _answer(Refusal(code, message, status=status).body(), status)

"""A strict X API v2 for one account: it takes what X documents and refuses the rest in X's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Flask, Response, jsonify, request

from standins.faults import Faults
from standins.x_cloud import Citizen, Cloud, File
from standins.x_limits import Limits
from standins.x_oauth import Checker, Keys
from standins.x_shapes import Refusal, no_credit, plain
from standins.x_writes import Writes

if TYPE_CHECKING:
    from collections.abc import Callable

    from standins.mailroom import Mailroom

__all__ = ["Citizen", "Cloud", "File", "Keys", "Server", "create_app"]


class Server(Writes):
    """Who may call, how often, and on whose credit (`credit` False: all is spent)."""

    def __init__(self, cloud: Cloud, keys: Keys, faults: Faults) -> None:
        super().__init__(cloud, faults)
        self.limits = Limits(cloud.clock)
        self.credit = True
        self._checker = Checker(keys)

    def view(self, kind: str, work: Callable[..., Any], *, app_only: bool = False, status: int = 200) -> Any:
        """A Flask view: who asks, how often, with what credit; then the work."""

        def answer(**parts: str) -> Response:
            try:
                self._check_caller(app_only=app_only)
                self.limits.take(kind)
                done = work(**parts)
            except Refusal as refusal:
                response = refusal.response()
            else:
                response = done if isinstance(done, Response) else jsonify(done)
                response.status_code = status
            self.limits.tell(kind, response)
            response.headers["x-access-level"] = self.permissions
            return response

        return answer

    def _check_caller(self, *, app_only: bool) -> None:
        right = self._checker.is_bearer(request) if app_only else self._checker.is_account(request)
        if self.faults.unauthorized or not right:
            raise plain(401, "Unauthorized", "Unauthorized")
        if not self.credit:
            raise no_credit()

    def open_file(self, path: str) -> Response:
        """A picture of a post: open to everybody."""
        return _file(self.cloud.files.get(path))

    def private_file(self, path: str) -> Response:
        """A picture of a direct message: for the participants."""
        if self.faults.unauthorized or not self._checker.is_account(request):
            return plain(401, "Unauthorized", "Unauthorized").response()
        return _file(self.cloud.private.get(path))


def create_app(mailroom: Mailroom, keys: Keys, *, cloud: Cloud | None = None, faults: Faults | None = None) -> Flask:
    """The API for one account; `app.extensions["x"]` is the Server, with the Cloud behind it."""
    app = Flask("standin-x")
    trouble = faults or Faults()
    trouble.install(app, lambda status, words: plain(status, words.title(), words).response())
    server = Server(cloud or Cloud(mailroom), keys, trouble)
    app.extensions["x"] = server
    view, rules = server.view, "/2/tweets/search/stream/rules"
    app.add_url_rule("/2/users/me", "me", view("me", server.me))
    app.add_url_rule("/2/tweets/search/recent", "search", view("search", server.search))
    app.add_url_rule("/2/users/<user_id>/mentions", "mentions", view("mentions", server.mentions))
    app.add_url_rule("/2/dm_events", "events", view("dm_events", server.events))
    app.add_url_rule("/2/tweets", "post", view("create_post", server.create_post, status=201), methods=["POST"])
    app.add_url_rule(
        "/2/dm_conversations/<conversation>/messages",
        "message",
        view("create_message", server.create_message, status=201),
        methods=["POST"],
    )
    app.add_url_rule("/2/media/upload", "upload", view("upload", server.upload), methods=["POST"])
    app.add_url_rule(rules, "rules", view("rules", server.list_rules, app_only=True))
    app.add_url_rule(rules, "change", view("rules", server.change_rules, app_only=True, status=201), methods=["POST"])
    app.add_url_rule("/2/tweets/search/stream", "stream", view("stream", server.stream, app_only=True))
    app.add_url_rule("/media/<path:path>", "file", server.open_file)
    app.add_url_rule("/1.1/ton/data/dm/<path:path>", "private", server.private_file)
    return app


def _file(file: File | None) -> Response:
    if file is None:
        return Response(status=404)
    return Response(file.content, content_type=file.content_type)

"""The pulse: what keeps an officer's open page fresh, and how it is known without the database that nothing changed."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from flask import Response, g, jsonify, render_template, request

from dispatcher import pulse
from inbox.auth import SESSION
from inbox.people import bell
from inbox.queue import presence, saved
from inbox.queue.page import listing, short
from inbox.queue.view import view
from inbox.rights import Need
from inbox.routing import Route
from inbox.state import inbox, now, reading, runtime, scope
from normalizer import ticket as codes
from store import casefile
from store import queue as store

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as BaseResponse

#: So old (seconds) an answer is never called fresh: its clocks have gone on, and Redis may have lost a bump.
FRESH: Final = 30


def unchanged() -> BaseResponse | None:
    """304 for whoever proves by its tag that this very session was given this very answer.

    204 for whoever has to wait for more; None for all others.

    It asks neither for the session nor for any row: the tag cannot be made without our secret, holds for one cookie,
    and is given only behind all checks.
    """
    g.near = presence.near()
    g.tag = _tag()
    if g.tag is not None and g.near.known and request.if_none_match.contains_weak(g.tag):
        return _tagged(Response(status=304))
    return _later() if inbox().turnstile.closed else None


def _later() -> Response:
    """Nothing yet, whoever it is: the page comes again with its next pulse."""
    return Response(status=204)


def _tag() -> str | None:
    """The tag of the answer that this request would get now; None where nobody knows whether something has changed."""
    token = request.cookies.get(SESSION, "")
    stamp = pulse.stamp(runtime().redis) if token else None
    if stamp is None:
        return None
    session = hashlib.sha256(token.encode("utf-8", "replace")).digest()
    # Each session's answer grows old at a moment of its own, not all at once.
    span = int(now().timestamp() + session[0] / 256 * FRESH) // FRESH
    parts = (session, request.query_string, stamp.encode(), str(span).encode(), g.near.mark.encode())
    return hmac.new(inbox().secret, b"\0".join((b"pulse", *parts)), hashlib.sha256).hexdigest()[:32]


def _tagged(response: Response) -> Response:
    if g.tag is not None:
        response.set_etag(g.tag)
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def show() -> Response:
    """What an open queue and an open case show now, as JSON.

    `html` is the list as the page renders it, `arrived` the tickets that came since `sejak`, `case` the case's stamp,
    `counts` and `bell` what stands in the rail, `present` who else has the case open.
    """
    with inbox().turnstile.turn() as mine:
        return _tagged(jsonify(_body())) if mine else _later()


def _body() -> dict[str, Any]:
    seen, reach = view(), scope()
    since = _moment(request.args.get("sejak")) or now()
    code = codes.read(request.args.get("kasus", ""))
    with reading() as connection:
        shown = listing(connection, seen, selected=code, since=since)
        kept = saved.tabs(connection, seen)
        row = store.find(connection, reach, code) if code else None
        stamp = casefile.stamp(connection, row.id) if row else ""
    if row is not None and not g.near.known:
        presence.enter(row.ticket)
    return {
        "counts": {
            **{shelf.queue: shelf.count for shelf in shown["shelves"]},
            **{str(tab.id): tab.count for tab in kept},
        },
        "bell": bell.count(),
        "html": render_template("inbox/_list.html", **shown),
        "arrived": shown["came"],
        "case": short(stamp),
        "present": presence.sentence(g.near.others) if row else "",
    }


def _moment(value: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else None


ROUTES: Final = (Route(rule="/pulse", name="pulse", view=show, need=Need.READ, touch=False, shortcut=unchanged),)

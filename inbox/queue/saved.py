"""Saved views: a queue, narrowed or searched, under an officer's own name; in the rail with how much is in it."""

from __future__ import annotations

import dataclasses
import hashlib
import uuid
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from flask import abort, redirect, request, url_for
from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError

from inbox.i18n import _
from inbox.queue import emptiness, finding
from inbox.queue import page as queue
from inbox.queue.view import read
from inbox.rights import Need
from inbox.routing import Route
from inbox.state import now, page, person, reading, runtime, scope
from normalizer.text import clean
from store import search, shelves, views

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask import Response
    from sqlalchemy import Connection
    from werkzeug.wrappers import Response as BaseResponse

    from inbox.queue.view import View
    from store.views import Saved

LONGEST_NAME: Final = 60
#: Counting stops here.
_CAP: Final = 99
#: Seconds that a count is good for; views that one page counts anew; milliseconds that a count may take.
_FRESH: Final = 60
_AT_ONCE: Final = 3
_PATIENCE: Final = 100


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    """A saved view in the rail; `count` is as it is read, empty where counting would take too long."""

    id: uuid.UUID
    name: str
    link: str
    count: str
    active: bool


def tabs(connection: Connection, here: View | None) -> list[Tab]:
    """The officer's views; `here` is the one that his page shows."""
    known = views.all_of(connection, person().id)
    counts = _counts(connection, known)
    shown = "" if here is None else here.link()
    return [_tab(each, counts.get(each.id, ""), shown) for each in known]


def _tab(each: Saved, count: str, shown: str) -> Tab:
    link = _view(each.query).link()
    return Tab(id=each.id, name=each.name, link=link, count=count, active=link == shown)


def rail(here: View | None) -> list[Tab]:
    """The officer's views for the rail of a page."""
    with reading() as connection:
        return tabs(connection, here)


def _view(query: str) -> View:
    return read(dict(parse_qsl(query.removeprefix("?"))))


def _counts(connection: Connection, known: Sequence[Saved]) -> dict[uuid.UUID, str]:
    """How much is in each, not older than a minute; what a page does not get to, another will."""
    if not known:
        return {}
    keys = {each.id: _key(each) for each in known}
    redis = runtime().redis
    try:
        kept: list[Any] = list(redis.mget(list(keys.values())))
    except RedisError:
        return {}
    found = {each.id: value.decode() for each, value in zip(known, kept, strict=True) if value is not None}
    for each in [each for each in known if each.id not in found][:_AT_ONCE]:
        found[each.id] = _counted(connection, _view(each.query))
        try:
            redis.set(keys[each.id], found[each.id], ex=_FRESH)
        except RedisError:
            break
    return found


def _key(each: Saved) -> str:
    """Where the count is kept: another's rights or another query are another count."""
    seen = repr((scope(), person().sees_identity, each.query))
    return f"muara:view:{each.id}:{hashlib.sha256(seen.encode()).hexdigest()[:16]}"


def _counted(connection: Connection, view: View) -> str:
    """The figure, at most 99+; empty where it cannot be had quickly."""
    attempt = connection.begin_nested()
    try:
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = {_PATIENCE}")
        count = _count(connection, view)
    except DBAPIError as error:
        if error.connection_invalidated:
            raise
        return ""
    finally:
        attempt.rollback()  # and with it the patience
    if count is None:
        return ""
    return f"{_CAP}+" if count > _CAP else str(count)


def _count(connection: Connection, view: View) -> int | None:
    if view.sought is not None and view.sought.ticket is None:
        hunt = finding.hunt(connection, view.wanted, view.sought)
        return search.count(connection, hunt, _CAP + 1, patience=_PATIENCE)
    return shelves.count(connection, scope(), view.wanted, now(), _CAP + 1)


def show() -> Response:
    """The officer's views, to rename and to let go."""
    return _page()


def _page(status: int = 200, **extra: Any) -> Response:
    with reading() as connection:
        known = views.all_of(connection, person().id)
    offered = queue.choices()
    kept = [(each, _view(each.query)) for each in known]
    told = [{"view": each, "link": view.link(), "told": emptiness.told(view, offered)} for each, view in kept]
    values = {"kept": told, "longest": LONGEST_NAME, "most": views.MOST, "problem": None, "typed": None, **extra}
    return page("views.html", status, title=_("Tampilan tersimpan"), **values)


def add() -> BaseResponse:
    """Keep the view that the form came with under a name."""
    try:
        view_id = uuid.UUID(request.form.get("submission", ""))
    except ValueError:
        abort(400)
    link, name = _view(request.form.get("query", "")).link(), _name()
    typed = {"name": request.form.get("name", "")[: 2 * LONGEST_NAME], "query": link, "submission": view_id}
    if not name:
        return _page(422, problem=_unnamed(), typed=typed)
    try:
        with runtime().engine.begin() as connection:
            views.add(connection, view_id, person().id, name, link.removeprefix("?"), now())
    except views.NameTakenError:
        return _page(422, problem=_taken(name), typed=typed)
    except views.TooManyError:
        most = _("Paling banyak %(most)s tampilan. Hapus satu yang tidak dipakai lagi.", most=views.MOST)
        return _page(422, problem=most, typed=typed)
    return redirect(url_for("inbox.queue") + link, 303)


def rename(view_id: uuid.UUID) -> BaseResponse:
    """Another name for it."""
    name = _name()
    if not name:
        return _page(422, problem=_unnamed())
    try:
        with runtime().engine.begin() as connection:
            if not views.rename(connection, person().id, view_id, name):
                abort(404)
    except views.NameTakenError:
        return _page(422, problem=_taken(name))
    return redirect(url_for("inbox.views"), 303)


def remove(view_id: uuid.UUID) -> BaseResponse:
    """Let it go; no complaint changes by that."""
    with runtime().engine.begin() as connection:
        if not views.remove(connection, person().id, view_id):
            abort(404)
    return redirect(url_for("inbox.views"), 303)


def _name() -> str:
    """What was typed, on one line and without invisible signs; empty where it is none or too long."""
    name = " ".join(clean(request.form.get("name", "").replace("\0", "")).split())
    return name if len(name) <= LONGEST_NAME else ""


def _unnamed() -> str:
    return _("Beri nama, paling banyak %(longest)s huruf.", longest=LONGEST_NAME)


def _taken(name: str) -> str:
    return _("Anda sudah punya tampilan bernama “%(name)s”. Pilih nama lain.", name=name)


ROUTES: Final = (
    Route(rule="/views", name="views", view=show, need=Need.READ),
    Route(rule="/views", name="view_add", view=add, need=Need.READ, method="POST"),
    Route(rule="/views/<uuid:view_id>/rename", name="view_rename", view=rename, need=Need.READ, method="POST"),
    Route(rule="/views/<uuid:view_id>/remove", name="view_remove", view=remove, need=Need.READ, method="POST"),
)

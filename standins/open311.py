"""A jurisdiction's Open311 server: GeoReport v2 in XML and JSON, as strict as its page (wiki.open311.org) allows."""

from __future__ import annotations

import dataclasses
import json
import secrets
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar
from xml.etree.ElementTree import Element, SubElement, tostring

from flask import Flask, Response, request

from standins.faults import Faults
from standins.mailroom import Delivered, Mailroom

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

T = TypeVar("T")
_LIST_ARGUMENTS = frozenset(
    {"jurisdiction_id", "service_request_id", "service_code", "start_date", "end_date", "status"}
)
_POST_FIELDS = frozenset(
    {"api_key", "jurisdiction_id", "service_code", "lat", "long", "address_string", "address_id", "email", "device_id",
     "account_id", "first_name", "last_name", "phone", "description", "media_url"}
)  # fmt: skip
_LONGEST_SPAN = timedelta(days=90)
_LIST_LIMIT = 1000
_LONGEST_DESCRIPTION = 4000
_FORMS = ("xml", "json")


@dataclasses.dataclass(kw_only=True)
class Service:
    """A kind of request; `type` is realtime (an id at once), batch (a token) or blackbox (nothing)."""

    code: str
    name: str
    type: str = "realtime"


class Problem(Exception):  # noqa: N818 - it is what the server says
    """What the server refuses, with its status."""

    def __init__(self, status: int, description: str) -> None:
        super().__init__(description)
        self.status = status


class City:
    """The server's own state, for tests and the demo to look at and to change."""

    def __init__(self, services: Iterable[Service]) -> None:
        self.services = {service.code: service for service in services}
        self.requests: dict[str, dict[str, str | None]] = {}
        self.tokens: dict[str, str | None] = {}
        self._next = 638_344

    def report(self, description: str, *, code: str, at: datetime, **fields: str) -> str:
        """A citizen of that city reports something there; the id of the request."""
        ident = str(self._next)
        self._next += 1
        self.requests[ident] = {
            "service_request_id": ident,
            "status": "open",
            "service_code": code,
            "service_name": self.services[code].name,
            "description": description,
            "requested_datetime": _written(at),
            "updated_datetime": _written(at),
            **fields,
        }
        return ident

    def change(self, ident: str, *, at: datetime, **fields: str) -> None:
        """The city's officers change a request."""
        self.requests[ident] |= {"updated_datetime": _written(at), **fields}

    def restore(self, requests: Mapping[str, dict[str, str | None]]) -> None:
        """Know what an earlier start of this server knew, and number on from there."""
        self.requests |= requests
        self._next = max([self._next, *(int(ident) + 1 for ident in requests)])

    def assign(self, token: str) -> str:
        """A batch is through: the token stands for a request from now on."""
        ident = self.tokens[token] = str(self._next)
        self._next += 1
        return ident


SERVICES = (
    Service(code="006", name="Jalan berlubang"),
    Service(code="007", name="Lampu jalan", type="batch"),
    Service(code="008", name="Lain-lain", type="blackbox"),
)


def create_app(
    mailroom: Mailroom,
    *,
    api_key: str,
    jurisdiction: str = "",
    updated_after: bool = False,
    account: str = "open311",
    faults: Faults | None = None,
) -> Flask:
    """The server below /v2; `app.extensions["city"]` is its City. With a jurisdiction, every call must name it."""
    app = Flask("standin-open311")
    city = app.extensions["city"] = City(SERVICES)
    trouble = faults or Faults()
    trouble.install(app, lambda status, words: _refusal(_form(request.path), status, words))

    @app.errorhandler(Problem)
    def _problem(problem: Problem) -> Response:
        return _refusal(_form(request.path), problem.status, str(problem))

    @app.errorhandler(404)
    def _nowhere(_error: object) -> Response:
        return _refusal("xml", 404, "no such resource")

    @app.get("/v2/services.<form>")
    def services(form: str) -> Response:
        _check_arguments(frozenset({"jurisdiction_id"}), jurisdiction)
        return _answer(form, "services", "service", [_service(each) for each in city.services.values()])

    @app.get("/v2/requests.<form>")
    def listing(form: str) -> Response:
        known = _LIST_ARGUMENTS | ({"updated_after"} if updated_after else frozenset())
        _check_arguments(known, jurisdiction)
        return _answer(form, "service_requests", "request", _listed(city, request.args))

    @app.get("/v2/requests/<ident>.<form>")
    def one(ident: str, form: str) -> Response:
        _check_arguments(frozenset({"jurisdiction_id"}), jurisdiction)
        return _answer(form, "service_requests", "request", [_found(city.requests, ident, "service_request_id")])

    @app.get("/v2/tokens/<token>.<form>")
    def redeem(token: str, form: str) -> Response:
        _check_arguments(frozenset({"jurisdiction_id"}), jurisdiction)
        ident = _found(city.tokens, token, "token")
        return _answer(form, "service_requests", "request", [{"service_request_id": ident, "token": token}])

    @app.post("/v2/requests.<form>")
    def create(form: str) -> Response:
        if trouble.unauthorized or request.form.get("api_key") != api_key:
            raise Problem(403, "Missing or Invalid api_key")
        _check_post(city, jurisdiction)
        return _answer(form, "service_requests", "request", [_taken(city, mailroom, account)])

    return app


def _found(known: Mapping[str, T], key: str, name: str) -> T:
    if key not in known:
        raise Problem(404, f"{name} was not found")
    return known[key]


def _taken(city: City, mailroom: Mailroom, account: str) -> dict[str, str | None]:
    given = request.form
    service = city.services[given["service_code"]]
    text = given.get("description", "")
    fields = {name: given[name] for name in ("lat", "long", "media_url") if given.get(name)}
    ident = city.report(text, code=service.code, at=datetime.now(UTC), **fields)
    mailroom.deliver(Delivered(provider="open311", account=account, to=service.code, text=text, external_id=ident))
    return _created(city, service, ident)


def _created(city: City, service: Service, ident: str) -> dict[str, str | None]:
    """Never an id and a token at once."""
    notice = "Ditindaklanjuti dalam 24 jam."
    if service.type == "realtime":
        return {"service_request_id": ident, "service_notice": notice, "account_id": None}
    if service.type == "batch":
        token = secrets.token_hex(6)
        city.tokens[token] = None
        return {"token": token, "service_notice": notice, "account_id": None}
    return {"service_notice": notice, "account_id": None}


def _check_arguments(known: frozenset[str], jurisdiction: str) -> None:
    if unknown := set(request.args) - known:
        raise Problem(400, f"unknown argument {min(unknown)}")
    _check_jurisdiction(request.args, jurisdiction)


def _check_jurisdiction(given: Mapping[str, str], jurisdiction: str) -> None:
    if jurisdiction and not given.get("jurisdiction_id"):
        raise Problem(400, "jurisdiction_id was not provided")
    if given.get("jurisdiction_id", jurisdiction) != jurisdiction:
        raise Problem(404, "jurisdiction_id provided was not found")


def _check_post(city: City, jurisdiction: str) -> None:
    if request.mimetype != "application/x-www-form-urlencoded":
        raise Problem(400, "the request must be form-encoded")
    given = request.form
    _check_jurisdiction(given, jurisdiction)
    if unknown := set(given) - _POST_FIELDS:
        raise Problem(400, f"unknown field {min(unknown)}")
    if not given.get("service_code"):
        raise Problem(400, "service_code was not provided")
    if given["service_code"] not in city.services:
        raise Problem(404, "service_code was not found")
    if bool(given.get("lat")) != bool(given.get("long")):
        raise Problem(400, "lat and long both need to be sent")
    if not (given.get("lat") or given.get("address_string") or given.get("address_id")):
        raise Problem(400, "a location was not provided")
    for name in ("lat", "long"):
        try:
            float(given.get(name) or 0)
        except ValueError:
            raise Problem(400, f"{name} is no coordinate") from None
    if len(given.get("description", "")) > _LONGEST_DESCRIPTION:
        raise Problem(400, "description is limited to 4,000 characters")


def _listed(city: City, given: Mapping[str, str]) -> list[dict[str, str | None]]:
    """The newest first, and no more than the standard's limit."""
    found = sorted(city.requests.values(), key=lambda each: str(each["requested_datetime"]), reverse=True)
    if wanted := given.get("service_request_id"):
        return [each for each in found if each["service_request_id"] in wanted.split(",")]
    start, end = _moment(given, "start_date"), _moment(given, "end_date")
    end = end or datetime.now(UTC) + timedelta(days=1)
    start = start or end - _LONGEST_SPAN
    if end - start > _LONGEST_SPAN:
        raise Problem(400, "a list may not span more than 90 days")
    after = _moment(given, "updated_after")
    found = [each for each in found if start <= datetime.fromisoformat(str(each["requested_datetime"])) <= end]
    if after is not None:
        found = [each for each in found if datetime.fromisoformat(str(each["updated_datetime"])) >= after]
    for name in ("status", "service_code"):
        if value := given.get(name):
            found = [each for each in found if each[name] in value.split(",")]
    return found[:_LIST_LIMIT]


def _moment(given: Mapping[str, str], name: str) -> datetime | None:
    text = given.get(name, "")
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise Problem(400, f"{name} must be in w3 format, eg 2010-01-01T00:00:00Z")
    return found


def _written(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _service(service: Service) -> dict[str, str | None]:
    return {
        "service_code": service.code,
        "service_name": service.name,
        "description": service.name,
        "metadata": "false",
        "type": service.type,
        "keywords": None,
        "group": "umum",
    }


def _form(path: str) -> str:
    return "json" if path.endswith(".json") else "xml"


def _answer(form: str, root: str, name: str, entries: list[dict[str, str | None]], status: int = 200) -> Response:
    if form not in _FORMS:
        raise Problem(400, "format is not supported")
    write: Callable[[str, str, list[dict[str, str | None]]], str] = _xml if form == "xml" else _json
    kind = "text/xml" if form == "xml" else "application/json"
    return Response(write(root, name, entries), status=status, content_type=f"{kind}; charset=utf-8")


def _xml(root: str, name: str, entries: list[dict[str, str | None]]) -> str:
    top = Element(root)
    for entry in entries:
        element = SubElement(top, name)
        for key, value in entry.items():
            SubElement(element, key).text = value
    return f'<?xml version="1.0" encoding="utf-8"?>\n{tostring(top, encoding="unicode")}'


def _json(_root: str, _name: str, entries: list[dict[str, str | None]]) -> str:
    """Numbers as numbers, as the Spark convention makes them of XML."""
    return json.dumps([{key: _number(value) for key, value in entry.items()} for entry in entries])


def _number(value: str | None) -> Any:
    if value is not None and value.isdigit() and not value.startswith("0"):
        return int(value)
    return value


def _refusal(form: str, status: int, description: str) -> Response:
    return _answer(form, "errors", "error", [{"code": str(status), "description": description}], status)

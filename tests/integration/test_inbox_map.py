"""Maps: who stands on them, who never does, and which hosts a page with one may ask."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask

from inbox.pages import register
from inbox.state import Ground
from tests.factories import NOW
from tests.inboxkit import SECRET, Site

if TYPE_CHECKING:
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine

    from tests.inboxkit import Browser

HOUR = timedelta(hours=1)


@pytest.fixture
def site(engine: Engine, redis_client: Redis, tmp_path: Path) -> Site:
    return Site(engine, redis_client, tmp_path)


def place(lat: object = -6.9, lon: object = 109.4) -> dict[str, Any]:
    return {"label": "pasar", "candidates": ["Moga"], "lat": lat, "lon": lon}


def points(page: str) -> list[dict[str, Any]]:
    found = re.search(r'data-points="([^"]*)"', page)
    return json.loads(unescape(found[1])) if found else []


def shown(browser: Browser, query: str = "") -> set[str]:
    return {each["name"].split(":")[0] for each in points(browser.get(f"/inbox/map{query}").text)}


def test_points_are_those_of_the_filter(site: Site) -> None:
    one = site.complaint(opened_at=NOW - HOUR, place=place(), unit="dpu")
    two = site.complaint(opened_at=NOW - HOUR, place=place(), unit="dinkes", state="tindak_lanjut")
    site.complaint(opened_at=NOW - HOUR, place=place(None, None))
    site.complaint(opened_at=NOW - HOUR)
    old = site.complaint(opened_at=NOW - 40 * 24 * HOUR, place=place(), unit="dpu")
    admin = site.officer("dewi", "program_admin")
    assert shown(admin) == {one, two}
    assert shown(admin, "?unit=dpu&periode=tahun-ini") == {one, old}
    assert shown(admin, "?unit=tidak-ada") == set()
    assert shown(site.officer("kepala", "unit_head", unit="dinkes")) == {two}
    assert shown(site.officer("lain", "leader", programs=["matur"])) == set()


@pytest.mark.parametrize("flag", ["anonim", "rahasia"])
def test_who_is_hidden_stands_on_no_map_whoever_looks(site: Site, flag: str) -> None:
    ticket = site.complaint(opened_at=NOW - HOUR, place=place(-6.123456, 109.654321), **{flag: True})
    browser = site.officer("dewi", "program_admin", sees_identity=True)
    assert shown(browser) == set()
    for address in ("/inbox/map", f"/inbox/{ticket}"):
        page = browser.get(address).text
        assert "6.1234" not in page
        assert "109.65" not in page
        assert "data-map" not in page


def test_the_case_shows_where_it_is(site: Site) -> None:
    ticket = site.complaint(place=place())
    page = site.officer("dewi").get(f"/inbox/{ticket}").text
    assert [(each["lat"], each["lon"]) for each in points(page)] == [(-6.9, 109.4)]
    assert 'href="geo:-6.90000,109.40000"' in page


@pytest.mark.parametrize(("lat", "lon"), [(91, 0), (0, 181), (-1000, 5)])
def test_what_is_not_on_earth_is_left_out(site: Site, lat: object, lon: object) -> None:
    ticket = site.complaint(opened_at=NOW - HOUR, place=place(lat, lon))
    browser = site.officer("dewi")
    assert points(browser.get("/inbox/map").text) == []
    assert "data-map" not in browser.get(f"/inbox/{ticket}").text


def test_leaflet_comes_out_of_its_package(site: Site) -> None:
    site.complaint(opened_at=NOW - HOUR, place=place())
    browser = site.officer("dewi")
    page = browser.get("/inbox/map").text
    for name in ("leaflet.js", "leaflet.css"):
        found = re.search(rf'"(/inbox/leaflet/{re.escape(name)}\?v=[0-9a-f]{{12}})"', page)
        assert found
        response = browser.get(found[1])
        assert response.status_code == 200
        assert "immutable" in response.headers["Cache-Control"]
        assert len(response.data) > 10_000
    for name in ("__init__.py", "..%2F__init__.py", "leaflet-src.js"):
        assert browser.get(f"/inbox/leaflet/{name}").status_code == 404


def test_tiles_open_the_policy_for_their_host_and_on_maps_alone(site: Site) -> None:
    ticket = site.complaint(opened_at=NOW - HOUR, place=place())
    bare = site.complaint(opened_at=NOW - HOUR)
    site.app = Flask("uji")
    ground = Ground(tiles="https://peta.example.go.id:8443/{z}/{x}/{y}.png", attribution="<b>Peta</b>")
    register(site.app, site.runtime, secret_key=SECRET, ground=ground)
    browser = site.officer("dewi")
    for address, host in (
        ("/inbox/map", True),
        (f"/inbox/{ticket}", True),
        ("/inbox", False),
        (f"/inbox/{bare}", False),
    ):
        response = browser.get(address)
        policy = response.headers["Content-Security-Policy"]
        images = next(part for part in policy.split("; ") if part.startswith("img-src"))
        assert ("https://peta.example.go.id:8443" in images.split()) is host, address
        assert policy.count("https:") == int(host)
        assert "<b>Peta" not in response.text

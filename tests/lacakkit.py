"""Complaints of the public form, and answers with files as the inbox, the sender and the media worker leave them."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, Any

from dispatcher import drain, media
from dispatcher.rendering.kinds import RENDERED
from dispatcher.sending import Sender
from dispatcher.sniff import sniff
from store import casework
from store.blobs import digest
from store.casework import Enclosure
from tests import factories
from tests.public_site import code_in

if TYPE_CHECKING:
    import uuid

    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from tests.public_site import Site

PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n"


def complaint(site: Site, **fields: str) -> str:
    """The code of a new complaint that came by the form."""
    page = site.send(site.app.test_client(use_cookies=False), nama="Budi Santoso", **fields)
    drain.run(site.runtime)
    return code_in(page.text)


def id_of(site: Site, code: str) -> uuid.UUID:
    [row] = site.rows("SELECT id FROM complaint WHERE ticket = :code", code=code)
    return row.id  # type: ignore[no-any-return]


def act(site: Site, code: str) -> casework.Act:
    """An officer's act on the complaint as it is."""
    [row] = site.rows("SELECT id, version FROM complaint WHERE ticket = :code", code=code)
    officers = site.rows("SELECT id FROM officer WHERE username = 'dewi'")
    with site.runtime.engine.begin() as connection:
        officer = officers[0].id if officers else factories.officer(connection, "dewi", programs=["masbupsiaga"])
    return factories.act(row.id, officer, row.version, now=site.now, programs=site.runtime.programs)


def files(site: Site, *given: tuple[bytes, str]) -> list[Enclosure]:
    """The files as the officer's form puts them away."""
    made = []
    for content, name in given:
        kind = sniff(content, None, name).content_type
        assert site.runtime.blobs.put(content) == digest(content)
        size, sha256 = len(content), digest(content)
        made.append(Enclosure(name=name, content_type=kind, size=size, sha256=sha256, preview=kind in RENDERED))
    return made


def answer(site: Site, code: str, *given: tuple[bytes, str], text: str = "Surat terlampir", **how: Any) -> None:
    """An answer with these files, not sent yet."""
    with site.runtime.engine.begin() as connection:
        assert casework.answer(connection, act(site, code), text, text, files=files(site, *given), **how)


def deliver(site: Site) -> None:
    """What the sender does."""
    sender = Sender(site.runtime)
    try:
        sender.run(2)
    finally:
        sender.close()


def settle(site: Site) -> None:
    """What sender and media worker do, until nothing is due."""
    deliver(site)
    while media.run(site.runtime):
        pass


def answered(site: Site, code: str, *given: tuple[bytes, str], **how: Any) -> None:
    """An answer with these files, as it stands in the end."""
    answer(site, code, *given, **how)
    settle(site)


def track(client: FlaskClient, code: str) -> str:
    """The tracking page, asked for as a citizen does."""
    page = client.post("/lacak", data={"nomor": code})
    assert page.status_code == 200
    return page.text


def links(page: str) -> dict[str, str]:
    """The addresses of the files on a tracking page, by the names that stand there."""
    found = re.findall(r'<a href="(/lacak/[^"]+)"[^>]*>(?:<img[^>]*> )?<span class="enclosed-name">([^<]+)<', page)
    return {unescape(name): address for address, name in found}


def thumbs(page: str) -> list[str]:
    """The addresses of the thumbnails."""
    return re.findall(r'<img src="(/lacak/[^"]+)"', page)


def fetch(client: FlaskClient, address: str, **headers: str) -> TestResponse:
    return client.get(address, headers={name.replace("_", "-"): value for name, value in headers.items()})

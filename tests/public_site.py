"""The public pages on the real database, with the gateway's own acceptor behind them, as the product wires them."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import re
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from flask import Flask
from sqlalchemy import text

from channels.contract import AccountInfo
from channels.registry import channel_type, manifests
from config.settings import Limits
from dispatcher.runtime import Account, Runtime
from gateway import public, security
from gateway.edge import Edge
from normalizer.keyword import KeywordIndex
from normalizer.place import PlaceFinder
from normalizer.program import Program
from store.blobs import Blobs
from tests.channels.loopback import serving
from tests.toy import ToyChannel

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine
    from werkzeug.test import TestResponse

    from gateway.codes import CodePool

MASBUP = Program(
    key="masbupsiaga",
    name="Mas Bup Siaga",
    organisation="Pemerintah Kabupaten Pemalang",
    keywords=("masbupsiaga",),
    accounts=("web", "sms1708"),
)
MATUR = Program(
    key="maturbup",
    name="Matur Bupati",
    organisation="Pemerintah Kabupaten Purbalingga",
    keywords=("maturbup",),
    accounts=("web", "sms1708"),
)
NOON = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)
_HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')
_CODE = re.compile(r'class="ticket-code" data-code>([^<]+)<')


class Phone(ToyChannel):
    """A number that citizens write to."""

    @property
    def addresses(self) -> frozenset[str]:
        return frozenset({"1708"})


@dataclasses.dataclass
class Site:
    """The running pages; `now` may be moved on by the test."""

    app: Flask
    runtime: Runtime
    edge: Edge
    pool: CodePool
    now: datetime = NOON

    def __post_init__(self) -> None:
        self.client = self.app.test_client()

    def form(self, client: Any = None, query: str = "") -> dict[str, str]:
        """The hidden fields of a fresh form."""
        page = (client or self.client).get(f"/lapor{query}")
        assert page.status_code == 200
        return dict(_HIDDEN.findall(page.text))

    def proven(self, client: Any = None) -> dict[str, str]:
        """A fresh form with its work done."""
        fields = self.form(client)
        return fields | {"bukti": solve(f"{fields['kiriman']}:{fields['tanda']}")}

    def send(self, client: Any = None, files: Sequence[tuple[str, bytes, str]] = (), **fields: Any) -> TestResponse:
        """A filled form, posted; fields that are None stay away, `stamp` is what `form` gave."""
        stamp = fields.pop("stamp", None)
        filled = {"program": "masbupsiaga", "isi": "Lampu jalan mati di Widuri", "jenis": "pengaduan"}
        filled |= self.proven(client) if stamp is None else stamp
        filled = {name: value for name, value in (filled | fields).items() if value is not None}
        body, content_type = multipart(filled, files)
        return (client or self.client).post("/lapor", data=body, content_type=content_type)

    def rows(self, query: str, **values: Any) -> list[Any]:
        with self.runtime.engine.connect() as connection:
            return list(connection.execute(text(query), values))


def multipart(fields: dict[str, str], files: Sequence[tuple[str, bytes, str]] = ()) -> tuple[bytes, str]:
    """A body as browsers make it, and its Content-Type."""
    parts = [
        f'Content-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + value.encode()
        for name, value in fields.items()
    ]
    parts += [
        f'Content-Disposition: form-data; name="lampiran"; filename="{name}"\r\nContent-Type: {kind}\r\n\r\n'.encode()
        + content
        for name, content, kind in files
    ]
    body = b"".join(b"------b\r\n" + part + b"\r\n" for part in parts) + b"------b--\r\n"
    return body, "multipart/form-data; boundary=----b"


def solve(challenge: str, bits: int = 4) -> str:
    """The proof of work, written down a second time."""
    limit = 1 << (256 - bits)
    number = 0
    while int(hashlib.sha256(f"{challenge}:{number}".encode()).hexdigest(), 16) >= limit:
        number += 1
    return str(number)


def code_in(page: str) -> str:
    found = _CODE.search(page)
    assert found is not None, page
    return found[1]


@contextlib.contextmanager
def running(
    engine: Engine,
    redis: Redis,
    folder: Path,
    *,
    programs: Sequence[Program] = (MASBUP, MATUR),
    limits: Limits | None = None,
    clock: Any = None,
) -> Iterator[Site]:
    """The pages with all that stands behind them; `clock` in place of the test's own time."""
    info = AccountInfo(name="web")
    web_type = channel_type("web")
    keywords = KeywordIndex(programs)
    web = Account(
        name="web",
        channel=web_type(info, web_type.settings_type()),
        manifest=manifests()["web"],
        programs=tuple(programs),
        keywords=keywords,
    )
    sms = Account(
        name="sms1708",
        channel=Phone("sms1708"),
        manifest=manifests()["sms"],
        programs=tuple(programs),
        keywords=keywords,
    )
    site: Site
    runtime = Runtime(
        engine=engine,
        redis=redis,
        accounts={"web": web, "sms1708": sms},
        programs={program.key: program for program in programs},
        places={program.key: PlaceFinder(program.places) for program in programs},
        blobs=Blobs((folder / "blobs").as_uri()),
        clock=clock or (lambda: site.now),
        public_url="http://127.0.0.1",
        zone=ZoneInfo("Asia/Jakarta"),
    )
    edge = Edge(runtime, spool_dir=folder / "spool", deadline=2.0)
    app = Flask("site", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = 100_000
    security.register(app, https=False)
    pool = public.register(
        app,
        runtime,
        edge.acceptor,
        secret_key=b"0123456789abcdef",
        limits=limits or Limits(proof_of_work_bits=4),
        data_dir=folder,
    )
    site = Site(app, runtime, edge, pool)
    edge.start()
    try:
        yield site
    finally:
        pool.close()
        edge.stop()
        settle()


def settle() -> None:
    """Wait for what still asks the database, so that its connection is back before the engine is put away."""
    for thread in threading.enumerate():
        if thread.name == "quick":
            thread.join()


@contextlib.contextmanager
def served(site: Site) -> Iterator[str]:
    """The pages on a port of loopback, for a browser; its address."""
    with serving(site.app, to_the_end=True) as at:
        yield at

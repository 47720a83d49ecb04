"""The providers' side of a site in one process: every provider's API, the citizens, and the page of their phones."""

from __future__ import annotations

import dataclasses
import signal
import threading
from typing import TYPE_CHECKING

from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.serving import WSGIRequestHandler, make_server

from standins import phones
from standins.citizens import Citizens
from standins.exchange import Exchange, Site
from standins.postman import Postman
from standins.town import Town

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where the play is given: address to listen on, file to remember in, and for whom it is played.

    `formats` and `inbox_url` are shown on the page; `pace` and `seed` are Citizens'.
    """

    site: Site
    host: str
    port: int
    path: Path
    inbox_url: str
    formats: Sequence[str]
    pace: float
    seed: int


class _Quiet(WSGIRequestHandler):
    """Requests are not logged: they hold made-up secrets and what people write."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


def serve(stage: Stage) -> None:
    """Play until SIGTERM or SIGINT."""
    stop = threading.Event()
    exchange = Exchange(stage.site, Town(stage.path), Postman(stop=stop))
    pages = phones.create_app(exchange, inbox_url=stage.inbox_url, formats=stage.formats)
    pages.wsgi_app = DispatcherMiddleware(pages.wsgi_app, dict(exchange.apps))  # type: ignore[method-assign]
    exchange.start()
    server = make_server(stage.host, stage.port, pages, threaded=True, request_handler=_Quiet)
    citizens = Citizens(exchange, pace=stage.pace, seed=stage.seed, stop=stop)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    threading.Thread(target=server.serve_forever, name="standins", daemon=True).start()
    threading.Thread(
        target=_wake, args=(citizens, exchange.postman, stage.site.url), name="citizens", daemon=True
    ).start()
    while not stop.wait(60):
        pass
    server.shutdown()
    server.server_close()
    exchange.stop()


def _wake(citizens: Citizens, postman: Postman, site: str) -> None:
    if postman.wait_for(f"{site}/healthz"):
        citizens.play()

"""A real HTTP server on the loopback for a stand-in, and dead addresses."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from werkzeug.serving import WSGIRequestHandler, make_server

from channels.contract import RawMessage, RawRequest
from channels.rawfile import NO_TIME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from standins.request import Request


class _Quiet(WSGIRequestHandler):
    timeout = 10  # seconds; browsers open connections on which they never ask anything

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - werkzeug's
        """Say nothing."""


@contextlib.contextmanager
def serving(app: Callable[..., Any], *, to_the_end: bool = False) -> Iterator[str]:
    """The address of a server that runs `app` in a thread until the block ends.

    With `to_the_end` also until what it was still answering is answered, for whoever takes its database away next.
    """
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    server.daemon_threads = not to_the_end  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def dead_address() -> str:
    """An address on which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def as_request(request: Request, remote: str = "192.0.2.1") -> RawRequest:
    """A provider's request as the gateway hands it to `verify`."""
    parts = urlsplit(request.url)
    return RawRequest(
        method=request.method,
        url=request.url.partition("?")[0],
        path=parts.path,
        query=parts.query,
        headers={name.lower(): value for name, value in request.headers.items()},
        body=request.body,
        remote=remote,
    )


def as_message(request: Request) -> RawMessage:
    """A provider's request as the journal hands it to `parse`."""
    raw = as_request(request)
    return RawMessage(
        id="1", account="sms", received_at=NO_TIME, body=raw.body, query=raw.query, headers=dict(raw.headers)
    )

"""The HTTP server: granian, one process with threads for the requests, and one that watches over it."""

from __future__ import annotations

import errno
import gc
import logging
import multiprocessing
import os
import signal
import socket
import threading
from typing import TYPE_CHECKING, Any

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import Server

if TYPE_CHECKING:
    from collections.abc import Callable

#: Requests at work at the same time; threads are made as they are needed and end when they are idle.
THREADS = 64
#: Connections at the same time; those beyond wait in the kernel.
CONNECTIONS = 2048
#: How long (seconds) a client may take for the head of a request, or stay idle between two.
HEAD_TIMEOUT = 15
#: How long (seconds) requests under way may take to end when the server is told to stop.
STOP_TIMEOUT = 10
#: So many new objects (a page makes tens of thousands) before the collector looks at them.
YOUNG = 10_000
#: Granian's own lines go where ours go; it keeps no log of requests.
_LOGGING = {"loggers": {"_granian": {"propagate": True}}, "handlers": {}, "formatters": {}}


class PortInUseError(Exception):
    """Another program listens on the port, or it may not be used; names host and port."""


def ensure_free(host: str, port: int) -> None:
    """Try whether the port can be had. PortInUseError: granian itself would share it with whoever is there."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        with socket.socket(found[0], found[1]) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(found[4])
            probe.listen(1)
    except OSError as error:
        why = "is in use by another program" if error.errno == errno.EADDRINUSE else f"cannot be used: {error.strerror}"
        raise PortInUseError(f"port {port} on {host} {why}") from error


def serve(load: Callable[[], Callable[..., Any]], *, host: str, port: int) -> None:
    """Serve what `load` returns until SIGTERM or SIGINT. `load` runs in the worker process, after the fork."""
    # The worker shares the memory of what is imported already; spawned, it would import all of it again.
    multiprocessing.set_start_method("fork", force=True)
    server = Server(
        "muara",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        workers=1,
        blocking_threads=THREADS,
        backpressure=CONNECTIONS,
        backlog=CONNECTIONS,
        http1_settings=HTTP1Settings(header_read_timeout=HEAD_TIMEOUT * 1000),
        websockets=False,
        log_access=False,
        log_level=LogLevels.warning,
        log_dictconfig=_LOGGING,
        respawn_failed_workers=True,
        respawn_interval=0.0,
        workers_kill_timeout=STOP_TIMEOUT,
    )
    lifeline = os.pipe()

    def load_in_worker() -> Callable[..., Any]:
        _die_with_parent(*lifeline)
        app = load()
        settle()
        return app

    # It warns of so many threads at every start; here they wait for commits, not for the interpreter.
    logging.getLogger("_granian").addFilter(lambda record: "Python threads" not in record.getMessage())
    server.serve(target_loader=load_in_worker, wrap_loader=False)


def settle() -> None:
    """What is loaded by now stays as long as the process: the collector is not to look through it during requests."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG)


def _die_with_parent(reader: int, writer: int) -> None:
    """An orphaned worker would go on answering on a port that its successor shares."""
    os.close(writer)

    def watch() -> None:
        os.read(reader, 1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="lifeline", daemon=True).start()

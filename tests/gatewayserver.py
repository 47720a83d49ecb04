"""A gateway as processes of their own: `python -m tests.gatewayserver DATABASE_URL REDIS_URL FOLDER PORT`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from dispatcher import logs
from gateway import patience, server
from gateway.edge import Edge
from tests import gatewaykit

if TYPE_CHECKING:
    from flask import Flask


def main(database_url: str, redis_url: str, folder: str, port: str) -> None:
    logs.configure("info", process="gateway")
    patience.PATIENCE, patience.TICK = 2.0, 0.2

    def load() -> Flask:
        made = gatewaykit.runtime(database_url, redis_url, Path(folder))
        edge = Edge(made, spool_dir=Path(folder) / "spool", deadline=0.5)
        edge.start()
        return gatewaykit.app(made, edge)

    server.serve(load, host="127.0.0.1", port=int(port))


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Health: whether the process lives, and whether what it needs is there, for probes and operators."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, jsonify
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from gateway.quick import AwayError, Quick
from gateway.spool import SpoolError

if TYPE_CHECKING:
    from redis import Redis
    from sqlalchemy import Engine

    from gateway.spool import Spool

#: How long a finding holds (seconds): probes of many load balancers cost one look.
FRESH = 1.0
DEADLINE = 2.0
_OLDEST = "SELECT extract(epoch FROM now() - received_at) FROM journal WHERE parsed_at IS NULL ORDER BY seq LIMIT 1"


class Health:
    """Looks at database, Redis and spool, at most once a second whoever asks."""

    def __init__(self, *, engine: Engine, redis: Redis, spool: Spool) -> None:
        self._quick = Quick(engine, seconds=DEADLINE, pause=0.0)
        self._redis = redis
        self._spool = spool
        self._lock = threading.Lock()
        self._found: dict[str, Any] = {}
        self._found_at = float("-inf")

    def look(self) -> dict[str, Any]:
        """What was found now or within the last second, as JSON values; `ready` is the verdict."""
        with self._lock:
            if time.monotonic() - self._found_at > FRESH:
                self._found = self._look()
                self._found_at = time.monotonic()
            return self._found

    def _look(self) -> dict[str, Any]:
        database, oldest = self._database()
        spool = self._spooled()
        return {
            "ready": database or bool(spool["writable"]),
            "database": "up" if database else "down",
            "redis": "up" if self._redis_answers() else "down",
            "spool": spool,
            "oldest_unparsed_s": oldest,
        }

    def _database(self) -> tuple[bool, float | None]:
        try:
            oldest = self._quick.run(lambda connection: connection.exec_driver_sql(_OLDEST).scalar_one_or_none())
        except (AwayError, SQLAlchemyError):
            return False, None
        return True, None if oldest is None else round(float(oldest), 1)

    def _redis_answers(self) -> bool:
        try:
            return bool(self._redis.ping())
        except RedisError:
            return False

    def _spooled(self) -> dict[str, Any]:
        try:
            self._spool.probe()
            depth = self._spool.depth()
        except (SpoolError, OSError):
            return {"writable": False, "pending": None, "bad": None, "oldest_s": None}
        oldest = None if depth.oldest is None else round(depth.oldest, 1)
        return {"writable": True, "pending": depth.pending, "bad": depth.bad, "oldest_s": oldest}


def blueprint(health: Health) -> Blueprint:
    """`/healthz` and `/readyz`."""
    routes = Blueprint("health", __name__)

    @routes.get("/healthz")
    def healthz() -> Response:
        return Response("ok\n", content_type="text/plain; charset=utf-8")

    @routes.get("/readyz")
    def readyz() -> tuple[Response, int]:
        found = health.look()
        return jsonify(found), 200 if found["ready"] else 503

    return routes

"""The edge's moving parts put together: acceptor, spool, ringer and guard, started and stopped as one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.accept import Acceptor
from gateway.guard import Guard
from gateway.health import Health
from gateway.refill import Refill
from gateway.ringing import Ringer
from gateway.spool import Spool
from store.engine import connect

if TYPE_CHECKING:
    from pathlib import Path

    from dispatcher.runtime import Runtime


class Edge:
    """What a gateway process runs beside its request threads. `deadline` in seconds."""

    def __init__(self, runtime: Runtime, *, spool_dir: Path, deadline: float) -> None:
        # A pool of its own: pages that wait for a slow query must not keep messages from being accepted.
        url = runtime.engine.url.render_as_string(hide_password=False)
        self._engine = connect(url, pool_size=2, name="muara accept")
        self.spool = Spool(spool_dir)
        self.guard = Guard()
        self.ringer = Ringer(runtime.redis)
        self.acceptor = Acceptor(
            engine=self._engine,
            blobs=runtime.blobs,
            spool=self.spool,
            guard=self.guard,
            ringer=self.ringer,
            deadline=deadline,
        )
        self.refill = Refill(
            engine=self._engine,
            blobs=runtime.blobs,
            spool=self.spool,
            guard=self.guard,
            ringer=self.ringer,
            is_up=lambda: self.acceptor.database_up,
        )
        self.health = Health(engine=self._engine, redis=runtime.redis, spool=self.spool)

    def start(self) -> None:
        """Start the threads; after the fork, since threads do not survive it."""
        self.guard.start()
        self.ringer.start()
        self.acceptor.start()
        self.refill.start()

    def stop(self) -> None:
        """Commit and ring what is under way, and end the threads."""
        self.refill.stop()
        self.acceptor.stop()
        self.ringer.stop()
        self.guard.stop()
        self._engine.dispose()

"""Ringing after the commit, from a thread of its own: no request ever waits for Redis."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from redis.exceptions import RedisError

from dispatcher.bells import Bell, listen_channel, ring

if TYPE_CHECKING:
    from redis import Redis

log = logging.getLogger(__name__)

#: The shortest time between two rings (seconds): what arrives meanwhile shares one.
PAUSE = 0.1


class Ringer:
    """Coalesces rings; where Redis is away a ring is lost, and the sweeper makes up for it."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stopped = threading.Event()
        self._drain = False
        self._listeners: set[str] = set()
        self._thread = threading.Thread(target=self._run, name="ringer", daemon=True)

    def start(self) -> None:
        """Begin to ring."""
        self._thread.start()

    def stop(self) -> None:
        """Ring what was asked for, and end."""
        self._stopped.set()
        self._wake.set()
        self._thread.join()

    def ring(self) -> None:
        """The journal holds something new."""
        self._drain = True
        self._wake.set()

    def wake_listener(self, account: str) -> None:
        """The provider says that a polled account has something new."""
        with self._lock:
            self._listeners.add(account)
        self._wake.set()

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._wake.wait()
            self._wake.clear()
            self._ring_all()
            self._stopped.wait(PAUSE)

    def _ring_all(self) -> None:
        with self._lock:
            listeners, self._listeners = self._listeners, set()
        drain, self._drain = self._drain, False
        try:
            if drain:
                ring(self._redis, Bell.DRAIN)
            for account in listeners:
                self._redis.publish(listen_channel(account), b"")
        except RedisError as error:
            log.warning("listener not woken: %s", type(error).__name__)
        except Exception as error:  # noqa: BLE001 - this thread must outlive whatever a ring brings
            log.warning("ringing failed: %s", type(error).__name__)

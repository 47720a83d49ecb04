"""Short questions to the database from a page that must answer anyway, also while the database is down or hanging."""

from __future__ import annotations

import queue
import threading
import time
from typing import TYPE_CHECKING, TypeVar

from store.engine import is_away

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection, Engine

T = TypeVar("T")


class AwayError(Exception):
    """The database did not answer in time; what was asked may or may not have been done."""


class Quick:
    """Runs short transactions, each in a thread of its own so that a frozen server holds up nobody.

    After a failure nobody asks again for `pause` seconds, so that a page pays for an outage at most once.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        seconds: float = 1.0,
        pause: float = 2.0,
        threads: int = 8,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = engine
        self._seconds = seconds
        self._pause = pause
        self._slots = threading.BoundedSemaphore(threads)
        self._monotonic = monotonic
        self._away_until = float("-inf")

    def run(self, work: Callable[[Connection], T]) -> T:
        """What `work` returns, committed. AwayError where the database is down, hangs or is too slow."""
        if self._monotonic() < self._away_until:
            raise AwayError("the database was away a moment ago")
        if not self._slots.acquire(timeout=self._seconds):
            raise self._gone()
        answers: queue.SimpleQueue[tuple[bool, T | BaseException]] = queue.SimpleQueue()
        threading.Thread(target=self._ask, args=(work, answers), name="quick", daemon=True).start()
        try:
            worked, answer = answers.get(timeout=self._seconds)
        except queue.Empty:
            raise self._gone() from None
        if worked:
            return answer  # type: ignore[return-value]  # `worked` says that it is no error
        if isinstance(answer, BaseException) and is_away(answer):
            raise self._gone() from answer
        raise answer  # type: ignore[misc]  # the same

    def _ask(self, work: Callable[[Connection], T], answers: queue.SimpleQueue[tuple[bool, T | BaseException]]) -> None:
        try:
            with self._engine.begin() as connection:
                connection.exec_driver_sql(f"SET LOCAL statement_timeout = {int(self._seconds * 1000)}")
                result = work(connection)
            answers.put((True, result))
        except BaseException as error:  # noqa: BLE001 - it is raised again where the answer is awaited
            answers.put((False, error))
        finally:
            self._slots.release()

    def _gone(self) -> AwayError:
        self._away_until = self._monotonic() + self._pause
        return AwayError("the database did not answer in time")
